//! The identity provider's pages: start page, log-in, its own session.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::oidc;
use super::people::Person;
use super::saml;
use super::state::{DemoIdp, SamlConsumer, Session, Waiting};

const COOKIE: &str = "demo_idp_session";

/// All its pages and endpoints.
pub fn router(idp: DemoIdp) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/log-in", get(open_log_in))
        .route("/log-in/{waiting}", post(log_in))
        .route("/log-out", post(log_out))
        .merge(oidc::router())
        .merge(saml::router())
        .with_state(idp)
}

#[derive(Template)]
#[template(path = "demo_idp_home.html")]
struct HomePage {
    person: Option<Person>,
    discovery_url: String,
    metadata_url: String,
    consumers: Vec<SamlConsumer>,
    /// Name and whether it is in force.
    sign: Vec<(&'static str, bool)>,
    encrypt: Vec<(&'static str, bool)>,
}

#[derive(Template)]
#[template(path = "demo_idp_log_in.html")]
struct LogInPage {
    waiting: String,
    hint: String,
    people: Vec<Person>,
}

#[derive(Template)]
#[template(path = "demo_idp_problem.html")]
struct ProblemPage<'a> {
    title: &'a str,
    detail: &'a str,
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// A page that says what is wrong with a request, for whoever configures the identity provider.
pub(super) fn problem(title: &str, detail: &str) -> Response {
    page(StatusCode::BAD_REQUEST, &ProblemPage { title, detail })
}

/// The log-in page, with what waits behind it.
pub(super) fn log_in_page(idp: &DemoIdp, waiting: Waiting) -> Response {
    let hint = match &waiting {
        Waiting::Nothing | Waiting::Saml(_) => String::new(),
        Waiting::Oidc(request) => request.login_hint.clone().unwrap_or_default(),
    };
    match idp.wait(waiting) {
        Ok(waiting) => page(
            StatusCode::OK,
            &LogInPage {
                waiting,
                hint,
                people: Person::demo_people(),
            },
        ),
        Err(error) => problem("The log-in page cannot be made", &error.to_string()),
    }
}

/// Who is logged in, by the cookie.
pub(super) fn session(idp: &DemoIdp, headers: &HeaderMap) -> Option<Session> {
    idp.session(cookie(headers)?)
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

async fn home(State(idp): State<DemoIdp>, headers: HeaderMap) -> Response {
    let [sign, encrypt] = idp.response_options().choices();
    page(
        StatusCode::OK,
        &HomePage {
            person: session(&idp, &headers).map(|session| session.person),
            discovery_url: format!("{}/.well-known/openid-configuration", idp.url()),
            metadata_url: format!("{}/saml/metadata", idp.url()),
            consumers: idp.consumers(),
            sign,
            encrypt,
        },
    )
}

async fn open_log_in(State(idp): State<DemoIdp>) -> Response {
    log_in_page(&idp, Waiting::Nothing)
}

/// A button with a known person, or the free form.
#[derive(Deserialize)]
struct LogIn {
    known: Option<String>,
    #[serde(default)]
    email: String,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    #[serde(default)]
    attributes: String,
}

async fn log_in(
    State(idp): State<DemoIdp>,
    Path(waiting): Path<String>,
    Form(form): Form<LogIn>,
) -> Response {
    let Some(waiting) = idp.waiting(&waiting) else {
        return problem(
            "This log-in page is too old",
            "Go back to where you came from and start again.",
        );
    };
    let known = form.known.as_ref().and_then(|email| {
        Person::demo_people()
            .into_iter()
            .find(|person| person.email == *email)
    });
    let person = match known {
        Some(person) => person,
        None if form.email.contains('@') => {
            Person::typed(&form.email, &form.first_name, &form.last_name, &form.attributes)
        }
        None => {
            return problem(
                "An e-mail address is needed",
                "Go back and type one, or choose a person.",
            );
        }
    };
    let (id, session) = match idp.log_in(person) {
        Ok(made) => made,
        Err(error) => return problem("No session could be made", &error.to_string()),
    };
    let mut response = match waiting {
        Waiting::Nothing => Redirect::to("/").into_response(),
        Waiting::Oidc(request) => oidc::complete(&idp, *request, session),
        Waiting::Saml(request) => saml::complete(&idp, &request, &session),
    };
    set_cookie(
        &mut response,
        &format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax"),
    );
    response
}

async fn log_out(State(idp): State<DemoIdp>, headers: HeaderMap) -> Response {
    if let Some(id) = cookie(&headers) {
        idp.log_out(id);
    }
    let mut response = Redirect::to("/").into_response();
    set_cookie(
        &mut response,
        &format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"),
    );
    response
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
