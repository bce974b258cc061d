//! How the operator's requests are let in.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use gatehouse::clock::Clock;
use gatehouse::redacted::Secret;
use http::{HeaderValue, Request, header};

use crate::client::ClientError;

/// Lets the operator's requests in.
#[derive(Clone, Debug)]
pub enum Signer {
    /// By IAM (Signature Version 4, service `execute-api`) in this region.
    Iam {
        /// Who signs; their `Debug` shows no secret.
        credentials: Credentials,
        /// The stack's region.
        region: String,
    },
    /// By the key of a local instance.
    LocalKey(Secret),
}

impl Signer {
    /// Adds what lets the request in.
    ///
    /// # Errors
    /// [`ClientError::Request`] when it cannot be signed.
    pub(crate) fn sign(&self, request: &mut Request<String>) -> Result<(), ClientError> {
        match self {
            Self::LocalKey(key) => {
                let value = HeaderValue::from_str(&format!("Bearer {}", key.expose()));
                let value = value.map_err(|_| cannot(&"the key is no header"))?;
                request.headers_mut().insert(header::AUTHORIZATION, value);
                Ok(())
            }
            Self::Iam { credentials, region } => by_iam(request, credentials, region),
        }
    }
}

fn cannot(error: &dyn std::fmt::Display) -> ClientError {
    ClientError::Request(error.to_string())
}

fn by_iam(request: &mut Request<String>, credentials: &Credentials, region: &str) -> Result<(), ClientError> {
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("execute-api")
        .time(SystemTime::from(Clock::system().now()))
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| cannot(&error))?;
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    let headers = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let uri = request.uri().to_string();
    let body = SignableBody::Bytes(request.body().as_bytes());
    let signable = SignableRequest::new(request.method().as_str(), &uri, headers, body);
    let signed = sign(signable.map_err(|error| cannot(&error))?, &parameters.into());
    let (instructions, _) = signed.map_err(|error| cannot(&error))?.into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}
