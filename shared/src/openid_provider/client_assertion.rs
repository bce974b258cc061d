//! Client authentication by a signed assertion: `private_key_jwt` (RFC 7523 section 3, OpenID Connect Core section 9).

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::clients::AppClient;
use super::digest::Digest;
use crate::domain::ids::ClientId;
use crate::jose::jws::JwsError;
use crate::jose::{Algorithm, Jws};

/// How far an assertion's `exp` may lie ahead. It bounds how long a `jti` is remembered.
pub const MAX_LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// How far the client's clock may be off.
pub const SKEW: TimeDelta = TimeDelta::seconds(60);
const MAX_JTI_LEN: usize = 256;

/// Why an assertion is refused. Told to the log only: the answer is the same for every failed authentication.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// The client registered no keys.
    #[error("the client has no registered keys")]
    NoKeys,
    /// The signature.
    #[error(transparent)]
    Signature(#[from] JwsError),
    /// The claims are no JSON object of the right types.
    #[error("the assertion needs the claims iss, sub, aud, exp, jti")]
    Claims,
    /// `iss` or `sub` is not the client id.
    #[error("iss and sub must both be the client_id")]
    Subject,
    /// An audience that is not ours.
    #[error("aud must be the issuer or the endpoint, and nobody else")]
    Audience,
    /// `exp` is past.
    #[error("the assertion has expired")]
    Expired,
    /// `exp` lies too far ahead.
    #[error("exp may lie at most 10 minutes ahead")]
    TooLong,
    /// `nbf` or `iat` lies in the future.
    #[error("the assertion is not valid yet")]
    NotYet,
    /// `jti` is empty or too long.
    #[error("jti must have 1 to {MAX_JTI_LEN} characters")]
    Jti,
}

impl AssertionError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoKeys => "assertion_no_keys",
            Self::Signature(error) => error.code(),
            Self::Claims => "assertion_claims",
            Self::Subject => "assertion_subject",
            Self::Audience => "assertion_audience",
            Self::Expired => "assertion_expired",
            Self::TooLong => "assertion_too_long",
            Self::NotYet => "assertion_not_yet",
            Self::Jti => "assertion_jti",
        }
    }
}

/// A verified assertion that the caller must still consume: it counts only if nobody used it before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionUse {
    /// The one-time key: client and `jti` together.
    pub key: Digest,
    /// Until when the key must be remembered.
    pub remember_until: DateTime<Utc>,
}

/// Seconds since the epoch, possibly with a fraction (RFC 7519 section 2, NumericDate).
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
struct NumericDate(f64);

impl NumericDate {
    fn instant(self) -> Option<DateTime<Utc>> {
        let in_range = self.0.is_finite() && self.0.abs() < 1e12;
        #[expect(clippy::cast_possible_truncation, reason = "held within ±1e12 before")]
        let seconds = self.0 as i64;
        if in_range {
            DateTime::from_timestamp(seconds, 0)
        } else {
            None
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: NumericDate,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
    jti: String,
}

#[derive(Deserialize)]
struct Subject {
    sub: String,
}

/// Whose assertion it claims to be; nothing is verified.
pub(crate) fn claimed_client(assertion: &Jws) -> Option<ClientId> {
    let subject: Subject = serde_json::from_slice(assertion.unverified_payload()).ok()?;
    ClientId::parse(&subject.sub).ok()
}

/// Verifies an assertion by the client's registered keys. `audiences` are the issuer, the token endpoint and the
/// endpoint that was called.
///
/// # Errors
/// [`AssertionError`].
pub fn verify(
    assertion: &Jws,
    client: &AppClient,
    audiences: &[&str],
    now: DateTime<Utc>,
) -> Result<AssertionUse, AssertionError> {
    if client.jwks.is_empty() {
        return Err(AssertionError::NoKeys);
    }
    let payload = assertion.verify(&client.jwks, &Algorithm::ALL)?;
    let claims: Claims = serde_json::from_slice(payload).map_err(|_| AssertionError::Claims)?;
    if claims.iss != client.id.as_str() || claims.sub != client.id.as_str() {
        return Err(AssertionError::Subject);
    }
    if !is_ours(&claims.aud, audiences) {
        return Err(AssertionError::Audience);
    }
    if !(1..=MAX_JTI_LEN).contains(&claims.jti.len()) {
        return Err(AssertionError::Jti);
    }
    let expires = claims.exp.instant().ok_or(AssertionError::Claims)?;
    if expires + SKEW <= now {
        return Err(AssertionError::Expired);
    }
    if expires > now + MAX_LIFETIME + SKEW {
        return Err(AssertionError::TooLong);
    }
    for start in [claims.nbf, claims.iat].into_iter().flatten() {
        if start.instant().ok_or(AssertionError::Claims)? > now + SKEW {
            return Err(AssertionError::NotYet);
        }
    }
    // A client id never holds a space, so the pair is unambiguous.
    let key = Digest::of(format!("{} {}", client.id, claims.jti).as_bytes());
    Ok(AssertionUse {
        key,
        remember_until: expires + SKEW,
    })
}

/// Every named audience must be ours: an assertion that another server could replay to us, or we to it, is refused.
fn is_ours(audience: &Audience, ours: &[&str]) -> bool {
    match audience {
        Audience::One(one) => ours.contains(&one.as_str()),
        Audience::Many(many) => !many.is_empty() && many.iter().all(|one| ours.contains(&one.as_str())),
    }
}
