//! Lambda's Runtime API (version 2018-06-01) for one program.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use gatehouse::clock::Clock;
use gatehouse::random;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

/// Lambda's limit for an answer, with room for the encoding.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// What a function answered: its payload, or the error it reported.
pub type Answer = Result<Bytes, Bytes>;

/// An event on its way.
struct Invocation {
    payload: Bytes,
    deadline: Duration,
    answer: oneshot::Sender<Answer>,
}

#[derive(Default)]
struct Log {
    waiting: HashMap<String, oneshot::Sender<Answer>>,
    ready_at: Option<Instant>,
    init_error: Option<Bytes>,
}

struct Shared {
    arn: String,
    queue: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    log: Mutex<Log>,
    changed: Notify,
}

/// The server; dropping it ends it, and with it the program that asks it.
pub struct RuntimeApi {
    address: String,
    shared: Arc<Shared>,
    send: mpsc::UnboundedSender<Invocation>,
    server: JoinHandle<()>,
}

impl RuntimeApi {
    /// Serves on a loopback port of the system's choice; must run inside a tokio runtime.
    ///
    /// # Errors
    /// What the system says.
    pub async fn start(function: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let (send, queue) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            arn: format!(
                "arn:aws:lambda:{}:{}:function:{function}",
                crate::aws::REGION,
                crate::aws::ACCOUNT
            ),
            queue: tokio::sync::Mutex::new(queue),
            log: Mutex::default(),
            changed: Notify::new(),
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(DefaultBodyLimit::max(MAX_ANSWER_BYTES))
            .with_state(shared.clone());
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the Runtime API ended");
            }
        });
        Ok(Self {
            address,
            shared,
            send,
            server,
        })
    }

    /// `host:port`, for `AWS_LAMBDA_RUNTIME_API`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits until the program asked for its first event; gives when, or the error that it reported instead.
    ///
    /// # Errors
    /// What the program posted to `init/error`.
    pub async fn ready(&self) -> Result<Instant, Bytes> {
        loop {
            let changed = self.shared.changed.notified();
            {
                let log = self.shared.lock();
                if let Some(error) = &log.init_error {
                    return Err(error.clone());
                }
                if let Some(at) = log.ready_at {
                    return Ok(at);
                }
            }
            // A change between the look and the wait would be missed without the limit.
            let _ = tokio::time::timeout(Duration::from_millis(1), changed).await;
        }
    }

    /// Hands over an event and waits for the answer; `None` when the program never answers.
    pub async fn invoke(&self, payload: Bytes, deadline: Duration) -> Option<Answer> {
        let (answer, answered) = oneshot::channel();
        let invocation = Invocation {
            payload,
            deadline,
            answer,
        };
        self.send.send(invocation).ok()?;
        tokio::time::timeout(deadline, answered).await.ok()?.ok()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, id: &str, answer: Answer) -> StatusCode {
        match self.lock().waiting.remove(id) {
            // Whoever waited may have given up; the program's answer is still accepted.
            Some(waiting) => {
                let _ = waiting.send(answer);
                StatusCode::ACCEPTED
            }
            None => StatusCode::BAD_REQUEST,
        }
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    {
        let mut log = shared.lock();
        log.ready_at.get_or_insert_with(Instant::now);
    }
    shared.changed.notify_waiters();
    let Some(invocation) = shared.queue.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let Ok(id) = random::uuid() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let id = id.to_string();
    let ends = Clock::system().now().timestamp_millis()
        + i64::try_from(invocation.deadline.as_millis()).unwrap_or(0);
    shared.lock().waiting.insert(id.clone(), invocation.answer);
    let headers = [
        ("lambda-runtime-aws-request-id", id.clone()),
        ("lambda-runtime-deadline-ms", ends.to_string()),
        ("lambda-runtime-invoked-function-arn", shared.arn.clone()),
        (
            "lambda-runtime-trace-id",
            format!(
                "Root=1-5759e988-{}",
                id.replace('-', "").chars().take(24).collect::<String>()
            ),
        ),
    ];
    (headers_of(headers), invocation.payload).into_response()
}

fn headers_of(headers: [(&'static str, String); 4]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            map.insert(name, value);
        }
    }
    map
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    shared.answer(&id, Ok(body))
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    shared.answer(&id, Err(body))
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    shared.lock().init_error = Some(body);
    shared.changed.notify_waiters();
    StatusCode::ACCEPTED
}
