//! From an authorization code to a person, at GitHub (SE-10): account, primary verified address, membership.

use super::person::{Learned, Person, identity_hash};
use super::refusal::SignInRefusal;
use super::{FinishError, Verified};
use crate::app::relying_party::{github as api, tokens};
use crate::app::sign_in_state::SignInState;
use crate::app::{Browser, Gatehouse, upstream};
use crate::domain::connection::GitHubConnection;
use crate::domain::upstream::TokenKind;
use crate::oidc::github::{self, Endpoints};
use crate::oidc::token_request::{Grant, Tokens};
use crate::redacted::{Personal, Secret};
use crate::store::SignInContext;

/// Redeems `code` and reads who it is. A test sign-in also learns the organizations to pick from.
pub(super) async fn verified(
    gatehouse: &Gatehouse,
    (context, settings): (&SignInContext, &GitHubConnection),
    (state, code): (&SignInState, &Secret),
    browser: &Browser,
    learning: bool,
) -> Result<Verified, FinishError> {
    let connection = &context.connection;
    let verifier = state.verifier(browser);
    let grant = Grant::Code {
        code,
        redirect_uri: &gatehouse.redirect_uri(connection),
        verifier: &verifier,
    };
    let tokens = tokens::redeem(gatehouse, connection, grant).await?;
    let endpoints = Endpoints::of(&settings.settings);
    let ask = |url: String| api::ask(gatehouse, url, &tokens.access_token);
    let (user, emails) =
        futures_util::future::try_join(ask(endpoints.user()), ask(endpoints.emails())).await?;
    let account = github::account(&user)?;
    let email = github::primary_email(&emails)?;
    let organizations = if learning {
        github::organizations(&ask(endpoints.memberships(1)).await?)?
    } else {
        Vec::new()
    };
    match &settings.settings.organization {
        Some(chosen) => api::check_membership(gatehouse, &endpoints, chosen, &tokens.access_token).await?,
        None if learning => {}
        None => return Err(SignInRefusal::ConnectionIncomplete.into()),
    }
    let subject = identity_hash(endpoints.issuer(), &["sub", &account.id]);
    let sealed = if settings.settings.recheck && !learning {
        let identity = (&connection.id, subject.as_str());
        Some(upstream::seal(gatehouse, &context.tenant.id, identity, lasting(&tokens)).await?)
    } else {
        None
    };
    let person = Person {
        subject,
        email: Some(email),
        attributes: Personal(account.attributes),
        auth_time: None,
        session_ends: None,
        authn_context: None,
        name_id_hash: None,
        session_index: None,
        learned: Learned {
            hosted_domain: None,
            organizations,
        },
        groups_incomplete: false,
        upstream: sealed,
        id_token: None,
    };
    Ok(Verified {
        connection: connection.id.clone(),
        person,
        one_time_id: None,
        remember_until: gatehouse.clock.now(),
        in_response_to: Some(state.request.clone()),
        relay_state: Some(state.token.expose().to_owned()),
    })
}

/// What the membership is checked by later: an OAuth app's token does not expire; where tokens do, the refresh token.
fn lasting(tokens: &Tokens) -> (TokenKind, &Secret) {
    match &tokens.refresh_token {
        Some(token) => (TokenKind::Refresh, token),
        None => (TokenKind::Access, &tokens.access_token),
    }
}
