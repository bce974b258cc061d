//! What surrounds every handler: a reference, a span, one log line, and the headers that each answer carries.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use futures_util::FutureExt;
use tracing::Instrument;

use super::problem::Problem;
use super::reference::Reference;
use crate::clock::Clock;
use crate::telemetry;

/// Header that repeats the request's reference.
const REFERENCE_HEADER: HeaderName = HeaderName::from_static("x-gatehouse-reference");
/// Longest X-Ray trace header that is copied into the span, in bytes.
const MAX_TRACE: usize = 128;

/// The code of an answer that waits for a person.
const HELD: &str = "scim_held";

/// The stable code of a refusal that is no [`Problem`], beside its response: for the log.
#[derive(Clone, Copy, Debug)]
pub struct Refused(pub &'static str);

/// Finishes a function's router. It has no fallback: API Gateway answers what no route serves, and routers that have
/// none can stand behind one gateway. `function` is the Lambda's name, such as `saml_acs`; it names the span.
pub fn wrap(router: Router, function: &'static str) -> Router {
    router
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(move |request, next| around(function, request, next)))
}

async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This address does not take that method.",
    )
}

async fn around(function: &'static str, mut request: Request, next: Next) -> Response<Body> {
    let Ok(reference) = Reference::new() else {
        return Problem::internal().into_response();
    };
    let started = Instant::now();
    let span = span(function, &request, &reference);
    request.extensions_mut().insert(reference.clone());
    let handled = AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .instrument(span.clone())
        .await;
    let mut response = span.in_scope(|| match handled {
        Ok(response) => response,
        Err(_) => {
            tracing::error!(error.code = "panic", "the handler panicked");
            Problem::internal().into_response()
        }
    });
    response = refer(response, &reference);
    add_headers(response.headers_mut(), &reference);
    span.in_scope(|| log(function, &response, started));
    response
}

/// The route's pattern, never the path: a path may hold a one-time link.
fn span(function: &'static str, request: &Request, reference: &Reference) -> tracing::Span {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str);
    let trace = request
        .headers()
        .get("x-amzn-trace-id")
        .and_then(|value| value.to_str().ok())
        .filter(|value| value.len() <= MAX_TRACE)
        .unwrap_or_default();
    tracing::info_span!(
        "request",
        function,
        reference = reference.as_str(),
        http.method = request.method().as_str(),
        http.route = route,
        aws.trace = trace,
    )
}

/// What fails on our side is counted, function by function: a new version that answers so is rolled back. A change that is held
/// for a person's decision (GH-06) is answered 503 and has not failed.
fn log(function: &'static str, response: &Response<Body>, started: Instant) {
    let status = response.status().as_u16();
    let extensions = response.extensions();
    let refused = || extensions.get::<Refused>().map_or("", |refused| refused.0);
    let code = extensions.get::<Problem>().map_or_else(refused, Problem::code);
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    if status >= 500 && code != HELD {
        telemetry::metrics(function, Clock::system().now(), &[("FailedAnswers", 1)]);
    }
    if status >= 500 {
        tracing::error!(
            http.status = status,
            error.code = code,
            took_ms = took,
            "answered"
        );
    } else {
        tracing::info!(
            http.status = status,
            error.code = code,
            took_ms = took,
            "answered"
        );
    }
}

/// Writes the reference into a problem's body, keeping the headers that the handler or router added.
fn refer(mut response: Response<Body>, reference: &Reference) -> Response<Body> {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let problem = problem.with_reference(reference.clone());
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(problem.to_json());
    response.extensions_mut().insert(problem);
    response
}

/// A handler that says otherwise (a page's policy, a cacheable key set) keeps what it said.
fn add_headers(headers: &mut HeaderMap, reference: &Reference) {
    let defaults = [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Browsers ignore it on plain http (RFC 6797, section 8.1), so the local harness may send it too.
        (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000"),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(reference.as_str()) {
        headers.insert(REFERENCE_HEADER, value);
    }
}

#[cfg(test)]
#[path = "edge_tests.rs"]
mod tests;
