//! Certificates out of pasted text: with or without PEM armour, several at once, wrapped, indented, with CRLF,
//! character references or a byte order mark.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::{Certificate, CertificateError};

/// Most bytes of pasted text.
pub const MAX_PASTE_BYTES: usize = 256 * 1024;
/// Most different certificates of one paste.
pub const MAX_CERTIFICATES: usize = 16;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Reads base64 with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Reads every certificate of `text`, in order, each once. Text around PEM blocks is commentary (RFC 7468, section 2).
///
/// # Errors
/// [`CertificateError`] when there is none, or any of them cannot be used: nothing is skipped in silence.
pub fn parse_pasted(text: &str) -> Result<Vec<Certificate>, CertificateError> {
    if text.len() > MAX_PASTE_BYTES {
        return Err(CertificateError::PasteTooLarge { bytes: text.len() });
    }
    let text = plain(text);
    let found = if text.contains(BEGIN) {
        armoured(&text)?
    } else {
        bare(&text)?
    };
    let mut unique: Vec<Certificate> = Vec::new();
    for certificate in found {
        if unique.contains(&certificate) {
            continue;
        }
        if unique.len() == MAX_CERTIFICATES {
            return Err(CertificateError::TooMany);
        }
        unique.push(certificate);
    }
    if unique.is_empty() {
        Err(CertificateError::Empty)
    } else {
        Ok(unique)
    }
}

/// The text without byte order marks, and with line-break character references as line breaks.
fn plain(text: &str) -> String {
    let mut out = text.replace(['\u{feff}', '\u{200b}'], "");
    for reference in ["&#xD;", "&#xd;", "&#13;", "&#xA;", "&#xa;", "&#10;"] {
        if out.contains(reference) {
            out = out.replace(reference, "\n");
        }
    }
    // "\n" typed out, as it comes from a JSON or environment file.
    if out.contains("\\n") {
        out = out.replace("\\r", "").replace("\\n", "\n");
    }
    out
}

/// The certificates of PEM blocks.
fn armoured(text: &str) -> Result<Vec<Certificate>, CertificateError> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after_begin)) = rest.split_once(BEGIN) {
        let (label, body) = after_begin
            .split_once(DASHES)
            .ok_or(CertificateError::UnfinishedPem)?;
        check_label(label)?;
        let (base64, after_end) = body.split_once(END).ok_or(CertificateError::UnfinishedPem)?;
        let (end_label, after) = after_end
            .split_once(DASHES)
            .ok_or(CertificateError::UnfinishedPem)?;
        if end_label.trim() != label.trim() {
            return Err(CertificateError::UnfinishedPem);
        }
        let der = decode_base64(base64)?;
        refuse_keys(&der)?;
        found.push(Certificate::from_der(&der)?);
        rest = after;
    }
    Ok(found)
}

/// Passes the labels of certificates (RFC 7468, section 5.1) only.
fn check_label(label: &str) -> Result<(), CertificateError> {
    match label.trim() {
        "CERTIFICATE" | "X509 CERTIFICATE" => Ok(()),
        label if label.ends_with("PRIVATE KEY") => Err(CertificateError::PrivateKey),
        label if label.ends_with("PUBLIC KEY") => Err(CertificateError::PublicKey),
        label => Err(CertificateError::OtherPem {
            label: label.chars().take(40).collect(),
        }),
    }
}

/// The certificates of base64 without armour. Several may follow each other: padding ends one, DER says its own length.
fn bare(text: &str) -> Result<Vec<Certificate>, CertificateError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(CertificateError::Empty);
    }
    if text.starts_with('<') {
        return Err(CertificateError::Xml);
    }
    if looks_like_fingerprint(text) {
        return Err(CertificateError::Fingerprint);
    }
    let compact: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, ',' | ';'))
        .collect();
    let mut found = Vec::new();
    for piece in compact.split('=').filter(|piece| !piece.is_empty()) {
        let der = decode_base64(piece)?;
        refuse_keys(&der)?;
        let mut rest = der.as_slice();
        while !rest.is_empty() {
            if found.len() > MAX_CERTIFICATES * 4 {
                return Err(CertificateError::TooMany);
            }
            let (certificate, after) = Certificate::first_of_der(rest)?;
            found.push(certificate);
            rest = after;
        }
    }
    Ok(found)
}

/// SHA-1 or SHA-256 in hexadecimal, with or without colons.
fn looks_like_fingerprint(text: &str) -> bool {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
    matches!(digits.len(), 40 | 64) && digits.chars().all(|c| c.is_ascii_hexdigit())
}

/// Refuses DER that is a private or public key.
fn refuse_keys(der: &[u8]) -> Result<(), CertificateError> {
    if starts_with_a_version(der) {
        return Err(CertificateError::PrivateKey);
    }
    match SubjectPublicKeyInfo::from_der(der) {
        Ok(([], _)) => Err(CertificateError::PublicKey),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Whether `der` is a sequence that begins with the number 0 or 1, as private keys do (PKCS#8: RFC 5958, PKCS#1:
/// RFC 8017, SEC 1: RFC 5915) and certificates do not. Holds for keys of any size, which a key reader would not.
fn starts_with_a_version(der: &[u8]) -> bool {
    let [0x30, length, rest @ ..] = der else {
        return false;
    };
    let length_bytes = if *length < 0x80 {
        0
    } else {
        usize::from(*length & 0x7f)
    };
    matches!(rest.get(length_bytes..), Some([0x02, 0x01, 0x00 | 0x01, ..]))
}

/// Decodes base64 with whitespace anywhere, with or without padding.
pub(super) fn decode_base64(text: &str) -> Result<Vec<u8>, CertificateError> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if compact.is_empty() {
        return Err(CertificateError::Empty);
    }
    LENIENT
        .decode(&compact)
        .map_err(|error| CertificateError::NotBase64 {
            reason: describe(&error),
        })
}

/// What is wrong, without quoting the text.
fn describe(error: &base64::DecodeError) -> String {
    match error {
        base64::DecodeError::InvalidByte(at, _) => format!("another character at position {at}"),
        base64::DecodeError::InvalidLength(length) => format!("a length of {length} characters"),
        base64::DecodeError::InvalidLastSymbol(at, _) => format!("a wrong last character at {at}"),
        base64::DecodeError::InvalidPadding => "wrong padding".to_owned(),
    }
}

/// PEM armour around base64.
pub(super) fn armour(base64: &str) -> String {
    let mut out = String::with_capacity(base64.len() + base64.len() / 64 + 64);
    out.push_str("-----BEGIN CERTIFICATE-----\n");
    for (at, c) in base64.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            out.push('\n');
        }
        out.push(c);
    }
    out.push_str("\n-----END CERTIFICATE-----\n");
    out
}
