//! X.509 certificates as SAML uses them: carriers of a public key (RFC 5280; saml-metadata-2.0-os, section 2.4.1.1).
//!
//! A [`Certificate`] holds a key that can be used: RSA of 2048 to 8192 bits, P-256 or P-384. That it is expired or
//! signed with SHA-1 does not refuse it, because SAML trusts the key and not the certificate's own signature; such
//! things are [`Finding`]s for the owner. Text that people paste is read by [`parse_pasted`].

mod error;
mod finding;
mod paste;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use x509_parser::asn1_rs::oid;
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

pub use error::CertificateError;
pub use finding::{EXPIRING_SOON_DAYS, Finding};
pub use paste::{MAX_CERTIFICATES, MAX_PASTE_BYTES, parse_pasted};

/// Most bytes of one certificate in DER.
pub const MAX_DER_BYTES: usize = 32 * 1024;
/// Fewest bits of an RSA modulus.
pub const MIN_RSA_BITS: usize = 2048;
/// Most bits of an RSA modulus: verification time grows with its square.
pub const MAX_RSA_BITS: usize = 8192;
/// Most characters of a distinguished name that are kept.
const MAX_NAME_CHARS: usize = 256;

/// What kind of public key a certificate carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, with the modulus length in bits.
    Rsa {
        /// Length of the modulus in bits.
        bits: usize,
    },
    /// NIST P-256 (secp256r1).
    P256,
    /// NIST P-384 (secp384r1).
    P384,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::P256 => f.write_str("P-256"),
            Self::P384 => f.write_str("P-384"),
        }
    }
}

/// A certificate whose key may verify SAML signatures. Two are equal when their DER is.
///
/// Serialized as base64 of the DER; reading it back checks it again.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Certificate {
    facts: Arc<Facts>,
}

/// What was read from the DER, once.
struct Facts {
    der: Vec<u8>,
    spki: Vec<u8>,
    public_key: Vec<u8>,
    kind: KeyKind,
    subject: String,
    issuer: String,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
    sha1_signature: bool,
    small_exponent: bool,
}

impl Certificate {
    /// Reads exactly one certificate in DER.
    ///
    /// # Errors
    /// [`CertificateError`] when the bytes are not one certificate, or its key is of a kind or size we do not use.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let (certificate, rest) = Self::first_of_der(der)?;
        if rest.is_empty() {
            Ok(certificate)
        } else {
            Err(CertificateError::TrailingBytes { bytes: rest.len() })
        }
    }

    /// Reads the first certificate of `der`; returns it and what follows it.
    fn first_of_der(der: &[u8]) -> Result<(Self, &[u8]), CertificateError> {
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|error| CertificateError::NotX509 {
            reason: error.to_string(),
        })?;
        let own = der.get(..der.len() - rest.len()).unwrap_or(der);
        if own.len() > MAX_DER_BYTES {
            return Err(CertificateError::TooLarge { bytes: own.len() });
        }
        let (kind, small_exponent) = key_kind(parsed.public_key())?;
        let public_key = parsed.public_key().subject_public_key.data.to_vec();
        ParsedPublicKey::new(probe_algorithm(kind), &public_key).map_err(|_| {
            CertificateError::UnusableKey {
                kind: kind.to_string(),
            }
        })?;
        let validity = parsed.validity();
        let facts = Facts {
            der: own.to_vec(),
            spki: parsed.public_key().raw.to_vec(),
            public_key,
            kind,
            subject: printable(&parsed.subject().to_string()),
            issuer: printable(&parsed.issuer().to_string()),
            not_before: instant(validity.not_before.timestamp())?,
            not_after: instant(validity.not_after.timestamp())?,
            sha1_signature: is_sha1_or_older(&parsed),
            small_exponent,
        };
        Ok((
            Self {
                facts: Arc::new(facts),
            },
            rest,
        ))
    }

    /// Reads exactly one certificate in base64 of DER, as `ds:X509Certificate` carries it; whitespace is ignored.
    ///
    /// # Errors
    /// [`CertificateError`] when it is not base64 or not one usable certificate.
    pub fn from_base64(text: &str) -> Result<Self, CertificateError> {
        Self::from_der(&paste::decode_base64(text)?)
    }

    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.facts.der
    }

    /// The certificate as base64 of DER, on one line.
    #[must_use]
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.facts.der)
    }

    /// The certificate in PEM (RFC 7468, section 5), lines of 64 characters.
    #[must_use]
    pub fn pem(&self) -> String {
        paste::armour(&self.base64())
    }

    /// The SubjectPublicKeyInfo in DER (RFC 5280, section 4.1.2.7).
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.facts.spki
    }

    /// The key without its algorithm: an `RSAPublicKey` in DER, or an elliptic curve point (SEC 1, section 2.3.3).
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.facts.public_key
    }

    /// Kind and size of the key.
    #[must_use]
    pub fn key_kind(&self) -> KeyKind {
        self.facts.kind
    }

    /// The subject's distinguished name, for showing; at most 256 characters.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.facts.subject
    }

    /// The issuer's distinguished name, for showing; at most 256 characters.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.facts.issuer
    }

    /// Start of validity.
    #[must_use]
    pub fn not_before(&self) -> DateTime<Utc> {
        self.facts.not_before
    }

    /// End of validity.
    #[must_use]
    pub fn not_after(&self) -> DateTime<Utc> {
        self.facts.not_after
    }

    /// SHA-256 of the DER in lower-case hexadecimal.
    #[must_use]
    pub fn sha256_fingerprint(&self) -> String {
        hex(digest(&SHA256, &self.facts.der).as_ref())
    }

    /// What the owner should know about this certificate at `now`.
    #[must_use]
    pub fn findings(&self, now: DateTime<Utc>) -> Vec<Finding> {
        finding::of(self, now)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.facts.subject)
            .field("key", &self.facts.kind)
            .field("sha256", &self.sha256_fingerprint())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.facts.der == other.facts.der
    }
}

impl Eq for Certificate {}

impl TryFrom<String> for Certificate {
    type Error = CertificateError;

    fn try_from(text: String) -> Result<Self, CertificateError> {
        Self::from_base64(&text)
    }
}

impl From<Certificate> for String {
    fn from(certificate: Certificate) -> Self {
        certificate.base64()
    }
}

/// Kind of the key, and whether it is RSA with a public exponent below 65537.
fn key_kind(info: &SubjectPublicKeyInfo<'_>) -> Result<(KeyKind, bool), CertificateError> {
    let algorithm = &info.algorithm.algorithm;
    let unsupported = |kind: String| CertificateError::UnsupportedKey { kind };
    if *algorithm == oid_registry::OID_PKCS1_RSAENCRYPTION {
        let Ok(PublicKey::RSA(key)) = info.parsed() else {
            return Err(CertificateError::UnusableKey {
                kind: "RSA".to_owned(),
            });
        };
        let bits = bit_length(key.modulus);
        if bits < MIN_RSA_BITS {
            return Err(CertificateError::WeakRsa { bits });
        }
        if bits > MAX_RSA_BITS {
            return Err(unsupported(format!("RSA {bits}")));
        }
        return Ok((KeyKind::Rsa { bits }, bit_length(key.exponent) < 17));
    }
    if *algorithm != oid_registry::OID_KEY_TYPE_EC_PUBLIC_KEY {
        return Err(unsupported(format!("algorithm {algorithm}")));
    }
    let curve = info
        .algorithm
        .parameters
        .as_ref()
        .and_then(|parameters| parameters.as_oid().ok());
    match curve {
        Some(curve) if curve == oid_registry::OID_EC_P256 => Ok((KeyKind::P256, false)),
        Some(curve) if curve == oid_registry::OID_NIST_EC_P384 => Ok((KeyKind::P384, false)),
        Some(curve) => Err(unsupported(format!("curve {curve}"))),
        None => Err(unsupported("an elliptic curve without a name".to_owned())),
    }
}

/// Length in bits of a big-endian unsigned number; leading zero bytes do not count.
fn bit_length(number: &[u8]) -> usize {
    let significant = number.iter().skip_while(|byte| **byte == 0);
    match significant.clone().next() {
        Some(first) => significant.count() * 8 - first.leading_zeros() as usize,
        None => 0,
    }
}

/// Any algorithm of the key's family: only used to have the key itself checked.
fn probe_algorithm(kind: KeyKind) -> &'static dyn VerificationAlgorithm {
    match kind {
        KeyKind::Rsa { .. } => &signature::RSA_PKCS1_2048_8192_SHA256,
        KeyKind::P256 => &signature::ECDSA_P256_SHA256_ASN1,
        KeyKind::P384 => &signature::ECDSA_P384_SHA384_ASN1,
    }
}

/// Whether the certificate's own signature uses SHA-1 or MD5.
fn is_sha1_or_older(certificate: &X509Certificate<'_>) -> bool {
    let algorithm = &certificate.signature_algorithm.algorithm;
    [
        oid_registry::OID_PKCS1_SHA1WITHRSA,
        oid_registry::OID_SHA1_WITH_RSA,
        oid_registry::OID_PKCS1_MD5WITHRSAENC,
        oid!(1.2.840.10045.4.1), // ecdsa-with-SHA1 (RFC 5758)
    ]
    .contains(algorithm)
}

/// A certificate's time as an instant.
fn instant(seconds: i64) -> Result<DateTime<Utc>, CertificateError> {
    DateTime::from_timestamp(seconds, 0).ok_or(CertificateError::NotX509 {
        reason: "a date out of range".to_owned(),
    })
}

/// A name without control characters, cut to [`MAX_NAME_CHARS`].
fn printable(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_control())
        .take(MAX_NAME_CHARS)
        .collect()
}

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}
