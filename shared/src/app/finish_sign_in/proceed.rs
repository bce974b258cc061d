//! From a verified answer to the next step: is it the answer to this browser's attempt, or unsolicited?

use super::commit::{self, Ticket};
use super::refusal::SignInRefusal;
use super::{FinishError, Parked, Step, Verified, receive};
use crate::app::attempt::{ATTEMPT_LIFETIME, Attempt, Purpose};
use crate::app::{Browser, Gatehouse, failures, initiate_login};
use crate::domain::connection::IdpInitiated;
use crate::domain::ids::ConnectionId;
use crate::openid_provider::clients::AppClient;
use crate::openid_provider::freshness;
use crate::random;
use crate::store::{Guard, KnownIdentity, SignInContext};

/// Takes a verified answer to its next step.
pub(super) async fn proceed(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: Verified,
    browser: &Browser,
) -> Result<Step, FinishError> {
    let (answered, identity) = remembered(gatehouse, context, &verified).await?;
    match answered {
        Some((token, attempt)) => {
            solicited(gatehouse, context, verified, (&token, attempt), identity, browser).await
        }
        None => unsolicited(gatehouse, context, verified, browser).await,
    }
}

/// Takes the verified answer to an authorization request to its next step. It is always the answer to an attempt of this
/// browser, or none at all.
pub(super) async fn proceed_by_code(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: Verified,
    browser: &Browser,
) -> Result<Step, FinishError> {
    let (answered, identity) = remembered(gatehouse, context, &verified).await?;
    let (token, attempt) = answered.ok_or(SignInRefusal::AttemptUnknown)?;
    solicited(gatehouse, context, verified, (&token, attempt), identity, browser).await
}

/// The attempt that is answered, with its token, and whom the connection knows: read side by side.
async fn remembered(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: &Verified,
) -> Result<(Option<(String, Attempt)>, Option<KnownIdentity>), FinishError> {
    let store = gatehouse.store.tenant(&context.tenant.id);
    let (attempt, identity) = futures_util::future::try_join(
        open_attempt(gatehouse, verified.relay_state.as_deref()),
        store.identity(&context.connection.id, &verified.person.subject),
    )
    .await?;
    let answered = attempt.filter(|(_, attempt)| answers(verified, attempt));
    Ok((answered, identity))
}

/// Why a parked answer came to nothing, and whose connection it was: its page names the organization.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Resumed {
    /// The connection that answered, where it is known.
    pub connection: Option<ConnectionId>,
    /// The refusal.
    pub error: FinishError,
}

impl<E: Into<FinishError>> From<E> for Resumed {
    fn from(error: E) -> Self {
        Self {
            connection: None,
            error: error.into(),
        }
    }
}

/// Goes on with an answer that was parked because its request could not show the cookie.
///
/// # Errors
/// [`Resumed`], as for the answer itself.
pub async fn resume(
    gatehouse: &Gatehouse,
    token: &str,
    browser: &Browser,
    reference: &str,
) -> Result<Step, Resumed> {
    let door = gatehouse.store.front_door();
    let verified = match door.take_parked::<Parked>(token).await? {
        Some(Parked::Verified(verified)) => *verified,
        Some(
            Parked::Confirm { .. } | Parked::Link { .. } | Parked::Route { .. } | Parked::Registration(_),
        )
        | None => return Err(FinishError::from(SignInRefusal::AttemptUnknown).into()),
    };
    let context = receive::context(gatehouse, &verified.connection).await?;
    let relay_state = verified.relay_state.clone();
    let done = proceed(gatehouse, &context, verified, browser).await;
    failures::record_refusal(gatehouse, &context, (relay_state.as_deref(), reference), &done).await;
    done.map_err(|error| Resumed {
        connection: Some(context.connection.id.clone()),
        error,
    })
}

/// The person confirmed an unsolicited sign-in on our page.
///
/// # Errors
/// [`SignInRefusal::BrowserMismatch`] when another browser confirms; else as for any sign-in.
pub async fn confirm(gatehouse: &Gatehouse, token: &str, browser: &Browser) -> Result<Step, FinishError> {
    let door = gatehouse.store.front_door();
    let Some(Parked::Confirm {
        verified,
        browser: bound,
    }) = door.parked::<Parked>(token).await?
    else {
        return Err(SignInRefusal::AttemptUnknown.into());
    };
    if !browser.is(&bound) {
        return Err(SignInRefusal::BrowserMismatch.into());
    }
    let context = door.sign_in_context(&verified.connection).await?;
    let context = context.ok_or(SignInRefusal::ConnectionUnknown)?;
    let target = verified.relay_state.clone();
    let attempt = attempt_for(
        gatehouse,
        &context,
        Purpose::Confirmed {
            target_link_uri: target,
        },
        bound,
    );
    let ticket = Ticket {
        attempt: &attempt,
        token,
        parked: true,
        spends_id: false,
    };
    let store = gatehouse.store.tenant(&context.tenant.id);
    let identity = store
        .identity(&context.connection.id, &verified.person.subject)
        .await?;
    commit::finish(gatehouse, &context, &verified, &ticket, identity).await
}

fn attempt_for(gatehouse: &Gatehouse, context: &SignInContext, purpose: Purpose, browser: String) -> Attempt {
    let now = gatehouse.clock.now();
    Attempt {
        purpose,
        organization: Some(context.tenant.id.clone()),
        connection: Some(context.connection.id.clone()),
        login_hint: None,
        request_id: None,
        browser,
        started_from: None,
        created_at: now,
        expires_at: now + ATTEMPT_LIFETIME,
    }
}

async fn open_attempt(
    gatehouse: &Gatehouse,
    relay_state: Option<&str>,
) -> Result<Option<(String, Attempt)>, crate::store::StoreError> {
    let Some(token) = relay_state else { return Ok(None) };
    let attempt = gatehouse.store.front_door().attempt(token).await?;
    Ok(attempt.map(|attempt| (token.to_owned(), attempt)))
}

/// The answer names the attempt's current request.
fn answers(verified: &Verified, attempt: &Attempt) -> bool {
    verified.in_response_to.is_some() && verified.in_response_to == attempt.request_id
}

async fn solicited(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: Verified,
    (token, attempt): (&str, Attempt),
    identity: Option<KnownIdentity>,
    browser: &Browser,
) -> Result<Step, FinishError> {
    if !browser.has_cookie() {
        return if browser.may_hide_cookie() {
            park(gatehouse, &Parked::Verified(Box::new(verified))).await
        } else {
            Err(SignInRefusal::CookieMissing.into())
        };
    }
    if !browser.is(&attempt.browser) {
        return Err(SignInRefusal::BrowserMismatch.into());
    }
    if attempt.connection.as_ref() != Some(&context.connection.id) {
        return Err(SignInRefusal::ConnectionMismatch.into());
    }
    require_fresh(gatehouse, &attempt, &verified)?;
    let ticket = Ticket {
        attempt: &attempt,
        token,
        parked: false,
        spends_id: true,
    };
    commit::finish(gatehouse, context, &verified, &ticket, identity).await
}

/// A fresh sign-in was asked for: the identity provider must have asked the person since.
fn require_fresh(gatehouse: &Gatehouse, attempt: &Attempt, verified: &Verified) -> Result<(), SignInRefusal> {
    let now = gatehouse.clock.now();
    freshness::check_answer(
        attempt.asked(),
        attempt.created_at,
        verified.person.auth_time,
        now,
    )
    .map_err(|_| SignInRefusal::NotFresh)
}

async fn park(gatehouse: &Gatehouse, what: &Parked) -> Result<Step, FinishError> {
    let token = random::token()?;
    let until = gatehouse.clock.now() + ATTEMPT_LIFETIME;
    gatehouse.store.front_door().park(&token, what, until).await?;
    Ok(Step::Continue { token })
}

/// An answer that nobody asked for: it signs nobody in by itself (CH-11).
async fn unsolicited(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: Verified,
    browser: &Browser,
) -> Result<Step, FinishError> {
    match context.connection.idp_initiated {
        IdpInitiated::Off if verified.in_response_to.is_some() => Err(SignInRefusal::AttemptUnknown.into()),
        IdpInitiated::Off => Err(SignInRefusal::Unsolicited.into()),
        IdpInitiated::Route => route(gatehouse, context, &verified).await,
        IdpInitiated::Confirm if !browser.has_cookie() && browser.may_hide_cookie() => {
            park(gatehouse, &Parked::Verified(Box::new(verified))).await
        }
        IdpInitiated::Confirm => ask_to_confirm(gatehouse, context, verified, browser).await,
    }
}

/// Sends the browser to the app, which starts a sign-in that names this connection.
async fn route(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: &Verified,
) -> Result<Step, FinishError> {
    let client = gatehouse
        .default_client()
        .await?
        .ok_or(SignInRefusal::Unsolicited)?;
    spend_id(gatehouse, context, verified).await?;
    let to = initiate_login(gatehouse, context, &client, verified.relay_state.as_deref()).await?;
    Ok(Step::Redirect { to })
}

/// The app's `initiate_login_uri` (OpenID Connect Core 1.0 section 4), with a one-time hint that names the connection.
pub(super) async fn initiate_login(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    client: &AppClient,
    target: Option<&str>,
) -> Result<String, FinishError> {
    let to = initiate_login::url(gatehouse, client, Some(&context.connection.id), None, target).await?;
    Ok(to.ok_or(SignInRefusal::Unsolicited)?)
}

async fn spend_id(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: &Verified,
) -> Result<(), FinishError> {
    let id = verified.one_time_id.as_deref();
    let id = id.ok_or(SignInRefusal::Unsolicited)?;
    let mut tx = gatehouse.store.tenant(&context.tenant.id).begin();
    tx.consume_assertion(&context.connection.id, id, verified.remember_until);
    match tx.commit().await {
        Ok(()) => Ok(()),
        Err(error) if error.refused(Guard::OneTimeId) => Err(SignInRefusal::Replayed.into()),
        Err(error) => Err(error.into()),
    }
}

async fn ask_to_confirm(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: Verified,
    browser: &Browser,
) -> Result<Step, FinishError> {
    spend_id(gatehouse, context, &verified).await?;
    let hint = verified
        .person
        .email
        .as_ref()
        .map(|address| address.hint())
        .unwrap_or_default();
    let parked = Parked::Confirm {
        verified: Box::new(verified),
        browser: browser.hash(),
    };
    match park(gatehouse, &parked).await? {
        Step::Continue { token } => Ok(Step::Confirm {
            token,
            hint,
            organization: context.tenant.name.clone(),
        }),
        other => Ok(other),
    }
}
