//! Name identifier formats (saml-core-2.0-os, section 8.3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// In which form the IdP is asked to name the person (IL-03). Serialized as its URI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum NameIdFormat {
    /// An e-mail address (8.3.2): the default.
    #[default]
    EmailAddress,
    /// Left to the IdP (8.3.1).
    Unspecified,
    /// An opaque identifier that stays the same for this service provider (8.3.7).
    Persistent,
    /// An opaque identifier of one session (8.3.8).
    Transient,
    /// An X.509 subject name (8.3.3).
    X509SubjectName,
    /// A Windows `DOMAIN\user` name (8.3.4).
    WindowsDomainQualifiedName,
    /// A Kerberos principal (8.3.5).
    Kerberos,
}

/// A URI that is no name identifier format we know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("wanted a name identifier format of saml-core 8.3, got {got:?}")]
pub struct UnknownNameIdFormat {
    got: String,
}

impl UnknownNameIdFormat {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "name_id_format_unknown"
    }
}

impl NameIdFormat {
    /// Every format.
    pub const ALL: [Self; 7] = [
        Self::EmailAddress,
        Self::Unspecified,
        Self::Persistent,
        Self::Transient,
        Self::X509SubjectName,
        Self::WindowsDomainQualifiedName,
        Self::Kerberos,
    ];

    /// The format's URI.
    #[must_use]
    pub fn uri(self) -> &'static str {
        match self {
            Self::EmailAddress => "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            Self::Unspecified => "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
            Self::Persistent => "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            Self::Transient => "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
            Self::X509SubjectName => "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName",
            Self::WindowsDomainQualifiedName => {
                "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName"
            }
            Self::Kerberos => "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos",
        }
    }
}

impl fmt::Display for NameIdFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.uri())
    }
}

impl FromStr for NameIdFormat {
    type Err = UnknownNameIdFormat;

    /// Reads a URI. `unspecified` and `emailAddress` are also taken with the 2.0 prefix that some IdPs give them.
    fn from_str(text: &str) -> Result<Self, UnknownNameIdFormat> {
        let text = text.trim();
        match text {
            "urn:oasis:names:tc:SAML:2.0:nameid-format:emailAddress" => return Ok(Self::EmailAddress),
            "urn:oasis:names:tc:SAML:2.0:nameid-format:unspecified" => return Ok(Self::Unspecified),
            _ => {}
        }
        Self::ALL
            .into_iter()
            .find(|format| format.uri() == text)
            .ok_or_else(|| UnknownNameIdFormat {
                got: text.chars().take(120).collect(),
            })
    }
}

impl TryFrom<String> for NameIdFormat {
    type Error = UnknownNameIdFormat;

    fn try_from(text: String) -> Result<Self, UnknownNameIdFormat> {
        text.parse()
    }
}

impl From<NameIdFormat> for String {
    fn from(format: NameIdFormat) -> Self {
        format.uri().to_owned()
    }
}
