//! `id_token_hint`: an ID token of ours that an app shows again, also when it has expired (OpenID Connect Core section
//! 3.1.2.1, RP-Initiated Logout section 2).

use serde::Deserialize;

use crate::domain::ids::{ClientId, TenantId, UserId};
use crate::jose::jws::JwsError;
use crate::jose::{Algorithm, Jwk, Jws};
use crate::redacted::Secret;

/// Why a hint is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HintError {
    /// The signature or form.
    #[error(transparent)]
    Signature(#[from] JwsError),
    /// Not an ID token of this provider.
    #[error("id_token_hint must be an ID token of this provider")]
    NotOurs,
}

impl HintError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Signature(error) => error.code(),
            Self::NotOurs => "hint_not_ours",
        }
    }
}

/// What a believed hint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdTokenHint {
    /// The app that the token was issued to.
    pub client_id: ClientId,
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
    /// The session's public id.
    pub sid: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(ClientId),
    Many([ClientId; 1]),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: UserId,
    aud: Audience,
    sid: String,
    organization: TenantId,
}

/// Verifies a hint by the published keys; its `exp` is not looked at.
///
/// # Errors
/// [`HintError`].
pub fn verify(hint: &Secret, keys: &[Jwk], issuer: &str) -> Result<IdTokenHint, HintError> {
    let jws = Jws::parse(hint.expose())?;
    if jws.is_type(super::access_token::TYPE) {
        return Err(HintError::NotOurs);
    }
    let payload = jws.verify(keys, &[Algorithm::Rs256, Algorithm::Es256])?;
    // An access token's audience is the issuer, a URL, which is no client id: it fails here as well.
    let claims: Claims = serde_json::from_slice(payload).map_err(|_| HintError::NotOurs)?;
    if claims.iss != issuer {
        return Err(HintError::NotOurs);
    }
    let (Audience::One(client_id) | Audience::Many([client_id])) = claims.aud;
    Ok(IdTokenHint {
        client_id,
        tenant: claims.organization,
        user: claims.sub,
        sid: claims.sid,
    })
}
