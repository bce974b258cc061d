//! The app's pages.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::Value;

use super::sessions::Login;

#[derive(Template)]
#[template(path = "demo_app_home.html")]
struct HomePage<'a> {
    issuer: &'a str,
}

#[derive(Template)]
#[template(path = "demo_app_signed_in.html")]
struct SignedInPage {
    name: String,
    claims: Vec<(String, String)>,
    userinfo: Vec<(String, String)>,
    can_refresh: bool,
    access_token_characters: usize,
}

#[derive(Template)]
#[template(path = "demo_app_problem.html")]
struct ProblemPage<'a> {
    title: &'a str,
    detail: &'a str,
}

#[derive(Template)]
#[template(path = "demo_app_signed_out.html")]
struct SignedOutPage {}

fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

pub(super) fn home(login: Option<&Login>, issuer: &str) -> Response {
    let Some(login) = login else {
        return page(StatusCode::OK, &HomePage { issuer });
    };
    let text = |name: &str| login.claims.get(name).and_then(Value::as_str).map(str::to_owned);
    page(
        StatusCode::OK,
        &SignedInPage {
            name: text("name")
                .or_else(|| text("email"))
                .or_else(|| text("sub"))
                .unwrap_or_default(),
            claims: rows(&login.claims),
            userinfo: rows(&login.userinfo),
            can_refresh: login.refresh_token.is_some(),
            access_token_characters: login.access_token.len(),
        },
    )
}

fn rows(claims: &Value) -> Vec<(String, String)> {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    claims
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), shown(value)))
        .collect()
}

pub(super) fn problem(title: &str, detail: &str) -> Response {
    page(StatusCode::BAD_REQUEST, &ProblemPage { title, detail })
}

pub(super) fn signed_out() -> Response {
    page(StatusCode::OK, &SignedOutPage {})
}
