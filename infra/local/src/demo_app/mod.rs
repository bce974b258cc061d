//! A demo app: what the operator's product is in life. An ordinary OpenID Connect client that knows nothing of
//! Gatehouse but its issuer URL, its own client id and secret: discovery, authorization code with PKCE, state, nonce,
//! the ID token verified against the JWK set, userinfo, refresh, RP-initiated logout, third-party-initiated login.

mod client;
mod pages;
mod sessions;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use gatehouse::clock::Clock;
use gatehouse::redacted::Secret;
use http::HeaderMap;
use serde::Deserialize;

use self::client::{Begin, Client, ClientError};
use self::sessions::Sessions;

/// How the app was registered.
#[derive(Clone, Debug)]
pub struct AppRegistration {
    /// Issuer: Gatehouse's base URL.
    pub issuer: String,
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`.
    pub client_secret: Secret,
    /// This app's own address, without a trailing slash.
    pub app_url: String,
}

impl AppRegistration {
    /// Where codes come back to.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("{}/callback", self.app_url)
    }

    /// Where a sign-in may be started from outside (OpenID Connect Core, section 4).
    #[must_use]
    pub fn initiate_login_uri(&self) -> String {
        format!("{}/login", self.app_url)
    }

    /// Where sign-out comes back to.
    #[must_use]
    pub fn post_logout_redirect_uri(&self) -> String {
        format!("{}/signed-out", self.app_url)
    }
}

struct App {
    client: Client,
    sessions: Sessions,
}

/// The app's pages.
pub fn router(registration: AppRegistration, clock: &Clock) -> Router {
    let app = App {
        client: Client::new(registration, clock),
        sessions: Sessions::default(),
    };
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(sign_in))
        .route("/login", get(third_party_login))
        .route("/callback", get(callback))
        .route("/refresh", post(refresh))
        .route("/sign-out", post(sign_out))
        .route("/signed-out", get(signed_out))
        .with_state(Arc::new(app))
}

type Shared = State<Arc<App>>;

async fn home(State(app): Shared, headers: HeaderMap) -> Response {
    let login = app.sessions.of(&headers).and_then(|session| session.login);
    pages::home(login.as_ref(), &app.client.registration().issuer)
}

async fn sign_in(State(app): Shared, headers: HeaderMap, Query(begin): Query<Begin>) -> Response {
    start(&app, &headers, &begin).await
}

/// What a third party may send.
#[derive(Deserialize)]
struct ThirdPartyLogin {
    iss: String,
    login_hint: Option<String>,
    target_link_uri: Option<String>,
}

async fn third_party_login(
    State(app): Shared,
    headers: HeaderMap,
    Query(request): Query<ThirdPartyLogin>,
) -> Response {
    if request.iss != app.client.registration().issuer {
        let detail = format!(
            "wanted iss {:?}, got {:?}",
            app.client.registration().issuer,
            request.iss
        );
        return pages::problem("This sign-in was started for another issuer", &detail);
    }
    // Only a page of ours: else this would be an open redirect.
    let target = request.target_link_uri.filter(|target| app.client.is_own(target));
    let begin = Begin {
        login_hint: request.login_hint,
        target,
        ..Begin::default()
    };
    start(&app, &headers, &begin).await
}

async fn start(app: &App, headers: &HeaderMap, begin: &Begin) -> Response {
    let started = async {
        let (url, pending) = app.client.begin(begin).await?;
        let cookie = app
            .sessions
            .begin(headers, pending)
            .map_err(|error| ClientError::new("No randomness", error))?;
        Ok::<_, ClientError>((url, cookie))
    };
    match started.await {
        Ok((url, cookie)) => sessions::with_cookie(Redirect::to(url.as_str()).into_response(), &cookie),
        Err(error) => pages::problem(&error.title, &error.detail),
    }
}

/// The provider's answer (RFC 6749, sections 4.1.2 and 4.1.2.1; RFC 9207).
#[derive(Deserialize)]
struct Callback {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

async fn callback(State(app): Shared, headers: HeaderMap, Query(answer): Query<Callback>) -> Response {
    let state = answer.state.as_deref().unwrap_or("");
    let Some(pending) = app.sessions.take_pending(&headers, state) else {
        return pages::problem(
            "This answer belongs to no sign-in of this browser",
            "The state parameter is unknown here, or was used already.",
        );
    };
    if let Some(iss) = &answer.iss
        && *iss != app.client.registration().issuer
    {
        return pages::problem("This answer is of another issuer", iss);
    }
    if let Some(error) = &answer.error {
        return pages::problem(
            &format!("Not signed in: {error}"),
            answer.error_description.as_deref().unwrap_or(""),
        );
    }
    let Some(code) = answer.code else {
        return pages::problem("This answer holds no code", "");
    };
    let target = pending.target.clone();
    match app.client.finish(code, pending).await {
        Ok(login) => match app.sessions.log_in(&headers, login) {
            Ok(cookie) => {
                let to = target.unwrap_or_else(|| "/".to_owned());
                sessions::with_cookie(Redirect::to(&to).into_response(), &cookie)
            }
            Err(error) => pages::problem("No session could be made", &error.to_string()),
        },
        Err(error) => pages::problem(&error.title, &error.detail),
    }
}

async fn refresh(State(app): Shared, headers: HeaderMap) -> Response {
    let Some(login) = app.sessions.of(&headers).and_then(|session| session.login) else {
        return Redirect::to("/").into_response();
    };
    match app.client.refresh(&login).await {
        Ok(login) => {
            app.sessions.renew(&headers, login);
            Redirect::to("/").into_response()
        }
        Err(error) => pages::problem(&error.title, &error.detail),
    }
}

/// Ends the app's session first, so that a failing provider keeps nobody signed in here.
async fn sign_out(State(app): Shared, headers: HeaderMap) -> Response {
    let login = app.sessions.of(&headers).and_then(|session| session.login);
    app.sessions.end(&headers);
    let to = match login {
        Some(login) => app.client.sign_out_url(&login).await,
        None => None,
    };
    let to = to.map_or_else(|| "/signed-out".to_owned(), |url| url.to_string());
    sessions::with_cookie(Redirect::to(&to).into_response(), sessions::NO_COOKIE)
}

async fn signed_out() -> Response {
    pages::signed_out()
}

#[cfg(test)]
mod tests;
