//! The OpenID Provider's use cases: what the operator's app asks for, on the directory.

pub mod authenticate_client;
pub mod authorize;
pub mod end_session;
pub mod keys;
pub mod revoke;
pub mod token;
pub mod userinfo;

mod profile;

use chrono::{DateTime, Utc};

use crate::app::Gatehouse;
use crate::openid_provider::error::{OAuthError, OAuthErrorCode};
use crate::openid_provider::grants::{Authentication, Grant, Standing};
use crate::random::RandomError;
use crate::store::{CommitError, FamilyRead, StoreError};
use authenticate_client::AuthenticateError;
use keys::KeysError;

/// Why the token, userinfo or revocation endpoint refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The client did not prove itself.
    #[error(transparent)]
    Client(#[from] AuthenticateError),
    /// The request was refused; the code is the stable one of the check.
    #[error("{code}: {}", answer.error_description)]
    Refused {
        /// Stable code, for the log.
        code: &'static str,
        /// What the app is told.
        answer: OAuthError,
    },
    /// The provider's keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A token could not be made.
    #[error("a token could not be signed: {0}")]
    Signing(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system's randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl ProviderError {
    /// Stable code of this refusal or failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Client(e) => e.code(),
            Self::Refused { code, .. } => code,
            Self::Keys(e) => e.code(),
            Self::Signing(code) => code,
            Self::Store(e) => e.code(),
            Self::Random(e) => e.code(),
        }
    }

    /// What the app is told.
    #[must_use]
    pub fn answer(&self) -> OAuthError {
        match self {
            Self::Client(AuthenticateError::Refused(error)) => error.answer(),
            Self::Client(AuthenticateError::AssertionReplayed) => {
                OAuthError::new(OAuthErrorCode::InvalidClient, "client authentication failed")
            }
            Self::Refused { answer, .. } => answer.clone(),
            Self::Client(AuthenticateError::Store(_))
            | Self::Keys(_)
            | Self::Signing(_)
            | Self::Store(_)
            | Self::Random(_) => OAuthError::new(
                OAuthErrorCode::TemporarilyUnavailable,
                "something failed on our side; try again",
            ),
        }
    }
}

impl From<CommitError> for ProviderError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => Self::Store(error),
            CommitError::Refused(_) => Self::Store(StoreError::Busy {
                operation: "TransactWriteItems",
            }),
        }
    }
}

/// What the store said of user and session.
fn standing<T>(read: &FamilyRead<T>) -> Standing {
    Standing {
        active: read.user.as_ref().is_some_and(|user| user.active),
        epoch: read.user.as_ref().map_or(0, |user| user.epoch),
        session: read.session,
    }
}

/// When the access of a sign-in ends: the owner may have shortened it since (SE-08), or ended it by suspending the
/// connection. What a connection vouched for that is gone has ended.
async fn access_end(
    gatehouse: &Gatehouse,
    who: &Authentication,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, StoreError> {
    let door = gatehouse.store.front_door();
    let context = door.sign_in_context(&who.connection).await?;
    Ok(match context.filter(|context| context.tenant.id == who.tenant) {
        Some(context) => {
            let limit = who.confirmed_at + context.tenant.access_lifetime();
            let onboarding = &context.connection.onboarding;
            onboarding.access_ends(who.confirmed_at, who.ends_at.min(limit))
        }
        None => who.ends_at.min(now),
    })
}

/// A grant ends with the access of its sign-in.
async fn shorten(
    gatehouse: &Gatehouse,
    grant: Option<&mut Grant>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(grant) = grant else { return Ok(()) };
    grant.authentication.ends_at = access_end(gatehouse, &grant.authentication, now).await?;
    grant.ends_at = grant.ends_at.min(grant.authentication.ends_at);
    Ok(())
}
