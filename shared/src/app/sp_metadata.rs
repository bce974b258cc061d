//! Our metadata at one SAML connection (CH-02, SE-15, IL-01), out of the connection's record alone.

use chrono::TimeDelta;

use super::Gatehouse;
use crate::domain::ids::ConnectionId;
use crate::saml::certificate::{Certificate, CertificateError};
use crate::saml::metadata::Binding;
use crate::saml::metadata::sp::SpMetadata;
use crate::saml::name_id_format::NameIdFormat;
use crate::store::StoreError;

/// After how long identity providers should read it again: often enough for a key that follows.
const CACHE_DURATION: TimeDelta = TimeDelta::days(1);

/// Why there is no metadata.
#[derive(Debug, thiserror::Error)]
pub enum SpMetadataError {
    /// No SAML connection has this id.
    #[error("wanted the id of a SAML connection; none has the one that came")]
    ConnectionUnknown,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record holds a certificate that cannot be read.
    #[error("a certificate in the connection's record cannot be read: {0}")]
    Certificate(#[from] CertificateError),
}

impl SpMetadataError {
    /// Stable code of this refusal or failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConnectionUnknown => "connection_not_found",
            Self::Store(e) => e.code(),
            Self::Certificate(e) => e.code(),
        }
    }
}

/// The metadata document of a connection in any state, not signed: what makes it trusted is the https URL.
///
/// # Errors
/// [`SpMetadataError`].
pub async fn of(gatehouse: &Gatehouse, id: &ConnectionId) -> Result<String, SpMetadataError> {
    let connection = gatehouse.store.front_door().connection(id).await?;
    let connection = connection.ok_or(SpMetadataError::ConnectionUnknown)?;
    let saml = connection
        .protocol
        .saml()
        .ok_or(SpMetadataError::ConnectionUnknown)?;
    let endpoints = gatehouse.saml_endpoints(&connection, saml);
    let acs_urls = endpoints.acs_urls.iter().map(String::as_str).collect::<Vec<_>>();
    let slo = endpoints.slo_url.as_str();
    let formats = saml
        .name_id_format
        .parse::<NameIdFormat>()
        .into_iter()
        .collect::<Vec<_>>();
    let metadata = SpMetadata {
        entity_id: &endpoints.entity_id,
        assertion_consumer_urls: &acs_urls,
        logout_urls: &[(Binding::HttpRedirect, slo), (Binding::HttpPost, slo)],
        name_id_formats: &formats,
        authn_requests_signed: true,
        want_assertions_signed: true,
        signing_certificates: &certificates(&saml.sp_signing_certificates)?,
        encryption_certificates: &certificates(&saml.sp_encryption_certificates)?,
        valid_until: None,
        cache_duration: Some(CACHE_DURATION),
    };
    Ok(metadata.to_xml())
}

fn certificates(stored: &[String]) -> Result<Vec<Certificate>, CertificateError> {
    stored.iter().map(|der| Certificate::from_base64(der)).collect()
}
