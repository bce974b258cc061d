//! What surrounds the handlers of one tenant: how many requests a minute, and `Idempotency-Key`.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::Next;
use axum::response::IntoResponse;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Admin;
use crate::app::Gatehouse;
use crate::app::idempotency::{self, Begun, IdempotencyError};
use crate::http::body;
use crate::http::problem::Problem;

/// Requests of one tenant in one minute.
const MOST_A_MINUTE: u64 = 1_200;
/// The key of a request.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Largest body that is held for its fingerprint, in bytes.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    etag: Option<String>,
    content_type: Option<String>,
    body: String,
}

/// Refuses what comes too often.
///
/// # Errors
/// 429 with `Retry-After`; 503 when the table is away.
pub async fn rate_limited(
    Admin(admin): Admin,
    request: Request,
    next: Next,
) -> Result<Response<Body>, Problem> {
    let now = admin.gatehouse.clock.now();
    let until = minute_end(now);
    if admin.admits_request(until, MOST_A_MINUTE).await? {
        return Ok(next.run(request).await);
    }
    let detail = format!("Wanted at most {MOST_A_MINUTE} requests of an organization in a minute.");
    let seconds = whole_seconds(until - now);
    Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail).retry_after(seconds))
}

/// Rounded up: whoever waits as long as told is let in.
fn whole_seconds(left: TimeDelta) -> u32 {
    let whole = left.num_seconds();
    let begun = i64::from(left > TimeDelta::seconds(whole));
    u32::try_from(whole + begun).unwrap_or(60).clamp(1, 60)
}

fn minute_end(now: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = now.timestamp();
    let into = seconds.rem_euclid(60);
    now + TimeDelta::seconds(60 - into) - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos()))
}

/// Answers a request that was answered before under the same key.
///
/// # Errors
/// 409 while the first one is open, 422 for a key of another request or one that is none.
pub async fn idempotent(
    State(gatehouse): State<Arc<Gatehouse>>,
    request: Request,
    next: Next,
) -> Result<Response<Body>, Problem> {
    let Some(key) = wanted_key(request.method(), request.headers())? else {
        return Ok(next.run(request).await);
    };
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, BODY_LIMIT).await?;
    let scope = match parts.extensions.get::<Admin>() {
        Some(Admin(admin)) => admin.tenant_id().to_string(),
        None => "deployment".to_owned(),
    };
    let authorization = parts.headers.get(header::AUTHORIZATION).cloned();
    let path = parts.uri.path().to_owned();
    let request = idempotency::Request {
        scope: &scope,
        key: &key,
        credentials: authorization
            .as_ref()
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default(),
        content: &[path.as_bytes(), &bytes],
    };
    match idempotency::begin(&gatehouse, &request).await? {
        Begun::New => {
            let inner = Request::from_parts(parts, Body::from(bytes.clone()));
            let answer = next.run(inner).await;
            keep(&gatehouse, &request, answer).await
        }
        Begun::Again(kept) => replayed(&kept),
        Begun::Open => Err(Problem::new(
            StatusCode::CONFLICT,
            "idempotency_open",
            "An earlier request with this key is under way, or nobody knows how it ended: read the list.",
        )),
        Begun::Other => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "This key was used for another request.",
        )),
    }
}

/// Only what makes something knows keys.
fn wanted_key(method: &Method, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(KEY).iter();
    let (Method::POST, Some(value)) = (method.clone(), values.next()) else {
        return Ok(None);
    };
    let text = value.to_str().ok().filter(|_| values.next().is_none());
    let fits = |text: &&str| (16..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    match text.filter(fits) {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_invalid",
            "Wanted one Idempotency-Key of 16 to 128 visible characters, such as a UUID.",
        )),
    }
}

async fn keep(
    gatehouse: &Gatehouse,
    request: &idempotency::Request<'_>,
    answer: Response<Body>,
) -> Result<Response<Body>, Problem> {
    let status = answer.status();
    if !status.is_success() {
        // What failed on our side may have been done: the key stays open. What was refused was not.
        if status.is_client_error() || status == StatusCode::SERVICE_UNAVAILABLE {
            idempotency::forget(gatehouse, request).await?;
        }
        return Ok(answer);
    }
    let (parts, body) = answer.into_parts();
    let bytes = body::read(&HeaderMap::new(), body, BODY_LIMIT).await?;
    let text = |name| {
        parts
            .headers
            .get(name)
            .and_then(|v: &HeaderValue| Some(v.to_str().ok()?.to_owned()))
    };
    let kept = Kept {
        status: status.as_u16(),
        etag: text(header::ETAG),
        content_type: text(header::CONTENT_TYPE),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    };
    match serde_json::to_vec(&kept) {
        Ok(kept) => idempotency::end(gatehouse, request, &kept).await?,
        Err(_) => return Err(Problem::internal()),
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn replayed(kept: &[u8]) -> Result<Response<Body>, Problem> {
    let kept: Kept = serde_json::from_slice(kept).map_err(|_| Problem::internal())?;
    let mut answer = Bytes::from(kept.body).into_response();
    *answer.status_mut() = StatusCode::from_u16(kept.status).map_err(|_| Problem::internal())?;
    let headers = answer.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in [
        (header::ETAG, kept.etag),
        (header::CONTENT_TYPE, kept.content_type),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(answer)
}

impl From<IdempotencyError> for Problem {
    fn from(error: IdempotencyError) -> Self {
        tracing::error!(
            error.code = error.code(),
            "an idempotency key could not be looked at"
        );
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            error.code(),
            "Try again in a moment.",
        )
        .retry_after(2)
    }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
