//! What the person's browser is sent to: authorize and end_session.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode};

use gatehouse::app::openid_provider::authorize::{
    AuthorizeFailure, Authorized, authorize as authorize_use_case,
};
use gatehouse::app::openid_provider::end_session::{Ended, end_session as end_session_use_case};
use gatehouse::app::upstream_logout::{self, Next};
use gatehouse::domain::session::SessionCookie;
use gatehouse::http::body::{self, FORM_LIMIT};
use gatehouse::http::cookies::CookieName;
use gatehouse::http::pages::{ErrorPage, SignOutPage};
use gatehouse::http::reference::Reference;
use gatehouse::http::sign_in::{Front, see_other};
use gatehouse::openid_provider::params::Parameters;
use gatehouse::redacted::Secret;

/// `GET /oauth2/authorize`
pub(crate) async fn authorize(
    State(front): State<Front>,
    reference: Reference,
    headers: HeaderMap,
    request: Request,
) -> Response<Body> {
    let raw = request.uri().query().unwrap_or_default().to_owned();
    answer_authorize(&front, &raw, &headers, &reference).await
}

/// `POST /oauth2/authorize`
pub(crate) async fn authorize_form(
    State(front): State<Front>,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    match form_text(&parts.headers, body).await {
        Ok(raw) => match as_navigation(&front, "/oauth2/authorize", &raw, &parts.headers) {
            Some(answer) => answer,
            None => answer_authorize(&front, &raw, &parts.headers, &reference).await,
        },
        Err(status) => error_page(&front, status, "The request could not be read.", &reference),
    }
}

async fn answer_authorize(
    front: &Front,
    raw: &str,
    headers: &HeaderMap,
    reference: &Reference,
) -> Response<Body> {
    let parameters = match Parameters::parse(raw) {
        Ok(parameters) => parameters,
        Err(error) => return error_page(front, StatusCode::BAD_REQUEST, &error.to_string(), reference),
    };
    let Ok(browser) = front.browser(headers) else {
        return error_page(front, StatusCode::INTERNAL_SERVER_ERROR, OURS, reference);
    };
    let sessions = front.sessions(headers);
    match authorize_use_case(&front.gatehouse, &parameters, &sessions, &browser).await {
        Ok(Authorized::Answer(answer)) => front.app_answer(&answer),
        Ok(Authorized::SignIn { attempt }) => {
            let mut answer = see_other(&format!("/sign-in?attempt={attempt}"));
            front.bind(&mut answer, &browser);
            answer
        }
        Err(AuthorizeFailure::Page(error)) => {
            let text = format!("The application asked in a way that is not accepted: {error}.");
            error_page(front, StatusCode::BAD_REQUEST, &text, reference)
        }
        Err(AuthorizeFailure::Start(error)) => front.not_started(&error, None, reference).await,
        Err(error @ (AuthorizeFailure::Keys(_) | AuthorizeFailure::Store(_))) => {
            tracing::error!(error.code = error.code(), error = %error, "an authorization request failed");
            error_page(front, StatusCode::SERVICE_UNAVAILABLE, OURS, reference)
        }
    }
}

/// `GET /oauth2/end_session`
pub(crate) async fn end_session(
    State(front): State<Front>,
    reference: Reference,
    headers: HeaderMap,
    request: Request,
) -> Response<Body> {
    let raw = request.uri().query().unwrap_or_default().to_owned();
    answer_end_session(&front, &raw, &headers, false, &reference).await
}

/// `POST /oauth2/end_session`: from our own page, or from the app.
pub(crate) async fn end_session_form(
    State(front): State<Front>,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    match form_text(&parts.headers, body).await {
        Ok(raw) => match as_navigation(&front, "/oauth2/end_session", &raw, &parts.headers) {
            Some(answer) => answer,
            None => {
                let ours = is_ours(&front, &parts.headers);
                answer_end_session(&front, &raw, &parts.headers, ours, &reference).await
            }
        },
        Err(status) => error_page(&front, status, "The request could not be read.", &reference),
    }
}

/// The longest form that is sent on as a query, in octets: API Gateway takes 10,240 with all headers.
const LONGEST_QUERY: usize = 6_000;

/// A form from another site shows no Lax cookie, so that it says nothing of the browser's sessions. It goes on as a
/// navigation, which shows them: a session answers, and none ends unasked. `None` where that is not needed.
fn as_navigation(front: &Front, path: &str, raw: &str, headers: &HeaderMap) -> Option<Response<Body>> {
    let hidden = !is_ours(front, headers) && front.cookies.read(headers, CookieName::Session).is_none();
    let fits = raw.len() <= LONGEST_QUERY && raw.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    (hidden && fits).then(|| see_other(&format!("{path}?{raw}")))
}

/// Whether a POST comes from a page of ours: only then is pressing the button the person's own word.
fn is_ours(front: &Front, headers: &HeaderMap) -> bool {
    let origin = headers.get("origin").and_then(|value| value.to_str().ok());
    origin == Some(front.gatehouse.config.base_url.as_str())
        || headers
            .get("sec-fetch-site")
            .is_some_and(|site| site == "same-origin")
}

async fn answer_end_session(
    front: &Front,
    raw: &str,
    headers: &HeaderMap,
    confirmed: bool,
    reference: &Reference,
) -> Response<Body> {
    let parameters = match Parameters::parse(raw) {
        Ok(parameters) => parameters,
        Err(error) => return error_page(front, StatusCode::BAD_REQUEST, &error.to_string(), reference),
    };
    let sessions = front.sessions(headers);
    match end_session_use_case(&front.gatehouse, &parameters, sessions, confirmed).await {
        Ok(Ended::Ask) => ask(front, &parameters),
        Ok(Ended::Done { rest, way }) => {
            let Ok(browser) = front.browser(headers) else {
                return error_page(front, StatusCode::INTERNAL_SERVER_ERROR, OURS, reference);
            };
            let next = upstream_logout::go_on(&front.gatehouse, way, &browser).await;
            let mut answer = ended(front, headers, &rest, next.url());
            if matches!(next, Next::Provider(_)) {
                front.bind(&mut answer, &browser);
            }
            answer
        }
        Err(error) => {
            tracing::info!(error.code = error.code(), "a logout request was refused");
            let status =
                StatusCode::from_u16(error.answer().error.status()).unwrap_or(StatusCode::BAD_REQUEST);
            error_page(front, status, &error.answer().error_description, reference)
        }
    }
}

/// Where the browser goes when sessions have ended, with what stays in its cookie.
fn ended(front: &Front, headers: &HeaderMap, rest: &SessionCookie, to: Option<&str>) -> Response<Body> {
    let mut answer = front.signed_out(to);
    // What was not shown is not ended: a request from another site must not clear the cookie.
    let cookie = if front.cookies.read(headers, CookieName::Session).is_none() {
        None
    } else if rest.tokens().is_empty() {
        front.cookies.clear(CookieName::Session)
    } else {
        let lifetime = front.gatehouse.config.session_lifetime;
        front.cookies.set_session(&Secret::new(rest.to_text()), lifetime)
    };
    if let Some(cookie) = cookie {
        answer
            .headers_mut()
            .append(axum::http::header::SET_COOKIE, cookie);
    }
    answer
}

/// The page whose button ends the session, with the request's own parameters.
fn ask(front: &Front, parameters: &Parameters) -> Response<Body> {
    let names = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];
    let hidden = names
        .into_iter()
        .filter_map(|name| Some((name, parameters.get(name)?)))
        .collect::<Vec<_>>();
    front.pages.sign_out(&SignOutPage {
        action: "/oauth2/end_session",
        hidden: &hidden,
    })
}

async fn form_text(headers: &HeaderMap, body: Body) -> Result<String, StatusCode> {
    super::server::require_form(headers)?;
    let read = body::read(headers, body, FORM_LIMIT)
        .await
        .map_err(|error| error.status())?;
    String::from_utf8(read.to_vec()).map_err(|_| StatusCode::BAD_REQUEST)
}

const OURS: &str = "Something failed on our side. Try again in a moment.";

fn error_page(front: &Front, status: StatusCode, message: &str, reference: &Reference) -> Response<Body> {
    front.pages.error(
        status,
        &ErrorPage {
            title: "This did not work",
            message,
            reference,
            again: None,
        },
    )
}
