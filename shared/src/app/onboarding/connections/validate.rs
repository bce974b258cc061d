//! What the machine finds before a person looks (AQ-16): the identity provider's certificates, metadata, subject, and
//! whether a domain is proven.

use chrono::{DateTime, Utc};

use super::super::{Administration, error::OnboardingError};
use crate::domain::connection::{Connection, Protocol, SamlConnection, SamlIdp, SubjectSource};
use crate::domain::onboarding::Finding;
use crate::domain::tenant::DomainState;
use crate::saml::certificate::{Certificate, Finding as CertificateFinding};
use crate::saml::metadata::idp::{self, ReadOptions};
use crate::saml::name_id_format::NameIdFormat;
use crate::saml::presets;

/// Everything that is found now. Requests go to the identity provider's metadata where it is known.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub(super) async fn findings(
    admin: &Administration,
    connection: &Connection,
) -> Result<Vec<Finding>, OnboardingError> {
    let now = admin.now();
    let mut found = Vec::new();
    match &connection.protocol {
        Protocol::Saml(saml) => {
            found.extend(subject(connection, saml));
            if let Some(idp) = &saml.idp {
                found.extend(preset(saml, idp));
                found.extend(certificates(idp, now));
                found.extend(metadata(admin, idp).await);
            }
        }
        Protocol::Oidc(oidc) => found.extend(super::oidc::findings(admin, oidc).await),
        Protocol::GitHub(_) => {}
    }
    let claims = admin.store.domains().await?;
    let proven = |state| matches!(state, DomainState::Proven | DomainState::Warned);
    if !claims.iter().any(|claim| proven(claim.state)) {
        let detail =
            "no domain of the organization is proven: nobody is found by address, linked or made at sign-in";
        found.push(Finding::warning("domain_not_proven", detail));
    }
    Ok(found)
}

/// Whoever signs in must be the same person the next time.
fn subject(connection: &Connection, saml: &SamlConnection) -> Option<Finding> {
    if connection.subject != SubjectSource::NameId {
        return None;
    }
    match saml.name_id_format.parse::<NameIdFormat>() {
        Ok(NameIdFormat::Transient) => Some(Finding::error(
            "subject_transient",
            "a transient NameID names nobody: map a unique-id attribute as the subject",
        )),
        Ok(NameIdFormat::EmailAddress) => Some(Finding::warning(
            "subject_is_email",
            "the subject is an e-mail address: whoever gets the address gets the account; a persistent NameID or a \
             unique-id attribute is safer",
        )),
        Ok(_) | Err(_) => None,
    }
}

/// SE-11: another provider's metadata, or that of another product of the same vendor, is seen before people fail.
fn preset(saml: &SamlConnection, idp: &SamlIdp) -> Option<Finding> {
    let (start, end) = presets::entity_id_form(saml.preset)?;
    if presets::fits(saml.preset, &idp.entity_id) {
        return None;
    }
    let detail = format!(
        "wanted an issuer as {} has it, {start}…{end}; the identity provider states another one",
        saml.preset.title()
    );
    Some(Finding::warning("issuer_unlike_preset", detail))
}

/// Each certificate's findings; none that is valid now is an error.
fn certificates(idp: &SamlIdp, now: DateTime<Utc>) -> Vec<Finding> {
    let read = idp
        .certificates
        .iter()
        .filter_map(|text| Certificate::from_base64(text).ok())
        .collect::<Vec<_>>();
    let usable =
        |certificate: &&Certificate| certificate.not_before() <= now && now <= certificate.not_after();
    let mut found = Vec::new();
    if !read.iter().any(|certificate| usable(&certificate)) {
        let detail = "wanted a signing certificate of the identity provider that is valid now; there is none";
        found.push(Finding::error("certificate_none_valid", detail));
    }
    for certificate in &read {
        let named = certificate.sha256_fingerprint();
        let about = |finding: &CertificateFinding| format!("{finding} (SHA-256 {named})");
        let all = certificate.findings(now);
        found.extend(
            all.iter()
                .map(|finding| Finding::warning(finding.code(), about(finding))),
        );
    }
    found
}

/// Metadata by URL must be there, and be the same identity provider's.
async fn metadata(admin: &Administration, idp: &SamlIdp) -> Option<Finding> {
    let url = idp.metadata_url.as_ref()?;
    let answer = match admin.gatehouse.outbound.get(url).await {
        Ok(answer) => answer,
        Err(error) => return Some(Finding::error("metadata_unreachable", error.to_string())),
    };
    let bytes = match answer.success() {
        Ok(bytes) => bytes,
        Err(error) => return Some(Finding::error("metadata_unreachable", error.to_string())),
    };
    let options = ReadOptions {
        entity_id: Some(&idp.entity_id),
        endpoints: admin.endpoint_policy(),
    };
    match idp::parse(bytes, options) {
        Ok(read) if read.metadata.is_expired(admin.now()) => Some(Finding::warning(
            "metadata_expired",
            "the metadata's validUntil has passed",
        )),
        Ok(_) => None,
        Err(error) => Some(Finding::error(error.code(), error.to_string())),
    }
}
