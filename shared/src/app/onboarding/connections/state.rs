//! Where a connection stands: draft → in review → active → suspended (AQ-16).

use super::super::error::{OnboardingError, state_name};
use super::super::{Actor, Administration};
use super::{entitled, read};
use crate::domain::connection::{Connection, ConnectionState, Protocol};
use crate::domain::ids::ConnectionId;

/// How often a step is taken anew when the connection was changed meanwhile.
const MOST_ROUNDS: usize = 3;

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The owner hands it in for review.
    Submit,
    /// The owner takes it back to work on it.
    Withdraw,
    /// The operator switches it on.
    Activate,
    /// Either switches it off: nobody signs in by it, within 60 seconds everywhere.
    Suspend,
}

impl Step {
    fn participle(self) -> &'static str {
        match self {
            Self::Submit => "submitted",
            Self::Withdraw => "withdrawn",
            Self::Activate => "activated",
            Self::Suspend => "suspended",
        }
    }
}

/// Where a step leads from `from`.
///
/// # Errors
/// [`OnboardingError::OperatorOnly`] or [`OnboardingError::Step`].
pub fn after(step: Step, from: ConnectionState, actor: &Actor) -> Result<ConnectionState, OnboardingError> {
    use ConnectionState::{Active, Draft, InReview, Suspended, Validating};
    if step == Step::Activate && !actor.is_operator() {
        return Err(OnboardingError::OperatorOnly);
    }
    match (step, from) {
        (Step::Submit, Draft | Validating | InReview | Suspended) => Ok(InReview),
        (Step::Withdraw, Draft | Validating | InReview) => Ok(Draft),
        (Step::Activate, Draft | Validating | InReview | Active | Suspended) => Ok(Active),
        (Step::Suspend, Active | Suspended | InReview | Validating) => Ok(Suspended),
        (Step::Submit, Active) | (Step::Withdraw, Active | Suspended) | (Step::Suspend, Draft) => {
            Err(OnboardingError::Step {
                from: state_name(from),
                step: step.participle(),
            })
        }
    }
}

/// Takes a step. Taking it twice is the same as once.
///
/// # Errors
/// [`OnboardingError`]: as [`after`], `Incomplete` without an identity provider, `NotEntitled` (AQ-01).
pub async fn take(
    admin: &Administration,
    id: &ConnectionId,
    step: Step,
) -> Result<Connection, OnboardingError> {
    let mut rounds = MOST_ROUNDS;
    loop {
        rounds -= 1;
        match once(admin, id, step).await {
            Err(OnboardingError::Changed) if rounds > 0 => {}
            done => return done,
        }
    }
}

async fn once(admin: &Administration, id: &ConnectionId, step: Step) -> Result<Connection, OnboardingError> {
    let connection = read(admin, id).await?;
    let state = after(step, connection.state, &admin.actor)?;
    if matches!(step, Step::Submit | Step::Activate) {
        entitled(admin).await?;
        let Protocol::Saml(saml) = &connection.protocol;
        if saml.idp.is_none() {
            return Err(OnboardingError::Incomplete);
        }
    }
    let changed = Connection {
        state,
        ..connection.clone()
    };
    super::write(admin, &connection, changed, "connection.state_changed").await
}
