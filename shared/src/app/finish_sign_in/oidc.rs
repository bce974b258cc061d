//! From an authorization code to a person, at an OpenID Provider: token request, ID token, userinfo.

use super::person::{Learned, Person, identity_hash};
use super::refusal::SignInRefusal;
use super::{FinishError, Verified};
use crate::app::relying_party::{keys, resource, tokens};
use crate::app::sign_in_state::SignInState;
use crate::app::{Browser, Gatehouse, upstream};
use crate::domain::connection::{OidcConnection, OidcProvider};
use crate::domain::upstream::TokenKind;
use crate::oidc::claims::{self, Reading, Vouched};
use crate::oidc::discovery::allowed_algorithms;
use crate::oidc::id_token::{self, Claims, Expectations};
use crate::oidc::issuer::Issuer;
use crate::oidc::refusal::OidcRefusal;
use crate::oidc::token_request::{Grant, Tokens};
use crate::redacted::{Personal, Secret};
use crate::store::SignInContext;

/// Redeems `code` and reads who it is. `learning` is a test sign-in.
pub(super) async fn verified(
    gatehouse: &Gatehouse,
    (context, oidc): (&SignInContext, &OidcConnection),
    (state, code): (&SignInState, &Secret),
    browser: &Browser,
    learning: bool,
) -> Result<Verified, FinishError> {
    let connection = &context.connection;
    let provider = oidc
        .provider
        .as_ref()
        .ok_or(SignInRefusal::ConnectionIncomplete)?;
    let verifier = state.verifier(browser);
    let nonce = state.nonce(browser);
    let grant = Grant::Code {
        code,
        redirect_uri: &gatehouse.redirect_uri(connection),
        verifier: &verifier,
    };
    let tokens = tokens::redeem(gatehouse, connection, grant).await?;
    let issuer = Issuer::of(oidc).ok_or(SignInRefusal::ConnectionIncomplete)?;
    let claims = id_token_claims(gatehouse, (oidc, provider), &issuer, &tokens, Some(&nonce)).await?;
    let reading = Reading {
        settings: &oidc.settings,
        subject: &connection.subject,
        mapping: &connection.attributes,
    };
    let claims = with_userinfo(gatehouse, provider, &reading, (claims, &tokens)).await?;
    let vouched = reading.vouched(&claims, learning)?;
    let subject = identity_hash(
        issuer.name(),
        &vouched.subject.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let sealed = match &tokens.refresh_token {
        Some(token) if oidc.settings.offline_access && !learning => {
            let identity = (&connection.id, subject.as_str());
            let token = (TokenKind::Refresh, token);
            Some(upstream::seal(gatehouse, &context.tenant.id, identity, token).await?)
        }
        Some(_) | None => None,
    };
    let now = gatehouse.clock.now();
    let person = Person {
        upstream: sealed,
        id_token: tokens.id_token.filter(|_| oidc.settings.upstream_logout),
        ..person(vouched, subject)
    };
    Ok(Verified {
        connection: connection.id.clone(),
        person,
        one_time_id: None,
        remember_until: now,
        in_response_to: Some(state.request.clone()),
        relay_state: Some(state.token.expose().to_owned()),
    })
}

/// Verifies the ID token, by newer keys where the known ones do not fit. A refreshed one has no nonce to bind.
pub(in crate::app) async fn id_token_claims(
    gatehouse: &Gatehouse,
    (oidc, provider): (&OidcConnection, &OidcProvider),
    issuer: &Issuer,
    tokens: &Tokens,
    nonce: Option<&str>,
) -> Result<Claims, FinishError> {
    let token = tokens.id_token.as_ref().ok_or(OidcRefusal::IdTokenMissing)?;
    let expected = Expectations {
        issuer,
        client_id: oidc.settings.client_id.as_deref().unwrap_or_default(),
        algorithms: &allowed_algorithms(&oidc.settings),
        nonce,
        access_token: Some(tokens.access_token.expose()),
        now: gatehouse.clock.now(),
    };
    let known = keys::known(gatehouse, &provider.jwks_uri).await?;
    let refused = match id_token::verify(token.expose(), &known, &expected) {
        // A key may have been replaced under its old id, too.
        Err(error @ (OidcRefusal::IdTokenUnknownKey | OidcRefusal::IdTokenSignature)) => error,
        done => return Ok(done?),
    };
    match keys::newer(gatehouse, &provider.jwks_uri).await? {
        Some(newer) => Ok(id_token::verify(token.expose(), &newer, &expected)?),
        None => Err(refused.into()),
    }
}

/// Asks userinfo where the connection wants it, and the provider has it.
async fn with_userinfo(
    gatehouse: &Gatehouse,
    provider: &OidcProvider,
    reading: &Reading<'_>,
    (claims, tokens): (Claims, &Tokens),
) -> Result<Claims, FinishError> {
    let Some(url) = provider.userinfo_endpoint.as_deref() else {
        return Ok(claims);
    };
    if !reading.wants_userinfo(&claims) {
        return Ok(claims);
    }
    let (status, body) = resource(gatehouse, ("userinfo endpoint", url), &tokens.access_token).await?;
    if status != 200 {
        return Err(OidcRefusal::UserinfoMalformed.into());
    }
    Ok(claims::with_userinfo(claims, &body)?)
}

fn person(vouched: Vouched, subject: String) -> Person {
    Person {
        subject,
        email: vouched.email,
        attributes: Personal(vouched.attributes),
        auth_time: vouched.auth_time,
        session_ends: None,
        authn_context: vouched.acr,
        name_id_hash: None,
        session_index: None,
        learned: Learned {
            hosted_domain: vouched.hosted_domain,
            organizations: Vec::new(),
        },
        groups_incomplete: vouched.groups_incomplete,
        upstream: None,
        id_token: None,
    }
}
