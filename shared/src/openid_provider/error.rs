//! The error words of OAuth 2.0 and OpenID Connect, and the one JSON shape they are answered in.

use serde::Serialize;

/// Registered error codes (IANA "OAuth Extensions Error Registry").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OAuthErrorCode {
    /// RFC 6749: the request is malformed.
    InvalidRequest,
    /// RFC 6749 section 5.2: client authentication failed.
    InvalidClient,
    /// RFC 6749 section 5.2: the code or refresh token is spent, ended, or another client's.
    InvalidGrant,
    /// RFC 6749: this client may not use this grant.
    UnauthorizedClient,
    /// RFC 6749 section 5.2: the grant type is unknown.
    UnsupportedGrantType,
    /// RFC 6749 section 4.1.2.1: only `code` is answered.
    UnsupportedResponseType,
    /// RFC 6749: the scope is unknown or wider than granted.
    InvalidScope,
    /// RFC 6749 section 4.1.2.1: the person or the organization's rules refused.
    AccessDenied,
    /// OpenID Connect Core 3.1.2.6: a sign-in is needed, and `prompt=none` forbids it.
    LoginRequired,
    /// OpenID Connect Core 3.1.2.6: a page is needed, and `prompt=none` forbids it.
    InteractionRequired,
    /// OpenID Connect Core 3.1.2.6: a choice of account is needed, and `prompt=none` forbids it.
    AccountSelectionRequired,
    /// OpenID Connect Core 3.1.2.6: `request` is not supported.
    RequestNotSupported,
    /// OpenID Connect Core 3.1.2.6: `request_uri` is not supported.
    RequestUriNotSupported,
    /// OpenID Connect Core 3.1.2.6: `registration` is not supported.
    RegistrationNotSupported,
    /// RFC 6750 section 3.1: the access token is unknown, ended or malformed.
    InvalidToken,
    /// RFC 6750 section 3.1: the access token's scope is too narrow.
    InsufficientScope,
    /// RFC 6749 section 4.1.2.1: something of ours failed.
    ServerError,
    /// RFC 6749 section 4.1.2.1: try again later.
    TemporarilyUnavailable,
}

impl OAuthErrorCode {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::InteractionRequired => "interaction_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    /// The HTTP status of a direct (not redirected) answer.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::AccessDenied | Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            Self::InvalidRequest
            | Self::InvalidGrant
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::UnsupportedResponseType
            | Self::InvalidScope
            | Self::LoginRequired
            | Self::InteractionRequired
            | Self::AccountSelectionRequired
            | Self::RequestNotSupported
            | Self::RequestUriNotSupported
            | Self::RegistrationNotSupported => 400,
        }
    }
}

/// The JSON answer of RFC 6749 section 5.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OAuthError {
    /// The registered word.
    pub error: OAuthErrorCode,
    /// What was wanted and what came, for the developer; no secret and no personal data.
    pub error_description: String,
}

impl OAuthError {
    /// An error whose description is cut to the characters that RFC 6749 section 5.2 allows.
    #[must_use]
    pub fn new(error: OAuthErrorCode, description: &str) -> Self {
        Self {
            error,
            error_description: describe(description),
        }
    }
}

/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 300;

/// `error_description` allows `%x20-21 / %x23-5B / %x5D-7E` only; quotes become apostrophes, the rest `?`.
fn describe(text: &str) -> String {
    text.chars()
        .take(MAX_DESCRIPTION)
        .map(|c| match c {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => c,
            _ => '?',
        })
        .collect()
}
