//! Redirect URIs and the other URLs of an app client: registered in one canonical spelling, matched exactly
//! (RFC 9700 section 2.1, RFC 8252 section 7).

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The longest URL, in characters.
pub const MAX_URL_LEN: usize = 2000;

/// Why a URL cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// Too long, empty, or with characters outside visible ASCII.
    #[error("it must have 1 to {MAX_URL_LEN} visible ASCII characters")]
    Characters,
    /// No absolute URL.
    #[error("it must be an absolute URL")]
    NotAUrl,
    /// Another spelling of the same URL is the canonical one.
    #[error(
        "it must be written canonically: lower-case host, no default port, no dot segments, no backslash"
    )]
    NotCanonical,
    /// A fragment.
    #[error("it must not have a fragment")]
    Fragment,
    /// An asterisk.
    #[error("wildcards do not exist: register each URL")]
    Wildcard,
    /// A user name or password.
    #[error("it must not carry a user name or password")]
    UserInfo,
    /// Plain http to another machine.
    #[error("it must be https; http is for 127.0.0.1, [::1] and localhost only")]
    PlainHttp,
    /// A private-use scheme for a client that is not public.
    #[error("a private-use scheme is for public (native) clients only")]
    SchemeNotForThisClient,
    /// A private-use scheme that is no reversed domain name.
    #[error("a private-use scheme must be a reversed domain name, like com.example.app")]
    SchemeNotADomain,
}

impl RedirectUriError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Characters => "url_characters",
            Self::NotAUrl => "url_not_absolute",
            Self::NotCanonical => "url_not_canonical",
            Self::Fragment => "url_fragment",
            Self::Wildcard => "url_wildcard",
            Self::UserInfo => "url_user_info",
            Self::PlainHttp => "url_plain_http",
            Self::SchemeNotForThisClient => "url_scheme_not_for_this_client",
            Self::SchemeNotADomain => "url_scheme_not_a_domain",
        }
    }
}

/// A URL that an app client registered: https, or http to the loopback, or (native apps) a private-use scheme.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegisteredUrl(String);

impl RegisteredUrl {
    /// Checks a URL for registration; `native` admits private-use schemes (RFC 8252 section 7.1).
    ///
    /// # Errors
    /// [`RedirectUriError`].
    pub fn parse(raw: &str, native: bool) -> Result<Self, RedirectUriError> {
        let url = canonical(raw)?;
        if url.fragment().is_some() {
            return Err(RedirectUriError::Fragment);
        }
        if raw.contains('*') {
            return Err(RedirectUriError::Wildcard);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RedirectUriError::UserInfo);
        }
        match url.scheme() {
            "https" => Ok(()),
            "http" if is_loopback(&url) => Ok(()),
            "http" => Err(RedirectUriError::PlainHttp),
            _ if !native => Err(RedirectUriError::SchemeNotForThisClient),
            scheme if scheme.contains('.') => Ok(()),
            _ => Err(RedirectUriError::SchemeNotADomain),
        }?;
        Ok(Self(raw.to_owned()))
    }

    /// The URL, byte for byte as registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a presented URL is this one, byte for byte. The one exception is RFC 8252 section 7.3: a native app's
    /// loopback address registered without a port is met by any port.
    #[must_use]
    pub fn admits(&self, presented: &str, native: bool) -> bool {
        self.0 == presented || (native && self.admits_any_port(presented))
    }

    fn admits_any_port(&self, presented: &str) -> bool {
        let (Ok(own), Ok(mut other)) = (canonical(&self.0), canonical(presented)) else {
            return false;
        };
        let literal = matches!(own.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))) && is_loopback(&own);
        literal
            && own.scheme() == "http"
            && own.port().is_none()
            && other.port().is_some()
            && other.set_port(None).is_ok()
            && own == other
    }
}

/// Parses a URL and insists on the parser's own spelling, so that two spellings never mean one URL. A host without a
/// path may leave out the final slash.
fn canonical(raw: &str) -> Result<Url, RedirectUriError> {
    if raw.is_empty() || raw.len() > MAX_URL_LEN || !raw.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(RedirectUriError::Characters);
    }
    let url = Url::parse(raw).map_err(|_| RedirectUriError::NotAUrl)?;
    let own = url.as_str();
    if own == raw || own.strip_suffix('/') == Some(raw) {
        Ok(url)
    } else {
        Err(RedirectUriError::NotCanonical)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
