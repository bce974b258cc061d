//! What the identity provider knows while it runs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use gatehouse::clock::Clock;
use gatehouse::random::RandomError;
use gatehouse::redacted::Secret;

use super::keys::IdpKeys;
use super::oidc::{AuthorizeRequest, Grant};
use super::people::Person;
use super::saml::{ResponseOptions, SsoRequest};

/// How long a session at the identity provider lasts.
const SESSION: TimeDelta = TimeDelta::hours(8);
/// How long a log-in page may stay open.
const PENDING: TimeDelta = TimeDelta::minutes(30);

/// An OpenID Connect client that the administrator registered.
#[derive(Clone, Debug)]
pub struct OidcClient {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: Secret,
    /// Exact redirect URIs.
    pub redirect_uris: Vec<String>,
}

/// A SAML service provider that the administrator registered, for the launch buttons.
#[derive(Clone, Debug)]
pub struct SamlConsumer {
    /// Shown on the button.
    pub name: String,
    /// Its assertion consumer service.
    pub acs_url: String,
    /// Its entity id.
    pub audience: String,
}

/// The identity provider. Cheap to clone; clones are one.
#[derive(Clone, Debug)]
pub struct DemoIdp {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    url: String,
    keys: IdpKeys,
    clock: Clock,
    clients: Mutex<Vec<OidcClient>>,
    consumers: Mutex<Vec<SamlConsumer>>,
    response_options: Mutex<ResponseOptions>,
    sessions: Mutex<HashMap<String, Session>>,
    pending: Mutex<HashMap<String, Pending>>,
    grants: Mutex<HashMap<String, Grant>>,
}

/// Someone is logged in.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub person: Person,
    /// When they typed their password, as it were.
    pub authenticated_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// What waits for a log-in.
#[derive(Clone, Debug)]
pub enum Waiting {
    /// Nobody: the person opened the log-in page themselves.
    Nothing,
    /// An OpenID Connect request.
    Oidc(Box<AuthorizeRequest>),
    /// A SAML request, or a launch.
    Saml(Box<SsoRequest>),
}

#[derive(Debug)]
struct Pending {
    waiting: Waiting,
    expires_at: DateTime<Utc>,
}

impl DemoIdp {
    /// An identity provider at `url` (no trailing slash).
    #[must_use]
    pub fn new(url: &str, keys: IdpKeys, clock: &Clock) -> Self {
        Self {
            inner: Arc::new(Inner {
                url: url.to_owned(),
                keys,
                clock: clock.clone(),
                clients: Mutex::default(),
                consumers: Mutex::default(),
                response_options: Mutex::default(),
                sessions: Mutex::default(),
                pending: Mutex::default(),
                grants: Mutex::default(),
            }),
        }
    }

    /// Its address, and its issuer name.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> &IdpKeys {
        &self.inner.keys
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }

    /// Registers a client, replacing one of the same id.
    pub fn register(&self, client: OidcClient) {
        let mut clients = self.inner.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.retain(|known| known.id != client.id);
        clients.push(client);
    }

    /// Registers a SAML service provider.
    pub fn register_consumer(&self, consumer: SamlConsumer) {
        self.inner
            .consumers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(consumer);
    }

    pub(super) fn consumers(&self) -> Vec<SamlConsumer> {
        self.inner
            .consumers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn response_options(&self) -> ResponseOptions {
        *self
            .inner
            .response_options
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_response_options(&self, options: ResponseOptions) {
        *self
            .inner
            .response_options
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = options;
    }

    pub(super) fn client(&self, id: &str) -> Option<OidcClient> {
        let clients = self.inner.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.iter().find(|client| client.id == id).cloned()
    }

    pub(super) fn session(&self, id: &str) -> Option<Session> {
        let sessions = self.inner.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions
            .get(id)
            .filter(|session| session.expires_at > self.now())
            .cloned()
    }

    pub(super) fn log_in(&self, person: Person) -> Result<(String, Session), RandomError> {
        let id = gatehouse::random::token()?;
        let now = self.now();
        let session = Session {
            person,
            authenticated_at: now,
            expires_at: now + SESSION,
        };
        let mut sessions = self.inner.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.expires_at > now);
        sessions.insert(id.clone(), session.clone());
        Ok((id, session))
    }

    pub(super) fn log_out(&self, id: &str) {
        self.inner
            .sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
    }

    /// Keeps what waits for a log-in; the id goes into the page's form.
    pub(super) fn wait(&self, waiting: Waiting) -> Result<String, RandomError> {
        let id = gatehouse::random::token()?;
        let now = self.now();
        let mut pending = self.inner.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.retain(|_, pending| pending.expires_at > now);
        pending.insert(
            id.clone(),
            Pending {
                waiting,
                expires_at: now + PENDING,
            },
        );
        Ok(id)
    }

    pub(super) fn waiting(&self, id: &str) -> Option<Waiting> {
        let pending = self.inner.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending
            .get(id)
            .filter(|pending| pending.expires_at > self.now())
            .map(|pending| pending.waiting.clone())
    }

    pub(super) fn grant(&self, grant: Grant) -> Result<String, RandomError> {
        let code = gatehouse::random::token()?;
        let now = self.now();
        let mut grants = self.inner.grants.lock().unwrap_or_else(PoisonError::into_inner);
        grants.retain(|_, grant| grant.expires_at() > now);
        grants.insert(code.clone(), grant);
        Ok(code)
    }

    /// A code or an access token, once (`spend`) or as often as it lives.
    pub(super) fn granted(&self, code: &str, spend: bool) -> Option<Grant> {
        let mut grants = self.inner.grants.lock().unwrap_or_else(PoisonError::into_inner);
        let grant = if spend {
            grants.remove(code)
        } else {
            grants.get(code).cloned()
        };
        grant.filter(|grant| grant.expires_at() > self.now())
    }
}
