//! HTTP to the stack: as anybody, or as the operator (signed, [`crate::signer`]).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

use crate::signer::Signer;

/// Longer than a function may take.
const TIMEOUT: Duration = Duration::from_secs(35);
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How often a change is sent, always under the same `Idempotency-Key`, until somebody answers.
const ATTEMPTS: u32 = 3;
const BETWEEN: Duration = Duration::from_millis(500);

/// No answer, or the request could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection, or it broke, or TLS failed.
    #[error("no answer from {url}: {reason}")]
    NoAnswer {
        /// What was asked.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// An address or a header that is none, randomness, or the signature.
    #[error("the request could not be made: {0}")]
    Request(String),
}

impl ClientError {
    /// Stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAnswer { .. } => "no_answer",
            Self::Request(_) => "request_impossible",
        }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header as text; empty when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The client.
#[derive(Clone, Debug)]
pub struct Client {
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    signer: Signer,
}

impl Client {
    /// Trusts the system's certificates; where there are none, every `https` address fails by name.
    ///
    /// # Errors
    /// [`ClientError::Request`] when TLS cannot be set up.
    pub fn new(signer: Signer) -> Result<Self, ClientError> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls()?)
            .https_or_http()
            .enable_http1()
            .build();
        #[expect(
            clippy::disallowed_methods,
            reason = "the operator's own tool, asking the operator's own stack"
        )]
        let pool = Pool::builder(TokioExecutor::new()).build(connector);
        Ok(Self { pool, signer })
    }

    /// Asks as anybody.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get(&self, url: &str) -> Result<Answer, ClientError> {
        self.send(&request(Method::GET, url, "")?).await
    }

    /// Asks with a key that nobody has, so that the stack must look it up.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_as_stranger(&self, url: &str) -> Result<Answer, ClientError> {
        let mut request = request(Method::GET, url, "")?;
        let stranger = HeaderValue::from_static("Bearer gatehouse-doctor");
        request.headers_mut().insert(header::AUTHORIZATION, stranger);
        self.send(&request).await
    }

    /// Posts a form as identity providers' programs do: without a User-Agent.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn post_form(&self, url: &str, form: &str) -> Result<Answer, ClientError> {
        let mut request = request(Method::POST, url, form)?;
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        request.headers_mut().remove(header::USER_AGENT);
        self.send(&request).await
    }

    /// Asks as the operator.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn operator_get(&self, url: &str) -> Result<Answer, ClientError> {
        let mut request = request(Method::GET, url, "")?;
        self.signer.sign(&mut request)?;
        self.send(&request).await
    }

    /// Makes something as the operator. When the answer is lost or the stack is busy it is asked again under the same
    /// `Idempotency-Key`, so that nothing is made twice.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn operator_post(&self, url: &str, body: &Value) -> Result<Answer, ClientError> {
        let key = gatehouse::random::token().map_err(|error| ClientError::Request(error.to_string()))?;
        let key = HeaderValue::from_str(&key).map_err(|error| ClientError::Request(error.to_string()))?;
        let mut attempt = 1;
        loop {
            let mut request = request(Method::POST, url, &body.to_string())?;
            let kind = HeaderValue::from_static("application/json");
            request.headers_mut().insert(header::CONTENT_TYPE, kind);
            request.headers_mut().insert("idempotency-key", key.clone());
            self.signer.sign(&mut request)?;
            let answer = self.send(&request).await;
            let again = match &answer {
                Ok(answer) => answer.status == StatusCode::SERVICE_UNAVAILABLE,
                Err(error) => matches!(error, ClientError::NoAnswer { .. }),
            };
            if !again || attempt == ATTEMPTS {
                return answer;
            }
            tokio::time::sleep(BETWEEN * attempt).await;
            attempt += 1;
        }
    }

    async fn send(&self, request: &Request<String>) -> Result<Answer, ClientError> {
        let no_answer = |reason: String| ClientError::NoAnswer {
            url: request.uri().to_string(),
            reason,
        };
        let exchange = async {
            let request = request.clone().map(|body| Full::new(Bytes::from(body)));
            let answer = self.pool.request(request).await;
            let (parts, body) = answer.map_err(|error| no_answer(reasons(&error)))?.into_parts();
            let body = Limited::new(body, MOST_BYTES).collect().await;
            let body = body.map_err(|error| no_answer(error.to_string()))?;
            Ok(Answer {
                status: parts.status,
                headers: parts.headers,
                body: body.to_bytes(),
            })
        };
        tokio::time::timeout(TIMEOUT, exchange)
            .await
            .unwrap_or_else(|_| Err(no_answer(format!("nothing for {} s", TIMEOUT.as_secs()))))
    }
}

fn tls() -> Result<ClientConfig, ClientError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = || {
        let builder = ClientConfig::builder_with_provider(provider.clone());
        let builder = builder.with_safe_default_protocol_versions();
        builder.map_err(|error| ClientError::Request(error.to_string()))
    };
    Ok(match builder()?.with_native_roots() {
        Ok(config) => config.with_no_client_auth(),
        Err(_) => builder()?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth(),
    })
}

/// An error with what caused it: "invalid peer certificate" stands at the end.
pub(crate) fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn request(method: Method, url: &str, body: &str) -> Result<Request<String>, ClientError> {
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header(header::USER_AGENT, "gatehouse-cli");
    request
        .body(body.to_owned())
        .map_err(|error| ClientError::Request(format!("{url}: {error}")))
}
