//! Why a message by HTTP-Redirect was refused or not made.

use super::{MAX_INFLATED_BYTES, MAX_QUERY_BYTES};
use crate::saml::signing::SigningError;

/// Why a message by HTTP-Redirect was refused or not made. Nothing of a stranger's query is quoted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// The endpoint to send to has a fragment.
    #[error("wanted an endpoint without a fragment, got one with '#'")]
    Fragment,
    /// RelayState over 80 bytes (saml-bindings 3.4.3).
    #[error("wanted a RelayState of at most 80 bytes, got {bytes}")]
    RelayStateTooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The message could not be compressed.
    #[error("wanted the message compressed, got a failure of the library")]
    Deflate,
    /// The message could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The query is over [`MAX_QUERY_BYTES`].
    #[error("wanted a query of at most {MAX_QUERY_BYTES} bytes, got {bytes}")]
    QueryTooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// A parameter of the binding comes twice.
    #[error("wanted {name} once, got it twice")]
    DuplicateParameter {
        /// Its name.
        name: &'static str,
    },
    /// Neither SAMLRequest nor SAMLResponse.
    #[error("wanted SAMLRequest or SAMLResponse, got neither")]
    NoMessage,
    /// SAMLRequest and SAMLResponse.
    #[error("wanted SAMLRequest or SAMLResponse, got both")]
    TwoMessages,
    /// A value with a broken percent escape or that is no UTF-8.
    #[error("wanted {name} percent-encoded in UTF-8, got something else")]
    BadEscape {
        /// The parameter's name.
        name: &'static str,
    },
    /// A value that is no base64.
    #[error("wanted {name} in base64, got something else")]
    NotBase64 {
        /// The parameter's name.
        name: &'static str,
    },
    /// SAMLEncoding is not DEFLATE.
    #[error("wanted SAMLEncoding DEFLATE or none, got another")]
    UnknownEncoding,
    /// The message is no DEFLATE stream, or something follows the stream.
    #[error("wanted a DEFLATE stream (RFC 1951) and nothing after it, got something else")]
    NotDeflate,
    /// The message is over [`MAX_INFLATED_BYTES`].
    #[error("wanted a message of at most {MAX_INFLATED_BYTES} bytes, got more")]
    InflatedTooLong,
    /// The message is no UTF-8.
    #[error("wanted a message in UTF-8, got other bytes")]
    NotUtf8,
    /// Signature without SigAlg, or the reverse.
    #[error("wanted SigAlg and Signature together, got only {got}")]
    HalfSigned {
        /// Which came.
        got: &'static str,
    },
    /// No signature.
    #[error("wanted a signed message, got no Signature")]
    Unsigned,
    /// A signature algorithm we do not take; SHA-1 is one of them.
    #[error("wanted SigAlg RSA or ECDSA with SHA-256, SHA-384 or SHA-512, got another")]
    UnknownAlgorithm,
    /// There is nothing to verify with.
    #[error("wanted at least one certificate of the sender, got none")]
    NoCertificates,
    /// No certificate verifies the signature.
    #[error("wanted a signature by one of the sender's certificates, got another")]
    BadSignature,
}

impl RedirectError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fragment => "redirect_fragment",
            Self::RelayStateTooLong { .. } => "redirect_relay_state_too_long",
            Self::Deflate => "redirect_deflate",
            Self::Signing(error) => error.code(),
            Self::QueryTooLong { .. } => "redirect_query_too_long",
            Self::DuplicateParameter { .. } => "redirect_duplicate_parameter",
            Self::NoMessage => "redirect_no_message",
            Self::TwoMessages => "redirect_two_messages",
            Self::BadEscape { .. } => "redirect_bad_escape",
            Self::NotBase64 { .. } => "redirect_not_base64",
            Self::UnknownEncoding => "redirect_unknown_encoding",
            Self::NotDeflate => "redirect_not_deflate",
            Self::InflatedTooLong => "redirect_inflated_too_long",
            Self::NotUtf8 => "redirect_not_utf8",
            Self::HalfSigned { .. } => "redirect_half_signed",
            Self::Unsigned => "redirect_unsigned",
            Self::UnknownAlgorithm => "redirect_unknown_algorithm",
            Self::NoCertificates => "redirect_no_certificates",
            Self::BadSignature => "redirect_bad_signature",
        }
    }
}
