//! Why a key or a ring of keys was refused.

use super::MAX_VALIDITY_DAYS;
use crate::saml::certificate::CertificateError;

/// Why key material could not be made, read or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The cryptographic library made no key.
    #[error("wanted a new RSA key, got a failure of the cryptographic library")]
    Generation,
    /// A common name that a certificate cannot hold (RFC 5280, appendix A.1: `ub-common-name`).
    #[error("wanted a common name of 1 to 64 characters without control characters, got another")]
    CommonName,
    /// A validity out of bounds.
    #[error("wanted a validity of more than 0 and at most {MAX_VALIDITY_DAYS} days, got {days} days")]
    Validity {
        /// The validity in days.
        days: i64,
    },
    /// A date that a certificate cannot say.
    #[error("wanted dates between 1970 and 9999, got others")]
    Clock,
    /// The certificate library failed.
    #[error("wanted a self-signed certificate, got: {0}")]
    Certificate(String),
    /// A certificate of the ring cannot be used.
    #[error("wanted a usable certificate of the own key, got: {0}")]
    BadCertificate(CertificateError),
    /// No PKCS#8 RSA key.
    #[error("wanted an RSA private key of 2048 bits and more in PKCS#8 (RFC 5958), got other bytes")]
    NotPkcs8,
    /// The certificate is of another key.
    #[error("wanted a certificate of the private key {kid:?}, got one of another key")]
    Mismatch {
        /// Key id.
        kid: String,
    },
    /// A key id that is no short name.
    #[error("wanted a key id of 1 to 64 characters A-Z a-z 0-9 _ -, got another")]
    KeyId,
    /// Two keys with one id.
    #[error("wanted key ids that differ, got {kid:?} twice")]
    DuplicateKeyId {
        /// Key id.
        kid: String,
    },
    /// Not exactly one current key.
    #[error("wanted exactly one current key, got {count}")]
    CurrentCount {
        /// How many came.
        count: usize,
    },
    /// More than one next key.
    #[error("wanted at most one next key, got {count}")]
    NextCount {
        /// How many came.
        count: usize,
    },
    /// More keys than a ring holds.
    #[error("wanted at most {max} keys, got more: remove old ones first")]
    TooManyKeys {
        /// The bound.
        max: usize,
    },
    /// There is no next key to promote.
    #[error("wanted a next key to promote, got none")]
    NoNextKey,
    /// No key has this id, or it is not old.
    #[error("wanted the id of an old key, got {kid:?}")]
    NotAnOldKey {
        /// Key id.
        kid: String,
    },
    /// The stored text is no key ring.
    #[error("wanted a key ring in JSON, got something else at line {line}, column {column}")]
    Json {
        /// Line of the fault.
        line: usize,
        /// Column of the fault.
        column: usize,
    },
    /// A key ring of a version this code does not read.
    #[error("wanted a key ring of version 1, got version {version}")]
    Version {
        /// The version that came.
        version: u32,
    },
}

impl KeyError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Generation => "sp_key_generation",
            Self::CommonName => "sp_key_common_name",
            Self::Validity { .. } => "sp_key_validity",
            Self::Clock => "sp_key_clock",
            Self::Certificate(_) => "sp_key_certificate",
            Self::BadCertificate(_) => "sp_key_bad_certificate",
            Self::NotPkcs8 => "sp_key_not_pkcs8",
            Self::Mismatch { .. } => "sp_key_mismatch",
            Self::KeyId => "sp_key_id",
            Self::DuplicateKeyId { .. } => "sp_key_duplicate_id",
            Self::CurrentCount { .. } => "sp_key_current_count",
            Self::NextCount { .. } => "sp_key_next_count",
            Self::TooManyKeys { .. } => "sp_key_too_many",
            Self::NoNextKey => "sp_key_no_next",
            Self::NotAnOldKey { .. } => "sp_key_not_old",
            Self::Json { .. } => "sp_key_json",
            Self::Version { .. } => "sp_key_version",
        }
    }
}
