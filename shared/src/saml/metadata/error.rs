//! Why metadata was refused, and what is worth telling about metadata that was taken.

use chrono::{DateTime, Utc};

use super::{EndpointError, MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_METADATA_BYTES, MAX_TAG_BYTES};
use crate::saml::certificate::{CertificateError, MAX_CERTIFICATES};

/// Why metadata, or the same facts given by hand, were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Nothing but white space.
    #[error("wanted SAML metadata, got an empty text")]
    Empty,
    /// Over [`MAX_METADATA_BYTES`].
    #[error(
        "wanted metadata of at most {MAX_METADATA_BYTES} bytes, got {bytes}: give the file of one identity provider"
    )]
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
    },
    /// Neither UTF-8 nor UTF-16 with a byte order mark.
    #[error("wanted metadata in UTF-8, or in UTF-16 with a byte order mark, got other bytes")]
    Encoding,
    /// A DTD or another markup declaration.
    #[error("wanted metadata without a document type declaration, got '<!'")]
    Dtd,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("wanted elements nested at most {MAX_DEPTH} deep, got more")]
    TooDeep,
    /// More than [`MAX_ELEMENTS`] elements.
    #[error("wanted at most {MAX_ELEMENTS} elements, got more: give the file of one identity provider")]
    TooManyElements,
    /// A tag of more than [`MAX_TAG_BYTES`] or [`MAX_ATTRIBUTES`].
    #[error("wanted tags of at most {MAX_TAG_BYTES} bytes and {MAX_ATTRIBUTES} attributes, got a larger one")]
    TagTooLarge,
    /// Not well-formed XML.
    #[error("wanted well-formed XML, got: {reason}")]
    Malformed {
        /// What the parser says, with line and column.
        reason: String,
    },
    /// Another document, such as a web page.
    #[error("wanted EntityDescriptor or EntitiesDescriptor of SAML 2.0 metadata, got the element {root:?}")]
    NotMetadata {
        /// Local name of the root element.
        root: String,
    },
    /// No identity provider in it.
    #[error(
        "wanted metadata of an identity provider (IDPSSODescriptor with SAML 2.0), got none; entities: {entity_ids:?}"
    )]
    NoIdp {
        /// The entity ids found, at most 20.
        entity_ids: Vec<String>,
    },
    /// Metadata of a service provider: often our own, pasted back.
    #[error("wanted metadata of the identity provider, got that of the service provider {entity_id:?}")]
    ServiceProvider {
        /// Its entity id.
        entity_id: String,
    },
    /// Several identity providers and none chosen.
    #[error(
        "wanted one identity provider, got {count}: choose one by its entity id; the first are {entity_ids:?}"
    )]
    SeveralIdps {
        /// How many.
        count: usize,
        /// Their entity ids, at most 20.
        entity_ids: Vec<String>,
    },
    /// The chosen entity is not in it, or no identity provider.
    #[error("wanted the identity provider {wanted:?}, got others: {entity_ids:?}")]
    NotFound {
        /// The chosen entity id.
        wanted: String,
        /// The entity ids of the identity providers, at most 20.
        entity_ids: Vec<String>,
    },
    /// One entity id twice.
    #[error("wanted the entity {entity_id:?} once, got it twice")]
    DuplicateEntity {
        /// The entity id.
        entity_id: String,
    },
    /// An entity id that is none.
    #[error("wanted an entity id of 1 to 1024 characters without spaces and control characters, got another")]
    EntityId,
    /// No endpoint of a binding that we speak.
    #[error("wanted a SingleSignOnService by HTTP-Redirect or HTTP-POST, got {bindings:?}")]
    NoSignInEndpoint {
        /// The bindings found.
        bindings: Vec<String>,
    },
    /// An address that may not be used.
    #[error("{what}: {error}")]
    Endpoint {
        /// Which address.
        what: &'static str,
        /// What is wrong with it.
        error: EndpointError,
    },
    /// No certificate at all.
    #[error("wanted a signing certificate (KeyDescriptor without use, or with use=\"signing\"), got none")]
    NoCertificate,
    /// More than [`MAX_CERTIFICATES`].
    #[error("wanted at most {MAX_CERTIFICATES} signing certificates, got more")]
    TooManyCertificates,
    /// Certificates, but none that can be used; or one given by hand that cannot.
    #[error("wanted a usable signing certificate, got: {0}")]
    Certificate(CertificateError),
    /// Its validUntil has passed (saml-metadata 2.3.2): its keys may have been withdrawn since.
    #[error(
        "wanted metadata that is valid now, got one whose validUntil {valid_until} has passed: export it anew"
    )]
    Expired {
        /// When it ended.
        valid_until: DateTime<Utc>,
    },
    /// A date or flag that cannot be read.
    #[error("wanted {what}, got another value")]
    Value {
        /// What was wanted, and where.
        what: &'static str,
    },
}

impl MetadataError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "metadata_empty",
            Self::TooLarge { .. } => "metadata_too_large",
            Self::Encoding => "metadata_encoding",
            Self::Dtd => "metadata_dtd",
            Self::TooDeep => "metadata_too_deep",
            Self::TooManyElements => "metadata_too_many_elements",
            Self::TagTooLarge => "metadata_tag_too_large",
            Self::Malformed { .. } => "metadata_malformed",
            Self::NotMetadata { .. } => "metadata_not_metadata",
            Self::NoIdp { .. } => "metadata_no_idp",
            Self::ServiceProvider { .. } => "metadata_of_service_provider",
            Self::SeveralIdps { .. } => "metadata_several_idps",
            Self::NotFound { .. } => "metadata_entity_not_found",
            Self::DuplicateEntity { .. } => "metadata_duplicate_entity",
            Self::EntityId => "metadata_entity_id",
            Self::NoSignInEndpoint { .. } => "metadata_no_sign_in_endpoint",
            Self::Endpoint { .. } => "metadata_endpoint",
            Self::NoCertificate => "metadata_no_certificate",
            Self::TooManyCertificates => "metadata_too_many_certificates",
            Self::Certificate(_) => "metadata_certificate",
            Self::Expired { .. } => "metadata_expired",
            Self::Value { .. } => "metadata_value",
        }
    }
}

/// Something in metadata that was mended or left out, and should be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataFinding {
    /// Bare `&` that should be `&amp;` (often in errorURL) were read as they were meant.
    BareAmpersand {
        /// How many.
        count: usize,
    },
    /// A certificate that cannot be used was left out; others can.
    CertificateSkipped {
        /// Why.
        error: CertificateError,
    },
    /// A certificate that only issued another one of the same `X509Data` was left out: it signs no messages.
    IssuerCertificateSkipped {
        /// Its subject.
        subject: String,
    },
    /// An address we do not need was left out, because it may not be used.
    EndpointSkipped {
        /// Which address.
        what: &'static str,
        /// Why.
        error: EndpointError,
    },
    /// A cacheDuration that cannot be read was left out.
    CacheDurationSkipped,
}

impl MetadataFinding {
    /// Stable code of this finding.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BareAmpersand { .. } => "metadata_bare_ampersand",
            Self::CertificateSkipped { .. } => "metadata_certificate_skipped",
            Self::IssuerCertificateSkipped { .. } => "metadata_issuer_certificate_skipped",
            Self::EndpointSkipped { .. } => "metadata_endpoint_skipped",
            Self::CacheDurationSkipped => "metadata_cache_duration_skipped",
        }
    }
}

impl std::fmt::Display for MetadataFinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BareAmpersand { count } => write!(f, "{count} bare '&' should be '&amp;'"),
            Self::CertificateSkipped { error } => write!(f, "a certificate was left out: {error}"),
            Self::IssuerCertificateSkipped { subject } => {
                write!(
                    f,
                    "the certificate of {subject} only issued another one and was left out"
                )
            }
            Self::EndpointSkipped { what, error } => write!(f, "{what} was left out: {error}"),
            Self::CacheDurationSkipped => f.write_str("cacheDuration is no xs:duration and was left out"),
        }
    }
}
