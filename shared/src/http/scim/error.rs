//! Errors as SCIM clients read them (RFC 7644, section 3.12).

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;

use super::caller::scim;
use crate::app::scim::ScimFailure;
use crate::http::edge::Refused;
use crate::scim::ScimError;
use crate::store::StoreError;

/// Seconds after which a busy table is worth another try.
const SOON: u32 = 1;
/// Seconds after which a table that is away is worth another try.
const LATER: u32 = 5;

impl IntoResponse for ScimError {
    fn into_response(self) -> Response<Body> {
        refuse(&self)
    }
}

/// The answer to a failure; what is our fault is logged, and not told.
pub(super) fn response(failure: &ScimFailure) -> Response<Body> {
    let error = match failure {
        ScimFailure::Refused(error) => return refuse(error),
        ScimFailure::Contended | ScimFailure::Store(StoreError::Busy { .. }) => ScimError::TooManyRequests {
            detail: "too many changes at once: the same request may be sent again".to_owned(),
            retry_after: SOON,
        },
        ScimFailure::Store(StoreError::Unavailable { .. }) => ScimError::Unavailable {
            detail: "the directory does not answer: the same request may be sent again".to_owned(),
            retry_after: LATER,
        },
        ScimFailure::Store(StoreError::Corrupt { .. } | StoreError::Random(_)) | ScimFailure::Random(_) => {
            let detail = "something failed on our side; if it lasts, give the reference to support";
            ScimError::Internal(detail.to_owned())
        }
    };
    tracing::error!(error = %failure, error.code = failure.code(), "a SCIM request failed");
    refuse(&error)
}

/// The answer to a refusal.
pub(super) fn refuse(error: &ScimError) -> Response<Body> {
    let mut response = Response::new(Body::from(error.body().to_string()));
    *response.status_mut() =
        StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, scim());
    if error.status() == 401 {
        let challenge = HeaderValue::from_static("Bearer realm=\"scim\"");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(seconds) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.extensions_mut().insert(Refused(error.code()));
    response
}
