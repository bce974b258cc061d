//! A sign-in attempt: what must be remembered between the redirect to the identity provider and its answer.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::email::EmailAddress;
use crate::domain::ids::{ConnectionId, TenantId, UserId};
use crate::openid_provider::authorize::AuthorizationRequest;
use crate::openid_provider::freshness::Asked;
use crate::openid_provider::pkce::CodeChallenge;

/// How long a person may take.
pub const ATTEMPT_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// What an attempt is for; only `App` yields a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Purpose {
    /// The app signs a person in.
    App {
        /// What it asked.
        request: Box<AuthorizationRequest>,
        /// Whether the identity provider must ask the person again.
        force: bool,
    },
    /// An owner tries a connection (SE-27): neither user nor session.
    Test {
        /// Public id of the test, under which the owner reads what came.
        test: String,
    },
    /// An owner signs in to the owner's API: neither session nor code of the app's.
    Owner {
        /// PKCE (RFC 7636): who began it redeems what comes of it.
        challenge: CodeChallenge,
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
            Purpose::App { force, .. } => *force,
            Purpose::Test { .. } | Purpose::Owner { .. } => true,
            Purpose::Confirmed { .. } => false,
        }
    }

    /// What is asked of the answer's freshness.
    #[must_use]
    pub fn asked(&self) -> Asked {
        match &self.purpose {
            Purpose::App { request, force: true } => Asked {
                prompt: request.prompt,
                max_age: request.max_age,
            },
            Purpose::App { .. }
            | Purpose::Test { .. }
            | Purpose::Owner { .. }
            | Purpose::Confirmed { .. } => Asked::default(),
        }
    }
}
