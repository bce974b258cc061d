//! The authorization request of an attempt, to an OpenID Provider or to GitHub.

use super::{Outgoing, StartError};
use crate::app::attempt::{Attempt, Purpose};
use crate::app::finish_sign_in::refusal::SignInRefusal;
use crate::app::sign_in_state::SignInState;
use crate::app::{Browser, Gatehouse};
use crate::domain::connection::{Connection, GitHubConnection, OidcConnection};
use crate::oidc::authorization_request::AuthorizationRequest;
use crate::oidc::github::Endpoints;
use crate::openid_provider::pkce::CodeChallenge;
use crate::redacted::Secret;

/// What binds a request to this browser.
pub(super) struct Binding {
    state: String,
    nonce: String,
    challenge: String,
}

impl Binding {
    /// For the request `request` of the attempt under `token`.
    pub(super) fn new(connection: &Connection, (token, request): (&str, &str), browser: &Browser) -> Self {
        let state = SignInState {
            connection: connection.id.clone(),
            token: Secret::new(token),
            request: request.to_owned(),
        };
        let verifier = state.verifier(browser);
        Self {
            nonce: state.nonce(browser),
            challenge: CodeChallenge::of(verifier.expose()).as_str().to_owned(),
            state: state.to_text(browser),
        }
    }
}

/// The person is asked to choose the account again.
fn chooses(attempt: &Attempt) -> bool {
    matches!(&attempt.purpose, Purpose::App { request, .. } if request.prompt.select_account)
}

/// To an OpenID Provider.
pub(super) fn oidc(
    gatehouse: &Gatehouse,
    (connection, oidc): (&Connection, &OidcConnection),
    attempt: &Attempt,
    binding: &Binding,
) -> Result<Outgoing, StartError> {
    let incomplete = SignInRefusal::ConnectionIncomplete;
    let provider = oidc.provider.as_ref().ok_or(incomplete.clone())?;
    let fresh = attempt.wants_fresh();
    let request = AuthorizationRequest {
        client_id: oidc.settings.client_id.as_deref().ok_or(incomplete)?,
        redirect_uri: &gatehouse.redirect_uri(connection),
        state: &binding.state,
        nonce: &binding.nonce,
        code_challenge: &binding.challenge,
        login_hint: attempt.login_hint.as_ref(),
        fresh,
        max_age: attempt.asked().max_age,
        choose_account: chooses(attempt),
        policy: gatehouse.endpoint_policy(),
    };
    Ok(Outgoing::Redirect {
        url: request.url(provider, &oidc.settings)?,
    })
}

/// To GitHub, which cannot be told to ask the person again: an answer that must be fresh is refused.
pub(super) fn github(
    gatehouse: &Gatehouse,
    (connection, github): (&Connection, &GitHubConnection),
    attempt: &Attempt,
    binding: &Binding,
) -> Result<Outgoing, StartError> {
    let client_id = github.settings.client_id.as_deref();
    let url = Endpoints::of(&github.settings).authorize(
        (
            client_id.ok_or(SignInRefusal::ConnectionIncomplete)?,
            gatehouse.endpoint_policy(),
        ),
        (
            &gatehouse.redirect_uri(connection),
            &binding.state,
            &binding.challenge,
        ),
        (attempt.login_hint.as_ref(), chooses(attempt)),
    )?;
    Ok(Outgoing::Redirect { url })
}
