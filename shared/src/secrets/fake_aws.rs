#![allow(clippy::unwrap_used, dead_code)]

//! Answers the AWS SDK below its retries: what an AWS client of ours really sends, and how it takes what comes back.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

/// The operation (`X-Amz-Target`, else method and path) and its body, to a status and a body.
type Answer = dyn Fn(&str, &Value) -> (u16, Value) + Send + Sync;

/// A pretended AWS service; clones are the same one.
#[derive(Clone)]
pub(crate) struct FakeAws {
    answer: Arc<Answer>,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
    at_once: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
}

impl fmt::Debug for FakeAws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeAws")
    }
}

impl FakeAws {
    pub(crate) fn new(answer: impl Fn(&str, &Value) -> (u16, Value) + Send + Sync + 'static) -> Self {
        Self {
            answer: Arc::new(answer),
            calls: Arc::default(),
            at_once: Arc::default(),
            most_at_once: Arc::default(),
        }
    }

    /// The operations and bodies so far.
    pub(crate) fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }

    /// The operations so far.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.calls().into_iter().map(|(operation, _)| operation).collect()
    }

    /// How many requests were under way at the same time, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }

    /// An SDK configuration whose requests end here, tried once each.
    pub(crate) fn sdk(&self) -> aws_config::SdkConfig {
        let keys = aws_credential_types::Credentials::new("AKIDTEST", "test", None, None, "test");
        aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-central-1"))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                keys,
            ))
            .retry_config(aws_config::retry::RetryConfig::disabled())
            .http_client(self.http_client())
            .build()
    }

    fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }
}

impl HttpConnector for FakeAws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            let target = request
                .headers()
                .get("x-amz-target")
                .and_then(|target| target.rsplit('.').next());
            let path = request.uri().split_once(".com").map_or("", |(_, path)| path);
            let operation = target.map_or_else(|| format!("{} {path}", request.method()), str::to_owned);
            let body = request.body().bytes().unwrap_or_default();
            let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
            this.calls.lock().unwrap().push((operation.clone(), body.clone()));
            let now = this.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            this.most_at_once.fetch_max(now, Ordering::SeqCst);
            // Long enough for others to come in between.
            tokio::time::sleep(Duration::from_millis(5)).await;
            let (status, answer) = (this.answer)(&operation, &body);
            this.at_once.fetch_sub(1, Ordering::SeqCst);
            let status = StatusCode::try_from(status).unwrap();
            let mut response = HttpResponse::new(status, SdkBody::from(answer.to_string()));
            response
                .headers_mut()
                .insert("content-type", "application/x-amz-json-1.1");
            Ok(response)
        })
    }
}
