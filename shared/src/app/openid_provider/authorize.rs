//! The authorization endpoint (OpenID Connect Core 1.0 section 3.1.2): a session that is fresh enough answers at once;
//! else a sign-in begins.

use chrono::{DateTime, Utc};

use crate::app::attempt::Purpose;
use crate::app::start_sign_in::{self, Hints, StartError, organization_of};
use crate::app::{Browser, Gatehouse, issue_code};
use crate::domain::connection::ConnectionState;
use crate::domain::email::EmailAddress;
use crate::domain::ids::{TenantId, UserId};
use crate::domain::session::{Session, SessionCookie, SessionToken};
use crate::domain::user::User;
use crate::openid_provider::authorize::{self, AuthorizationRequest, AuthorizeError, Refusal};
use crate::openid_provider::clients::AppClient;
use crate::openid_provider::error::OAuthErrorCode;
use crate::openid_provider::freshness::{Asked, Freshness, SessionFacts, needs_reauthentication};
use crate::openid_provider::hint;
use crate::openid_provider::params::Parameters;
use crate::openid_provider::response::AuthorizationResponse;
use crate::store::{CommitError, StoreError};

use super::keys::{self, KeysError};

/// What the browser is answered.
pub enum Authorized {
    /// To the app: a code, or a refusal that it may hear.
    Answer(AuthorizationResponse),
    /// To the sign-in pages, with the token of a new attempt.
    SignIn {
        /// Token of the attempt.
        attempt: String,
    },
}

/// Why nothing may be sent to the app.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeFailure {
    /// The request names no client or redirect URI that could be trusted.
    #[error(transparent)]
    Page(AuthorizeError),
    /// The sign-in did not begin.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The keys that an `id_token_hint` is held against.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AuthorizeFailure {
    /// Stable code of this refusal or failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Page(e) => e.code(),
            Self::Start(e) => e.code(),
            Self::Keys(e) => e.code(),
            Self::Store(e) => e.code(),
        }
    }
}

impl From<CommitError> for AuthorizeFailure {
    fn from(error: CommitError) -> Self {
        Self::Start(error.into())
    }
}

/// Whom the app wants, as far as it says.
#[derive(Debug, Default)]
struct Wanted {
    hints: Hints,
    user: Option<UserId>,
}

/// A session that could answer.
struct Candidate<'a> {
    token: &'a SessionToken,
    session: Session,
    user: User,
}

/// Answers an authorization request.
///
/// # Errors
/// [`AuthorizeFailure`]: a page; everything else is told to the app.
pub async fn authorize(
    gatehouse: &Gatehouse,
    parameters: &Parameters,
    sessions: &SessionCookie,
    browser: &Browser,
) -> Result<Authorized, AuthorizeFailure> {
    let issuer = gatehouse.config.base_url.as_str();
    let id = authorize::client_id(parameters).map_err(AuthorizeFailure::Page)?;
    let client = gatehouse
        .store
        .front_door()
        .cached_client::<AppClient>(&id)
        .await?;
    let client = client.ok_or(AuthorizeFailure::Page(AuthorizeError::UnknownClient))?;
    let mut request = match authorize::parse(parameters, &client) {
        Ok(request) => request,
        Err(Refusal::Page(error)) => return Err(AuthorizeFailure::Page(error)),
        Err(Refusal::Redirect(target, error)) => {
            return Ok(Authorized::Answer(target.error(
                error.oauth(),
                &error.to_string(),
                issuer,
            )));
        }
    };
    let target = request.target.clone();
    let refuse = |code: OAuthErrorCode, text: &str| Ok(Authorized::Answer(target.error(code, text, issuer)));
    let Some(wanted) = wanted(gatehouse, &request).await? else {
        return refuse(
            OAuthErrorCode::InvalidRequest,
            "organization, connection or id_token_hint names nobody here",
        );
    };
    // Verified now: the attempt keeps the person, not the token.
    request.person.clone_from(&wanted.user);
    request.id_token_hint = None;
    let candidate = candidate(gatehouse, &request, &wanted, sessions).await?;
    let now = gatehouse.clock.now();
    let facts = candidate.as_ref().map(|candidate| facts(&candidate.session));
    let asked = Asked {
        prompt: request.prompt,
        max_age: request.max_age,
    };
    match (needs_reauthentication(facts.as_ref(), asked, now), candidate) {
        (Freshness::Fresh, Some(found)) => answer(gatehouse, &request, &found, now).await,
        (Freshness::LoginRequired | Freshness::Fresh, _) => refuse(
            OAuthErrorCode::LoginRequired,
            "a sign-in is needed, and prompt=none forbids it",
        ),
        (
            Freshness::SignIn {
                force,
                choose_account,
            },
            found,
        ) => {
            let hints = hints(
                wanted,
                &request,
                choose_account,
                found.map(|found| found.session.sid),
            );
            let purpose = Purpose::App {
                request: Box::new(request),
                force,
            };
            let attempt = start_sign_in::open(gatehouse, purpose, hints, browser).await?;
            Ok(Authorized::SignIn { attempt })
        }
    }
}

/// To choose the account anew, what is merely a hint is put aside.
fn hints(
    wanted: Wanted,
    request: &AuthorizationRequest,
    choose: bool,
    started_from: Option<String>,
) -> Hints {
    let address = wanted.hints.address.filter(|_| !choose);
    let connection = wanted
        .hints
        .connection
        .filter(|_| !choose || request.connection.is_some());
    let organization = wanted
        .hints
        .organization
        .filter(|_| !choose || request.organization.is_some());
    Hints {
        organization,
        connection,
        address,
        started_from,
    }
}

fn facts(session: &Session) -> SessionFacts {
    SessionFacts {
        auth_time: if session.auth_time_stated {
            session.auth_time
        } else {
            DateTime::UNIX_EPOCH
        },
        access_ends_at: session.access_until,
        session_ends_at: session.expires_at,
    }
}

/// Reads whom the app wants; `None` when what it names does not exist or does not fit together.
async fn wanted(
    gatehouse: &Gatehouse,
    request: &AuthorizationRequest,
) -> Result<Option<Wanted>, AuthorizeFailure> {
    let hint = request
        .login_hint
        .as_ref()
        .map(|hint| hint.0.as_str())
        .unwrap_or_default();
    let mut connection = request.connection.clone();
    if let Some(named) = gatehouse.take_route_hint(hint).await? {
        connection = connection.or(Some(named));
    }
    let mut organization = request.organization.clone();
    if let Some(id) = &connection {
        let context = gatehouse.store.front_door().sign_in_context(id).await?;
        let Some(context) = context else { return Ok(None) };
        if organization
            .as_ref()
            .is_some_and(|wanted| *wanted != context.tenant.id)
        {
            return Ok(None);
        }
        organization = Some(context.tenant.id.clone());
    }
    let mut user = None;
    if let Some(token) = &request.id_token_hint {
        let published = keys::provider_keys(gatehouse).await?;
        let Ok(hint) = hint::verify(token, published.published(), gatehouse.config.base_url.as_str()) else {
            return Ok(None);
        };
        if organization.as_ref().is_some_and(|wanted| *wanted != hint.tenant) {
            return Ok(None);
        }
        organization = Some(hint.tenant);
        user = Some(hint.user);
    }
    let address = EmailAddress::parse(hint).ok();
    let hints = Hints {
        organization,
        connection,
        address,
        started_from: None,
    };
    Ok(Some(Wanted { hints, user }))
}

/// The session that may answer: of the wanted organization, connection and person, still good in every respect.
async fn candidate<'a>(
    gatehouse: &Gatehouse,
    request: &AuthorizationRequest,
    wanted: &Wanted,
    sessions: &'a SessionCookie,
) -> Result<Option<Candidate<'a>>, AuthorizeFailure> {
    if request.prompt.login || request.prompt.select_account {
        return Ok(None);
    }
    let organization = match (&wanted.hints.organization, &wanted.hints.address) {
        (Some(organization), _) => Some(organization.clone()),
        (None, Some(address)) => organization_of(gatehouse, address).await?,
        (None, None) => None,
    };
    let Some(token) = token_for(sessions, organization.as_ref(), wanted) else {
        return Ok(None);
    };
    let found = gatehouse
        .store
        .tenant(&token.tenant)
        .session_and_user(token)
        .await?;
    let Some((mut session, user)) = found else {
        return Ok(None);
    };
    let context = gatehouse
        .store
        .front_door()
        .sign_in_context(&session.connection)
        .await?;
    let Some(context) = context.filter(|context| context.connection.state == ConnectionState::Active) else {
        return Ok(None);
    };
    // The owner may have shortened access since (SE-08), or ended it by suspending the connection.
    let shortened = session
        .access_until
        .min(session.confirmed_at + context.tenant.access_lifetime());
    let onboarding = &context.connection.onboarding;
    session.access_until = onboarding.access_ends(session.confirmed_at, shortened);
    let good = user.active && user.epoch == session.epoch && fits(wanted, &session, &user);
    Ok(good.then_some(Candidate { token, session, user }))
}

fn token_for<'a>(
    sessions: &'a SessionCookie,
    organization: Option<&TenantId>,
    wanted: &Wanted,
) -> Option<&'a SessionToken> {
    match organization {
        Some(organization) => sessions.of(organization),
        // An address of a domain that nobody has claimed is no newest session's.
        None if wanted.hints.address.is_some() => None,
        None => sessions.tokens().first(),
    }
}

fn fits(wanted: &Wanted, session: &Session, user: &User) -> bool {
    let connection = wanted
        .hints
        .connection
        .as_ref()
        .is_none_or(|wanted| *wanted == session.connection);
    let person = wanted.user.as_ref().is_none_or(|wanted| *wanted == user.id);
    let address = wanted
        .hints
        .address
        .as_ref()
        .is_none_or(|wanted| user.email.as_ref() == Some(wanted));
    connection && person && address
}

/// A code from the session, while its user is as it was read.
async fn answer(
    gatehouse: &Gatehouse,
    request: &AuthorizationRequest,
    found: &Candidate<'_>,
    now: DateTime<Utc>,
) -> Result<Authorized, AuthorizeFailure> {
    let mut tx = gatehouse.store.tenant(&found.session.tenant).begin();
    tx.check_user(&found.user.id, found.session.epoch);
    tx.check_session(found.token);
    let answer = issue_code::issue(
        &mut tx,
        request,
        &found.session,
        found.token,
        (&gatehouse.config, now),
    );
    let answer = answer.map_err(StoreError::from)?;
    match tx.commit().await {
        Ok(()) => Ok(Authorized::Answer(answer)),
        Err(CommitError::Refused(_)) => {
            // Ended between reading and writing: the app asks again.
            let issuer = gatehouse.config.base_url.as_str();
            let text = "the session has just ended";
            Ok(Authorized::Answer(request.target.error(
                OAuthErrorCode::LoginRequired,
                text,
                issuer,
            )))
        }
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
