//! After the sessions here are over, the person is led to the identity providers that vouched, where the owner wants that
//! (OpenID Connect RP-Initiated Logout 1.0), and from there back to the app.
//!
//! Ours comes first and stands for itself: a provider that fails strands nobody who is still signed in here. The way back
//! is kept under the `state` that the provider returns, sealed by it, and for this browser alone. Where it leads was
//! registered by the app and checked before: nothing of the returning request decides it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::sealed::{self, SealError};
use super::{Browser, Gatehouse};
use crate::domain::connection::{ConnectionState, Protocol};
use crate::domain::ids::ConnectionId;
use crate::domain::session::{Session, SessionToken};
use crate::oidc::logout_request::LogoutRequest;
use crate::random::{self, RandomError};
use crate::redacted::Secret;
use crate::store::{CommitError, StoreError};

/// How long somebody may take at the provider.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// What the session's secret seals.
const HINT: &str = "gatehouse id token hint";
/// What `state` seals.
const WAY: &str = "gatehouse logout";

/// Why a logout does not go on at the identity provider.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamLogoutError {
    /// The table fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The table refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// Nothing could be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The system's randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl UpstreamLogoutError {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Commit(CommitError::Store(error)) => error.code(),
            Self::Commit(CommitError::Refused(_)) => "logout_not_kept",
            Self::Seal(_) => "logout_not_sealed",
            Self::Random(error) => error.code(),
        }
    }
}

/// One provider to go to.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stop {
    connection: ConnectionId,
    id_token: Option<Secret>,
}

/// Where a logout goes from here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Way {
    stops: Vec<Stop>,
    /// The app's registered URI, with its `state`; `None` where it named none.
    to: Option<String>,
}

/// A way that waits for the browser to come back.
#[derive(Serialize, Deserialize)]
struct Waiting {
    /// The connection whose provider was gone to.
    logout_at: ConnectionId,
    /// SHA-256 of the browser cookie.
    logout_browser: String,
    /// The rest of the way, sealed by `state`.
    logout_way: String,
}

/// Seals an ID token into the session that it began.
///
/// # Errors
/// [`SealError`].
pub(super) fn hint(secret: &Secret, id_token: &Secret) -> Result<String, SealError> {
    sealed::seal(HINT, secret.expose(), id_token.expose().as_bytes())
}

impl Way {
    /// A way that leads to the app.
    #[must_use]
    pub fn to(to: Option<String>) -> Self {
        Self {
            stops: Vec::new(),
            to,
        }
    }

    /// By the provider of a session that is over.
    pub(super) fn by(&mut self, token: &SessionToken, session: &Session) {
        let opened = session.id_token_hint.as_deref();
        let opened = opened.and_then(|sealed| sealed::open(HINT, token.secret.expose(), sealed));
        let id_token = opened.and_then(|text| String::from_utf8(text).ok());
        self.stops.push(Stop {
            connection: session.connection.clone(),
            id_token: id_token.map(Secret::new),
        });
    }
}

/// Where a browser goes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// To a provider, and back by this browser's cookie.
    Provider(String),
    /// To the app's registered URI.
    App(String),
    /// To a page of ours.
    Page,
}

impl Next {
    /// The address, if it is none of ours.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Provider(url) | Self::App(url) => Some(url),
            Self::Page => None,
        }
    }
}

/// Where the browser goes next: to the next provider that wants to hear of it, else to the app. What fails on the way to a
/// provider leaves that provider out.
pub async fn go_on(gatehouse: &Gatehouse, mut way: Way, browser: &Browser) -> Next {
    while !way.stops.is_empty() {
        let stop = way.stops.remove(0);
        match lead(gatehouse, &stop, &way, browser).await {
            Ok(Some(url)) => return Next::Provider(url),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(
                    connection = %stop.connection,
                    error.code = error.code(),
                    error = %error,
                    "a logout was not led to the identity provider"
                );
            }
        }
    }
    way.to.map_or(Next::Page, Next::App)
}

/// The provider's address for this logout, with the rest of the way kept; `None` where nobody wants it.
async fn lead(
    gatehouse: &Gatehouse,
    stop: &Stop,
    rest: &Way,
    browser: &Browser,
) -> Result<Option<String>, UpstreamLogoutError> {
    let door = gatehouse.store.front_door();
    let Some(context) = door.sign_in_context(&stop.connection).await? else {
        return Ok(None);
    };
    let connection = &context.connection;
    let oidc = match &connection.protocol {
        Protocol::Oidc(oidc) if connection.state == ConnectionState::Active => oidc,
        Protocol::Oidc(_) | Protocol::GitHub(_) | Protocol::Saml(_) => return Ok(None),
    };
    let endpoint = oidc
        .provider
        .as_ref()
        .and_then(|provider| provider.end_session_endpoint.as_deref());
    let (Some(endpoint), Some(client_id), true) = (
        endpoint,
        oidc.settings.client_id.as_deref(),
        oidc.settings.upstream_logout,
    ) else {
        return Ok(None);
    };
    let state = random::token()?;
    let request = LogoutRequest {
        client_id,
        id_token_hint: stop.id_token.as_ref().map(Secret::expose),
        post_logout_redirect_uri: &gatehouse.post_logout_redirect_uri(&connection.id),
        state: &state,
    };
    let url = match request.url(endpoint, gatehouse.endpoint_policy()) {
        Ok(url) => url,
        Err(refusal) => {
            tracing::warn!(connection = %connection.id, code = refusal.code(), "a logout endpoint is refused");
            return Ok(None);
        }
    };
    let text = serde_json::to_vec(rest).map_err(|_| SealError::Cipher)?;
    let waiting = Waiting {
        logout_at: connection.id.clone(),
        logout_browser: browser.hash(),
        logout_way: sealed::seal(WAY, &state, &text)?,
    };
    let until = gatehouse.clock.now() + LIFETIME;
    door.park(&state, &waiting, until).await?;
    Ok(Some(url))
}

/// The browser came back from the provider of `connection`: the rest of its way, once. `None` when there is none for this
/// browser, connection and `state`.
///
/// # Errors
/// [`UpstreamLogoutError`] when the table fails.
pub async fn came_back(
    gatehouse: &Gatehouse,
    connection: &ConnectionId,
    state: &str,
    browser: &Browser,
) -> Result<Option<Way>, UpstreamLogoutError> {
    let door = gatehouse.store.front_door();
    // What else may be parked has other fields.
    let Some(found) = door.parked::<serde_json::Value>(state).await? else {
        return Ok(None);
    };
    let waiting = serde_json::from_value::<Waiting>(found).ok();
    let waiting = waiting.filter(|one| one.logout_at == *connection && browser.is(&one.logout_browser));
    let Some(waiting) = waiting else { return Ok(None) };
    if door.take_parked::<serde_json::Value>(state).await?.is_none() {
        return Ok(None);
    }
    let opened = sealed::open(WAY, state, &waiting.logout_way);
    Ok(opened.and_then(|text| serde_json::from_slice(&text).ok()))
}
