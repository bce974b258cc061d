//! Why a SCIM request came to nothing.

use crate::random::RandomError;
use crate::scim::ScimError;
use crate::store::{CommitError, StoreError};

/// A refusal of the protocol, or a failure on our side.
#[derive(Debug, thiserror::Error)]
pub enum ScimFailure {
    /// The request was refused.
    #[error(transparent)]
    Refused(#[from] ScimError),
    /// Others changed the same resource again and again while this request tried to.
    #[error("the resource was changed by others at the same time, too often to get a word in")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system's randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl ScimFailure {
    /// Stable code of this refusal or failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::Contended => "scim_contended",
            Self::Store(error) => error.code(),
            Self::Random(error) => error.code(),
        }
    }
}

/// Whoever commits reads the guards it cares for first: what is left was changed by somebody else meanwhile.
impl From<CommitError> for ScimFailure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Refused(_) => Self::Contended,
            CommitError::Store(error) => Self::Store(error),
        }
    }
}
