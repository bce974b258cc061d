//! Where a connection stands (AQ-16): draft → validating → in review → active → suspended.
//!
//! ```text
//! draft ──submit──▶ validating ──▶ in_review ──approve──▶ active ──suspend──▶ suspended
//!   ▲                    │             │                    │  ◀───resume───────┘
//!   └── errors found ────┘◀─ reject ───┘◀── who vouches is changed: test, validation and review anew
//! ```
//!
//! A connection becomes active only after a test sign-in (SE-27); the operator may waive it with a reason, for
//! connections that are imported.

use serde_json::{Value, json};

use super::super::error::{OnboardingError, state_name};
use super::super::{Actor, Administration, rounds, rules};
use super::{Change, entitled, read, tell_members, validate};
use crate::domain::connection::{Connection, ConnectionState};
use crate::domain::ids::ConnectionId;
use crate::domain::onboarding::{Rejection, Validation};

/// How often a step is taken anew when the connection was changed meanwhile.
const MOST_ROUNDS: usize = 3;
/// Most characters of a reason.
const MOST_REASON: usize = 500;

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The owner hands it in: it is validated, and goes into review when nothing is wrong.
    Submit,
    /// The owner takes it back to work on it.
    Withdraw,
    /// The operator switches on what is in review and was tried out.
    Approve,
    /// The operator sends it back.
    Reject {
        /// Why, for the owner to read.
        reason: String,
    },
    /// The operator switches it on from any state, for connections that are imported.
    Activate {
        /// Why no test sign-in is needed; `None` needs one.
        without_test: Option<String>,
    },
    /// Either switches it off: nobody signs in by it, within 60 seconds everywhere, and what it vouched for ends.
    Suspend,
    /// Switches on what was suspended. A suspension of the operator's is lifted by the operator alone.
    Resume,
}

impl Step {
    fn participle(&self) -> &'static str {
        match self {
            Self::Submit => "submitted",
            Self::Withdraw => "withdrawn",
            Self::Approve => "approved",
            Self::Reject { .. } => "rejected",
            Self::Activate { .. } => "activated",
            Self::Suspend => "suspended",
            Self::Resume => "resumed",
        }
    }

    fn is_operators(&self) -> bool {
        match self {
            Self::Approve | Self::Reject { .. } | Self::Activate { .. } => true,
            Self::Submit | Self::Withdraw | Self::Suspend | Self::Resume => false,
        }
    }

    fn switches_on(&self) -> bool {
        match self {
            Self::Approve | Self::Activate { .. } | Self::Resume => true,
            Self::Submit | Self::Withdraw | Self::Reject { .. } | Self::Suspend => false,
        }
    }
}

/// Where a step leads from `from`.
///
/// # Errors
/// [`OnboardingError::OperatorOnly`] or [`OnboardingError::Step`].
pub fn after(step: &Step, from: ConnectionState, actor: &Actor) -> Result<ConnectionState, OnboardingError> {
    use ConnectionState::{Active, Draft, InReview, Suspended, Validating};
    if step.is_operators() && !actor.is_operator() {
        return Err(OnboardingError::OperatorOnly);
    }
    match (step, from) {
        (Step::Submit, Draft | Validating | InReview | Suspended) => Ok(Validating),
        (Step::Withdraw, Draft | Validating | InReview) | (Step::Reject { .. }, Draft | InReview) => {
            Ok(Draft)
        }
        (Step::Approve, InReview | Active)
        | (Step::Activate { .. }, Draft | Validating | InReview | Active | Suspended)
        | (Step::Resume, Suspended | Active) => Ok(Active),
        (Step::Suspend, Active | Suspended | InReview | Validating) => Ok(Suspended),
        (Step::Submit, Active)
        | (Step::Withdraw, Active | Suspended)
        | (Step::Approve, Draft | Validating | Suspended)
        | (Step::Reject { .. }, Validating | Active | Suspended)
        | (Step::Resume, Draft | Validating | InReview)
        | (Step::Suspend, Draft) => Err(OnboardingError::Step {
            from: state_name(from),
            step: step.participle(),
        }),
    }
}

/// Takes a step. Taking it twice is the same as once.
///
/// # Errors
/// [`OnboardingError`]: as [`after`], `Incomplete` while something must still be given, `Untested` (SE-27), `NotEntitled`
/// (AQ-01).
pub async fn take(
    admin: &Administration,
    id: &ConnectionId,
    step: &Step,
) -> Result<Connection, OnboardingError> {
    let connection = rounds(MOST_ROUNDS, || once(admin, id, step)).await?;
    Ok(told(admin, connection).await)
}

/// SE-02: tells the first members at once. What is left, or fails, is the upkeep's.
async fn told(admin: &Administration, connection: Connection) -> Connection {
    if tell_members::is_due(&connection)
        && let Err(error) = tell_members::go_on(admin, &connection.id, tell_members::FIRST_PAGES).await
    {
        tracing::warn!(error.code = error.code(), connection.id = %connection.id, "members are told later");
    }
    connection
}

async fn once(admin: &Administration, id: &ConnectionId, step: &Step) -> Result<Connection, OnboardingError> {
    let before = read(admin, id).await?;
    let state = after(step, before.state, &admin.actor)?;
    if *step == Step::Submit {
        return submit(admin, before).await;
    }
    if step.switches_on() && before.state != ConnectionState::Active {
        may_switch_on(admin, &before, step).await?;
    }
    let (changed, data) = changed(admin, &before, step, state)?;
    super::write(admin, &before, changed, Change::state(data)).await
}

/// The connection after the step, and what the audit entry says beside the states.
fn changed(
    admin: &Administration,
    before: &Connection,
    step: &Step,
    state: ConnectionState,
) -> Result<(Connection, Value), OnboardingError> {
    let mut after = Connection {
        state,
        ..before.clone()
    };
    let mut data = json!({ "step": step.participle() });
    let mut note = |name: &str, text: &str| {
        if let Some(fields) = data.as_object_mut() {
            fields.insert(name.to_owned(), Value::from(text));
        }
    };
    match step {
        Step::Reject { reason } => {
            let reason = rules::text("/reason", reason, (1, MOST_REASON))?;
            note("reason", &reason);
            let at = admin.now();
            after.onboarding.rejection = Some(Rejection { at, reason });
        }
        Step::Activate {
            without_test: Some(reason),
        } => note(
            "without_test",
            &rules::text("/without_test", reason, (1, MOST_REASON))?,
        ),
        Step::Suspend => {
            if before.state != ConnectionState::Suspended {
                after.onboarding.access_from = Some(admin.now());
            }
            after.onboarding.suspended_by_operator |= admin.actor.is_operator();
        }
        Step::Resume | Step::Approve | Step::Activate { without_test: None } => {}
        Step::Submit | Step::Withdraw => {}
    }
    if state == ConnectionState::Active {
        after.onboarding.suspended_by_operator = false;
        after.onboarding.rejection = None;
    }
    Ok((after, data))
}

async fn may_switch_on(
    admin: &Administration,
    connection: &Connection,
    step: &Step,
) -> Result<(), OnboardingError> {
    entitled(admin).await?;
    complete(connection)?;
    if *step == Step::Resume && connection.onboarding.suspended_by_operator && !admin.actor.is_operator() {
        return Err(OnboardingError::OperatorOnly);
    }
    let waived = match step {
        Step::Activate { without_test } => without_test.is_some(),
        // What was active before has been tried out, or somebody said why not.
        Step::Resume => true,
        Step::Approve | Step::Submit | Step::Withdraw | Step::Reject { .. } | Step::Suspend => false,
    };
    if waived || connection.onboarding.test.is_some() {
        Ok(())
    } else {
        Err(OnboardingError::Untested)
    }
}

fn complete(connection: &Connection) -> Result<(), OnboardingError> {
    match connection.protocol.missing() {
        Some(missing) => Err(OnboardingError::Incomplete { missing }),
        None => Ok(()),
    }
}

/// Validates, and leads on to review, or back to draft when something is wrong. A process that ends in between leaves
/// `validating`, from where it is handed in again.
async fn submit(admin: &Administration, before: Connection) -> Result<Connection, OnboardingError> {
    entitled(admin).await?;
    complete(&before)?;
    if before.onboarding.suspended_by_operator && !admin.actor.is_operator() {
        return Err(OnboardingError::OperatorOnly);
    }
    let in_review = before.state == ConnectionState::InReview;
    if in_review
        && before
            .onboarding
            .validation
            .as_ref()
            .is_some_and(Validation::passed)
    {
        return Ok(before);
    }
    let mut validating = Connection {
        state: ConnectionState::Validating,
        ..before.clone()
    };
    validating.onboarding.rejection = None;
    let handed_in = json!({ "step": Step::Submit.participle() });
    let validating = super::write(admin, &before, validating, Change::state(handed_in)).await?;
    let findings = validate::findings(admin, &validating).await?;
    let validation = Validation {
        at: admin.now(),
        findings,
    };
    let state = reached(admin, &validating, &validation);
    let mut after = Connection {
        state,
        ..validating.clone()
    };
    after.onboarding.validation = Some(validation);
    super::write(
        admin,
        &validating,
        after,
        Change::state(json!({ "step": "validated" })),
    )
    .await
}

fn reached(admin: &Administration, connection: &Connection, validation: &Validation) -> ConnectionState {
    if !validation.passed() {
        ConnectionState::Draft
    } else if admin.gatehouse.config.approves_connections && connection.onboarding.test.is_some() {
        ConnectionState::Active
    } else {
        ConnectionState::InReview
    }
}

/// Validates without handing in: the owner sees what would be found.
///
/// # Errors
/// [`OnboardingError`]: `Incomplete`, `NotEntitled`, `Changed`.
pub async fn check(admin: &Administration, id: &ConnectionId) -> Result<Connection, OnboardingError> {
    entitled(admin).await?;
    let before = read(admin, id).await?;
    complete(&before)?;
    let findings = validate::findings(admin, &before).await?;
    let at = admin.now();
    let mut after = before.clone();
    after.onboarding.validation = Some(Validation { at, findings });
    super::write(admin, &before, after, Change::quiet("connection.validated")).await
}
