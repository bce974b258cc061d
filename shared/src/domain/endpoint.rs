//! Addresses to which browsers are sent with our messages.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Longest address in bytes.
const MAX_URL_BYTES: usize = 2048;

/// Which schemes an address may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndpointPolicy {
    /// `https` only.
    #[default]
    Https,
    /// Also `http` on a loopback address: for the local harness.
    HttpsOrLoopback,
}

/// An address that passed the policy, character by character as it was given: a message's Destination must equal it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EndpointUrl(String);

/// Why an address was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Empty or too long.
    #[error("wanted an address of 1 to {MAX_URL_BYTES} bytes, got {bytes}")]
    Length {
        /// Its length in bytes.
        bytes: usize,
    },
    /// White space, control characters, or characters that must be percent-encoded.
    #[error("wanted an address of printable ASCII without spaces, quotes, '<', '>' and '\\', got another")]
    Characters,
    /// Not an absolute address with a host.
    #[error("wanted an absolute https address, got something else")]
    NotAbsolute,
    /// Another scheme.
    #[error("wanted an address with https, got {scheme}")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// A user name or password before the host.
    #[error("wanted an address without a user name, got one with '@'")]
    UserInfo,
    /// A fragment.
    #[error("wanted an address without a fragment, got one with '#'")]
    Fragment,
}

impl EndpointError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "endpoint_length",
            Self::Characters => "endpoint_characters",
            Self::NotAbsolute => "endpoint_not_absolute",
            Self::Scheme { .. } => "endpoint_scheme",
            Self::UserInfo => "endpoint_user_info",
            Self::Fragment => "endpoint_fragment",
        }
    }
}

impl EndpointUrl {
    /// Takes an address; white space around it is dropped.
    ///
    /// # Errors
    /// [`EndpointError`] naming what is wrong.
    pub fn parse(text: &str, policy: EndpointPolicy) -> Result<Self, EndpointError> {
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_URL_BYTES {
            return Err(EndpointError::Length { bytes: text.len() });
        }
        // The URL parser drops tabs and line breaks and turns '\' into '/': what it would repair is refused before.
        if !text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`'))
        {
            return Err(EndpointError::Characters);
        }
        let (scheme, after_scheme) = text.split_once(':').ok_or(EndpointError::NotAbsolute)?;
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "https" | "http") {
            return Err(EndpointError::Scheme {
                scheme: scheme.chars().take(20).collect(),
            });
        }
        if !after_scheme.starts_with("//") || after_scheme.starts_with("///") {
            return Err(EndpointError::NotAbsolute);
        }
        let url = Url::parse(text).map_err(|_| EndpointError::NotAbsolute)?;
        let loopback = url.host().is_some_and(|host| is_loopback(&host));
        if scheme == "http" && !(policy == EndpointPolicy::HttpsOrLoopback && loopback) {
            return Err(EndpointError::Scheme { scheme });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(EndpointError::Fragment);
        }
        Ok(Self(text.to_owned()))
    }

    /// The address as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a host means this machine whatever the resolver says.
fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for EndpointUrl {
    type Error = EndpointError;

    /// Reads back what was stored: the policy was applied when it came in, so loopback addresses pass.
    fn try_from(text: String) -> Result<Self, EndpointError> {
        Self::parse(&text, EndpointPolicy::HttpsOrLoopback)
    }
}

impl From<EndpointUrl> for String {
    fn from(url: EndpointUrl) -> Self {
        url.0
    }
}
