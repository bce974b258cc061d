//! What stands before the functions in the cloud: API Gateway's HTTP API, payload format 2.0, `$default` stage.
//!
//! Kept from it, because code can depend on it: the query string as it came, repeated headers joined by commas, the
//! limits and the bodies of its own answers, and that a function goes on when the caller has gone.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{StatusCode, request};
use http_body_util::{BodyExt, Limited};
use serde_json::json;
use std::net::SocketAddr;
use tower::ServiceExt;

/// Request line and header values together, in bytes.
pub const MAX_HEAD_BYTES: usize = 10_240;
/// Request body, in bytes.
pub const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// A function's answer, in bytes (Lambda's limit for synchronous calls).
pub const MAX_ANSWER_BYTES: usize = 6 * 1024 * 1024;
/// How long a function may take.
pub const TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a refused body is read, so that the client gets to reading the refusal.
const MAX_DRAINED_BYTES: usize = 64 * 1024 * 1024;
const MAX_DRAIN_TIME: Duration = Duration::from_secs(5);

/// One router in front of the functions'. No two functions may serve the same path (axum panics at start if they do).
pub fn router(functions: impl IntoIterator<Item = Router>) -> Router {
    router_with_timeout(functions, TIMEOUT)
}

fn router_with_timeout(functions: impl IntoIterator<Item = Router>, timeout: Duration) -> Router {
    let functions = functions.into_iter().fold(Router::new(), Router::merge);
    // What no function serves, API Gateway answers itself.
    let functions = functions.fallback(|| async { message(StatusCode::NOT_FOUND, "Not Found") });
    Router::new()
        .fallback(invoke)
        .with_state(Arc::new(Gateway { functions, timeout }))
}

struct Gateway {
    functions: Router,
    timeout: Duration,
}

async fn invoke(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let mut response = match prepare(request).await {
        Ok(request) => run(&gateway, request).await,
        Err(refusal) => refusal,
    };
    if let Ok(id) = gatehouse::random::uuid()
        && let Ok(id) = HeaderValue::from_str(&id.simple().to_string())
    {
        response
            .headers_mut()
            .insert(HeaderName::from_static("apigw-requestid"), id);
    }
    response
}

/// What API Gateway does before it calls the function.
async fn prepare(request: Request) -> Result<Request, Response> {
    let (mut parts, body) = request.into_parts();
    if head_bytes(&parts) > MAX_HEAD_BYTES {
        drain(body).await;
        return Err(message(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "Request Header Fields Too Large",
        ));
    }
    let body = read_body(&parts.headers, body).await?;
    let caller = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0);
    parts.headers = joined(&parts.headers, header::COOKIE);
    forward(&mut parts.headers, caller);
    parts.headers.remove(header::TRANSFER_ENCODING);
    if !body.is_empty() {
        parts
            .headers
            .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

fn head_bytes(parts: &request::Parts) -> usize {
    let target = parts
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    let line = parts.method.as_str().len() + target + " HTTP/1.1".len() + 1;
    line + parts.headers.values().map(HeaderValue::len).sum::<usize>()
}

async fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Response> {
    let too_large = || message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > MAX_BODY_BYTES) {
        drain(body).await;
        return Err(too_large());
    }
    let mut read = BytesMut::new();
    let mut body = body;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(message(StatusCode::BAD_REQUEST, "Bad Request"));
        };
        if let Ok(data) = frame.into_data() {
            read.extend_from_slice(&data);
        }
        if read.len() > MAX_BODY_BYTES {
            drain(body).await;
            return Err(too_large());
        }
    }
    Ok(read.freeze())
}

/// Reads what the client still sends, within bounds: a connection closed under a writing client loses the answer.
async fn drain(mut body: Body) {
    let drained = async {
        let mut left = MAX_DRAINED_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    let _ = tokio::time::timeout(MAX_DRAIN_TIME, drained).await;
}

/// Payload 2.0 has one value per header name, joined by commas; cookies are kept apart (`; ` joins a request's).
fn joined(headers: &HeaderMap, apart: HeaderName) -> HeaderMap {
    let mut all = HeaderMap::with_capacity(headers.keys_len());
    for name in headers.keys() {
        let values: Vec<&HeaderValue> = headers.get_all(name).iter().collect();
        if *name == header::SET_COOKIE {
            for value in values {
                all.append(name, value.clone());
            }
            continue;
        }
        let separator: &[u8] = if *name == apart { b"; " } else { b"," };
        let bytes = values
            .iter()
            .map(|value| value.as_bytes())
            .collect::<Vec<_>>()
            .join(separator);
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            all.insert(name, value);
        }
    }
    all
}

/// The caller's address goes to the end of what the caller claims.
fn forward(headers: &mut HeaderMap, caller: Option<SocketAddr>) {
    let Some(caller) = caller else { return };
    let name = HeaderName::from_static("x-forwarded-for");
    let before = headers.get(&name).and_then(|value| value.to_str().ok());
    let chain = match before {
        Some(before) => format!("{before}, {}", caller.ip()),
        None => caller.ip().to_string(),
    };
    if let Ok(value) = HeaderValue::from_str(&chain) {
        headers.insert(name, value);
    }
    headers.insert(
        HeaderName::from_static("x-forwarded-proto"),
        HeaderValue::from_static("http"),
    );
}

async fn run(gateway: &Gateway, request: Request) -> Response {
    let functions = gateway.functions.clone();
    // On a task of its own: a function is neither cancelled by a caller that hangs up, nor does its panic reach us.
    let mut task = tokio::spawn(async move {
        let response = match functions.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        body.map(|body| (parts, body.to_bytes()))
    });
    match tokio::time::timeout(gateway.timeout, &mut task).await {
        Ok(Ok(Ok((mut parts, body)))) => {
            parts.headers = joined(&parts.headers, header::COOKIE);
            Response::from_parts(parts, Body::from(body))
        }
        Ok(Ok(Err(error))) => {
            tracing::error!(%error, "a function's answer is over the limit or broke off");
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "a function failed");
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
        Err(_) => {
            task.abort();
            message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
        }
    }
}

fn message(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "message": text }))).into_response()
}

#[cfg(test)]
#[path = "gateway_tests.rs"]
mod tests;
