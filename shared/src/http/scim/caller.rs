//! Who calls, and in which media type the answer goes.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::IntoResponse;

use super::error::refuse;
use crate::app::Gatehouse;
use crate::app::scim::{Caller, ScimFailure, authenticate};
use crate::http::api::{PathIds, bearer};
use crate::scim::ScimError;
use crate::scim::media::{MediaType, negotiate};

/// Lets only holders of a good key of the path's tenant through to these routes, whatever the method, and answers in
/// the media type that they asked for. A method that a route does not have is answered as SCIM answers.
pub fn protect(routes: Router, gatehouse: Arc<Gatehouse>) -> Router {
    routes
        .method_not_allowed_fallback(not_allowed)
        .layer(from_fn_with_state(gatehouse, let_in))
}

async fn not_allowed() -> ScimError {
    ScimError::MethodNotAllowed("this endpoint does not know the method".to_owned())
}

async fn let_in(
    State(gatehouse): State<Arc<Gatehouse>>,
    ids: Result<PathIds, crate::http::problem::Problem>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    // A path that cannot be decoded names no tenant, and is answered like a foreign one.
    let claimed = ids.map_or_else(|_| String::new(), |ids| ids.text("tenant").to_owned());
    let token = bearer(request.headers()).ok();
    let media = media(&request);
    let mut response = match authenticate(gatehouse, token.as_ref(), &claimed).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(failure) => failure.into_response(),
    };
    if media == MediaType::Json && response.headers().get(header::CONTENT_TYPE) == Some(&scim()) {
        let json = HeaderValue::from_static(MediaType::Json.header());
        response.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    response
}

fn media(request: &Request) -> MediaType {
    let values = request.headers().get_all(header::ACCEPT).iter();
    let accept = values.filter_map(|value| value.to_str().ok()).collect::<Vec<_>>();
    negotiate((!accept.is_empty()).then(|| accept.join(",")).as_deref())
}

pub(super) fn scim() -> HeaderValue {
    HeaderValue::from_static(MediaType::Scim.header())
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Response<Body>;

    /// A route without [`protect`] in front is a mistake of ours, and lets nobody in.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response<Body>> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| refuse(&ScimError::Unauthorized("no key was checked".to_owned())))
    }
}

impl IntoResponse for ScimFailure {
    fn into_response(self) -> Response<Body> {
        super::error::response(&self)
    }
}
