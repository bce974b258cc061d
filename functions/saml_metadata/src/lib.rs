//! SP metadata of each SAML connection (CH-02, SE-15): `GET /saml/{connection}/metadata`, in any state, because the
//! identity provider is set up before the connection is active. Made from the connection alone; no secret is read.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use gatehouse::app::Gatehouse;
use gatehouse::app::sp_metadata::{self, SpMetadataError};
use gatehouse::http::api::PathIds;
use gatehouse::http::edge;
use gatehouse::http::problem::Problem;

/// Media type of SAML metadata (saml-metadata-2.0-os, appendix A).
const MEDIA_TYPE: &str = "application/samlmetadata+xml";
/// Identity providers fetch it rarely, people reload it while they set up.
const CACHE: &str = "public, max-age=300";

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let routes = Router::new()
        .route("/saml/{connection}/metadata", get(metadata))
        .with_state(gatehouse);
    edge::wrap(routes, "saml_metadata")
}

async fn metadata(
    State(gatehouse): State<Arc<Gatehouse>>,
    ids: PathIds,
    headers: HeaderMap,
) -> Result<Response<Body>, Problem> {
    let xml = sp_metadata::of(&gatehouse, &ids.connection()?)
        .await
        .map_err(|error| problem(&error))?;
    let etag = etag(&xml);
    let mut response = if is_known(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(xml));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    Ok(response)
}

/// The document's hash: it changes when a key, a URL or a setting does.
fn etag(xml: &str) -> String {
    let hash = digest(&SHA256, xml.as_bytes());
    let digits = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}"));
    format!("\"{}\"", digits.collect::<String>())
}

/// If-None-Match compares weakly (RFC 9110, section 13.1.2).
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

fn problem(error: &SpMetadataError) -> Problem {
    match error {
        SpMetadataError::ConnectionUnknown => Problem::new(
            StatusCode::NOT_FOUND,
            error.code(),
            "There is no SAML connection of this id.",
        ),
        SpMetadataError::Store(_) | SpMetadataError::Certificate(_) => {
            tracing::error!(error = %error, error.code = error.code(), "metadata could not be made");
            Problem::internal()
        }
    }
}
