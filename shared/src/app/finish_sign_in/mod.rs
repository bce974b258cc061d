//! An identity provider has answered: verify, decide, and write everything in one transaction.
//!
//! `receive` verifies a response at the assertion consumer service; `proceed` takes what is verified, now or after
//! a page of ours, to its [`Step`]; `commit` writes. Warm repeat sign-ins cost two sequential round trips: attempt
//! and identity are read in parallel, then one transaction.

pub mod decide;
mod github;
pub(in crate::app) mod oidc;
pub mod person;
pub mod refusal;
pub mod saml;

mod commit;
mod link;
mod proceed;
mod provision;
mod receive;
mod receive_code;
mod registration;
mod session;
mod without_session;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::app::attempt::{Attempt, PendingLink};
use crate::domain::ids::ConnectionId;
use crate::domain::session::SessionToken;
use crate::oidc::refusal::OidcRefusal;
use crate::openid_provider::response::AuthorizationResponse;
use crate::random::RandomError;
use crate::saml::refusal::Refusal as SamlRefusal;
use crate::secrets::SecretsError;
use crate::store::{CommitError, StoreError};
use person::Person;
use refusal::SignInRefusal;

pub use link::confirm_link;
pub use proceed::{Resumed, confirm, resume};
pub use receive::{SamlPost, receive_saml};
pub use receive_code::{CodeCallback, receive_code};
pub use registration::redeem_registration;
pub use saml::name_id_hash;

/// A verified answer, before anything was decided.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verified {
    /// The connection whose identity provider answered.
    pub connection: ConnectionId,
    /// Whom it vouched for.
    pub person: Person,
    /// Id that may be used once; an authorization code is spent where it is redeemed.
    pub one_time_id: Option<String>,
    /// Until when the id must be remembered.
    pub remember_until: DateTime<Utc>,
    /// The request that it answers.
    pub in_response_to: Option<String>,
    /// What came back beside it: the attempt's token, or the identity provider's own RelayState.
    pub relay_state: Option<String>,
}

/// What is kept under a one-time token between two requests of a browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "parked", rename_all = "snake_case")]
pub enum Parked {
    /// A verified answer whose cross-site request could not show the cookie (loopback only).
    Verified(Box<Verified>),
    /// An unsolicited answer that the person must confirm in this browser.
    Confirm {
        /// The answer.
        verified: Box<Verified>,
        /// SHA-256 of the browser cookie.
        browser: String,
    },
    /// A first sign-in that waits for the mailed code.
    Link {
        /// The answer.
        verified: Box<Verified>,
        /// The attempt that it answered; already consumed.
        attempt: Box<Attempt>,
        /// Whom to link to, and the code.
        pending: PendingLink,
    },
    /// Names the connection of an IdP-initiated sign-in to the app's authorization request.
    Route {
        /// The connection.
        connection: ConnectionId,
    },
    /// CH-08: the verified identity of a person who may register with the app.
    Registration(Box<Registration>),
}

/// CH-08: what the app learns of a person who is nobody's user yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Registration {
    /// The app client that may redeem it.
    pub client_id: crate::domain::ids::ClientId,
    /// The organization.
    pub organization: crate::domain::ids::TenantId,
    /// The connection that vouched.
    pub connection: ConnectionId,
    /// The address that it gave.
    pub email: crate::domain::email::EmailAddress,
    /// Whether the address lies in a proven domain.
    pub email_verified: bool,
    /// Attribute values by name.
    pub attributes: crate::redacted::Personal<std::collections::BTreeMap<String, Vec<String>>>,
}

/// Where a signed-in browser goes.
pub enum Destination {
    /// To the app, with a code.
    App(Box<AuthorizationResponse>),
    /// To the app's `initiate_login_uri`.
    Url(String),
}

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::App(_) => "App([redacted])",
            Self::Url(_) => "Url([redacted])",
        })
    }
}

/// Where a sign-in goes next.
#[derive(Debug)]
pub enum Step {
    /// The person is signed in: to this URL, with this session.
    SignedIn {
        /// Where the browser goes.
        to: Destination,
        /// The new session.
        session: SessionToken,
    },
    /// To this URL, without a session: registration (CH-08), or the app that starts the sign-in (CH-11).
    Redirect {
        /// Absolute URL of the app.
        to: String,
    },
    /// The cookie could not be seen here: continue same-site under this token (loopback only).
    Continue {
        /// One-time token.
        token: String,
    },
    /// Ask the person to confirm an unsolicited sign-in.
    Confirm {
        /// One-time token.
        token: String,
        /// `a…@acme.com`.
        hint: String,
        /// The organization's name.
        organization: String,
    },
    /// Ask for the mailed code.
    AskForCode {
        /// Token of the parked sign-in.
        token: String,
        /// `a…@acme.com`: where the code went.
        hint: String,
        /// The organization's name.
        organization: String,
    },
    /// A test sign-in came through (SE-27): neither user nor session.
    Tested {
        /// The connection that was tried.
        connection: ConnectionId,
    },
}

/// Why a sign-in was not finished.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// The response failed a check of the SAML profile.
    #[error(transparent)]
    Saml(#[from] SamlRefusal),
    /// The answer of an OpenID Provider or of GitHub was not accepted.
    #[error(transparent)]
    Oidc(#[from] OidcRefusal),
    /// The sign-in was refused by name.
    #[error(transparent)]
    Refused(#[from] SignInRefusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Secrets Manager failed.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The system's randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl From<CommitError> for FinishError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => Self::Store(error),
            // Whoever commits reads the guards it cares for first; what is left was in the way for too long.
            CommitError::Refused(_) => Self::Store(StoreError::Busy {
                operation: "TransactWriteItems",
            }),
        }
    }
}

impl FinishError {
    /// Stable code of this refusal or failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Saml(e) => e.code(),
            Self::Oidc(e) => e.code(),
            Self::Refused(e) => e.code(),
            Self::Store(e) => e.code(),
            Self::Secrets(e) => e.code(),
            Self::Random(e) => e.code(),
        }
    }
}
