//! The loopback endpoint for everything but DynamoDB: Secrets Manager and EventBridge (told apart by `X-Amz-Target`)
//! and SES v2 (by path).

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http::HeaderMap;

use super::event_bridge::EventBus;
use super::secrets_manager::SecretsManager;
use super::server_thread::{self, ServerThread, Stop};
use super::ses::Mailbox;
use super::wire::ServiceError;

/// SES takes messages of up to 40 MB.
const MAX_BODY_BYTES: usize = 40 * 1024 * 1024;

/// What the endpoint serves.
#[derive(Clone, Debug)]
pub struct Services {
    /// Secrets Manager.
    pub secrets: Arc<SecretsManager>,
    /// Where SES delivers.
    pub mailbox: Arc<Mailbox>,
    /// Where EventBridge puts.
    pub events: Arc<EventBus>,
}

/// The running endpoint; dropping it stops it.
#[derive(Debug)]
pub struct Endpoint {
    url: String,
    _server: ServerThread,
}

impl Endpoint {
    /// Serves `services` on a loopback port of the system's choice.
    ///
    /// # Errors
    /// What the system says when no port or thread can be had.
    pub fn start(services: Services) -> std::io::Result<Self> {
        let (listener, address) = server_thread::listen()?;
        let server = ServerThread::spawn("aws-endpoint", move |stop| serve(listener, services, stop))?;
        Ok(Self {
            url: format!("http://{address}"),
            _server: server,
        })
    }

    /// What the SDK's `endpoint_url` must be.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

async fn serve(listener: std::net::TcpListener, services: Services, stop: Stop) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the local AWS endpoint cannot listen");
            return;
        }
    };
    let (stopping, told) = tokio::sync::oneshot::channel::<()>();
    let server = async {
        let shutdown = async {
            let _ = told.await;
        };
        if let Err(error) = axum::serve(listener, router(services))
            .with_graceful_shutdown(shutdown)
            .await
        {
            tracing::error!(%error, "the local AWS endpoint ended");
        }
    };
    let stop = async {
        let _ = stop.await;
        let _ = stopping.send(());
    };
    ServerThread::until_stopped(server, stop).await;
}

fn router(services: Services) -> Router {
    Router::new()
        .route("/", post(json_protocol))
        .route("/v2/email/outbound-emails", post(send_email))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(services)
}

async fn json_protocol(State(services): State<Services>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let answer = match target.split_once('.') {
        Some(("secretsmanager", operation)) => services.secrets.answer(operation, &body),
        Some(("AWSEvents", "PutEvents")) => services.events.answer(&body),
        _ => Err(ServiceError::client(
            "UnknownOperationException",
            format!("no operation {target:?} here"),
        )),
    };
    answer.unwrap_or_else(IntoResponse::into_response)
}

async fn send_email(State(services): State<Services>, body: Bytes) -> Response {
    services
        .mailbox
        .answer(&body)
        .unwrap_or_else(IntoResponse::into_response)
}
