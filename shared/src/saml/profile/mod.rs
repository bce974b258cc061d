//! The strict profile: what a response must look like before any cryptography is applied to it.
//!
//! It is the protection. Signature engines find elements by local name, follow any URI and run any transform; after
//! this module there is only one shape left for them to verify, the one of saml-core 5.4.

mod signature;
mod structure;
mod tree;

use std::collections::HashSet;

use uppsala::{Document, NodeId, Parser};

use super::prescan::{MAX_DEPTH, prescan};
use super::refusal::{Refusal, RefusalCode};

pub use structure::{identifier, inner, message, outer};

/// A Signature that fits the profile, and the element that it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureSite {
    /// The `ds:Signature`.
    pub signature: NodeId,
    /// Its parent: the Response or the Assertion.
    pub signed: NodeId,
}

/// Where things are in the document of a Response.
#[derive(Debug)]
pub struct Outer {
    /// The Response.
    pub response: NodeId,
    /// The one assertion.
    pub body: Body,
    /// The signatures in document order: at most one in the Response and one in a plain Assertion.
    pub sites: Vec<SignatureSite>,
    /// All IDs of the document.
    pub ids: HashSet<String>,
}

/// Where things are in the decrypted plaintext.
#[derive(Debug)]
pub struct Inner {
    /// The Assertion.
    pub assertion: NodeId,
    /// Its signature, if it has one.
    pub sites: Vec<SignatureSite>,
}

/// The one assertion of a Response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// A `saml:Assertion`.
    Plain(NodeId),
    /// A `saml:EncryptedAssertion`.
    Encrypted(NodeId),
}

impl Outer {
    /// Whether the Response itself carries a signature.
    #[must_use]
    pub fn response_signed(&self) -> bool {
        self.sites.iter().any(|site| site.signed == self.response)
    }
}

/// Scans and parses `xml`, once. The depth is bounded before the parser runs.
///
/// # Errors
/// Whatever [`prescan`] refuses, or `xml_malformed`.
pub fn parse(xml: &str) -> Result<(&str, Document<'_>), Refusal> {
    let body = prescan(xml)?;
    Ok((body, parse_scanned(body)?))
}

/// Parses text that [`prescan`] has passed.
pub(super) fn parse_scanned(body: &str) -> Result<Document<'_>, Refusal> {
    // One level more than the scan allows, for the wrapper around a decrypted assertion.
    let parser = Parser::new()
        .with_forbid_dtd(true)
        .with_max_depth(MAX_DEPTH as u32 + 1);
    // The parser's message quotes the input, which may hold personal data.
    parser
        .parse(body)
        .map_err(|_| Refusal::new(RefusalCode::XmlMalformed, "XML that does not parse"))
}
