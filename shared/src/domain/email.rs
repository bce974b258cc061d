//! E-mail addresses: compared in lower case, kept as they came (quirk X-6).

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use super::domain_name::DomainName;

/// The text is no address that Gatehouse works with. The text itself stays out of the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("wanted an e-mail address such as name@example.com (at most 254 bytes); what came is not one")]
pub struct InvalidEmail;

impl InvalidEmail {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "invalid_email"
    }
}

/// An e-mail address (RFC 5321 section 4.1.2, dot-string form; non-ASCII local parts by RFC 6531).
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    original: String,
    folded: String,
    domain: DomainName,
}

impl EmailAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// [`InvalidEmail`] unless there is one `@`, a dot-string before it and a domain name after it.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        if text.len() > 254 || !is_dot_string(local) {
            return Err(InvalidEmail);
        }
        let domain = DomainName::parse(domain).map_err(|_| InvalidEmail)?;
        let folded = format!("{}@{domain}", local.to_lowercase());
        Ok(Self {
            original: text.to_owned(),
            folded,
            domain,
        })
    }

    /// The address as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.original
    }

    /// The form that addresses are compared and keyed by: lower case, domain as A-labels.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The part before the `@`, as it came.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.original.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// What a page may show of it: `a…@acme.com`.
    #[must_use]
    pub fn hint(&self) -> String {
        let first = self
            .local_part()
            .chars()
            .next()
            .map(String::from)
            .unwrap_or_default();
        format!("{first}…@{}", self.domain)
    }
}

/// RFC 5321 `Dot-string`, with any non-ASCII letter allowed (RFC 6531 section 3.3).
fn is_dot_string(local: &str) -> bool {
    let is_atext = |c: char| {
        c.is_ascii_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~".contains(c)
            || (!c.is_ascii() && c.is_alphanumeric())
    };
    (1..=64).contains(&local.len())
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;
    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> String {
        address.original
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for EmailAddress {}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}
