//! What a sign-in's step or refusal looks like to the browser: shared by every function that takes part in one.

mod refusal;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;

pub use refusal::{Told, mark};

use super::cookies::{CookieName, Cookies};
use super::pages::{AutoPostPage, ContinueAsPage, LinkCodePage, NoticePage, Pages};
use super::problem::Problem;
use super::reference::Reference;
use crate::app::finish_sign_in::{Destination, FinishError, Step};
use crate::app::start_sign_in::{Outgoing, StartError};
use crate::app::{Browser, Gatehouse};
use crate::domain::ids::ConnectionId;
use crate::domain::session::SessionCookie;
use crate::openid_provider::response::{AuthorizationResponse, ResponseMode};
use crate::random::RandomError;

/// What a function of the sign-in works with: the use cases, and how answers look.
#[derive(Clone, Debug)]
pub struct Front {
    /// The use cases' world.
    pub gatehouse: Arc<Gatehouse>,
    /// Pages.
    pub pages: Pages,
    /// Cookies.
    pub cookies: Cookies,
}

impl Front {
    /// For one deployment.
    #[must_use]
    pub fn new(gatehouse: Arc<Gatehouse>) -> Self {
        let pages = Pages::new(&gatehouse.config);
        let cookies = Cookies::new(&gatehouse.config.base_url);
        Self {
            gatehouse,
            pages,
            cookies,
        }
    }

    /// The browser of a request that our own pages or a top-level navigation made.
    ///
    /// # Errors
    /// [`RandomError`] when the system's generator fails.
    pub fn browser(&self, headers: &HeaderMap) -> Result<Browser, RandomError> {
        Browser::new(self.cookies.read(headers, CookieName::Browser), false)
    }

    /// The browser of a cross-site POST: on http loopback the cookie is Lax, so that its absence says nothing.
    ///
    /// # Errors
    /// [`RandomError`] when the system's generator fails.
    pub fn cross_site_browser(&self, headers: &HeaderMap) -> Result<Browser, RandomError> {
        let hides = self.gatehouse.config.base_url.is_loopback();
        Browser::new(self.cookies.read(headers, CookieName::Browser), hides)
    }

    /// The sessions that a request shows.
    #[must_use]
    pub fn sessions(&self, headers: &HeaderMap) -> SessionCookie {
        let value = self.cookies.read(headers, CookieName::Session);
        value
            .map(|value| SessionCookie::parse(value.expose()))
            .unwrap_or_default()
    }

    /// The answer to a step; `headers` are the request's.
    #[must_use]
    pub fn step(&self, step: Step, headers: &HeaderMap, browser: &Browser) -> Response<Body> {
        let mut answer = match step {
            Step::SignedIn { to, session } => {
                let cookie = self.sessions(headers).with(session);
                let mut answer = self.destination(to);
                let lifetime = self.gatehouse.config.session_lifetime;
                let value = crate::redacted::Secret::new(cookie.to_text());
                append_cookie(&mut answer, self.cookies.set_session(&value, lifetime));
                answer
            }
            Step::Redirect { to } => see_other(&to),
            Step::Continue { token } => see_other(&format!("/sign-in/continue?result={token}")),
            Step::Confirm {
                token,
                hint,
                organization,
            } => self.pages.continue_as(&ContinueAsPage {
                action: "/sign-in/confirm",
                hidden: &[("result", &token)],
                email: &hint,
                organization: &organization,
            }),
            Step::AskForCode {
                token,
                hint,
                organization,
            } => self.ask_for_code(&token, &hint, &organization, None),
            Step::Tested { connection: _ } => self.pages.notice(&NoticePage {
                title: "The test sign-in worked",
                message: "You can close this page and go back to the set-up.",
            }),
        };
        self.bind(&mut answer, browser);
        answer
    }

    /// The page that asks for the mailed code.
    #[must_use]
    pub fn ask_for_code(
        &self,
        token: &str,
        hint: &str,
        organization: &str,
        problem: Option<&str>,
    ) -> Response<Body> {
        self.pages.link_code(&LinkCodePage {
            action: "/sign-in/link",
            hidden: &[("result", token)],
            email: hint,
            organization,
            problem,
        })
    }

    /// The way to the identity provider.
    #[must_use]
    pub fn outgoing(&self, outgoing: &Outgoing) -> Response<Body> {
        match outgoing {
            Outgoing::Redirect { url } => see_other(url),
            Outgoing::Post { action, fields } => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect::<Vec<_>>();
                self.pages.auto_post(&AutoPostPage {
                    action,
                    fields: &fields,
                })
            }
        }
    }

    /// An answer of the OpenID Provider, by redirect or by form.
    #[must_use]
    pub fn app_answer(&self, answer: &AuthorizationResponse) -> Response<Body> {
        match answer.mode {
            ResponseMode::Query => see_other(&answer.location()),
            ResponseMode::FormPost => {
                let fields = answer
                    .parameters
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()));
                let fields = fields.collect::<Vec<_>>();
                self.pages.auto_post(&AutoPostPage {
                    action: &answer.redirect_uri,
                    fields: &fields,
                })
            }
        }
    }

    /// Where a browser goes that is signed out: to the address, else to a page that says so.
    #[must_use]
    pub fn signed_out(&self, to: Option<&str>) -> Response<Body> {
        match to {
            Some(to) => see_other(to),
            None => self.pages.notice(&NoticePage {
                title: "You are signed out",
                message: "You can close this page.",
            }),
        }
    }

    fn destination(&self, to: Destination) -> Response<Body> {
        match to {
            Destination::App(answer) => self.app_answer(&answer),
            Destination::Url(url) => see_other(&url),
        }
    }

    /// Sets the browser cookie where none was shown.
    pub fn bind(&self, answer: &mut Response<Body>, browser: &Browser) {
        if let Some(value) = browser.to_set() {
            append_cookie(answer, self.cookies.set_browser(value));
        }
    }

    /// The page of a sign-in that was not finished.
    pub async fn not_finished(
        &self,
        error: &FinishError,
        connection: Option<&ConnectionId>,
        reference: &Reference,
    ) -> Response<Body> {
        refusal::page(
            self,
            refusal::of_finish(error),
            error.code(),
            connection,
            reference,
        )
        .await
    }

    /// The page of a sign-in that did not begin.
    pub async fn not_started(
        &self,
        error: &StartError,
        connection: Option<&ConnectionId>,
        reference: &Reference,
    ) -> Response<Body> {
        refusal::page(
            self,
            refusal::of_start(error),
            error.code(),
            connection,
            reference,
        )
        .await
    }

    /// 503 with Retry-After for APIs, where the store or Secrets Manager failed.
    #[must_use]
    pub fn unavailable(&self, code: &'static str, reference: &Reference) -> Response<Body> {
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, "Try again in a moment.");
        problem
            .with_reference(reference.clone())
            .retry_after(2)
            .into_response()
    }
}

/// 303 to a URL of ours, of the app or of an identity provider; never cached.
#[must_use]
pub fn see_other(to: &str) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SEE_OTHER;
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    match HeaderValue::try_from(to) {
        Ok(location) => drop(headers.insert(header::LOCATION, location)),
        Err(_) => *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    answer
}

fn append_cookie(answer: &mut Response<Body>, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
