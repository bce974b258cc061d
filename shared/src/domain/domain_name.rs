//! DNS names in their A-label form.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text is no domain that a tenant can hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DomainNameError {
    /// Not a host name by UTS 46 and RFC 1123.
    #[error("wanted a domain name such as example.com; what came is not one")]
    Malformed,
    /// A public suffix: nobody owns it alone.
    #[error("wanted a domain of one organization; {0} is a public suffix")]
    PublicSuffix(String),
    /// A provider of mail to the public.
    #[error("wanted a domain of one organization; {0} gives addresses to anybody")]
    FreeMail(String),
}

impl DomainNameError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "domain_malformed",
            Self::PublicSuffix(_) => "domain_public_suffix",
            Self::FreeMail(_) => "domain_free_mail",
        }
    }
}

/// Providers whose addresses say nothing about an organization.
const FREE_MAIL: &[&str] = &[
    "163.com",
    "126.com",
    "aol.com",
    "fastmail.com",
    "free.fr",
    "gmail.com",
    "gmx.at",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "orange.fr",
    "outlook.com",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rediffmail.com",
    "t-online.de",
    "tuta.com",
    "tutanota.com",
    "web.de",
    "yahoo.co.jp",
    "yahoo.com",
    "yandex.com",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];

/// A domain name: lower case, A-labels (RFC 5891), no trailing dot, at least two labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

impl DomainName {
    /// Reads a domain name, also an internationalised one.
    ///
    /// # Errors
    /// [`DomainNameError::Malformed`] unless it is a host name of two labels or more.
    pub fn parse(text: &str) -> Result<Self, DomainNameError> {
        let text = text.trim().trim_end_matches('.');
        let ascii = idna::domain_to_ascii_strict(text).map_err(|_| DomainNameError::Malformed)?;
        let fits = ascii.len() <= 253
            && ascii.contains('.')
            && ascii.split('.').all(|label| (1..=63).contains(&label.len()))
            && !ascii
                .split('.')
                .next_back()
                .is_some_and(|tld| tld.bytes().all(|b| b.is_ascii_digit()));
        if fits {
            Ok(Self(ascii))
        } else {
            Err(DomainNameError::Malformed)
        }
    }

    /// Reads a domain that a tenant may claim: neither a public suffix nor a provider of mail to the public.
    ///
    /// # Errors
    /// [`DomainNameError`] by what is wrong with it.
    pub fn parse_claimable(text: &str) -> Result<Self, DomainNameError> {
        let name = Self::parse(text)?;
        if psl::suffix_str(&name.0) == Some(name.0.as_str()) {
            return Err(DomainNameError::PublicSuffix(name.0));
        }
        if FREE_MAIL.contains(&name.0.as_str()) {
            return Err(DomainNameError::FreeMail(name.0));
        }
        Ok(name)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This name and then each parent of it that is not a public suffix, nearest first.
    pub fn self_and_parents(&self) -> impl Iterator<Item = DomainName> + '_ {
        let registrable = psl::domain_str(&self.0).map_or(self.0.len(), str::len);
        let starts = std::iter::once(0).chain(self.0.match_indices('.').map(|(at, _)| at + 1));
        starts.filter_map(move |at| {
            let rest = self.0.get(at..)?;
            (at == 0 || rest.len() >= registrable).then(|| DomainName(rest.to_owned()))
        })
    }
}

impl TryFrom<String> for DomainName {
    type Error = DomainNameError;
    fn try_from(text: String) -> Result<Self, DomainNameError> {
        Self::parse(&text)
    }
}

impl From<DomainName> for String {
    fn from(name: DomainName) -> String {
        name.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
