//! Why a certificate was refused.

use super::{MAX_CERTIFICATES, MAX_DER_BYTES, MAX_PASTE_BYTES, MIN_RSA_BITS};

/// Why what was given is not a certificate we can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Nothing but whitespace.
    #[error("wanted an X.509 certificate, got an empty text")]
    Empty,
    /// The text is over [`MAX_PASTE_BYTES`].
    #[error("wanted at most {MAX_PASTE_BYTES} bytes of text, got {bytes}")]
    PasteTooLarge {
        /// Length of the text in bytes.
        bytes: usize,
    },
    /// One certificate is over [`MAX_DER_BYTES`].
    #[error("wanted a certificate of at most {MAX_DER_BYTES} bytes, got {bytes}")]
    TooLarge {
        /// Length of the DER in bytes.
        bytes: usize,
    },
    /// More than [`MAX_CERTIFICATES`].
    #[error("wanted at most {MAX_CERTIFICATES} certificates, got more")]
    TooMany,
    /// A private key was pasted; it should be considered exposed.
    #[error(
        "wanted a certificate, got a PRIVATE KEY: it was not stored; paste the certificate, and replace that key, \
         because it has left its place"
    )]
    PrivateKey,
    /// A bare public key.
    #[error("wanted a certificate (BEGIN CERTIFICATE), got a bare public key")]
    PublicKey,
    /// A PEM block with another label, such as a certificate request or a PKCS#7 bundle.
    #[error("wanted a PEM block BEGIN CERTIFICATE, got BEGIN {label}")]
    OtherPem {
        /// The block's label.
        label: String,
    },
    /// A PEM block that does not end.
    #[error("wanted -----END CERTIFICATE----- after -----BEGIN CERTIFICATE-----, got the end of the text")]
    UnfinishedPem,
    /// XML, such as the IdP's whole metadata.
    #[error("wanted a certificate, got XML: give the identity provider's metadata in the metadata field")]
    Xml,
    /// A fingerprint, not the certificate itself.
    #[error("wanted the certificate itself, got what looks like its fingerprint")]
    Fingerprint,
    /// The text is no base64.
    #[error("wanted base64 (RFC 4648, section 4), got {reason}")]
    NotBase64 {
        /// What is wrong with the text.
        reason: String,
    },
    /// The bytes are no certificate.
    #[error("wanted an X.509 certificate in DER (RFC 5280), got other bytes: {reason}")]
    NotX509 {
        /// What the reader stumbled over.
        reason: String,
    },
    /// Bytes after the certificate.
    #[error("wanted one certificate, got {bytes} bytes after it")]
    TrailingBytes {
        /// How many.
        bytes: usize,
    },
    /// RSA below [`MIN_RSA_BITS`].
    #[error("wanted an RSA key of at least {MIN_RSA_BITS} bits, got {bits}")]
    WeakRsa {
        /// Length of the modulus in bits.
        bits: usize,
    },
    /// A key of another kind.
    #[error("wanted a key of RSA 2048 to 8192, P-256 or P-384, got {kind}")]
    UnsupportedKey {
        /// What came.
        kind: String,
    },
    /// A key of the right kind that is not a valid key.
    #[error("wanted a valid {kind} key, got one the cryptographic library refuses")]
    UnusableKey {
        /// Its kind.
        kind: String,
    },
}

impl CertificateError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "certificate_empty",
            Self::PasteTooLarge { .. } => "certificate_paste_too_large",
            Self::TooLarge { .. } => "certificate_too_large",
            Self::TooMany => "certificate_too_many",
            Self::PrivateKey => "certificate_is_private_key",
            Self::PublicKey => "certificate_is_public_key",
            Self::OtherPem { .. } => "certificate_other_pem",
            Self::UnfinishedPem => "certificate_pem_unfinished",
            Self::Xml => "certificate_is_xml",
            Self::Fingerprint => "certificate_is_fingerprint",
            Self::NotBase64 { .. } => "certificate_not_base64",
            Self::NotX509 { .. } => "certificate_not_x509",
            Self::TrailingBytes { .. } => "certificate_trailing_bytes",
            Self::WeakRsa { .. } => "certificate_weak_rsa",
            Self::UnsupportedKey { .. } => "certificate_unsupported_key",
            Self::UnusableKey { .. } => "certificate_unusable_key",
        }
    }
}
