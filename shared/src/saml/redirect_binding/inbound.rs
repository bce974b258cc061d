//! Reading a message out of a raw query string.

use std::io::Read;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::DeflateDecoder;
use percent_encoding::percent_decode_str;

use super::{RedirectError, RedirectParameter, SignatureAlgorithm};
use crate::saml::certificate::Certificate;

/// Most bytes of a query string.
pub const MAX_QUERY_BYTES: usize = 64 * 1024;
/// Most bytes of a message after inflating.
pub const MAX_INFLATED_BYTES: usize = 256 * 1024;

const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// Padding is optional in a query; line breaks are dropped before.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A message that came by HTTP-Redirect. Its text is given out by [`RedirectMessage::verify`], or by a method whose
/// name says that nothing was verified.
#[derive(Clone)]
pub struct RedirectMessage {
    parameter: RedirectParameter,
    xml: String,
    relay_state: Option<String>,
    signature: Option<Detached>,
}

/// A signature beside the message.
#[derive(Clone)]
struct Detached {
    algorithm: String,
    value: Vec<u8>,
    /// What it may cover. Two, when RelayState is present and empty: senders differ in whether they then sign it.
    octets: Vec<String>,
}

impl std::fmt::Debug for RedirectMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedirectMessage")
            .field("parameter", &self.parameter)
            .field("bytes", &self.xml.len())
            .field("signed", &self.signature.is_some())
            .finish_non_exhaustive()
    }
}

impl RedirectMessage {
    /// Reads `raw_query`: the query string as it stood in the request line, without `?`, not decoded. Parameters that
    /// are not of this binding are ignored.
    ///
    /// # Errors
    /// [`RedirectError`] naming the first thing wrong.
    pub fn parse(raw_query: &str) -> Result<Self, RedirectError> {
        let raw = RawParameters::collect(raw_query)?;
        let (parameter, raw_message) = match (raw.request, raw.response) {
            (Some(_), Some(_)) => return Err(RedirectError::TwoMessages),
            (None, None) => return Err(RedirectError::NoMessage),
            (Some(request), None) => (RedirectParameter::Request, request),
            (None, Some(response)) => (RedirectParameter::Response, response),
        };
        if raw
            .encoding
            .map(|encoding| decode(encoding, "SAMLEncoding"))
            .transpose()?
            .is_some_and(|e| e != DEFLATE)
        {
            return Err(RedirectError::UnknownEncoding);
        }
        let xml = inflate(&decode_base64(raw_message, parameter.name())?)?;
        let relay_state = raw
            .relay_state
            .map(decode_relay_state)
            .transpose()?
            .filter(|text| !text.is_empty());
        let signature = match (raw.algorithm, raw.signature) {
            (None, None) => None,
            (Some(_), None) => return Err(RedirectError::HalfSigned { got: "SigAlg" }),
            (None, Some(_)) => return Err(RedirectError::HalfSigned { got: "Signature" }),
            (Some(algorithm), Some(signature)) => Some(Detached {
                algorithm: decode(algorithm, "SigAlg")?,
                value: decode_base64(signature, "Signature")?,
                octets: signed_octets(parameter, raw_message, raw.relay_state, algorithm),
            }),
        };
        Ok(Self {
            parameter,
            xml,
            relay_state,
            signature,
        })
    }

    /// Which parameter carried the message.
    #[must_use]
    pub fn parameter(&self) -> RedirectParameter {
        self.parameter
    }

    /// RelayState, decoded; none when it is empty. Signed only together with the message.
    #[must_use]
    pub fn relay_state(&self) -> Option<&str> {
        self.relay_state.as_deref()
    }

    /// Whether there is a signature at all, good or not.
    #[must_use]
    pub fn has_signature(&self) -> bool {
        self.signature.is_some()
    }

    /// The message's XML, by whomever: for finding out who claims to have sent it.
    #[must_use]
    pub fn unverified_xml(&self) -> &str {
        &self.xml
    }

    /// The message's XML, once one of `certificates` has verified the signature over the raw octets.
    ///
    /// # Errors
    /// [`RedirectError`] when there is no signature, no certificate, an algorithm we do not take, or no match.
    pub fn verify(&self, certificates: &[Certificate]) -> Result<&str, RedirectError> {
        let signature = self.signature.as_ref().ok_or(RedirectError::Unsigned)?;
        let algorithm =
            SignatureAlgorithm::from_uri(&signature.algorithm).ok_or(RedirectError::UnknownAlgorithm)?;
        if certificates.is_empty() {
            return Err(RedirectError::NoCertificates);
        }
        let good = certificates.iter().any(|certificate| {
            signature
                .octets
                .iter()
                .any(|octets| algorithm.verify(certificate, octets.as_bytes(), &signature.value))
        });
        if good {
            Ok(&self.xml)
        } else {
            Err(RedirectError::BadSignature)
        }
    }
}

/// The parameters of the binding as they stood in the query, not decoded.
#[derive(Default)]
struct RawParameters<'q> {
    request: Option<&'q str>,
    response: Option<&'q str>,
    relay_state: Option<&'q str>,
    encoding: Option<&'q str>,
    algorithm: Option<&'q str>,
    signature: Option<&'q str>,
}

impl<'q> RawParameters<'q> {
    /// Finds them. A name is compared after decoding, so that an escaped twin of a parameter counts as its duplicate.
    fn collect(raw_query: &'q str) -> Result<Self, RedirectError> {
        if raw_query.len() > MAX_QUERY_BYTES {
            return Err(RedirectError::QueryTooLong {
                bytes: raw_query.len(),
            });
        }
        let mut found = Self::default();
        for pair in raw_query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = percent_decode_str(name).collect::<Vec<u8>>();
            let (slot, name) = match decoded.as_slice() {
                b"SAMLRequest" => (&mut found.request, "SAMLRequest"),
                b"SAMLResponse" => (&mut found.response, "SAMLResponse"),
                b"RelayState" => (&mut found.relay_state, "RelayState"),
                b"SAMLEncoding" => (&mut found.encoding, "SAMLEncoding"),
                b"SigAlg" => (&mut found.algorithm, "SigAlg"),
                b"Signature" => (&mut found.signature, "Signature"),
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(RedirectError::DuplicateParameter { name });
            }
        }
        Ok(found)
    }
}

/// What the signature covers, in the order of saml-bindings 3.4.4.1, whatever the order in the query.
fn signed_octets(
    parameter: RedirectParameter,
    message: &str,
    relay_state: Option<&str>,
    algorithm: &str,
) -> Vec<String> {
    let name = parameter.name();
    let without = || format!("{name}={message}&SigAlg={algorithm}");
    let with = |state: &str| format!("{name}={message}&RelayState={state}&SigAlg={algorithm}");
    match relay_state {
        None => vec![without()],
        Some("") => vec![without(), with("")],
        Some(state) => vec![with(state)],
    }
}

/// Percent-decodes strictly: every `%` starts an escape. `+` stays, for it is a digit of base64.
fn decode(raw: &str, name: &'static str) -> Result<String, RedirectError> {
    let bad = || RedirectError::BadEscape { name };
    let mut pieces = raw.split('%');
    pieces.next();
    if !pieces.all(|piece| piece.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2) {
        return Err(bad());
    }
    percent_decode_str(raw)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| bad())
}

/// RelayState is form-encoded by many senders: `+` is a space.
fn decode_relay_state(raw: &str) -> Result<String, RedirectError> {
    decode(&raw.replace('+', " "), "RelayState")
}

/// Decodes percent escapes, then base64; line breaks within are dropped.
fn decode_base64(raw: &str, name: &'static str) -> Result<Vec<u8>, RedirectError> {
    let mut text = decode(raw, name)?;
    text.retain(|c| !matches!(c, '\r' | '\n' | '\t'));
    BASE64
        .decode(&text)
        .map_err(|_| RedirectError::NotBase64 { name })
}

/// Inflates at most [`MAX_INFLATED_BYTES`]: a bomb costs no more than that.
fn inflate(compressed: &[u8]) -> Result<String, RedirectError> {
    let limit = MAX_INFLATED_BYTES as u64 + 1;
    let mut decoder = DeflateDecoder::new(compressed);
    let mut out = Vec::with_capacity(compressed.len().saturating_mul(4).min(MAX_INFLATED_BYTES));
    decoder
        .by_ref()
        .take(limit)
        .read_to_end(&mut out)
        .map_err(|_| RedirectError::NotDeflate)?;
    if out.len() > MAX_INFLATED_BYTES {
        return Err(RedirectError::InflatedTooLong);
    }
    if decoder.total_in() != compressed.len() as u64 {
        return Err(RedirectError::NotDeflate);
    }
    String::from_utf8(out).map_err(|_| RedirectError::NotUtf8)
}
