//! SAML metadata (saml-metadata-2.0-os): ours to give (IL-01, CH-02), the IdP's to read (IL-02, SE-21).
//!
//! Metadata that comes in is untrusted input. It is bounded and looked at linearly before the parser sees it; its own
//! signature is not looked at: what makes it trusted is who pasted it, or the HTTPS URL it came from.

mod duration;
mod error;
pub mod idp;
mod read;
pub mod sp;
#[cfg(test)]
pub(in crate::saml) mod tests;
mod text;

pub use crate::domain::endpoint::{EndpointError, EndpointPolicy, EndpointUrl};
pub use error::{MetadataError, MetadataFinding};
pub use text::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_METADATA_BYTES, MAX_TAG_BYTES};

/// Metadata namespace.
pub(in crate::saml) const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// What `protocolSupportEnumeration` names SAML 2.0.
pub(in crate::saml) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// HTTP-Redirect binding.
pub(in crate::saml) const HTTP_REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
/// HTTP-POST binding.
pub(in crate::saml) const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// How a message travels through the browser (saml-bindings-2.0-os, sections 3.4 and 3.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// In the query of a redirect.
    #[default]
    HttpRedirect,
    /// In a form.
    HttpPost,
}

impl Binding {
    /// The binding's URI.
    #[must_use]
    pub fn uri(self) -> &'static str {
        match self {
            Self::HttpRedirect => HTTP_REDIRECT,
            Self::HttpPost => HTTP_POST,
        }
    }

    /// The binding of a URI, if it is one of the two.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        match uri.trim() {
            HTTP_REDIRECT => Some(Self::HttpRedirect),
            HTTP_POST => Some(Self::HttpPost),
            _ => None,
        }
    }
}
