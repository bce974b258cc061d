//! The authorization request (OpenID Connect Core section 3.1.2.1): parsed and validated in two steps, because a
//! refusal may only be sent to a redirect URI that is known to be the app's.

use serde::{Deserialize, Serialize};

pub use super::authorize_error::AuthorizeError;
use super::clients::AppClient;
use super::params::Parameters;
use super::pkce::CodeChallenge;
use super::response::{AuthorizationResponse, ResponseMode, ResponseTarget};
use super::scope::{Scope, Scopes};
use crate::domain::ids::{ClientId, ConnectionId, TenantId, UserId};
use crate::redacted::{Personal, Secret};

/// The longest `state`, in characters.
pub const MAX_STATE_LEN: usize = 4096;
/// The longest `nonce`, in characters.
pub const MAX_NONCE_LEN: usize = 512;
/// The longest `login_hint`, in octets: an e-mail address or one of our own hints.
pub const MAX_LOGIN_HINT_LEN: usize = 320;

/// What `prompt` asks for. `consent` is accepted and changes nothing: the operator's own apps ask for no consent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// No page may be shown.
    pub none: bool,
    /// The person must authenticate again.
    pub login: bool,
    /// The person must choose the account again.
    pub select_account: bool,
}

/// A valid request, to be answered at once or kept in a sign-in attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes.
    pub target: ResponseTarget,
    /// What is granted: what was asked, within what the client may ask.
    pub scopes: Scopes,
    /// PKCE.
    pub code_challenge: CodeChallenge,
    /// Echoed in the ID token.
    pub nonce: Option<String>,
    /// `prompt`.
    pub prompt: Prompt,
    /// The oldest acceptable authentication, in seconds.
    pub max_age: Option<u32>,
    /// An e-mail address, or a one-time hint of ours.
    pub login_hint: Option<Personal<String>>,
    /// The tenant that the app wants; not looked up yet.
    pub organization: Option<TenantId>,
    /// The connection that the app wants; not looked up yet.
    pub connection: Option<ConnectionId>,
    /// An earlier ID token of the person; not verified yet (see [`super::hint::verify`]).
    pub id_token_hint: Option<Secret>,
    /// Whom the verified hint names: nobody else is answered with a code. Set by who verified it.
    #[serde(default)]
    pub person: Option<UserId>,
}

/// How a refusal is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// On a page of ours: nothing may be sent to the presented URI.
    Page(AuthorizeError),
    /// To the app.
    Redirect(ResponseTarget, AuthorizeError),
}

impl Refusal {
    /// The refusal itself.
    #[must_use]
    pub fn error(&self) -> &AuthorizeError {
        match self {
            Self::Page(error) | Self::Redirect(_, error) => error,
        }
    }

    /// The redirect that tells the app; nothing when only a page may.
    #[must_use]
    pub fn response(&self, issuer: &str) -> Option<AuthorizationResponse> {
        match self {
            Self::Page(_) => None,
            Self::Redirect(target, error) => Some(target.error(error.oauth(), &error.to_string(), issuer)),
        }
    }
}

/// Step one: whose request it is, so that the caller can look the client up.
///
/// # Errors
/// [`AuthorizeError::ClientId`], for a page.
pub fn client_id(parameters: &Parameters) -> Result<ClientId, AuthorizeError> {
    once(parameters, "client_id")
        .and_then(|text| ClientId::parse(text).ok())
        .ok_or(AuthorizeError::ClientId)
}

/// Step two: the whole request, for that client.
///
/// # Errors
/// [`Refusal`].
pub fn parse(parameters: &Parameters, client: &AppClient) -> Result<AuthorizationRequest, Refusal> {
    let presented = client_id(parameters).map_err(Refusal::Page)?;
    if presented != client.id {
        return Err(Refusal::Page(AuthorizeError::UnknownClient));
    }
    let target = target(parameters, client).map_err(Refusal::Page)?;
    // The mode itself may be wrong; that is told by the default mode.
    let mode = response_mode(parameters);
    let target = ResponseTarget {
        mode: mode.clone().unwrap_or(ResponseMode::Query),
        ..target
    };
    mode.and_then(|_| body(parameters, client, &target))
        .map_err(|error| Refusal::Redirect(target, error))
}

fn once<'p>(parameters: &'p Parameters, name: &str) -> Option<&'p str> {
    if parameters.is_repeated(name) {
        None
    } else {
        parameters.get(name)
    }
}

fn target(parameters: &Parameters, client: &AppClient) -> Result<ResponseTarget, AuthorizeError> {
    let redirect_uri = once(parameters, "redirect_uri").ok_or(AuthorizeError::RedirectUriMissing)?;
    if !client.admits_redirect(redirect_uri) {
        return Err(AuthorizeError::RedirectUriNotRegistered);
    }
    let state = once(parameters, "state").filter(|state| is_visible(state, MAX_STATE_LEN));
    Ok(ResponseTarget {
        redirect_uri: redirect_uri.to_owned(),
        mode: ResponseMode::Query,
        state: state.map(ToOwned::to_owned),
    })
}

/// RFC 6749 appendix A.5: VSCHAR.
pub(crate) fn is_visible(text: &str, max: usize) -> bool {
    text.len() <= max && text.bytes().all(|b| (0x20..=0x7e).contains(&b))
}

fn response_mode(parameters: &Parameters) -> Result<ResponseMode, AuthorizeError> {
    match parameters.get("response_mode") {
        None | Some("query") => Ok(ResponseMode::Query),
        Some("form_post") => Ok(ResponseMode::FormPost),
        Some(other) => Err(AuthorizeError::ResponseMode(other.to_owned())),
    }
}

fn body(
    parameters: &Parameters,
    client: &AppClient,
    target: &ResponseTarget,
) -> Result<AuthorizationRequest, AuthorizeError> {
    refuse_unsupported(parameters)?;
    if parameters
        .get("state")
        .is_some_and(|state| !is_visible(state, MAX_STATE_LEN))
    {
        return Err(AuthorizeError::State);
    }
    let nonce = parameters.get("nonce");
    if nonce.is_some_and(|nonce| !is_visible(nonce, MAX_NONCE_LEN)) {
        return Err(AuthorizeError::Nonce);
    }
    let login_hint = parameters.get("login_hint");
    if login_hint.is_some_and(|hint| hint.len() > MAX_LOGIN_HINT_LEN) {
        return Err(AuthorizeError::LoginHint);
    }
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        target: target.clone(),
        scopes: scopes(parameters, client)?,
        code_challenge: CodeChallenge::parse(
            parameters.get("code_challenge"),
            parameters.get("code_challenge_method"),
        )?,
        nonce: nonce.map(ToOwned::to_owned),
        prompt: prompt(parameters.get("prompt").unwrap_or_default())?,
        max_age: max_age(parameters.get("max_age"))?,
        login_hint: login_hint.map(|hint| Personal(hint.to_owned())),
        organization: parameters
            .get("organization")
            .map(TenantId::parse)
            .transpose()
            .map_err(|_| AuthorizeError::Organization)?,
        connection: parameters
            .get("connection")
            .map(ConnectionId::parse)
            .transpose()
            .map_err(|_| AuthorizeError::Connection)?,
        id_token_hint: parameters.get("id_token_hint").map(Secret::new),
        person: None,
    })
}

fn refuse_unsupported(parameters: &Parameters) -> Result<(), AuthorizeError> {
    if let Some(name) = parameters.repeated() {
        return Err(AuthorizeError::Repeated(name.to_owned()));
    }
    if parameters.get("request").is_some() {
        return Err(AuthorizeError::RequestObject);
    }
    if parameters.get("request_uri").is_some() {
        return Err(AuthorizeError::RequestUri);
    }
    if parameters.get("registration").is_some() {
        return Err(AuthorizeError::Registration);
    }
    match parameters.get("response_type") {
        Some("code") => Ok(()),
        Some(other) => Err(AuthorizeError::ResponseType(other.to_owned())),
        None => Err(AuthorizeError::ResponseTypeMissing),
    }
}

fn scopes(parameters: &Parameters, client: &AppClient) -> Result<Scopes, AuthorizeError> {
    let asked = Scopes::parse(parameters.get("scope").unwrap_or_default());
    if !asked.contains(Scope::OpenId) {
        return Err(AuthorizeError::ScopeWithoutOpenId);
    }
    let granted = asked.intersection(&client.scopes);
    if granted.contains(Scope::OpenId) {
        Ok(granted)
    } else {
        Err(AuthorizeError::ScopeNotAllowed)
    }
}

fn prompt(text: &str) -> Result<Prompt, AuthorizeError> {
    let mut prompt = Prompt::default();
    let mut words = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        words += 1;
        match word {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "select_account" => prompt.select_account = true,
            "consent" => {}
            other => return Err(AuthorizeError::Prompt(other.to_owned())),
        }
    }
    if prompt.none && words > 1 {
        Err(AuthorizeError::PromptNoneNotAlone)
    } else {
        Ok(prompt)
    }
}

fn max_age(text: Option<&str>) -> Result<Option<u32>, AuthorizeError> {
    let Some(text) = text else { return Ok(None) };
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AuthorizeError::MaxAge);
    }
    // A number beyond u32 is longer than any session: it asks for nothing.
    Ok(Some(text.parse().unwrap_or(u32::MAX)))
}
