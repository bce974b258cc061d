//! Requests to the token and revocation endpoints, and the token endpoint's answer (RFC 6749 sections 4.1.3, 5.1 and 6,
//! RFC 7009).

use serde::Serialize;

use super::access_token::IssuedAccessToken;
use super::error::{OAuthError, OAuthErrorCode};
use super::opaque::{Code, OpaqueError, RefreshToken};
use super::params::Parameters;
use super::scope::Scopes;
use crate::redacted::Secret;

/// Why a token request cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRequestError {
    /// A parameter stands twice.
    #[error("each parameter may stand once, repeated: {0}")]
    Repeated(String),
    /// A required parameter is missing.
    #[error("{0} is required")]
    Missing(&'static str),
    /// Another grant type.
    #[error("grant_type must be authorization_code or refresh_token, got {0}")]
    GrantType(String),
    /// A code or refresh token that is none of ours.
    #[error(transparent)]
    Opaque(#[from] OpaqueError),
}

impl TokenRequestError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Repeated(_) => "token_request_repeated_parameter",
            Self::Missing(_) => "token_request_missing_parameter",
            Self::GrantType(_) => "token_request_grant_type",
            Self::Opaque(error) => error.code(),
        }
    }

    /// The answer.
    #[must_use]
    pub fn answer(&self) -> OAuthError {
        let code = match self {
            Self::Repeated(_) | Self::Missing(_) => OAuthErrorCode::InvalidRequest,
            Self::GrantType(_) => OAuthErrorCode::UnsupportedGrantType,
            Self::Opaque(_) => OAuthErrorCode::InvalidGrant,
        };
        OAuthError::new(code, &self.to_string())
    }
}

/// `grant_type=authorization_code`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeExchange {
    /// The code.
    pub code: Code,
    /// Must repeat the authorization request's.
    pub redirect_uri: String,
    /// PKCE.
    pub code_verifier: Option<Secret>,
}

/// `grant_type=refresh_token`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshExchange {
    /// The token.
    pub token: RefreshToken,
    /// A narrower scope.
    pub scope: Option<String>,
}

/// A token request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRequest {
    /// A code is redeemed.
    Code(CodeExchange),
    /// A token is refreshed.
    Refresh(RefreshExchange),
}

impl TokenRequest {
    /// Reads the form.
    ///
    /// # Errors
    /// [`TokenRequestError`].
    pub fn parse(form: &Parameters) -> Result<Self, TokenRequestError> {
        if let Some(name) = form.repeated() {
            return Err(TokenRequestError::Repeated(name.to_owned()));
        }
        let required = |name| form.get(name).ok_or(TokenRequestError::Missing(name));
        match required("grant_type")? {
            "authorization_code" => Ok(Self::Code(CodeExchange {
                code: Code::parse(required("code")?)?,
                redirect_uri: required("redirect_uri")?.to_owned(),
                code_verifier: form.get("code_verifier").map(Secret::new),
            })),
            "refresh_token" => Ok(Self::Refresh(RefreshExchange {
                token: RefreshToken::parse(required("refresh_token")?)?,
                scope: form.get("scope").map(ToOwned::to_owned),
            })),
            other => Err(TokenRequestError::GrantType(other.to_owned())),
        }
    }
}

/// What a revocation request names. `token_type_hint` is not needed: our tokens tell their kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// A refresh token: its grant is deleted.
    Refresh(RefreshToken),
    /// Perhaps an access token: when it verifies, its grant is deleted.
    Access(Secret),
}

impl Revocation {
    /// Reads the form (RFC 7009 section 2.1).
    ///
    /// # Errors
    /// [`TokenRequestError::Repeated`] or [`TokenRequestError::Missing`].
    pub fn parse(form: &Parameters) -> Result<Self, TokenRequestError> {
        if let Some(name) = form.repeated() {
            return Err(TokenRequestError::Repeated(name.to_owned()));
        }
        let token = form.get("token").ok_or(TokenRequestError::Missing("token"))?;
        Ok(RefreshToken::parse(token).map_or_else(|_| Self::Access(Secret::new(token)), Self::Refresh))
    }
}

/// The answer of RFC 6749 section 5.1. Sent with `Cache-Control: no-store`. `Debug` is redacted by its parts.
#[derive(Clone, Debug, Serialize)]
pub struct TokenResponse {
    access_token: Secret,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Secret>,
    id_token: Secret,
    scope: String,
}

impl TokenResponse {
    /// Puts the answer together.
    #[must_use]
    pub fn new(
        access: IssuedAccessToken,
        refresh: Option<&RefreshToken>,
        id_token: Secret,
        scopes: &Scopes,
    ) -> Self {
        Self {
            access_token: access.token,
            token_type: "Bearer",
            expires_in: access.expires_in,
            refresh_token: refresh.map(|token| Secret::new(token.expose())),
            id_token,
            scope: scopes.to_string(),
        }
    }
}
