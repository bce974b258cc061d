//! The guarded outbound client: the only way to the internet, to addresses that customers type in.
//!
//! Architecture Invariant: nothing else in the workspace opens a connection to an address from outside (the AWS SDK
//! goes to AWS alone). What it guards:
//! - only https, to public addresses. A name is refused if ANY of its addresses is not public; the connection goes to
//!   the very addresses that were checked; literals are checked apart, on every hop.
//! - redirects: only of a GET without credentials, at most 3, never from https to http.
//! - at most 1 MiB of body, counted while it streams, not encoded; at most 5 s for everything together.
//! - no proxy: the environment is not read.
//!
//! Every request has its own connection: a function is frozen between requests, and a connection that died meanwhile
//! would fail the one request that must not be repeated, the redemption of a code.

mod address;
mod connect;
mod error;
mod exchange;
mod guard;
mod openid;
mod resolver;
mod tls;
mod txt;

use std::time::Duration;

use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, PROXY_AUTHORIZATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use bytes::Bytes;
use url::Url;

pub use address::{AddressClass, not_public};
pub use error::OutboundError;
pub use txt::{TxtError, TxtRecords};

use guard::{Reach, host_of};
use resolver::Resolver;
use tls::Tls;

/// The client. Clones are cheap and share the TLS configuration.
#[derive(Debug, Clone)]
pub struct Outbound {
    reach: Reach,
    resolver: Resolver,
    tls: Tls,
    limits: Limits,
}

/// What one call may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    /// Bytes of body.
    body: usize,
    /// Redirects followed.
    redirects: usize,
    /// Time for everything: resolving, connecting, TLS, redirects, the last byte of the body.
    time: Duration,
}

const LIMITS: Limits = Limits {
    body: 1024 * 1024,
    redirects: 3,
    time: Duration::from_secs(5),
};

/// A complete answer, of any status.
#[derive(Clone)]
pub struct Fetched {
    /// The HTTP status.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The body; at most 1 MiB.
    pub body: Bytes,
    /// Where it came from, after redirects.
    pub url: Url,
}

impl Fetched {
    /// The body, if the status says success.
    ///
    /// # Errors
    /// [`OutboundError::Status`] when it does not.
    pub fn success(&self) -> Result<&Bytes, OutboundError> {
        if self.status.is_success() {
            return Ok(&self.body);
        }
        Err(OutboundError::Status {
            host: host_of(&self.url),
            status: self.status.as_u16(),
        })
    }
}

/// Bodies and URLs may hold tokens: only the status shows.
impl std::fmt::Debug for Fetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetched")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// One request as the guard sees it.
struct Ask {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Outbound {
    /// A client. `allow_loopback_http` ([`crate::config::Config::allow_loopback_http`]) also lets it reach loopback
    /// hosts, by http too: for the local harness alone.
    #[must_use]
    pub fn new(allow_loopback_http: bool) -> Self {
        Self {
            reach: if allow_loopback_http {
                Reach::PublicAndLoopback
            } else {
                Reach::Public
            },
            resolver: Resolver::System,
            tls: Tls::default(),
            limits: LIMITS,
        }
    }

    /// Checks a URL that is about to be stored, as far as that goes without resolving its name.
    ///
    /// # Errors
    /// [`OutboundError`] when it could never be fetched.
    pub fn check(&self, url: &str) -> Result<Url, OutboundError> {
        self.reach.check(url).map(|target| target.url)
    }

    /// Fetches a document without credentials; follows redirects.
    ///
    /// # Errors
    /// [`OutboundError`]; an answer of any status is none.
    pub async fn get(&self, url: &str) -> Result<Fetched, OutboundError> {
        self.get_accepting(url, HeaderValue::from_static("*/*")).await
    }

    /// As [`Outbound::get`], naming the media type that is wanted.
    ///
    /// # Errors
    /// As [`Outbound::get`].
    pub async fn get_accepting(&self, url: &str, accept: HeaderValue) -> Result<Fetched, OutboundError> {
        let headers = HeaderMap::from_iter([(ACCEPT, accept)]);
        self.send(Ask {
            method: Method::GET,
            url: url.to_owned(),
            headers,
            body: Bytes::new(),
        })
        .await
    }

    /// Fetches a document with headers of the caller's, such as `Authorization`. With credentials no redirect is
    /// followed.
    ///
    /// # Errors
    /// As [`Outbound::get`].
    pub async fn get_with(
        &self,
        url: &str,
        headers: &[(HeaderName, &str)],
    ) -> Result<Fetched, OutboundError> {
        let headers = header_map(headers)?;
        self.send(Ask {
            method: Method::GET,
            url: url.to_owned(),
            headers,
            body: Bytes::new(),
        })
        .await
    }

    /// Posts a form that is already encoded; follows no redirect.
    ///
    /// # Errors
    /// As [`Outbound::get`].
    pub async fn post_form(
        &self,
        url: &str,
        body: String,
        headers: &[(HeaderName, &str)],
    ) -> Result<Fetched, OutboundError> {
        self.post(url, "application/x-www-form-urlencoded", body, headers)
            .await
    }

    /// Posts JSON; follows no redirect.
    ///
    /// # Errors
    /// As [`Outbound::get`].
    pub async fn post_json(
        &self,
        url: &str,
        body: String,
        headers: &[(HeaderName, &str)],
    ) -> Result<Fetched, OutboundError> {
        self.post(url, "application/json", body, headers).await
    }

    async fn post(
        &self,
        url: &str,
        content_type: &'static str,
        body: String,
        headers: &[(HeaderName, &str)],
    ) -> Result<Fetched, OutboundError> {
        let mut headers = header_map(headers)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.send(Ask {
            method: Method::POST,
            url: url.to_owned(),
            headers,
            body: Bytes::from(body),
        })
        .await
    }

    /// Does one call within the time limit.
    async fn send(&self, ask: Ask) -> Result<Fetched, OutboundError> {
        let first = self.reach.check(&ask.url)?;
        let host = host_of(&first.url);
        match tokio::time::timeout(self.limits.time, self.follow(ask, first)).await {
            Ok(answer) => answer,
            Err(_) => Err(OutboundError::Timeout {
                host,
                seconds: self.limits.time.as_secs(),
            }),
        }
    }
}

fn header_map(pairs: &[(HeaderName, &str)]) -> Result<HeaderMap, OutboundError> {
    let mut headers = HeaderMap::with_capacity(pairs.len());
    for (name, value) in pairs {
        let mut value = HeaderValue::from_str(value).map_err(|_| OutboundError::Header)?;
        value.set_sensitive(is_credential(name));
        headers.append(name, value);
    }
    Ok(headers)
}

fn is_credential(name: &HeaderName) -> bool {
    [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(name)
}

#[cfg(test)]
mod tests;
