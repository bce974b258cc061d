//! ETags and If-Match (RFC 9110, sections 8.8.3 and 13.1.1). An ETag is the version in quotes.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;

use crate::http::problem::Problem;

/// The version that the caller read, out of If-Match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub u64);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(&parts.headers).map(Self)
    }
}

/// One strong ETag of ours. A weak one never matches (RFC 9110, section 13.1.1); `*` would be no precondition at all.
fn read(headers: &HeaderMap) -> Result<u64, Problem> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else {
        let detail = "Wanted If-Match with the ETag that was read.";
        return Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "if_match_missing",
            detail,
        ));
    };
    let version = value
        .to_str()
        .ok()
        .filter(|_| values.next().is_none())
        .and_then(|text| text.trim().strip_prefix('"')?.strip_suffix('"'))
        .and_then(|digits| digits.bytes().all(|b| b.is_ascii_digit()).then_some(digits))
        .and_then(|digits| digits.parse().ok());
    version.ok_or_else(|| {
        let detail = "Wanted If-Match with one ETag as it was read, such as \"3\".";
        Problem::new(StatusCode::PRECONDITION_FAILED, "version_mismatch", detail)
    })
}

/// The ETag of a version.
#[must_use]
pub fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// A JSON answer.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    match serde_json::to_vec(body) {
        Ok(bytes) => {
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            let kind = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        Err(_) => Problem::internal().into_response(),
    }
}

/// A JSON answer with the version's ETag.
pub fn json_at(status: StatusCode, version: u64, body: &impl Serialize) -> Response<Body> {
    let mut response = json(status, body);
    if let Ok(value) = HeaderValue::from_str(&etag(version)) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}
