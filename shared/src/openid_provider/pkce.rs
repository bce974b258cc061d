//! Proof Key for Code Exchange (RFC 7636), S256 only.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::digest::Digest;

/// Why a challenge or verifier is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PkceError {
    /// No `code_challenge`.
    #[error("code_challenge is required (PKCE, RFC 7636)")]
    ChallengeMissing,
    /// Not `S256`; an absent method means `plain`.
    #[error("code_challenge_method must be S256, got {0}")]
    MethodNotS256(String),
    /// Not 43 base64url characters.
    #[error("code_challenge must be the base64url SHA-256 of the verifier, 43 characters")]
    ChallengeMalformed,
    /// No `code_verifier`.
    #[error("code_verifier is required")]
    VerifierMissing,
    /// Outside RFC 7636 section 4.1.
    #[error("code_verifier must have 43 to 128 of the characters A-Z a-z 0-9 - . _ ~")]
    VerifierMalformed,
    /// The verifier is not the challenge's.
    #[error("code_verifier does not match the code_challenge of the authorization request")]
    Mismatch,
}

impl PkceError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ChallengeMissing => "pkce_challenge_missing",
            Self::MethodNotS256(_) => "pkce_method_not_s256",
            Self::ChallengeMalformed => "pkce_challenge_malformed",
            Self::VerifierMissing => "pkce_verifier_missing",
            Self::VerifierMalformed => "pkce_verifier_malformed",
            Self::Mismatch => "pkce_mismatch",
        }
    }
}

/// A `code_challenge` by S256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads `code_challenge` and `code_challenge_method`.
    ///
    /// # Errors
    /// [`PkceError`], its first three variants.
    pub fn parse(challenge: Option<&str>, method: Option<&str>) -> Result<Self, PkceError> {
        let challenge = challenge.ok_or(PkceError::ChallengeMissing)?;
        let method = method.unwrap_or("plain");
        if method != "S256" {
            return Err(PkceError::MethodNotS256(method.to_owned()));
        }
        match URL_SAFE_NO_PAD.decode(challenge) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(challenge.to_owned())),
            Ok(_) | Err(_) => Err(PkceError::ChallengeMalformed),
        }
    }

    /// The challenge of a verifier.
    #[must_use]
    pub fn of(verifier: &str) -> Self {
        Self(Digest::of(verifier.as_bytes()).to_string())
    }

    /// The challenge as sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Holds a verifier against this challenge, in constant time.
    ///
    /// # Errors
    /// [`PkceError`], its last three variants.
    pub fn verify(&self, verifier: Option<&str>) -> Result<(), PkceError> {
        let verifier = verifier.ok_or(PkceError::VerifierMissing)?;
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
            return Err(PkceError::VerifierMalformed);
        }
        verify_slices_are_equal(Self::of(verifier).0.as_bytes(), self.0.as_bytes())
            .map_err(|_| PkceError::Mismatch)
    }
}
