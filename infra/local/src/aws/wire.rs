//! What the AWS JSON protocols share: answers, errors, times.

use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// An error as a service states it: its shape name and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceError {
    /// HTTP status: 400 for a client's fault, 500 for ours.
    pub status: StatusCode,
    /// Name of the error shape, as the SDK maps it.
    pub kind: &'static str,
    /// What was wrong.
    pub message: String,
}

impl ServiceError {
    /// A client's fault.
    pub fn client(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind,
            message: message.into(),
        }
    }

    /// This endpoint's fault, such as a full disk; `kind` is the service's name for it.
    pub fn server(kind: &'static str, error: &impl std::fmt::Display) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            kind,
            message: error.to_string(),
        }
    }
}

impl IntoResponse for ServiceError {
    fn into_response(self) -> Response {
        let body = json!({ "__type": self.kind, "message": self.message, "Message": self.message });
        let mut response = json_response(self.status, &body);
        response.headers_mut().insert(
            HeaderName::from_static("x-amzn-errortype"),
            HeaderValue::from_static(self.kind),
        );
        response
    }
}

/// Parses a request body.
///
/// # Errors
/// `SerializationException`, as AWS answers unreadable JSON.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ServiceError> {
    serde_json::from_slice(body)
        .map_err(|error| ServiceError::client("SerializationException", error.to_string()))
}

/// A 200 with a JSON body.
pub fn ok(body: &impl Serialize) -> Response {
    json_response(StatusCode::OK, body)
}

fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (
            status,
            [(header::CONTENT_TYPE, "application/x-amz-json-1.1")],
            bytes,
        )
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Seconds since 1970 with milliseconds, as the JSON protocols write times.
pub fn epoch_seconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}
