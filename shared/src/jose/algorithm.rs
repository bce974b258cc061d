//! Signature algorithms that we accept anywhere: asymmetric ones only (RFC 7518 section 3, RFC 8037).

use aws_lc_rs::digest;
use openidconnect::core::CoreJwsSigningAlgorithm;
use serde::{Deserialize, Serialize};

/// An asymmetric JWS algorithm. `none` and the HMAC family have no value here, so nothing can ask for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    #[serde(rename = "RS384")]
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    #[serde(rename = "RS512")]
    Rs512,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PSS with SHA-384.
    #[serde(rename = "PS384")]
    Ps384,
    /// RSASSA-PSS with SHA-512.
    #[serde(rename = "PS512")]
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// ECDSA on P-521 with SHA-512.
    #[serde(rename = "ES512")]
    Es512,
    /// EdDSA on Ed25519 (RFC 8037).
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// Every algorithm, strongest habit of the field first.
    pub const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// The registered name (IANA "JSON Web Signature and Encryption Algorithms").
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of that exact, case-sensitive name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.name() == name)
    }

    /// The same algorithm in the `openidconnect` crate's words.
    #[must_use]
    pub fn core(self) -> &'static CoreJwsSigningAlgorithm {
        match self {
            Self::Rs256 => &CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            Self::Rs384 => &CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
            Self::Rs512 => &CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
            Self::Ps256 => &CoreJwsSigningAlgorithm::RsaSsaPssSha256,
            Self::Ps384 => &CoreJwsSigningAlgorithm::RsaSsaPssSha384,
            Self::Ps512 => &CoreJwsSigningAlgorithm::RsaSsaPssSha512,
            Self::Es256 => &CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            Self::Es384 => &CoreJwsSigningAlgorithm::EcdsaP384Sha384,
            Self::Es512 => &CoreJwsSigningAlgorithm::EcdsaP521Sha512,
            Self::EdDsa => &CoreJwsSigningAlgorithm::EdDsa,
        }
    }

    /// Our name for one of the `openidconnect` crate's algorithms; nothing for `none` and the HMAC family.
    #[must_use]
    pub fn from_core(core: &CoreJwsSigningAlgorithm) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.core() == core)
    }

    /// The digest whose left half makes `at_hash` (OpenID Connect Core 1.0 section 3.1.3.6). Ed25519 hashes with
    /// SHA-512 inside.
    #[must_use]
    pub fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => &digest::SHA256,
            Self::Rs384 | Self::Ps384 | Self::Es384 => &digest::SHA384,
            Self::Rs512 | Self::Ps512 | Self::Es512 | Self::EdDsa => &digest::SHA512,
        }
    }
}
