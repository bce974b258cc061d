//! A sign-in begins: the attempt, the connection, and the request to its identity provider.
//!
//! `open` keeps what the app asked; `choose` finds the connection by what is known (a connection, an organization, an
//! address' domain); `begin` asks the identity provider.

mod by_code;
mod choose;
mod saml;
mod third_party;

use super::attempt::{ATTEMPT_LIFETIME, Attempt, Purpose};
use super::finish_sign_in::refusal::SignInRefusal;
use super::{Browser, Gatehouse};
use crate::domain::connection::{ConnectionState, Protocol};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{ConnectionId, TenantId};
use crate::oidc::refusal::OidcRefusal;
use crate::random::{self, RandomError};
use crate::saml::authn_request::{AuthnRequestError, RequestId};
use crate::saml::outgoing::PostForm;
use crate::saml::relay_state::{RelayState, RelayStateError};
use crate::saml::signing::SigningError;
use crate::secrets::SecretsError;
use crate::store::{CommitError, Guard, StoreError};

pub use choose::{Choice, Offer, choose};
pub(super) use choose::{active as active_connections, organization_of};
pub use third_party::{ThirdParty, third_party};

/// What is known of the person when the app sends the browser.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// The organization that the app named.
    pub organization: Option<TenantId>,
    /// The connection that the app named.
    pub connection: Option<ConnectionId>,
    /// The address that the app gave.
    pub address: Option<EmailAddress>,
    /// The public id of the session that the browser has.
    pub started_from: Option<String>,
}

/// What the browser does to reach the identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// It goes to this URL (HTTP-Redirect).
    Redirect {
        /// Absolute URL with the signed request.
        url: String,
    },
    /// It posts these fields there (HTTP-POST).
    Post {
        /// Absolute URL.
        action: String,
        /// Names and values of the form.
        fields: Vec<(&'static str, String)>,
    },
}

impl From<PostForm> for Outgoing {
    fn from(form: PostForm) -> Self {
        Self::Post {
            action: form.action,
            fields: form.fields,
        }
    }
}

/// Why a sign-in did not begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It was refused by name.
    #[error(transparent)]
    Refused(#[from] SignInRefusal),
    /// No connection signs people of this domain in.
    #[error(
        "wanted an address of an organization that signs in here; no connection is active for its domain"
    )]
    NoConnection,
    /// What was given is no address.
    #[error(transparent)]
    Address(#[from] crate::domain::email::InvalidEmail),
    /// The connection has no key to sign with.
    #[error("wanted a signing key of the connection; none was made")]
    KeyMissing,
    /// The request could not be made.
    #[error(transparent)]
    Request(#[from] AuthnRequestError),
    /// The signing key is of no use.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The attempt's token cannot travel.
    #[error(transparent)]
    RelayState(#[from] RelayStateError),
    /// The request to an OpenID Provider or to GitHub could not be made.
    #[error(transparent)]
    Oidc(#[from] OidcRefusal),
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

impl StartError {
    /// Stable code of this refusal or failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(e) => e.code(),
            Self::NoConnection => "no_connection_for_domain",
            Self::Address(e) => e.code(),
            Self::KeyMissing => "signing_key_missing",
            Self::Request(e) => e.code(),
            Self::Signing(e) => e.code(),
            Self::RelayState(e) => e.code(),
            Self::Oidc(e) => e.code(),
            Self::Store(e) => e.code(),
            Self::Secrets(e) => e.code(),
            Self::Random(e) => e.code(),
        }
    }
}

impl From<CommitError> for StartError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Refused(guards) if guards.contains(&Guard::Attempt) => {
                Self::Refused(SignInRefusal::AttemptUnknown)
            }
            CommitError::Refused(_) => Self::Store(StoreError::Busy {
                operation: "TransactWriteItems",
            }),
            CommitError::Store(error) => Self::Store(error),
        }
    }
}

/// Opens an attempt, and gives its token.
///
/// # Errors
/// [`StartError`] when it could not be written.
pub async fn open(
    gatehouse: &Gatehouse,
    purpose: Purpose,
    hints: Hints,
    browser: &Browser,
) -> Result<String, StartError> {
    let now = gatehouse.clock.now();
    let attempt = Attempt {
        purpose,
        organization: hints.organization,
        connection: hints.connection,
        login_hint: hints.address,
        request_id: None,
        browser: browser.hash(),
        started_from: hints.started_from,
        created_at: now,
        expires_at: now + ATTEMPT_LIFETIME,
    };
    let token = random::token()?;
    gatehouse
        .store
        .front_door()
        .open_attempt(&token, &attempt, attempt.expires_at)
        .await?;
    Ok(token)
}

/// The open attempt of this browser.
///
/// # Errors
/// [`SignInRefusal`]: unknown or over, no cookie, another browser's.
pub async fn attempt(gatehouse: &Gatehouse, token: &str, browser: &Browser) -> Result<Attempt, StartError> {
    let attempt = gatehouse.store.front_door().attempt::<Attempt>(token).await?;
    let attempt = attempt.ok_or(SignInRefusal::AttemptUnknown)?;
    if !browser.has_cookie() {
        return Err(SignInRefusal::CookieMissing.into());
    }
    if !browser.is(&attempt.browser) {
        return Err(SignInRefusal::BrowserMismatch.into());
    }
    Ok(attempt)
}

/// Asks the identity provider of a connection. An earlier request of the attempt is over with it.
///
/// # Errors
/// [`StartError`]: the attempt stays as it was.
pub async fn begin(
    gatehouse: &Gatehouse,
    (token, attempt): (&str, &Attempt),
    connection: &ConnectionId,
    browser: &Browser,
) -> Result<Outgoing, StartError> {
    let door = gatehouse.store.front_door();
    let tested = matches!(attempt.purpose, Purpose::Test { .. });
    if tested {
        // Whoever tries a connection has just changed it.
        door.forget_context(connection);
    }
    let context = door
        .sign_in_context(connection)
        .await?
        .ok_or(SignInRefusal::ConnectionUnknown)?;
    if context.connection.state != ConnectionState::Active && !tested {
        return Err(SignInRefusal::ConnectionNotActive.into());
    }
    if attempt
        .organization
        .as_ref()
        .is_some_and(|wanted| *wanted != context.tenant.id)
    {
        return Err(SignInRefusal::ConnectionMismatch.into());
    }
    let request_id = RequestId::from_random(random::bytes()?);
    let mut asked = attempt.clone();
    asked.connection = Some(connection.clone());
    asked.request_id = Some(request_id.as_str().to_owned());
    let connection = &context.connection;
    let binding = || by_code::Binding::new(connection, (token, request_id.as_str()), browser);
    let outgoing = match &connection.protocol {
        Protocol::Saml(settings) => {
            let relay_state = token.parse::<RelayState>()?;
            saml::request(
                gatehouse,
                connection,
                settings,
                (&asked, &request_id),
                &relay_state,
            )
            .await?
        }
        Protocol::Oidc(settings) => by_code::oidc(gatehouse, (connection, settings), &asked, &binding())?,
        Protocol::GitHub(settings) => by_code::github(gatehouse, (connection, settings), &asked, &binding())?,
    };
    let step = (attempt.request_id.as_deref(), request_id.as_str());
    door.continue_attempt(token, &asked, step, asked.expires_at)
        .await?;
    Ok(outgoing)
}
