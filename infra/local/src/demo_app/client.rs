//! The OpenID Connect client proper, by the `openidconnect` crate.

use std::fmt::Display;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse::clock::Clock;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreTokenResponse};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, LoginHint, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RefreshToken, Scope,
    TokenResponse,
};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::AppRegistration;
use super::sessions::{Login, Pending};
use crate::loopback_client::{self, LoopbackError};

/// A client with what discovery tells: authorize known, token and userinfo perhaps.
type Discovered = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What a sign-in may be started with.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Begin {
    pub(super) email: Option<String>,
    pub(super) login_hint: Option<String>,
    pub(super) organization: Option<String>,
    pub(super) connection: Option<String>,
    pub(super) prompt: Option<String>,
    pub(super) max_age: Option<String>,
    /// Set by this app only.
    #[serde(skip)]
    pub(super) target: Option<String>,
}

/// A step failed; both parts are for the page.
pub(super) struct ClientError {
    pub(super) title: String,
    pub(super) detail: String,
}

impl ClientError {
    pub(super) fn new(title: &str, detail: impl Display) -> Self {
        Self {
            title: title.to_owned(),
            detail: detail.to_string(),
        }
    }
}

pub(super) struct Client {
    registration: AppRegistration,
    clock: Clock,
}

async fn send(request: openidconnect::HttpRequest) -> Result<openidconnect::HttpResponse, LoopbackError> {
    loopback_client::send(request).await
}

impl Client {
    pub(super) fn new(registration: AppRegistration, clock: &Clock) -> Self {
        Self {
            registration,
            clock: clock.clone(),
        }
    }

    pub(super) fn registration(&self) -> &AppRegistration {
        &self.registration
    }

    /// Whether a URL is one of this app's pages.
    pub(super) fn is_own(&self, target: &str) -> bool {
        let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin());
        origin(target).is_some_and(|target| Some(target) == origin(&self.registration.app_url))
    }

    async fn metadata(&self) -> Result<ProviderMetadataWithLogout, ClientError> {
        let issuer = IssuerUrl::new(self.registration.issuer.clone())
            .map_err(|error| ClientError::new("The issuer is not a URL", error))?;
        ProviderMetadataWithLogout::discover_async(issuer, &send)
            .await
            .map_err(|error| ClientError::new("Discovery failed", chain(&error)))
    }

    async fn discover(&self) -> Result<Discovered, ClientError> {
        let redirect = RedirectUrl::new(self.registration.redirect_uri())
            .map_err(|error| ClientError::new("The redirect URI is not a URL", error))?;
        let id = ClientId::new(self.registration.client_id.clone());
        let secret = ClientSecret::new(self.registration.client_secret.expose().to_owned());
        let client = CoreClient::from_provider_metadata(self.metadata().await?, id, Some(secret));
        Ok(client.set_redirect_uri(redirect))
    }

    /// Where to send the browser, and what to remember meanwhile.
    pub(super) async fn begin(&self, begin: &Begin) -> Result<(Url, Pending), ClientError> {
        let random = || {
            gatehouse::random::token().map_err(|error| ClientError::new("No randomness could be had", error))
        };
        let state = CsrfToken::new(random()?);
        let nonce = Nonce::new(random()?);
        let verifier = PkceCodeVerifier::new(random()?);
        let (sent_state, sent_nonce) = (state.clone(), nonce.clone());
        let client = self.discover().await?;
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || sent_state,
                move || sent_nonce,
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for scope in ["profile", "email", "offline_access"] {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        let hint = begin
            .login_hint
            .as_ref()
            .or(begin.email.as_ref())
            .filter(|hint| !hint.is_empty());
        if let Some(hint) = hint {
            request = request.set_login_hint(LoginHint::new(hint.clone()));
        }
        let extras = [
            ("organization", &begin.organization),
            ("connection", &begin.connection),
            ("prompt", &begin.prompt),
            ("max_age", &begin.max_age),
        ];
        for (name, value) in extras {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                request = request.add_extra_param(name, value.clone());
            }
        }
        let (url, _, _) = request.url();
        let target = begin.target.clone();
        let (state, nonce) = (state.into_secret(), nonce.secret().clone());
        Ok((
            url,
            Pending {
                state,
                nonce,
                pkce_verifier: verifier.into_secret(),
                target,
            },
        ))
    }

    /// Code → tokens → claims.
    pub(super) async fn finish(&self, code: String, pending: Pending) -> Result<Login, ClientError> {
        let client = self.discover().await?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| ClientError::new("The provider has no token endpoint", error))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.pkce_verifier))
            .request_async(&send)
            .await
            .map_err(|error| ClientError::new("The code was not accepted", chain(&error)))?;
        self.accept(&client, &answer, |given| match given {
            Some(given) if *given.secret() == pending.nonce => Ok(()),
            Some(_) | None => Err("the nonce is not this sign-in's".to_owned()),
        })
        .await
    }

    /// Refresh token → tokens → claims. A refreshed ID token need not hold a nonce.
    pub(super) async fn refresh(&self, login: &Login) -> Result<Login, ClientError> {
        let Some(token) = &login.refresh_token else {
            return Err(ClientError::new(
                "There is no refresh token",
                "offline_access was not granted",
            ));
        };
        let client = self.discover().await?;
        let token = RefreshToken::new(token.clone());
        let answer = client
            .exchange_refresh_token(&token)
            .map_err(|error| ClientError::new("The provider has no token endpoint", error))?
            .request_async(&send)
            .await
            .map_err(|error| ClientError::new("The refresh token was not accepted", chain(&error)))?;
        let mut renewed = self.accept(&client, &answer, |_| Ok(())).await?;
        if renewed.claims.get("sub") != login.claims.get("sub") {
            return Err(ClientError::new("The refreshed ID token is of someone else", ""));
        }
        renewed.refresh_token = renewed.refresh_token.or_else(|| login.refresh_token.clone());
        Ok(renewed)
    }

    async fn accept(
        &self,
        client: &Discovered,
        answer: &CoreTokenResponse,
        nonce: impl FnOnce(Option<&Nonce>) -> Result<(), String>,
    ) -> Result<Login, ClientError> {
        let refused = |detail: String| ClientError::new("The ID token was not accepted", detail);
        let id_token = answer
            .id_token()
            .ok_or_else(|| refused("there is none".to_owned()))?;
        let clock = self.clock.clone();
        let verifier = client.id_token_verifier().set_time_fn(move || clock.now());
        let claims = id_token
            .claims(&verifier, nonce)
            .map_err(|error| refused(chain(&error)))?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = id_token.signing_alg().map_err(|error| refused(chain(&error)))?;
            let key = id_token
                .signing_key(&verifier)
                .map_err(|error| refused(chain(&error)))?;
            let actual = AccessTokenHash::from_token(answer.access_token(), algorithm, key)
                .map_err(|error| refused(chain(&error)))?;
            if actual != *expected {
                return Err(refused("at_hash does not fit the access token".to_owned()));
            }
        }
        let id_token = id_token.to_string();
        Ok(Login {
            claims: payload(&id_token).ok_or_else(|| refused("its payload is no JSON".to_owned()))?,
            id_token,
            userinfo: self.userinfo(client, answer.access_token().secret()).await,
            access_token: answer.access_token().secret().clone(),
            refresh_token: answer.refresh_token().map(|token| token.secret().clone()),
        })
    }

    /// Everything userinfo says, for the page; what it may not say does not matter here.
    async fn userinfo(&self, client: &Discovered, access_token: &str) -> Value {
        let Some(url) = client.user_info_url() else {
            return Value::Null;
        };
        let request =
            http::Request::get(url.as_str()).header("authorization", format!("Bearer {access_token}"));
        let Ok(request) = request.body(Vec::new()) else {
            return Value::Null;
        };
        match loopback_client::send(request).await {
            Ok(answer) if answer.status().is_success() => {
                serde_json::from_slice(answer.body()).unwrap_or_default()
            }
            Ok(answer) => serde_json::json!({ "status": answer.status().as_u16() }),
            Err(error) => serde_json::json!({ "error": error.to_string() }),
        }
    }

    /// Where sign-out goes on at the provider, if it can.
    pub(super) async fn sign_out_url(&self, login: &Login) -> Option<Url> {
        let metadata = self.metadata().await.ok()?;
        let endpoint = metadata.additional_metadata().end_session_endpoint.clone()?;
        let back = PostLogoutRedirectUrl::new(self.registration.post_logout_redirect_uri()).ok()?;
        let id_token: CoreIdToken = login.id_token.parse().ok()?;
        Some(
            LogoutRequest::from(endpoint)
                .set_id_token_hint(&id_token)
                .set_client_id(ClientId::new(self.registration.client_id.clone()))
                .set_post_logout_redirect_uri(back)
                .http_get_url(),
        )
    }
}

/// The claims of a token that was verified before.
fn payload(token: &str) -> Option<Value> {
    let part = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
