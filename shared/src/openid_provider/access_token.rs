//! Access tokens: signed JWTs (RFC 9068) that live five minutes and name what userinfo must read. They are for this
//! provider's userinfo endpoint; the signature spares a write a sign-in, and the consistent read behind it keeps
//! "one write ends everything" true.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::digest::Digest;
use super::error::{OAuthError, OAuthErrorCode};
use super::grants::Grant;
use super::params::Parameters;
use super::scope::Scopes;
use crate::domain::ids::{ClientId, TenantId, UserId};
use crate::jose::jws::{self, JwsError};
use crate::jose::signing::SigningKeyError;
use crate::jose::{Algorithm, Jwk, Jws, SigningKey};
use crate::redacted::Secret;

/// How long an access token lives at most.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// The `typ` of RFC 9068 section 2.1: an ID token never passes for an access token, nor the other way.
pub const TYPE: &str = "at+jwt";

/// Why a presented access token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessTokenError {
    /// No token came.
    #[error("an access token is required, as a Bearer token")]
    Missing,
    /// Two tokens came, or one twice.
    #[error("exactly one access token may be presented")]
    Several,
    /// The signature or form.
    #[error(transparent)]
    Signature(#[from] JwsError),
    /// Another kind of token.
    #[error("the token is no access token of this provider")]
    NotAnAccessToken,
    /// Past its end.
    #[error("the access token has expired")]
    Expired,
    /// Its grant, session or user is over.
    #[error("what the access token stood for was ended")]
    Ended,
}

impl AccessTokenError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "access_token_missing",
            Self::Several => "access_token_several",
            Self::Signature(error) => error.code(),
            Self::NotAnAccessToken => "access_token_other_kind",
            Self::Expired => "access_token_expired",
            Self::Ended => "access_token_ended",
        }
    }

    /// The answer of RFC 6750 section 3.1.
    #[must_use]
    pub fn answer(&self) -> OAuthError {
        match self {
            Self::Several => OAuthError::new(OAuthErrorCode::InvalidRequest, &self.to_string()),
            Self::Missing | Self::NotAnAccessToken | Self::Expired | Self::Ended => {
                OAuthError::new(OAuthErrorCode::InvalidToken, &self.to_string())
            }
            Self::Signature(_) => {
                OAuthError::new(OAuthErrorCode::InvalidToken, &Self::NotAnAccessToken.to_string())
            }
        }
    }
}

/// What an access token says. The store decides whether it still holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    iss: String,
    aud: String,
    exp: i64,
    iat: i64,
    jti: Uuid,
    /// The user.
    #[serde(rename = "sub")]
    pub user: UserId,
    /// The tenant.
    #[serde(rename = "organization")]
    pub tenant: TenantId,
    /// The client that it was issued to.
    pub client_id: ClientId,
    /// What it may see.
    #[serde(rename = "scope")]
    pub scopes: Scopes,
    /// The key of the session that it ends with.
    pub session: Digest,
    /// The key of the grant that it ends with.
    pub grant: Digest,
    /// The user's epoch at issue: an older one is refused.
    pub epoch: u64,
}

/// An issued access token. Its text is for the answer only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedAccessToken {
    /// The token.
    pub token: Secret,
    /// Seconds that it lives.
    pub expires_in: i64,
}

/// Issues a token for a grant, within the grant's own end.
///
/// # Errors
/// [`SigningKeyError::Sign`].
pub fn issue(
    key: &SigningKey,
    issuer: &str,
    grant: &Grant,
    scopes: &Scopes,
    jti: Uuid,
    now: DateTime<Utc>,
) -> Result<IssuedAccessToken, SigningKeyError> {
    let end = (now + LIFETIME).min(grant.authentication.ends_at);
    let claims = AccessTokenClaims {
        iss: issuer.to_owned(),
        aud: issuer.to_owned(),
        exp: end.timestamp(),
        iat: now.timestamp(),
        jti,
        user: grant.authentication.user.clone(),
        tenant: grant.authentication.tenant.clone(),
        client_id: grant.client_id.clone(),
        scopes: scopes.clone(),
        session: grant.authentication.session,
        grant: grant.key,
        epoch: grant.authentication.epoch,
    };
    let payload = serde_json::to_string(&claims).map_err(|_| SigningKeyError::Sign)?;
    let token = Secret::new(jws::sign(key, TYPE, &payload)?);
    Ok(IssuedAccessToken {
        token,
        expires_in: (end.timestamp() - now.timestamp()).max(0),
    })
}

/// Verifies a presented token by the published keys.
///
/// # Errors
/// [`AccessTokenError`].
pub fn verify(
    token: &Secret,
    keys: &[Jwk],
    issuer: &str,
    now: DateTime<Utc>,
) -> Result<AccessTokenClaims, AccessTokenError> {
    let jws = Jws::parse(token.expose())?;
    if !jws.is_type(TYPE) {
        return Err(AccessTokenError::NotAnAccessToken);
    }
    let payload = jws.verify(keys, &[Algorithm::Rs256, Algorithm::Es256])?;
    let claims: AccessTokenClaims =
        serde_json::from_slice(payload).map_err(|_| AccessTokenError::NotAnAccessToken)?;
    if claims.iss != issuer || claims.aud != issuer {
        return Err(AccessTokenError::NotAnAccessToken);
    }
    if claims.exp <= now.timestamp() {
        Err(AccessTokenError::Expired)
    } else {
        Ok(claims)
    }
}

/// The presented token: in the Authorization header (RFC 6750 section 2.1) or, by POST, in the form (section 2.2).
/// The query is never read.
///
/// # Errors
/// [`AccessTokenError::Missing`] or [`AccessTokenError::Several`].
pub fn bearer(authorization: Option<&str>, form: Option<&Parameters>) -> Result<Secret, AccessTokenError> {
    let header = authorization.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let body = form.and_then(|form| form.get("access_token"));
    let twice = form.is_some_and(|form| form.is_repeated("access_token"));
    match (header, body) {
        _ if twice => Err(AccessTokenError::Several),
        (Some(_), Some(_)) => Err(AccessTokenError::Several),
        (Some(token), None) | (None, Some(token)) if !token.is_empty() => Ok(Secret::new(token)),
        _ => Err(AccessTokenError::Missing),
    }
}
