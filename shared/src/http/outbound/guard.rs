//! What may be asked at all: the check of a URL, before any name is resolved, on every hop.

use std::net::IpAddr;

use url::{Host, Url};

use super::address::{AddressClass, not_public};
use super::error::OutboundError;
use crate::config::is_loopback_host;

/// Longest URL, in characters.
const MAX_URL: usize = 2048;

/// Which addresses may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Public addresses, over https.
    Public,
    /// Those, and loopback hosts over http and https: an explicit local setting.
    PublicAndLoopback,
}

/// A URL that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) reach: TargetReach,
}

/// What the addresses of a target must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetReach {
    Public,
    Loopback,
}

impl Reach {
    /// Checks a URL: form, scheme, credentials, and a literal address.
    pub(super) fn check(self, text: &str) -> Result<Target, OutboundError> {
        if text.len() > MAX_URL {
            return Err(OutboundError::Url);
        }
        let mut url = Url::parse(text).map_err(|_| OutboundError::Url)?;
        url.set_fragment(None);
        let host = match url.host() {
            Some(host) => host.to_owned(),
            None => return Err(OutboundError::Url),
        };
        let local = self == Self::PublicAndLoopback && is_loopback_host(&host);
        match url.scheme() {
            "https" => {}
            "http" if local => {}
            scheme => {
                return Err(OutboundError::Scheme {
                    scheme: scheme.to_owned(),
                });
            }
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutboundError::UrlCredentials);
        }
        let reach = if local {
            TargetReach::Loopback
        } else {
            TargetReach::Public
        };
        let literal = match host {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        };
        if let Some(address) = literal {
            reach.check(&host_of(&url), address)?;
        }
        Ok(Target { url, reach })
    }
}

impl TargetReach {
    /// Checks one address of a host.
    pub(super) fn check(self, host: &str, address: IpAddr) -> Result<(), OutboundError> {
        let class = not_public(address);
        let refused = match self {
            Self::Public => class,
            Self::Loopback if class == Some(AddressClass::Loopback) => None,
            Self::Loopback => Some(class.unwrap_or(AddressClass::Reserved)),
        };
        match refused {
            None => Ok(()),
            Some(class) => Err(OutboundError::Address {
                host: host.to_owned(),
                class,
            }),
        }
    }
}

/// The host as messages name it.
pub(super) fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().chars().take(255).collect()
}
