//! A sign-in attempt: what must be remembered between the redirect to the identity provider and its answer.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::email::EmailAddress;
use super::ids::{ClientId, ConnectionId, TenantId, UserId};

/// How long a person may take.
pub const ATTEMPT_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// What the app asked for at the authorization endpoint (OpenID Connect Core 1.0 section 3.1.2.1), after validation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppRequest {
    /// The app client.
    pub client_id: ClientId,
    /// Where the answer goes; exactly one of the client's own.
    pub redirect_uri: String,
    /// The app's `state`, returned as it came.
    pub state: Option<String>,
    /// The app's `nonce`, for the ID token.
    pub nonce: Option<String>,
    /// Granted scopes.
    pub scope: Vec<String>,
    /// PKCE challenge, S256 (RFC 7636).
    pub code_challenge: String,
    /// Oldest confirmation that the app accepts, in seconds.
    pub max_age: Option<u64>,
    /// The app asked for a fresh sign-in (`prompt=login`, or `max_age` that the session does not meet).
    pub fresh: bool,
}

/// What an attempt is for; only `App` yields a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Purpose {
    /// The app signs a person in.
    App(AppRequest),
    /// An owner tries a connection (SE-27): neither user nor session.
    Test {
        /// Who tries it, as the answer will be reported to.
        by: String,
    },
    /// The identity provider started it, and the person confirmed on our page (CH-11).
    Confirmed {
        /// Where the app wanted the person to land, if on its list.
        target_link_uri: Option<String>,
    },
}

/// A person that must type a mailed code before the identity is linked (AskToLink).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLink {
    /// The user to link to.
    pub user: UserId,
    /// SHA-256 of the mailed code, bound to the attempt.
    pub code_hash: String,
    /// Wrong codes so far; at most five.
    pub tries: u8,
}

/// A sign-in attempt. It is found by the hash of its token and bound to one browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What it is for.
    pub purpose: Purpose,
    /// The tenant, where the app named one.
    pub organization: Option<TenantId>,
    /// The connection, once chosen.
    pub connection: Option<ConnectionId>,
    /// Address that the app or the person gave: a hint, never proof.
    pub login_hint: Option<EmailAddress>,
    /// Id of the current AuthnRequest (SAML core 3.2.1) or `state`.
    pub request_id: Option<String>,
    /// SHA-256 of the browser cookie.
    pub browser: String,
    /// The session id that the browser had when it started.
    pub started_from: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it is over.
    pub expires_at: DateTime<Utc>,
}

impl Attempt {
    /// The identity provider must ask the person again (ForceAuthn), and its answer must be fresh.
    #[must_use]
    pub fn wants_fresh(&self) -> bool {
        match &self.purpose {
            Purpose::App(request) => request.fresh,
            Purpose::Test { .. } => true,
            Purpose::Confirmed { .. } => false,
        }
    }
}
