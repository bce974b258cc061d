//! The two cookies: one that binds sign-in attempts to a browser, one that is the session (DESIGN §3).

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::TimeDelta;

use crate::config::BaseUrl;
use crate::redacted::Secret;

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieName {
    /// Binds attempts to the browser they began in. Deployed it is `SameSite=None`: the ACS POST is cross-site.
    Browser,
    /// The session at this OpenID Provider: `SameSite=Lax`.
    Session,
}

/// Reads and builds cookies as the deployment's address asks: `__Host-` and Secure when deployed; unprefixed and Lax
/// on http loopback, where browsers refuse both.
#[derive(Debug, Clone, Copy)]
pub struct Cookies {
    loopback: bool,
}

/// A value longer than this is not one of ours, in bytes.
const MAX_VALUE: usize = 2_048;

impl Cookies {
    /// Cookies of a deployment.
    #[must_use]
    pub fn new(base: &BaseUrl) -> Self {
        Self {
            loopback: base.is_loopback(),
        }
    }

    /// The cookie's full name on the wire.
    #[must_use]
    pub fn wire_name(&self, name: CookieName) -> &'static str {
        match (name, self.loopback) {
            (CookieName::Browser, false) => "__Host-gatehouse_browser",
            (CookieName::Session, false) => "__Host-gatehouse_session",
            (CookieName::Browser, true) => "gatehouse_browser",
            (CookieName::Session, true) => "gatehouse_session",
        }
    }

    /// The cookie's value. A cookie that came with two different values counts as absent: one of them was planted,
    /// and nobody can say which. So does a value that we could not have made.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap, name: CookieName) -> Option<Secret> {
        let wanted = self.wire_name(name);
        let mut found: Option<&str> = None;
        for line in headers.get_all(header::COOKIE) {
            // A line that is not visible ASCII holds nothing of ours.
            let Ok(line) = line.to_str() else { continue };
            for pair in line.split(';') {
                let Some((key, value)) = pair.split_once('=') else {
                    continue;
                };
                if key.trim() != wanted {
                    continue;
                }
                let value = value.trim();
                if found.is_some_and(|known| known != value) {
                    return None;
                }
                found = Some(value);
            }
        }
        found.filter(|value| is_token(value)).map(Secret::new)
    }

    /// `Set-Cookie` of the browser cookie; it lives until the browser closes. To be set only if absent, so that tabs
    /// do not disturb each other.
    #[must_use]
    pub fn set_browser(&self, value: &Secret) -> Option<HeaderValue> {
        self.set(CookieName::Browser, value, None)
    }

    /// `Set-Cookie` of the session cookie, kept for `lifetime`.
    #[must_use]
    pub fn set_session(&self, value: &Secret, lifetime: TimeDelta) -> Option<HeaderValue> {
        self.set(CookieName::Session, value, Some(lifetime))
    }

    /// `Set-Cookie` that removes a cookie.
    #[must_use]
    pub fn clear(&self, name: CookieName) -> Option<HeaderValue> {
        self.build(name, "", Some(TimeDelta::zero()))
    }

    fn set(&self, name: CookieName, value: &Secret, lifetime: Option<TimeDelta>) -> Option<HeaderValue> {
        is_token(value.expose())
            .then(|| self.build(name, value.expose(), lifetime))
            .flatten()
    }

    fn build(&self, name: CookieName, value: &str, lifetime: Option<TimeDelta>) -> Option<HeaderValue> {
        let same_site = match (name, self.loopback) {
            (CookieName::Browser, false) => "None",
            (CookieName::Browser, true) | (CookieName::Session, _) => "Lax",
        };
        let secure = if self.loopback { "" } else { "; Secure" };
        let age = lifetime.map_or_else(String::new, |age| {
            format!("; Max-Age={}", age.num_seconds().max(0))
        });
        let wire = self.wire_name(name);
        let text = format!("{wire}={value}; Path=/; HttpOnly; SameSite={same_site}{secure}{age}");
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// Our cookie values are base64url tokens, dotted, and joined by tildes where there are several.
fn is_token(value: &str) -> bool {
    (1..=MAX_VALUE).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'))
}

#[cfg(test)]
#[path = "cookies_tests.rs"]
mod tests;
