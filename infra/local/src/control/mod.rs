//! The control URL: moves the clock, runs scheduled functions now, shows mails and events.
//!
//! It is powerful, so it is reachable from this machine only: it listens on 127.0.0.1, its path begins with an
//! unguessable token, a foreign `Host` (DNS rebinding) is refused, and a POST must be JSON, which no page of another
//! site can send without asking (CORS preflight).

mod mails;
mod routes;

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use gatehouse::clock::Clock;
use gatehouse::redacted::Secret;
use http::{Method, StatusCode, Uri, header};
use serde_json::Value;
use tower::ServiceExt;

use crate::aws::dynamodb::DynamoDb;
use crate::aws::endpoint::Services;
use crate::dns::Dns;

pub use self::mails::ReadMail;

type Run = dyn Fn() -> Pin<Box<dyn Future<Output = Result<Value, String>> + Send>> + Send + Sync;

/// The functions that a schedule starts, by name.
#[derive(Clone, Default)]
pub struct ScheduledFunctions {
    by_name: BTreeMap<String, Arc<Run>>,
}

impl fmt::Debug for ScheduledFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

impl ScheduledFunctions {
    /// Adds a function: `run` is what its schedule would do; it returns what to show, or why it failed.
    #[must_use]
    pub fn with<F, Fut>(mut self, name: &str, run: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Value, String>> + Send + 'static,
    {
        self.by_name
            .insert(name.to_owned(), Arc::new(move || Box::pin(run())));
        self
    }

    /// Runs a function now; `None` when there is none of that name.
    pub async fn run(&self, name: &str) -> Option<Result<Value, String>> {
        let run = self.by_name.get(name)?;
        Some(run().await)
    }
}

/// What the control URL reaches.
#[derive(Clone, Debug)]
pub struct Control {
    /// First segment of every path.
    pub token: Secret,
    /// `http://127.0.0.1:<port>/<token>`.
    pub url: String,
    /// `127.0.0.1:<port>` and `localhost:<port>`.
    pub hosts: [String; 2],
    /// The harness clock.
    pub clock: Clock,
    /// For the sweep.
    pub dynamodb: DynamoDb,
    /// Mails and events.
    pub services: Services,
    /// What the name server says.
    pub dns: Dns,
    /// What may be run.
    pub functions: ScheduledFunctions,
}

/// The server behind the control URL.
pub fn router(control: Control) -> Router {
    let inner = routes::router(control.clone());
    Router::new()
        .fallback(guard)
        .with_state(Arc::new((control, inner)))
}

/// Lets a request through if it comes from this machine and knows the token.
async fn guard(State(state): State<Arc<(Control, Router)>>, mut request: Request) -> Response {
    let (control, inner) = &*state;
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("");
    if !control.hosts.iter().any(|known| known == host) {
        return (
            StatusCode::MISDIRECTED_REQUEST,
            "this address is for this machine only\n",
        )
            .into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    let (token, rest) = path.split_once('/').unwrap_or((path, ""));
    if Secret::new(token) != control.token {
        return StatusCode::NOT_FOUND.into_response();
    }
    // The pages' links are relative to the folder.
    if !path.contains('/') {
        return Redirect::to(&format!("{}/", control.url)).into_response();
    }
    if request.method() == Method::POST && !is_json(&request) {
        return (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Content-Type: application/json is wanted\n",
        )
            .into_response();
    }
    let query = request
        .uri()
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let Ok(inner_uri) = format!("/{rest}{query}").parse::<Uri>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    *request.uri_mut() = inner_uri;
    match inner.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn is_json(request: &Request) -> bool {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| {
        value
            .split(';')
            .next()
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
    })
}

#[cfg(test)]
mod tests;
