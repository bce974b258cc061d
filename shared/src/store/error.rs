//! What can go wrong at the store.

use super::transaction::Guard;

/// A read or write that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB did not answer, or answered with an error of its own.
    #[error("DynamoDB could not do {operation}: {cause}")]
    Unavailable {
        /// The operation asked for.
        operation: &'static str,
        /// The SDK's error code or kind; never data.
        cause: String,
    },
    /// Conflicts or throttling lasted longer than 5 seconds.
    #[error("the table was busy for 5 seconds at {operation}")]
    Busy {
        /// The operation asked for.
        operation: &'static str,
    },
    /// An item is not in the shape that this code, or the one before it, writes.
    #[error("an item of kind {kind} cannot be read: {cause}")]
    Corrupt {
        /// The kind of item.
        kind: &'static str,
        /// What is wrong with it; never data.
        cause: String,
    },
    /// The system's randomness failed.
    #[error(transparent)]
    Random(#[from] crate::random::RandomError),
}

impl StoreError {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "store_unavailable",
            Self::Busy { .. } => "store_busy",
            Self::Corrupt { .. } => "store_corrupt",
            Self::Random(e) => e.code(),
        }
    }
}

/// A transaction that was not committed: nothing of it is there.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Conditions did not hold.
    #[error("a condition did not hold: {0:?}")]
    Refused(Vec<Guard>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CommitError {
    /// Whether the condition on `guard` was among those that did not hold.
    #[must_use]
    pub fn refused(&self, guard: Guard) -> bool {
        match self {
            Self::Refused(guards) => guards.contains(&guard),
            Self::Store(_) => false,
        }
    }
}
