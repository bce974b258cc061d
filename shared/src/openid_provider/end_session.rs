//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0).

use super::clients::AppClient;
use super::hint::{self, IdTokenHint};
use super::params::Parameters;
use super::response::append_query;
use crate::domain::ids::ClientId;
use crate::jose::Jwk;
use crate::redacted::Secret;

/// Why a logout request is refused, on a page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndSessionError {
    /// A parameter stands twice.
    #[error("each parameter may stand once, repeated: {0}")]
    Repeated(String),
    /// `client_id` is none, or not the one that the hint was issued to.
    #[error("client_id must be the app that the id_token_hint was issued to")]
    ClientId,
    /// A `post_logout_redirect_uri` of nobody.
    #[error("post_logout_redirect_uri needs an id_token_hint or a client_id")]
    NoClient,
    /// Not one of the client's.
    #[error(
        "post_logout_redirect_uri must equal, character by character, one that is registered for this app"
    )]
    RedirectUriNotRegistered,
    /// `state` is too long or has other characters.
    #[error("state must have at most {max} visible ASCII characters", max = super::authorize::MAX_STATE_LEN)]
    State,
}

impl EndSessionError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Repeated(_) => "end_session_repeated_parameter",
            Self::ClientId => "end_session_client_id",
            Self::NoClient => "end_session_no_client",
            Self::RedirectUriNotRegistered => "end_session_redirect_uri_not_registered",
            Self::State => "end_session_state",
        }
    }
}

/// A logout request. A hint that is not believed counts as absent: the person is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndSessionRequest {
    /// The verified hint.
    pub hint: Option<IdTokenHint>,
    /// The app, by `client_id` or by the hint.
    pub client_id: Option<ClientId>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

impl EndSessionRequest {
    /// Reads the request and verifies its hint.
    ///
    /// # Errors
    /// [`EndSessionError`], except for the registered URI: see [`EndSessionRequest::location`].
    pub fn parse(parameters: &Parameters, keys: &[Jwk], issuer: &str) -> Result<Self, EndSessionError> {
        if let Some(name) = parameters.repeated() {
            return Err(EndSessionError::Repeated(name.to_owned()));
        }
        let hint = parameters.get("id_token_hint").map(Secret::new);
        let hint = hint.and_then(|hint| hint::verify(&hint, keys, issuer).ok());
        let named = parameters.get("client_id").map(ClientId::parse).transpose();
        let named = named.map_err(|_| EndSessionError::ClientId)?;
        if let (Some(hint), Some(named)) = (&hint, &named)
            && hint.client_id != *named
        {
            return Err(EndSessionError::ClientId);
        }
        let client_id = named.or_else(|| hint.as_ref().map(|hint| hint.client_id.clone()));
        let redirect = parameters.get("post_logout_redirect_uri").map(ToOwned::to_owned);
        if redirect.is_some() && client_id.is_none() {
            return Err(EndSessionError::NoClient);
        }
        let state = parameters.get("state");
        if state.is_some_and(|state| !super::authorize::is_visible(state, super::authorize::MAX_STATE_LEN)) {
            return Err(EndSessionError::State);
        }
        Ok(Self {
            hint,
            client_id,
            post_logout_redirect_uri: redirect,
            state: state.map(ToOwned::to_owned),
        })
    }

    /// Where the browser goes afterwards, held against the registry entry of [`EndSessionRequest::client_id`].
    ///
    /// # Errors
    /// [`EndSessionError::RedirectUriNotRegistered`], also when there is no such client.
    pub fn location(&self, client: Option<&AppClient>) -> Result<Option<String>, EndSessionError> {
        let Some(uri) = &self.post_logout_redirect_uri else {
            return Ok(None);
        };
        let client = client.filter(|client| Some(&client.id) == self.client_id.as_ref());
        if !client.is_some_and(|client| client.admits_post_logout_redirect(uri)) {
            return Err(EndSessionError::RedirectUriNotRegistered);
        }
        let state = self.state.iter().map(|state| ("state", state.clone()));
        Ok(Some(append_query(uri, &state.collect::<Vec<_>>())))
    }

    /// Whether the person must press a button first: anybody can link here, so only the app's own hint about the very
    /// session of this browser spares the question. `sids` are the browser's sessions.
    #[must_use]
    pub fn must_confirm(&self, sids: &[&str]) -> bool {
        !sids.is_empty()
            && !self
                .hint
                .as_ref()
                .is_some_and(|hint| sids.contains(&hint.sid.as_str()))
    }
}
