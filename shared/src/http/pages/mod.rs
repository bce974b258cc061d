//! The pages that people see. Each is a struct with what it shows; [`Pages`] turns it into an answer with the policy
//! that the page needs. Text is short and plain; all values are escaped by the templates.
//!
//! To add one: a template with the content of `<main>`, a struct with `#[derive(Template)]` in `kinds.rs`, and a method
//! on [`Pages`] that names its title and where its form may lead.

mod kinds;
mod policy;

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};

pub use kinds::{
    AutoPostPage, ChoicePage, ConnectionChoice, ContinueAsPage, DeniedPage, DenyReason, ErrorPage, Hidden,
    LinkCodePage, NoticePage, SignInPage, SignOutPage,
};

use crate::config::{Config, Sibling};
use kinds::SignInWithSiblings;
use policy::FormTarget;

/// Renders pages for one deployment.
#[derive(Debug, Clone)]
pub struct Pages {
    product: String,
    siblings: Vec<Sibling>,
    loopback: bool,
}

impl Pages {
    /// Pages of a deployment.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            product: config.product_name.clone(),
            siblings: config.siblings.clone(),
            loopback: config.base_url.is_loopback(),
        }
    }

    /// A refusal: short, with the reference that the owner looks up.
    #[must_use]
    pub fn error(&self, status: StatusCode, page: &ErrorPage<'_>) -> Response<Body> {
        self.answer(status, page.title, page, &FormTarget::Nowhere)
    }

    /// A refusal that names whom to ask: no seat left (IL-06), attribute missing (IL-35), not registered (CH-08).
    /// Answers 403.
    #[must_use]
    pub fn denied(&self, page: &DeniedPage<'_>) -> Response<Body> {
        self.answer(
            StatusCode::FORBIDDEN,
            page.reason.title(),
            page,
            &FormTarget::Nowhere,
        )
    }

    /// Asks for the e-mail address, and links to other hosting regions (AQ-27). Answers 200, or 422 with a problem.
    #[must_use]
    pub fn sign_in(&self, page: &SignInPage<'_>) -> Response<Body> {
        let linked = SignInWithSiblings {
            page,
            siblings: &self.siblings,
        };
        self.answer(status_of(page.problem), "Sign in", &linked, &self.federated())
    }

    /// Lets the person choose among connections.
    #[must_use]
    pub fn choice(&self, page: &ChoicePage<'_>) -> Response<Body> {
        self.answer(StatusCode::OK, "Choose how to sign in", page, &self.federated())
    }

    /// "Continue as a…@acme.com?" after an IdP-initiated response (DESIGN §3).
    #[must_use]
    pub fn continue_as(&self, page: &ContinueAsPage<'_>) -> Response<Body> {
        self.answer(StatusCode::OK, "Continue", page, &self.federated())
    }

    /// Carries a message to the identity provider by HTTP-POST (saml-bindings-2.0-os, section 3.5): sends itself
    /// where scripts run, and has a button where they do not.
    #[must_use]
    pub fn auto_post(&self, page: &AutoPostPage<'_>) -> Response<Body> {
        self.answer(
            StatusCode::OK,
            "Signing in",
            page,
            &FormTarget::provider(page.action),
        )
    }

    /// Asks for the code that was mailed to the address on record (AskToLink). Answers 200, or 422 with a problem.
    #[must_use]
    pub fn link_code(&self, page: &LinkCodePage<'_>) -> Response<Body> {
        self.answer(
            status_of(page.problem),
            "Link your account",
            page,
            &self.federated(),
        )
    }

    /// Asks whether to sign out: a GET never ends a session.
    #[must_use]
    pub fn sign_out(&self, page: &SignOutPage<'_>) -> Response<Body> {
        self.answer(StatusCode::OK, "Sign out", page, &self.federated())
    }

    /// Says something that is not a refusal, such as "You are signed out".
    #[must_use]
    pub fn notice(&self, page: &NoticePage<'_>) -> Response<Body> {
        self.answer(StatusCode::OK, page.title, page, &FormTarget::Nowhere)
    }

    fn federated(&self) -> FormTarget {
        FormTarget::Federated {
            loopback: self.loopback,
        }
    }

    fn render<P: Template>(&self, title: &str, page: &P, target: &FormTarget) -> askama::Result<String> {
        let layout = Layout {
            title,
            product: &self.product,
            style: policy::STYLE,
            content: page.render()?,
            script: target.script(),
        };
        layout.render()
    }

    fn answer<P: Template>(
        &self,
        status: StatusCode,
        title: &str,
        page: &P,
        target: &FormTarget,
    ) -> Response<Body> {
        let (status, body) = match self.render(title, page, target) {
            Ok(html) => (status, html),
            Err(error) => {
                tracing::error!(error.code = "page_render", error = %error, "a page did not render");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something failed on our side.".to_owned(),
                )
            }
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(header::CONTENT_SECURITY_POLICY, target.policy());
        response
    }
}

/// What every page has around its content.
#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    title: &'a str,
    product: &'a str,
    style: &'static str,
    /// Rendered, so already escaped.
    content: String,
    script: Option<&'static str>,
}

fn status_of(problem: Option<&str>) -> StatusCode {
    match problem {
        None => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

#[cfg(test)]
mod tests;
