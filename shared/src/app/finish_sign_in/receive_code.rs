//! The redirect URI's half of a sign-in by OpenID Connect or GitHub: what came is held against the browser, the
//! connection and the provider before anything is sent anywhere.

use super::refusal::SignInRefusal;
use super::{FinishError, Step, github, oidc, proceed, receive};
use crate::app::attempt::{Attempt, Purpose};
use crate::app::sign_in_state::{ReadState, SignInState};
use crate::app::{Browser, Gatehouse, failures};
use crate::domain::connection::{Connection, ConnectionState, Protocol};
use crate::domain::ids::ConnectionId;
use crate::oidc::callback::{Answer, Callback};
use crate::oidc::issuer::Issuer;
use crate::oidc::refusal::OidcRefusal;
use crate::store::SignInContext;

/// What may stand after GitHub's address in its issuer.
const GITHUB_ISSUERS: [&str; 3] = ["", "/", "/login/oauth"];

/// A request to a redirect URI.
#[derive(Clone, Copy, Debug)]
pub struct CodeCallback<'a> {
    /// The connection in the path; `None` at the shared redirect URI (AQ-07).
    pub connection: Option<&'a ConnectionId>,
    /// The query, as it came.
    pub query: &'a str,
    /// Names this request in the owner's record.
    pub reference: &'a str,
}

/// Takes the answer of an OpenID Provider or of GitHub to its next step. A refusal is recorded for the owner (GH-04).
///
/// # Errors
/// [`FinishError`]: nothing was changed, and the attempt stays open.
pub async fn receive_code(
    gatehouse: &Gatehouse,
    callback: CodeCallback<'_>,
    browser: &Browser,
) -> Result<Step, FinishError> {
    let answer = Callback::parse(callback.query)?;
    let read = ReadState::parse(answer.state.expose()).ok_or(OidcRefusal::StateMismatch)?;
    let token = read.state.token.clone();
    let context = receive::context(gatehouse, &read.state.connection).await?;
    let done = checked(gatehouse, &context, callback, (&answer, read), browser).await;
    let request = (Some(token.expose()), callback.reference);
    failures::record_refusal(gatehouse, &context, request, &done).await;
    done
}

async fn checked(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    callback: CodeCallback<'_>,
    (answer, read): (&Callback, ReadState),
    browser: &Browser,
) -> Result<Step, FinishError> {
    if !browser.has_cookie() {
        return Err(SignInRefusal::CookieMissing.into());
    }
    let state = read.proven(browser).ok_or(OidcRefusal::StateMismatch)?;
    let connection = &context.connection;
    at_its_own_place(connection, callback.connection)?;
    check_issuer(connection, answer)?;
    let code = match &answer.answer {
        Answer::Code(code) => code,
        Answer::Error(refusal) => return Err(refusal.clone().into()),
    };
    let learning = if must_look_first(connection) {
        is_test(&open_attempt(gatehouse, &state).await?)
    } else {
        false
    };
    let verified = match &connection.protocol {
        Protocol::Oidc(settings) => {
            oidc::verified(gatehouse, (context, settings), (&state, code), browser, learning).await?
        }
        Protocol::GitHub(settings) => {
            github::verified(gatehouse, (context, settings), (&state, code), browser, learning).await?
        }
        Protocol::Saml(_) => return Err(SignInRefusal::OtherProtocol.into()),
    };
    let done = proceed::proceed_by_code(gatehouse, context, verified.clone(), browser).await;
    // The code is redeemed and cannot be again: under the same settings of the provider, what it gave is still true.
    match receive::changed(gatehouse, context, &done).await? {
        Some(present) if is_read_alike(&present.connection, connection) => {
            proceed::proceed_by_code(gatehouse, &present, verified, browser).await
        }
        Some(_) | None => done,
    }
}

/// Whether nothing was changed that an answer is verified by, or that a person is read out of it by.
fn is_read_alike(present: &Connection, before: &Connection) -> bool {
    present.protocol == before.protocol
        && present.state == before.state
        && present.subject == before.subject
        && present.attributes == before.attributes
}

/// An answer that came to another connection's redirect URI is a mixed-up one: nothing of it goes anywhere.
fn at_its_own_place(connection: &Connection, place: Option<&ConnectionId>) -> Result<(), SignInRefusal> {
    let shared = connection.shares_redirect_uri();
    match place {
        Some(place) if *place == connection.id && !shared => Ok(()),
        None if shared => Ok(()),
        Some(_) | None => Err(SignInRefusal::ConnectionMismatch),
    }
}

fn check_issuer(connection: &Connection, answer: &Callback) -> Result<(), OidcRefusal> {
    match &connection.protocol {
        Protocol::Oidc(oidc) => {
            let issuer = Issuer::of(oidc);
            let promised = oidc.provider.as_ref().is_some_and(|provider| provider.sends_iss);
            answer.check_issuer(
                |iss| issuer.as_ref().is_some_and(|issuer| issuer.is(iss)),
                promised,
            )
        }
        // It has promised none; where it names one, it is its own.
        Protocol::GitHub(github) => {
            let web = github.issuer();
            answer.check_issuer(
                |iss| {
                    iss.strip_prefix(web)
                        .is_some_and(|rest| GITHUB_ISSUERS.contains(&rest))
                },
                false,
            )
        }
        Protocol::Saml(_) => answer.check_issuer(|_| false, false),
    }
}

/// The attempt is looked at before the code is redeemed where redeeming one twice does harm (a provider then takes back
/// the refresh token that is kept), and where only a test may come through. Else it is read beside the identity, and
/// consumed in the transaction: one round trip less (docs/decisions/0041).
fn must_look_first(connection: &Connection) -> bool {
    let keeps = match &connection.protocol {
        Protocol::Oidc(oidc) => oidc.settings.offline_access,
        Protocol::GitHub(_) | Protocol::Saml(_) => false,
    };
    keeps || connection.state != ConnectionState::Active
}

async fn open_attempt(gatehouse: &Gatehouse, state: &SignInState) -> Result<Attempt, FinishError> {
    let door = gatehouse.store.front_door();
    let attempt = door.attempt::<Attempt>(state.token.expose()).await?;
    let open = attempt.filter(|attempt| attempt.request_id.as_deref() == Some(state.request.as_str()));
    Ok(open.ok_or(SignInRefusal::AttemptUnknown)?)
}

fn is_test(attempt: &Attempt) -> bool {
    matches!(attempt.purpose, Purpose::Test { .. })
}
