//! Why an outbound request was refused or failed.

use super::address::AddressClass;

/// A refused or failed outbound request. Messages name the host at most: never path, query, credentials or body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Not an absolute URL with a host, or too long.
    #[error("wanted an absolute URL with a host, of at most 2048 characters")]
    Url,
    /// Neither https nor, where allowed, http to a loopback address.
    #[error("wanted an https URL, got {scheme}")]
    Scheme {
        /// The scheme that came.
        scheme: String,
    },
    /// The URL holds a user name or password.
    #[error("wanted a URL without user name and password")]
    UrlCredentials,
    /// The host is, or resolves to, an address that is not public.
    #[error("{host} is not a public address ({class})")]
    Address {
        /// The host as written in the URL.
        host: String,
        /// What kind of address it is.
        class: AddressClass,
    },
    /// The name did not resolve.
    #[error("{host} did not resolve to an address")]
    Resolve {
        /// The host.
        host: String,
    },
    /// No address of the host took the connection.
    #[error("could not connect to {host}")]
    Connect {
        /// The host.
        host: String,
    },
    /// The TLS handshake failed: certificate, name or protocol.
    #[error("could not agree on TLS with {host}: {reason}")]
    Tls {
        /// The host.
        host: String,
        /// What rustls said, such as an unknown issuer or an expired certificate.
        reason: String,
    },
    /// This machine's certificate authorities could not be read.
    #[error("the system's certificate authorities could not be read")]
    Roots,
    /// The whole exchange, redirects included, took too long.
    #[error("{host} did not answer completely within {seconds} s")]
    Timeout {
        /// The host of the first request.
        host: String,
        /// The limit.
        seconds: u64,
    },
    /// The body is longer than the limit.
    #[error("{host} sent more than {limit} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The body is compressed or otherwise encoded, although identity was asked for.
    #[error("{host} sent an encoded body (Content-Encoding), wanted identity")]
    Encoding {
        /// The host.
        host: String,
    },
    /// A redirect that is not followed: on a request with credentials or a body, from https to http, or without a
    /// usable Location.
    #[error("{host} redirected, which is not followed: {reason}")]
    Redirect {
        /// The host that redirected.
        host: String,
        /// Why it is not followed.
        reason: &'static str,
    },
    /// More redirects than are followed.
    #[error("more than {limit} redirects")]
    TooManyRedirects {
        /// The limit.
        limit: usize,
    },
    /// The answer is no HTTP, or broke off.
    #[error("{host} did not send a complete HTTP response")]
    Response {
        /// The host.
        host: String,
    },
    /// A header of the request cannot be sent.
    #[error("a request header has characters that cannot be sent")]
    Header,
    /// The answer has another status than success ([`super::Fetched::success`]).
    #[error("{host} answered with status {status}")]
    Status {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
}

impl OutboundError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Url => "outbound_url_invalid",
            Self::Scheme { .. } => "outbound_scheme_refused",
            Self::UrlCredentials => "outbound_url_credentials",
            Self::Address { .. } => "outbound_address_refused",
            Self::Resolve { .. } => "outbound_unresolved",
            Self::Connect { .. } => "outbound_connect_failed",
            Self::Tls { .. } => "outbound_tls_failed",
            Self::Roots => "outbound_no_roots",
            Self::Timeout { .. } => "outbound_timeout",
            Self::TooLarge { .. } => "outbound_too_large",
            Self::Encoding { .. } => "outbound_encoding_refused",
            Self::Redirect { .. } => "outbound_redirect_refused",
            Self::TooManyRedirects { .. } => "outbound_too_many_redirects",
            Self::Response { .. } => "outbound_response_invalid",
            Self::Header => "outbound_header_invalid",
            Self::Status { .. } => "outbound_status",
        }
    }

    /// Whether the request may have reached the host: what it asks for may be done there.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        match self {
            Self::Url
            | Self::Scheme { .. }
            | Self::UrlCredentials
            | Self::Address { .. }
            | Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Roots
            | Self::Header => false,
            Self::Timeout { .. }
            | Self::TooLarge { .. }
            | Self::Encoding { .. }
            | Self::Redirect { .. }
            | Self::TooManyRedirects { .. }
            | Self::Response { .. }
            | Self::Status { .. } => true,
        }
    }

    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Resolve { .. } | Self::Connect { .. } | Self::Timeout { .. } | Self::Response { .. } => {
                true
            }
            Self::Status { status, .. } => *status >= 500 || *status == 429,
            Self::Url
            | Self::Scheme { .. }
            | Self::UrlCredentials
            | Self::Address { .. }
            | Self::Tls { .. }
            | Self::Roots
            | Self::TooLarge { .. }
            | Self::Encoding { .. }
            | Self::Redirect { .. }
            | Self::TooManyRedirects { .. }
            | Self::Header => false,
        }
    }
}
