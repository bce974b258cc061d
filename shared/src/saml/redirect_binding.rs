//! The HTTP-Redirect binding (saml-bindings-2.0-os, section 3.4): DEFLATE in a query, signed over the query's octets.
//!
//! Whoever signs chooses the percent-encoding, and some write it in lower case (ADFS, Entra ID), so a signature is
//! verified over the RAW query string: a decoded and re-encoded one is another string.

mod error;
mod inbound;
mod signature;
#[cfg(test)]
mod tests;

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::signing::{RSA_SHA256, Signer};

pub use error::RedirectError;
pub use inbound::{MAX_INFLATED_BYTES, MAX_QUERY_BYTES, RedirectMessage};
pub use signature::SignatureAlgorithm;

/// Everything but the unreserved characters (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The parameter that carries the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectParameter {
    /// A request.
    Request,
    /// A response.
    Response,
}

impl RedirectParameter {
    /// The parameter's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// `endpoint` with the message in its query; signed with RSA-SHA256 when there is a signer. A query the endpoint has
/// already stays, and is not signed (saml-bindings 3.4.4.1). `relay_state` must be at most 80 bytes.
///
/// # Errors
/// [`RedirectError`] when the endpoint has a fragment, RelayState is too long, or signing fails.
pub fn encode(
    endpoint: &str,
    parameter: RedirectParameter,
    xml: &str,
    relay_state: Option<&str>,
    signer: Option<&Signer>,
) -> Result<String, RedirectError> {
    if endpoint.contains('#') {
        return Err(RedirectError::Fragment);
    }
    let mut query = format!("{}={}", parameter.name(), escape(&STANDARD.encode(deflate(xml)?)));
    if let Some(relay_state) = relay_state.filter(|text| !text.is_empty()) {
        if relay_state.len() > 80 {
            return Err(RedirectError::RelayStateTooLong {
                bytes: relay_state.len(),
            });
        }
        query.push_str("&RelayState=");
        query.push_str(&escape(relay_state));
    }
    if let Some(signer) = signer {
        query.push_str("&SigAlg=");
        query.push_str(&escape(RSA_SHA256));
        let signature = signer.sign_octets(query.as_bytes())?;
        query.push_str("&Signature=");
        query.push_str(&escape(&STANDARD.encode(signature)));
    }
    let separator = match endpoint.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, present)) if present.ends_with('&') => "",
        Some(_) => "&",
    };
    Ok(format!("{endpoint}{separator}{query}"))
}

/// Percent-encodes in upper case.
fn escape(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Raw DEFLATE (RFC 1951), without a zlib header.
fn deflate(xml: &str) -> Result<Vec<u8>, RedirectError> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(xml.len() / 2), Compression::default());
    encoder
        .write_all(xml.as_bytes())
        .and_then(|()| encoder.finish())
        .map_err(|_| RedirectError::Deflate)
}
