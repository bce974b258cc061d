//! One request and its answer, and the redirects in between.

use axum::http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, HOST, LOCATION, USER_AGENT,
};
use axum::http::{HeaderValue, Method, Request, Response, Uri};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_rustls::HttpsConnectorBuilder;
use tokio::task::JoinHandle;
use tower_service::Service;
use url::Url;

use super::connect::GuardedConnector;
use super::error::OutboundError;
use super::guard::{Target, TargetReach, host_of};
use super::{Ask, Fetched, Outbound, is_credential};

/// Room for the head of an answer, in bytes.
const HEAD_LIMIT: usize = 64 * 1024;

/// What this client calls itself; some firewalls refuse requests without a name.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("gatehouse/", env!("CARGO_PKG_VERSION")));

/// Ends the connection's task with the request, however that ends.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Outbound {
    /// Sends, and follows redirects where that is allowed.
    pub(super) async fn follow(&self, ask: Ask, first: Target) -> Result<Fetched, OutboundError> {
        let followable = ask.method == Method::GET && !ask.headers.keys().any(is_credential);
        let mut target = first;
        for _ in 0..=self.limits.redirects {
            let (response, _driver) = self.exchange(&ask, &target).await?;
            if !response.status().is_redirection() || response.status().as_u16() == 304 {
                return self.read(response, target.url).await;
            }
            if !followable {
                let reason = "the request has credentials or a body";
                return Err(OutboundError::Redirect {
                    host: host_of(&target.url),
                    reason,
                });
            }
            target = self.next_hop(&response, &target)?;
        }
        Err(OutboundError::TooManyRedirects {
            limit: self.limits.redirects,
        })
    }

    /// The checked target of a redirect.
    fn next_hop(&self, response: &Response<Incoming>, from: &Target) -> Result<Target, OutboundError> {
        let refuse = |reason| OutboundError::Redirect {
            host: host_of(&from.url),
            reason,
        };
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|location| location.to_str().ok())
            .ok_or_else(|| refuse("it has no readable Location"))?;
        let url = from
            .url
            .join(location)
            .map_err(|_| refuse("its Location is no URL"))?;
        if from.url.scheme() == "https" && url.scheme() != "https" {
            return Err(refuse("it leads from https to another scheme"));
        }
        let next = self.reach.check(url.as_str())?;
        if from.reach == TargetReach::Public && next.reach == TargetReach::Loopback {
            return Err(refuse("it leads from a public address to this machine"));
        }
        Ok(next)
    }

    /// Opens a connection and sends one request over it.
    async fn exchange(
        &self,
        ask: &Ask,
        target: &Target,
    ) -> Result<(Response<Incoming>, Driver), OutboundError> {
        let host = host_of(&target.url);
        let request = build(ask, &target.url)?;
        let uri: Uri = target.url.as_str().parse().map_err(|_| OutboundError::Url)?;
        let connector = GuardedConnector {
            resolver: self.resolver.clone(),
            target: target.clone(),
        };
        let mut connector = HttpsConnectorBuilder::new()
            .with_tls_config(self.tls.config().await?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let stream = connector
            .call(uri)
            .await
            .map_err(|error| connect_error(error, &host))?;
        let broken = || OutboundError::Response { host: host.clone() };
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_LIMIT)
            .max_header_size(HEAD_LIMIT)
            .handshake(stream)
            .await
            .map_err(|_| broken())?;
        let driver = Driver(tokio::spawn(async move {
            // Its failure shows where the answer is read.
            let _ = connection.await;
        }));
        let response = sender.send_request(request).await.map_err(|_| broken())?;
        Ok((response, driver))
    }

    /// Reads a body, counting.
    async fn read(&self, response: Response<Incoming>, url: Url) -> Result<Fetched, OutboundError> {
        let host = host_of(&url);
        let limit = self.limits.body;
        let too_large = || OutboundError::TooLarge {
            host: host.clone(),
            limit,
        };
        let (parts, mut body) = response.into_parts();
        if parts
            .headers
            .get_all(CONTENT_ENCODING)
            .iter()
            .any(|encoding| !is_identity(encoding))
        {
            return Err(OutboundError::Encoding { host });
        }
        let declared = parts
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if declared.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut read = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| OutboundError::Response { host: host.clone() })?;
            let Ok(data) = frame.into_data() else { continue };
            if read.len().saturating_add(data.len()) > limit {
                return Err(too_large());
            }
            read.extend_from_slice(&data);
        }
        Ok(Fetched {
            status: parts.status,
            headers: parts.headers,
            body: read.freeze(),
            url,
        })
    }
}

fn is_identity(encoding: &HeaderValue) -> bool {
    encoding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity")
}

/// The request in origin form, with our own framing headers.
fn build(ask: &Ask, url: &Url) -> Result<Request<Full<Bytes>>, OutboundError> {
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let uri: Uri = path.parse().map_err(|_| OutboundError::Url)?;
    let authority = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let mut request = Request::new(Full::new(ask.body.clone()));
    *request.method_mut() = ask.method.clone();
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    *headers = ask.headers.clone();
    headers.remove(CONTENT_LENGTH);
    headers.insert(
        HOST,
        HeaderValue::from_str(&authority).map_err(|_| OutboundError::Url)?,
    );
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(USER_AGENT, AGENT);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(request)
}

/// Our own refusal comes through hyper-rustls as it is; everything else it says is about TLS.
fn connect_error(error: Box<dyn std::error::Error + Send + Sync>, host: &str) -> OutboundError {
    match error.downcast::<OutboundError>() {
        Ok(ours) => *ours,
        Err(other) => OutboundError::Tls {
            host: host.to_owned(),
            reason: tls_reason(other.as_ref()),
        },
    }
}

/// The innermost reason, shortened; it speaks of certificates and alerts, never of the request.
fn tls_reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut reason = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string().chars().take(200).collect()
}
