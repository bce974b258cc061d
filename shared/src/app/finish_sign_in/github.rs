//! From an authorization code to a person, at GitHub (SE-10): account, primary verified address, membership.

use super::person::{Learned, Person, identity_hash};
use super::refusal::SignInRefusal;
use super::{FinishError, Verified};
use crate::app::relying_party::{resource, tokens};
use crate::app::sign_in_state::SignInState;
use crate::app::{Browser, Gatehouse};
use crate::domain::connection::{GitHubConnection, GitHubOrganization};
use crate::oidc::github::{self, Endpoints};
use crate::oidc::refusal::OidcRefusal;
use crate::oidc::token_request::Grant;
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
    let ask = |url: String| ask(gatehouse, url, &tokens.access_token);
    let (user, emails) =
        futures_util::future::try_join(ask(endpoints.user()), ask(endpoints.emails())).await?;
    let account = github::account(&user)?;
    let email = github::primary_email(&emails)?;
    let organizations = if learning {
        github::organizations(&ask(endpoints.memberships()).await?)?
    } else {
        Vec::new()
    };
    match &settings.settings.organization {
        Some(chosen) => check_membership(gatehouse, &endpoints, chosen, &tokens.access_token).await?,
        None if learning => {}
        None => return Err(SignInRefusal::ConnectionIncomplete.into()),
    }
    let person = Person {
        subject: identity_hash(endpoints.issuer(), &["sub", &account.id]),
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
        upstream: None,
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

async fn ask(gatehouse: &Gatehouse, url: String, token: &Secret) -> Result<bytes::Bytes, OidcRefusal> {
    match resource(gatehouse, ("GitHub API", &url), token).await? {
        (200, body) => Ok(body),
        (status, _) => Err(OidcRefusal::GitHubRefused(status)),
    }
}

/// GitHub answers 404 to whoever is no member, and 403 where the organization has not approved the app.
async fn check_membership(
    gatehouse: &Gatehouse,
    endpoints: &Endpoints,
    chosen: &GitHubOrganization,
    token: &Secret,
) -> Result<(), OidcRefusal> {
    let url = endpoints.membership(chosen);
    match resource(gatehouse, ("GitHub API", &url), token).await? {
        (200, body) => github::check_membership(&body, chosen),
        (404, _) => Err(OidcRefusal::GitHubNotAMember),
        (status, _) => Err(OidcRefusal::GitHubRefused(status)),
    }
}
