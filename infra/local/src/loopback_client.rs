//! A plain HTTP client for the demo parts: it reaches this machine only.
//!
//! Gatehouse itself has a guarded client for the open world; this one is for the two programs beside it.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// A request to this machine did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum LoopbackError {
    /// The URL does not lead to this machine.
    #[error("wanted http://localhost or http://127.0.0.1, got host {host:?}")]
    NotLoopback {
        /// The URL's host.
        host: String,
    },
    /// No connection, or it broke.
    #[error("no answer from {host}: {reason}")]
    NoAnswer {
        /// Host and port.
        host: String,
        /// What went wrong.
        reason: String,
    },
}

/// Sends one request on a connection of its own and reads the answer (≤ 1 MiB, ≤ 10 s). Follows no redirect.
///
/// # Errors
/// [`LoopbackError`].
pub async fn send(request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, LoopbackError> {
    let host = request.uri().host().unwrap_or("").to_owned();
    let plain = request.uri().scheme_str() == Some("http");
    if !plain || !["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str()) {
        return Err(LoopbackError::NotLoopback { host });
    }
    let authority = request
        .uri()
        .authority()
        .map(ToString::to_string)
        .unwrap_or_default();
    let port = request.uri().port_u16().unwrap_or(80);
    let no_answer = |reason: String| LoopbackError::NoAnswer {
        host: authority.clone(),
        reason,
    };
    match tokio::time::timeout(TIMEOUT, exchange(request, &host, port, &authority)).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => Err(no_answer(error.to_string())),
        Err(_) => Err(no_answer("timed out".to_owned())),
    }
}

async fn exchange(
    request: Request<Vec<u8>>,
    host: &str,
    port: u16,
    authority: &str,
) -> Result<Response<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let (mut parts, body) = request.into_parts();
    parts.headers.insert(header::HOST, authority.parse()?);
    // HTTP/1.1 to an origin: the path only.
    parts.uri = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str())
        .parse()?;
    let response = sender
        .send_request(Request::from_parts(parts, Full::new(Bytes::from(body))))
        .await?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await?.to_bytes();
    driver.abort();
    Ok(Response::from_parts(parts, body.to_vec()))
}
