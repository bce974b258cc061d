//! Requests to GitHub's REST API: with the person's token, and about it.

use axum::http::HeaderName;
use axum::http::header::{ACCEPT, AUTHORIZATION};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::json;

use super::{resource, unreachable};
use crate::app::Gatehouse;
use crate::app::finish_sign_in::FinishError;
use crate::app::finish_sign_in::refusal::SignInRefusal;
use crate::domain::connection::{Connection, GitHubConnection, GitHubOrganization};
use crate::oidc::github::{self, Endpoints, PAGE};
use crate::oidc::refusal::OidcRefusal;
use crate::redacted::Secret;
use crate::secrets::SecretName;

/// What refusals call it.
const API: &str = "GitHub API";
/// Pages of memberships that are looked through.
const MOST_PAGES: usize = 10;

/// Asks for a resource that must be there.
///
/// # Errors
/// [`OidcRefusal::Unreachable`] or [`OidcRefusal::GitHubRefused`].
pub(in crate::app) async fn ask(
    gatehouse: &Gatehouse,
    url: String,
    token: &Secret,
) -> Result<Bytes, OidcRefusal> {
    match resource(gatehouse, (API, &url), token).await? {
        (200, body) => Ok(body),
        (status, _) => Err(OidcRefusal::GitHubRefused(status)),
    }
}

/// Whether whose token it is, is an active member of the chosen organization. GitHub answers 404 by login to whoever is
/// no member, and 403 where the organization has not approved the app. An organization may have another login by now,
/// and its old one may be somebody else's: then its number is looked for among all memberships.
///
/// # Errors
/// [`OidcRefusal::GitHubNotAMember`] when GitHub says no; other refusals say nothing about the membership.
pub(in crate::app) async fn check_membership(
    gatehouse: &Gatehouse,
    endpoints: &Endpoints,
    chosen: &GitHubOrganization,
    token: &Secret,
) -> Result<(), OidcRefusal> {
    let url = endpoints.membership(chosen);
    let found = match resource(gatehouse, (API, &url), token).await? {
        (200, body) => github::membership(&body, chosen)?,
        (404, _) => None,
        (status, _) => return Err(OidcRefusal::GitHubRefused(status)),
    };
    match found {
        Some(true) => Ok(()),
        Some(false) => Err(OidcRefusal::GitHubNotAMember),
        None => by_number(gatehouse, endpoints, chosen, token).await,
    }
}

async fn by_number(
    gatehouse: &Gatehouse,
    endpoints: &Endpoints,
    chosen: &GitHubOrganization,
    token: &Secret,
) -> Result<(), OidcRefusal> {
    for page in 1..=MOST_PAGES {
        let body = ask(gatehouse, endpoints.memberships(page), token).await?;
        let organizations = github::organizations(&body)?;
        if organizations.iter().any(|one| one.id == chosen.id) {
            return Ok(());
        }
        if github::entries(&body)? < PAGE {
            return Err(OidcRefusal::GitHubNotAMember);
        }
    }
    // Nobody is in a thousand organizations: nothing was learned.
    Err(OidcRefusal::GitHubMalformed)
}

/// Whether GitHub says, to our own credentials, that a token of ours is no good any more. A mere 401 to the token may be
/// trouble of theirs.
///
/// # Errors
/// [`FinishError`] when it does not say.
pub(in crate::app) async fn is_revoked(
    gatehouse: &Gatehouse,
    (connection, settings): (&Connection, &GitHubConnection),
    token: &Secret,
) -> Result<bool, FinishError> {
    let client_id = settings.settings.client_id.as_deref();
    let client_id = client_id.ok_or(SignInRefusal::ConnectionIncomplete)?;
    let secret = SecretName::ClientSecret(connection.id.clone());
    let secret = gatehouse.secrets.get(&secret).await?;
    let pair = STANDARD.encode(format!("{client_id}:{}", secret.value.expose()));
    let basic = Secret::new(format!("Basic {pair}"));
    let headers: [(HeaderName, &str); 2] = [(AUTHORIZATION, basic.expose()), (ACCEPT, "application/json")];
    let url = Endpoints::of(&settings.settings).check_token(client_id);
    let body = json!({ "access_token": token.expose() }).to_string();
    let answer = gatehouse
        .outbound
        .post_json(&url, body, &headers)
        .await
        .map_err(|error| unreachable(API, &error))?;
    match answer.status.as_u16() {
        200 => Ok(false),
        404 => Ok(true),
        401 => Err(OidcRefusal::ClientRefused.into()),
        status => Err(OidcRefusal::GitHubRefused(status).into()),
    }
}
