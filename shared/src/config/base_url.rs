//! The address of a deployment.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// Where a deployment is reached: `https://host[:port]`, or `http://` on a loopback host. No path, because
/// `__Host-` cookies and the well-known documents belong to the root.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// Serialized origin, without a trailing slash.
    origin: String,
    loopback: bool,
}

/// Why a base URL was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not an absolute URL with a host.
    #[error("wanted an absolute URL such as https://login.example.com")]
    NotAbsolute,
    /// Plain http on a host that is not loopback, or another scheme.
    #[error("wanted https; http only on localhost or a loopback address")]
    Scheme,
    /// User name, path, query or fragment present.
    #[error("wanted scheme, host and port only: no user, path, query or fragment")]
    Parts,
}

impl BaseUrl {
    /// Parses and checks a base URL; a trailing slash is tolerated.
    ///
    /// # Errors
    /// [`BaseUrlError`] naming what was wanted.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let url = Url::parse(text.trim()).map_err(|_| BaseUrlError::NotAbsolute)?;
        let host = url.host().ok_or(BaseUrlError::NotAbsolute)?;
        let loopback = is_loopback_host(&host);
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err(BaseUrlError::Scheme),
        }
        let bare = url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none();
        if !bare {
            return Err(BaseUrlError::Parts);
        }
        Ok(Self {
            loopback: loopback && url.scheme() == "http",
            origin: url.origin().ascii_serialization(),
        })
    }

    /// `https://host[:port]` without a trailing slash: the origin, and the OpenID issuer.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.origin
    }

    /// This base with `path` appended; `path` begins with a slash.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Whether this is plain http on a loopback host, which only the local harness uses.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// Whether a URL's host is `localhost`, below `.localhost` (RFC 6761, section 6.3), or a loopback address.
#[must_use]
pub fn is_loopback_host<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.as_ref().trim_end_matches('.');
            name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
        }
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}
