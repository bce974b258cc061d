//! Secrets Manager: the only place where a secret lies (AQ-31).
//!
//! Reads are cached for at most [`CACHE_TTL`] by the injected clock, and concurrent reads of one secret are one
//! request. Nothing stale is ever served: when Secrets Manager does not answer, neither do we.
//! Which function may read which name is a matter of its role (DESIGN §8).

mod cache;
mod error;
mod manager;
mod name;
mod requests;

pub use cache::CACHE_TTL;
pub use error::{SecretsError, SecretsFault};
pub use manager::{Created, SecretVersion, Secrets, Stage};
pub use name::SecretName;

#[cfg(test)]
pub(crate) mod fake_aws;
#[cfg(test)]
mod tests;
