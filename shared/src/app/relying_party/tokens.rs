//! The token endpoint: codes and refresh tokens are redeemed, with the client secret or key of Secrets Manager.
//!
//! A secret is remembered for a few minutes. When the provider refuses it, it is read anew, so that a rotated one works
//! at once; then the pending version is tried: between the provider's change and the promotion it is the right one
//! (the order of AWS's rotation: create, set, test, finish).

use axum::http::HeaderName;
use axum::http::header::{ACCEPT, AUTHORIZATION};

use super::unreachable;
use crate::app::Gatehouse;
use crate::app::client_key::StoredClientKey;
use crate::app::finish_sign_in::FinishError;
use crate::app::finish_sign_in::refusal::SignInRefusal;
use crate::domain::connection::{ClientAuthentication, Connection, Protocol};
use crate::oidc::github;
use crate::oidc::refusal::OidcRefusal;
use crate::oidc::token_request::{self, Credentials, Grant, TokenRequest, Tokens};
use crate::random;
use crate::redacted::Secret;
use crate::secrets::{SecretName, SecretVersion, Stage};

/// We at a provider.
struct Client<'a> {
    connection: &'a Connection,
    id: &'a str,
    authentication: ClientAuthentication,
    endpoint: String,
}

impl<'a> Client<'a> {
    fn of(connection: &'a Connection) -> Result<Self, SignInRefusal> {
        let (id, authentication, endpoint) = match &connection.protocol {
            Protocol::Oidc(oidc) => (
                oidc.settings.client_id.as_deref(),
                oidc.settings.client_authentication,
                oidc.provider
                    .as_ref()
                    .map(|provider| provider.token_endpoint.clone()),
            ),
            Protocol::GitHub(github) => (
                github.settings.client_id.as_deref(),
                ClientAuthentication::ClientSecretPost,
                Some(github::Endpoints::of(&github.settings).token()),
            ),
            Protocol::Saml(_) => return Err(SignInRefusal::OtherProtocol),
        };
        Ok(Self {
            connection,
            id: id.ok_or(SignInRefusal::ConnectionIncomplete)?,
            authentication,
            endpoint: endpoint.ok_or(SignInRefusal::ConnectionIncomplete)?,
        })
    }
}

/// Redeems a code or a refresh token at the connection's token endpoint.
///
/// # Errors
/// [`FinishError::Oidc`] when the provider refuses or cannot be reached; [`FinishError::Secrets`] when our credentials
/// cannot be read.
pub async fn redeem(
    gatehouse: &Gatehouse,
    connection: &Connection,
    grant: Grant<'_>,
) -> Result<Tokens, FinishError> {
    let client = Client::of(connection)?;
    let name = SecretName::ClientSecret(connection.id.clone());
    let known = gatehouse.secrets.get(&name).await?;
    match ask(gatehouse, &client, &known, grant).await {
        Err(FinishError::Oidc(OidcRefusal::ClientRefused)) => {}
        done => return done,
    }
    let fresh = gatehouse.secrets.get_fresh(&name).await?;
    if fresh.id != known.id {
        match ask(gatehouse, &client, &fresh, grant).await {
            Err(FinishError::Oidc(OidcRefusal::ClientRefused)) => {}
            done => return done,
        }
    }
    match gatehouse.secrets.get_stage(&name, Stage::Pending).await? {
        Some(pending) if pending.id != fresh.id => ask(gatehouse, &client, &pending, grant).await,
        Some(_) | None => Err(OidcRefusal::ClientRefused.into()),
    }
}

async fn ask(
    gatehouse: &Gatehouse,
    client: &Client<'_>,
    version: &SecretVersion,
    grant: Grant<'_>,
) -> Result<Tokens, FinishError> {
    let request = match client.authentication {
        ClientAuthentication::ClientSecretBasic => {
            TokenRequest::new(client.id, grant, Credentials::Basic(&version.value))
        }
        ClientAuthentication::ClientSecretPost => {
            TokenRequest::new(client.id, grant, Credentials::Post(&version.value))
        }
        ClientAuthentication::PrivateKeyJwt => {
            let assertion = assertion(gatehouse, client, version)?;
            TokenRequest::new(client.id, grant, Credentials::Assertion(&assertion))
        }
    };
    let mut headers: Vec<(HeaderName, &str)> = vec![(ACCEPT, "application/json")];
    headers.extend(
        request
            .authorization
            .as_ref()
            .map(|value| (AUTHORIZATION, value.expose())),
    );
    let form = request.form.expose().to_owned();
    let answer = gatehouse
        .outbound
        .post_form(&client.endpoint, form, &headers)
        .await
        .map_err(|error| unreachable("token endpoint", &error))?;
    let status = answer.status;
    if status.as_u16() == 401 && serde_json::from_slice::<serde_json::Value>(&answer.body).is_err() {
        return Err(OidcRefusal::ClientRefused.into());
    }
    Ok(token_request::read(
        status.is_success(),
        status.as_u16(),
        &answer.body,
    )?)
}

fn assertion(
    gatehouse: &Gatehouse,
    client: &Client<'_>,
    version: &SecretVersion,
) -> Result<Secret, FinishError> {
    let name = SecretName::ClientSecret(client.connection.id.clone());
    let broken = || gatehouse.secrets.malformed(&name, "a client key");
    let stored = StoredClientKey::from_secret(&version.value).ok_or_else(broken)?;
    let key = stored.signing_key().map_err(|_| broken())?;
    let jti = random::token()?;
    let thumbprint = stored.certificate_thumbprint();
    let signed = token_request::client_assertion(
        &key,
        thumbprint.as_deref(),
        (client.id, &client.endpoint),
        (&jti, gatehouse.clock.now()),
    );
    Ok(signed.map_err(|_| broken())?)
}
