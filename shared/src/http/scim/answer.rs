//! Answers that are no errors.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use serde_json::{Map, Value};

use super::caller::scim;
use super::conditions::Conditions;
use crate::app::scim::ScimFailure;
use crate::scim::etag;

/// What a handler answers.
pub type ScimAnswer = Result<Response<Body>, ScimFailure>;

/// A document: a discovery document, or a page of a list.
#[must_use]
pub fn document(body: &impl Serialize) -> Response<Body> {
    json(StatusCode::OK, body)
}

/// A resource that was read: 200, or 304 without a body when the client has this version.
///
/// # Errors
/// As [`Conditions::is_known`].
pub fn resource(conditions: &Conditions, version: u64, body: Map<String, Value>) -> ScimAnswer {
    if conditions.is_known(version)? {
        return Ok(tagged(StatusCode::NOT_MODIFIED.into_response(), version));
    }
    Ok(changed(version, body))
}

/// A resource that was changed: 200 with what it is now.
#[must_use]
pub fn changed(version: u64, body: Map<String, Value>) -> Response<Body> {
    tagged(json(StatusCode::OK, &body), version)
}

/// A resource that was made: 201, and where it is.
#[must_use]
pub fn created(location: &str, version: u64, body: Map<String, Value>) -> Response<Body> {
    let mut response = tagged(json(StatusCode::CREATED, &body), version);
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// 204: done, and there is nothing to show.
#[must_use]
pub fn gone() -> Response<Body> {
    StatusCode::NO_CONTENT.into_response()
}

/// 204 with the new version: a resource was changed, and is too large to be shown unasked.
#[must_use]
pub fn done(version: u64) -> Response<Body> {
    tagged(gone(), version)
}

fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    let mut response = Response::new(Body::from(serde_json::to_vec(body).unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, scim());
    response
}

fn tagged(mut response: Response<Body>, version: u64) -> Response<Body> {
    if let Ok(tag) = HeaderValue::from_str(&etag::weak(version)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
