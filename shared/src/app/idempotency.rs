//! A request that makes something, sent again under the same `Idempotency-Key`: it is answered with the first answer,
//! and makes nothing more.
//!
//! Answers may hold what is shown once (tokens). They are sealed under a key that is derived from the caller's own key
//! and credentials, which are not stored: the table alone opens nothing.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Gatehouse;
use super::sealed::{self, SealError};
use crate::store::{CommitError, StoreError};

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// What seals an answer, beside the caller's key and credentials.
const PURPOSE: &str = "gatehouse idempotency";

/// Who sent what under which key.
#[derive(Clone)]
pub struct Request<'a> {
    /// Whose key it is: the same key of another caller is another key.
    pub scope: &'a str,
    /// The caller's key.
    pub key: &'a str,
    /// What the caller proved itself with; part of what seals the answer.
    pub credentials: &'a str,
    /// Method, path and body.
    pub content: &'a [&'a [u8]],
}

/// What lies under a key.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// SHA-256 of what was sent.
    content: String,
    /// The sealed answer, once there is one.
    answer: Option<String>,
}

/// What is to be done.
pub enum Begun {
    /// It is new: do it, then [`end`] or [`forget`].
    New,
    /// It was done: this was the answer.
    Again(Vec<u8>),
    /// It is under way, or ended without an answer that anybody knows.
    Open,
    /// The key was used for something else.
    Other,
}

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
pub enum IdempotencyError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The answer could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl IdempotencyError {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(e) => e.code(),
            Self::Seal(_) => "idempotency_seal",
        }
    }
}

impl From<CommitError> for IdempotencyError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => Self::Store(error),
            CommitError::Refused(_) => Self::Store(StoreError::Busy {
                operation: "TransactWriteItems",
            }),
        }
    }
}

impl Request<'_> {
    fn name(&self) -> String {
        format!("{}#{}", self.scope, self.key)
    }

    fn digest(&self) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in self.content {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        URL_SAFE_NO_PAD.encode(context.finish())
    }

    fn secret(&self) -> String {
        format!("{}\0{}\0{}", self.scope, self.key, self.credentials)
    }

    fn seal(&self, answer: &[u8]) -> Result<String, IdempotencyError> {
        Ok(sealed::seal(PURPOSE, &self.secret(), answer)?)
    }

    fn unseal(&self, sealed: &str) -> Option<Vec<u8>> {
        sealed::open(PURPOSE, &self.secret(), sealed)
    }
}

/// Begins a request.
///
/// # Errors
/// [`IdempotencyError`] when the table fails.
pub async fn begin(gatehouse: &Gatehouse, request: &Request<'_>) -> Result<Begun, IdempotencyError> {
    let door = gatehouse.store.front_door();
    let kept = Kept {
        content: request.digest(),
        answer: None,
    };
    let until = gatehouse.clock.now() + KEPT;
    if door.begin_once(&request.name(), &kept, until).await? {
        return Ok(Begun::New);
    }
    let Some(found) = door.begun::<Kept>(&request.name()).await? else {
        return Ok(Begun::Open);
    };
    if found.content != kept.content {
        return Ok(Begun::Other);
    }
    // An answer to other credentials is not this caller's to read.
    let opened = found.answer.as_deref().and_then(|sealed| request.unseal(sealed));
    Ok(opened.map_or(Begun::Open, Begun::Again))
}

/// Keeps the answer.
///
/// # Errors
/// [`IdempotencyError`] when it could not be kept: the request stays open.
pub async fn end(
    gatehouse: &Gatehouse,
    request: &Request<'_>,
    answer: &[u8],
) -> Result<(), IdempotencyError> {
    let kept = Kept {
        content: request.digest(),
        answer: Some(request.seal(answer)?),
    };
    let until = gatehouse.clock.now() + KEPT;
    let door = gatehouse.store.front_door();
    Ok(door.end_once(&request.name(), &kept, until).await?)
}

/// Nothing was made: the key is free again.
///
/// # Errors
/// [`IdempotencyError`] when the table fails: the request stays open.
pub async fn forget(gatehouse: &Gatehouse, request: &Request<'_>) -> Result<(), IdempotencyError> {
    Ok(gatehouse.store.front_door().forget_once(&request.name()).await?)
}
