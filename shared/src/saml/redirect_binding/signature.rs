//! Signatures over octets: RSA PKCS#1 v1.5 and ECDSA (RFC 4051; RFC 6931), by the certificates' keys.

use aws_lc_rs::signature::{self as lc, UnparsedPublicKey, VerificationAlgorithm};

use crate::saml::certificate::{Certificate, KeyKind};
use crate::saml::signing::RSA_SHA256;

/// A signature algorithm that we verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSA with SHA-256.
    RsaSha256,
    /// RSA with SHA-384.
    RsaSha384,
    /// RSA with SHA-512.
    RsaSha512,
    /// ECDSA with SHA-256, on the key's curve.
    EcdsaSha256,
    /// ECDSA with SHA-384, on the key's curve.
    EcdsaSha384,
    /// ECDSA with SHA-512, on the key's curve.
    EcdsaSha512,
}

impl SignatureAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 6] = [
        Self::RsaSha256,
        Self::RsaSha384,
        Self::RsaSha512,
        Self::EcdsaSha256,
        Self::EcdsaSha384,
        Self::EcdsaSha512,
    ];

    /// The algorithm's URI.
    #[must_use]
    pub fn uri(self) -> &'static str {
        match self {
            Self::RsaSha256 => RSA_SHA256,
            Self::RsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            Self::RsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
            Self::EcdsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            Self::EcdsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
            Self::EcdsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
        }
    }

    /// The algorithm of a URI; SHA-1 has none.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.uri() == uri)
    }

    /// Whether `certificate`'s key made `signature` over `octets`. An ECDSA signature may be r‖s, as XML Signature
    /// writes it, or DER, as most libraries do for a query string.
    #[must_use]
    pub fn verify(self, certificate: &Certificate, octets: &[u8], signature: &[u8]) -> bool {
        let kind = certificate.key_kind();
        let Some(algorithm) = self.with_key(kind) else {
            return false;
        };
        let key = UnparsedPublicKey::new(algorithm, certificate.public_key());
        let half = match kind {
            KeyKind::Rsa { .. } => return key.verify(octets, signature).is_ok(),
            KeyKind::P256 => 32,
            KeyKind::P384 => 48,
        };
        let concatenated =
            (signature.len() == 2 * half).then(|| der_of_concatenated(signature.split_at(half)));
        concatenated.is_some_and(|der| key.verify(octets, &der).is_ok())
            || key.verify(octets, signature).is_ok()
    }

    /// The library's algorithm for this one with a key of `kind`: none when they do not fit each other.
    fn with_key(self, kind: KeyKind) -> Option<&'static dyn VerificationAlgorithm> {
        match (self, kind) {
            (Self::RsaSha256, KeyKind::Rsa { .. }) => Some(&lc::RSA_PKCS1_2048_8192_SHA256),
            (Self::RsaSha384, KeyKind::Rsa { .. }) => Some(&lc::RSA_PKCS1_2048_8192_SHA384),
            (Self::RsaSha512, KeyKind::Rsa { .. }) => Some(&lc::RSA_PKCS1_2048_8192_SHA512),
            (Self::EcdsaSha256, KeyKind::P256) => Some(&lc::ECDSA_P256_SHA256_ASN1),
            (Self::EcdsaSha384, KeyKind::P256) => Some(&lc::ECDSA_P256_SHA384_ASN1),
            (Self::EcdsaSha512, KeyKind::P256) => Some(&lc::ECDSA_P256_SHA512_ASN1),
            (Self::EcdsaSha256, KeyKind::P384) => Some(&lc::ECDSA_P384_SHA256_ASN1),
            (Self::EcdsaSha384, KeyKind::P384) => Some(&lc::ECDSA_P384_SHA384_ASN1),
            (Self::EcdsaSha512, KeyKind::P384) => Some(&lc::ECDSA_P384_SHA512_ASN1),
            (Self::RsaSha256 | Self::RsaSha384 | Self::RsaSha512, KeyKind::P256 | KeyKind::P384)
            | (Self::EcdsaSha256 | Self::EcdsaSha384 | Self::EcdsaSha512, KeyKind::Rsa { .. }) => None,
        }
    }
}

/// r and s as `ECDSA-Sig-Value` (RFC 3279, section 2.2.3). Both are of at most 48 bytes, so every length is one byte.
fn der_of_concatenated((r, s): (&[u8], &[u8])) -> Vec<u8> {
    let (r, s) = (der_integer(r), der_integer(s));
    let mut der = vec![0x30, short_length(r.len() + s.len())];
    der.extend(r);
    der.extend(s);
    der
}

/// An unsigned big-endian number as INTEGER: no superfluous zero byte in front, none missing.
fn der_integer(number: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
    let needs_zero = digits.first().is_none_or(|first| *first >= 0x80);
    let mut der = vec![0x02, short_length(digits.len() + usize::from(needs_zero))];
    if needs_zero {
        der.push(0);
    }
    der.extend(digits);
    der
}

/// A DER length below 128.
fn short_length(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}
