//! Why an authorization request is refused.

use super::error::OAuthErrorCode;
use super::pkce::PkceError;

/// A refusal of the authorization endpoint. The first four are told on a page: the redirect URI is not trusted yet
/// (RFC 6749 section 4.1.2.1). The rest goes back to the app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizeError {
    /// No `client_id`, twice, or none that could be one.
    #[error("client_id is required, once, as registered")]
    ClientId,
    /// No such client.
    #[error("no app is registered under this client_id")]
    UnknownClient,
    /// No `redirect_uri`, or twice.
    #[error("redirect_uri is required, once")]
    RedirectUriMissing,
    /// Not one of the client's.
    #[error("redirect_uri must equal, character by character, one that is registered for this app")]
    RedirectUriNotRegistered,
    /// A parameter stands twice.
    #[error("each parameter may stand once, repeated: {0}")]
    Repeated(String),
    /// `state` is too long or has other characters.
    #[error("state must have at most {max} visible ASCII characters", max = super::authorize::MAX_STATE_LEN)]
    State,
    /// `nonce` is too long or has other characters.
    #[error("nonce must have at most {max} visible ASCII characters", max = super::authorize::MAX_NONCE_LEN)]
    Nonce,
    /// `response_type` is missing.
    #[error("response_type is required: code")]
    ResponseTypeMissing,
    /// Anything but `code`.
    #[error("response_type must be code, got {0}")]
    ResponseType(String),
    /// Neither `query` nor `form_post`.
    #[error("response_mode must be query or form_post, got {0}")]
    ResponseMode(String),
    /// PKCE.
    #[error(transparent)]
    Pkce(#[from] PkceError),
    /// No `openid` in the scope.
    #[error("scope must hold openid")]
    ScopeWithoutOpenId,
    /// The client may not ask for `openid`.
    #[error("this app may not ask for openid")]
    ScopeNotAllowed,
    /// An unknown prompt.
    #[error("prompt may hold none, login, select_account, consent; got {0}")]
    Prompt(String),
    /// `none` together with another.
    #[error("prompt=none stands alone")]
    PromptNoneNotAlone,
    /// No number of seconds.
    #[error("max_age must be a number of seconds")]
    MaxAge,
    /// `login_hint` is too long.
    #[error("login_hint may have at most {max} characters", max = super::authorize::MAX_LOGIN_HINT_LEN)]
    LoginHint,
    /// `organization` could not be one.
    #[error("organization must be an organization's id")]
    Organization,
    /// `connection` could not be one.
    #[error("connection must be a connection's id")]
    Connection,
    /// `request`.
    #[error("request objects are not supported: send plain parameters")]
    RequestObject,
    /// `request_uri`.
    #[error("request_uri is not supported: send plain parameters")]
    RequestUri,
    /// `registration`.
    #[error("registration is not supported: apps are registered by the operator")]
    Registration,
}

impl AuthorizeError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ClientId => "authorize_client_id",
            Self::UnknownClient => "authorize_unknown_client",
            Self::RedirectUriMissing => "authorize_redirect_uri_missing",
            Self::RedirectUriNotRegistered => "authorize_redirect_uri_not_registered",
            Self::Repeated(_) => "authorize_repeated_parameter",
            Self::State => "authorize_state",
            Self::Nonce => "authorize_nonce",
            Self::ResponseTypeMissing => "authorize_response_type_missing",
            Self::ResponseType(_) => "authorize_response_type",
            Self::ResponseMode(_) => "authorize_response_mode",
            Self::Pkce(error) => error.code(),
            Self::ScopeWithoutOpenId => "authorize_scope_without_openid",
            Self::ScopeNotAllowed => "authorize_scope_not_allowed",
            Self::Prompt(_) => "authorize_prompt",
            Self::PromptNoneNotAlone => "authorize_prompt_none_not_alone",
            Self::MaxAge => "authorize_max_age",
            Self::LoginHint => "authorize_login_hint",
            Self::Organization => "authorize_organization",
            Self::Connection => "authorize_connection",
            Self::RequestObject => "authorize_request_object",
            Self::RequestUri => "authorize_request_uri",
            Self::Registration => "authorize_registration",
        }
    }

    /// The OAuth word for it.
    #[must_use]
    pub fn oauth(&self) -> OAuthErrorCode {
        match self {
            Self::ResponseType(_) => OAuthErrorCode::UnsupportedResponseType,
            Self::ScopeWithoutOpenId | Self::ScopeNotAllowed => OAuthErrorCode::InvalidScope,
            Self::RequestObject => OAuthErrorCode::RequestNotSupported,
            Self::RequestUri => OAuthErrorCode::RequestUriNotSupported,
            Self::Registration => OAuthErrorCode::RegistrationNotSupported,
            Self::ClientId
            | Self::UnknownClient
            | Self::RedirectUriMissing
            | Self::RedirectUriNotRegistered
            | Self::Repeated(_)
            | Self::State
            | Self::Nonce
            | Self::ResponseTypeMissing
            | Self::ResponseMode(_)
            | Self::Pkce(_)
            | Self::Prompt(_)
            | Self::PromptNoneNotAlone
            | Self::MaxAge
            | Self::LoginHint
            | Self::Organization
            | Self::Connection => OAuthErrorCode::InvalidRequest,
        }
    }
}
