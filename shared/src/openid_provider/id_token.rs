//! ID tokens (OpenID Connect Core section 2), signed by the `openidconnect` crate over our key.

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, Audience, AuthenticationContextClass, AuthenticationMethodReference, IdTokenClaims,
    IssuerUrl, Nonce,
};

use super::claims::{self, GatehouseClaims, UserProfile};
use super::grants::Authentication;
use super::scope::Scopes;
use crate::domain::ids::ClientId;
use crate::jose::SigningKey;
use crate::redacted::Secret;

/// How long an ID token may be accepted after it was issued. It is read once, at sign-in; it is no session.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// An ID token of ours.
pub type IdToken = openidconnect::IdToken<
    GatehouseClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// Why an ID token cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// The configured issuer is no URL.
    #[error("the issuer must be a URL")]
    Issuer,
    /// The key did not sign.
    #[error("the ID token could not be signed")]
    Sign,
}

impl IdTokenError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Issuer => "id_token_issuer",
            Self::Sign => "id_token_sign",
        }
    }
}

/// For whom and about what a token is issued.
#[derive(Clone, Copy, Debug)]
pub struct IdTokenContext<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// The audience.
    pub client_id: &'a ClientId,
    /// The request's nonce; none after a refresh (OpenID Connect Core section 12.2).
    pub nonce: Option<&'a str>,
    /// How and when the person authenticated.
    pub authentication: &'a Authentication,
    /// The person.
    pub profile: &'a UserProfile,
    /// What the app may see.
    pub scopes: &'a Scopes,
    /// The access token beside it, for `at_hash`.
    pub access_token: &'a str,
}

/// Issues a token at `now`. It holds personal data, so it comes redacted.
///
/// # Errors
/// [`IdTokenError`].
pub fn issue(
    key: &SigningKey,
    context: &IdTokenContext<'_>,
    now: DateTime<Utc>,
) -> Result<Secret, IdTokenError> {
    let issuer = IssuerUrl::new(context.issuer.to_owned()).map_err(|_| IdTokenError::Issuer)?;
    let authentication = context.authentication;
    let methods = authentication
        .amr
        .iter()
        .cloned()
        .map(AuthenticationMethodReference::new)
        .collect::<Vec<_>>();
    let additional = GatehouseClaims {
        sid: Some(authentication.sid.clone()),
        ..claims::additional(context.profile, context.scopes)
    };
    let token_claims = IdTokenClaims::new(
        issuer,
        vec![Audience::new(context.client_id.as_str().to_owned())],
        now + LIFETIME,
        now,
        claims::standard(context.profile, context.scopes),
        additional,
    )
    .set_auth_time(Some(authentication.auth_time))
    .set_nonce(context.nonce.map(|nonce| Nonce::new(nonce.to_owned())))
    .set_auth_context_ref(authentication.acr.clone().map(AuthenticationContextClass::new))
    .set_auth_method_refs((!methods.is_empty()).then_some(methods));
    let access_token = AccessToken::new(context.access_token.to_owned());
    IdToken::new(
        token_claims,
        key,
        key.algorithm().core().clone(),
        Some(&access_token),
        None,
    )
    .map(|token| Secret::new(token.to_string()))
    .map_err(|_| IdTokenError::Sign)
}
