//! What the APIs show. Hashes and secrets are no part of it.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::relying_party;
use crate::app::Gatehouse;
use crate::app::onboarding::app_clients::Versioned;
use crate::app::onboarding::connections::ConnectionEdit;
use crate::app::onboarding::domains::record_name;
use crate::domain::connection::sp_keys::SpRotation;
use crate::domain::connection::{
    Connection, ConnectionState, Protocol, SamlConnection, SamlIdp, SubjectSource,
};
use crate::domain::tenant::{DomainClaim, DomainState};
use crate::domain::user::User;
use crate::redacted::Secret;
use crate::saml::certificate::Certificate;
use crate::saml::metadata::MetadataFinding;
use crate::saml::name_id_format::NameIdFormat;
use crate::saml::presets::{self, Ours};
use crate::store::{ApiKey, AuditRecord};

/// A domain, with the record that proves it (AQ-17).
pub(super) fn domain(claim: &DomainClaim) -> Value {
    json!({
        "domain": claim.domain,
        "state": claim.state,
        "include_subdomains": claim.include_subdomains,
        "proven_at": claim.proven_at,
        "proof": { "type": "TXT", "name": record_name(&claim.domain), "value": claim.proof },
        "attested": claim.proof_state.attested,
        "checked_at": claim.proof_state.checked_at,
        "missing_since": claim.proof_state.missing_since,
        "takes_over_at": claim.proof_state.takes_over_at,
        "next_step": domain_step(claim),
    })
}

fn domain_step(claim: &DomainClaim) -> Option<&'static str> {
    match claim.state {
        DomainState::Pending if claim.proof_state.takes_over_at.is_some() => {
            Some("keep the TXT record of proof until the claim of the other organization ends")
        }
        DomainState::Pending => Some("set the TXT record of proof, then have it checked"),
        DomainState::Warned | DomainState::Lapsed => Some("set the TXT record of proof again"),
        DomainState::Proven => None,
    }
}

/// A connection: what was written, what the identity provider needs (IL-01), and what should be known.
pub(super) fn connection(gatehouse: &Gatehouse, connection: &Connection, read: &[MetadataFinding]) -> Value {
    let edit = ConnectionEdit::of(connection);
    let mut shown = json!({
        "id": connection.id,
        "protocol": connection.protocol.name(),
        "state": connection.state,
        "name": edit.name,
        "brand": edit.brand,
        "idp_initiated": edit.idp_initiated,
        "subject": edit.subject,
        "attributes": edit.attributes,
        "missing": connection.protocol.missing(),
        "validation": connection.onboarding.validation,
        "tested_at": connection.onboarding.test.as_ref().map(|test| test.at),
        "rejection": connection.onboarding.rejection,
        "next_step": next_step(connection),
        "version": connection.version,
        "created_at": connection.created_at,
    });
    let own = match &connection.protocol {
        Protocol::Saml(saml) => saml_part(gatehouse, connection, saml, read),
        Protocol::Oidc(oidc) => relying_party::oidc(gatehouse, connection, oidc),
        Protocol::GitHub(github) => relying_party::github(gatehouse, connection, github),
    };
    if let (Some(shown), Value::Object(own)) = (shown.as_object_mut(), own) {
        shown.extend(own);
    }
    shown
}

fn saml_part(
    gatehouse: &Gatehouse,
    connection: &Connection,
    saml: &SamlConnection,
    read: &[MetadataFinding],
) -> Value {
    let now = gatehouse.clock.now();
    let endpoints = gatehouse.saml_endpoints(connection, saml);
    let base = &gatehouse.config.base_url;
    let ours = Ours {
        acs_url: endpoints.acs_urls.first().map_or("", |url| url.as_str()),
        entity_id: &endpoints.entity_id,
        metadata_url: &base.at(&format!("/saml/{}/metadata", connection.id)),
    };
    json!({
        "saml": ConnectionEdit::of(connection).saml,
        "instructions": presets::instructions(saml.preset, &ours),
        "service_provider": service_provider(gatehouse, connection, saml),
        "idp": saml.idp.as_ref().map(|idp| identity_provider(idp, now)),
        "findings": findings(connection, saml, read),
    })
}

/// What whoever sets it up does next.
fn next_step(connection: &Connection) -> Option<&'static str> {
    let tested = connection.onboarding.test.is_some();
    let protocol = &connection.protocol;
    match connection.state {
        ConnectionState::Draft if protocol.missing_for_test().is_some() => Some("set the identity provider"),
        ConnectionState::Draft | ConnectionState::InReview if !tested => Some("try it out by a test sign-in"),
        ConnectionState::Draft if protocol.missing().is_some() => Some("say who may sign in"),
        ConnectionState::Draft | ConnectionState::Validating => Some("hand it in for review"),
        ConnectionState::InReview => Some("wait for the review"),
        ConnectionState::Active => None,
        ConnectionState::Suspended => Some("resume it"),
    }
}

/// Our side, to paste into the identity provider (IL-01, CH-02, SE-15).
fn service_provider(gatehouse: &Gatehouse, connection: &Connection, saml: &SamlConnection) -> Value {
    let endpoints = gatehouse.saml_endpoints(connection, saml);
    let base = &gatehouse.config.base_url;
    let now = gatehouse.clock.now();
    json!({
        "entity_id": endpoints.entity_id,
        "audience": endpoints.entity_id,
        "acs_url": endpoints.acs_urls.first(),
        "acs_urls": endpoints.acs_urls,
        "metadata_url": base.at(&format!("/saml/{}/metadata", connection.id)),
        "slo_url": endpoints.slo_url,
        "login_url": base.at(&format!("/login/{}", connection.id)),
        "signing_certificates": certificates(&saml.sp_signing_certificates, now),
        "encryption_certificates": certificates(&saml.sp_encryption_certificates, now),
        "signing_rotation": rotation(&saml.sp_signing_rotation),
        "encryption_rotation": rotation(&saml.sp_encryption_rotation),
    })
}

/// Which key of ours follows which: `certificates` lists the one in use first, then the next, then the one before.
fn rotation(rotation: &SpRotation) -> Value {
    let next = rotation.next.as_ref().map(|next| {
        json!({ "fingerprint": fingerprint(&next.certificate), "announced_at": next.announced_at,
            "takes_over_at": next.takes_over_at })
    });
    let old = rotation
        .old
        .as_ref()
        .map(|old| json!({ "fingerprint": fingerprint(&old.certificate), "ends_at": old.ends_at }));
    json!({ "next": next, "old": old })
}

fn fingerprint(stored: &str) -> Option<String> {
    let certificate = Certificate::from_base64(stored).ok()?;
    Some(certificate.sha256_fingerprint())
}

fn identity_provider(idp: &SamlIdp, now: DateTime<Utc>) -> Value {
    json!({
        "entity_id": idp.entity_id,
        "sso_redirect_url": idp.sso_redirect_url,
        "sso_post_url": idp.sso_post_url,
        "slo_url": idp.slo_url,
        "metadata_url": idp.metadata_url,
        "certificates": certificates(&idp.certificates, now),
    })
}

fn certificates(stored: &[String], now: DateTime<Utc>) -> Vec<Value> {
    stored
        .iter()
        .filter_map(|der| Certificate::from_base64(der).ok())
        .map(|c| certificate(&c, now))
        .collect()
}

pub(super) fn certificate(certificate: &Certificate, now: DateTime<Utc>) -> Value {
    let findings = certificate.findings(now);
    let findings = findings
        .iter()
        .map(|f| finding(f.code(), f.to_string()))
        .collect::<Vec<_>>();
    json!({
        "subject": certificate.subject(),
        "issuer": certificate.issuer(),
        "key": certificate.key_kind().to_string(),
        "not_before": certificate.not_before(),
        "not_after": certificate.not_after(),
        "sha256": certificate.sha256_fingerprint(),
        "pem": certificate.pem(),
        "findings": findings,
    })
}

/// What was mended in the metadata just read, and settings that will not work or not last.
fn findings(connection: &Connection, saml: &SamlConnection, read: &[MetadataFinding]) -> Vec<Value> {
    let mut all = read
        .iter()
        .map(|f| finding(f.code(), f.to_string()))
        .collect::<Vec<_>>();
    let by_name_id = connection.subject == SubjectSource::NameId;
    match saml.name_id_format.parse::<NameIdFormat>() {
        Ok(NameIdFormat::Transient) if by_name_id => {
            let detail = "a transient NameID names nobody: map a unique-id attribute as the subject";
            all.push(finding("subject_transient", detail.to_owned()));
        }
        Ok(NameIdFormat::EmailAddress) if by_name_id => {
            let detail = "the subject is an e-mail address: whoever gets the address gets the account; a persistent \
                NameID or a unique-id attribute is safer";
            all.push(finding("subject_is_email", detail.to_owned()));
        }
        Ok(_) | Err(_) => {}
    }
    all
}

pub(super) fn finding(code: &str, detail: String) -> Value {
    json!({ "code": code, "detail": detail })
}

/// A member (AQ-33: with its source).
pub(super) fn member(user: &User) -> Value {
    json!({
        "id": user.id,
        "user_name": user.user_name,
        "email": user.email,
        "given_name": user.details.given_name,
        "family_name": user.details.family_name,
        "position": user.details.position,
        "department": user.details.department,
        "mobile": user.details.mobile,
        "picture": user.details.picture,
        "role": user.role,
        "active": user.active,
        "source": user.source,
        "scim_takeover": user.scim_takeover,
        "version": user.version,
        "created_at": user.created_at,
        "modified_at": user.modified_at,
    })
}

/// A key without its token.
pub(super) fn api_key(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "kind": key.kind,
        "name": key.name,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
    })
}

/// Adds what is shown this once.
pub(super) fn show_once(body: &mut Value, name: &str, secret: &Secret) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(name.to_owned(), Value::from(secret.expose()));
    }
}

/// A failed sign-in (GH-04).
pub(super) fn failure(record: &AuditRecord) -> Value {
    let data = &record.data;
    json!({
        "at": record.at,
        "reference": data.get("reference"),
        "connection": data.get("connection"),
        "code": data.get("code"),
        "wanted": data.get("wanted"),
        "got": data.get("got"),
        "who": data.get("who"),
    })
}

/// An entry of the trail. Which of its people acted is the operator's own business.
pub(super) fn audit(record: &AuditRecord, operator: bool) -> Value {
    let mut data = record.data.clone();
    if !operator && let Some(actor) = data.get_mut("actor").and_then(Value::as_object_mut) {
        actor.remove("principal");
    }
    json!({ "id": record.id, "at": record.at, "action": record.action, "data": data })
}

/// An app client without its secrets.
#[must_use]
pub fn app_client(versioned: &Versioned) -> Value {
    let client = &versioned.client;
    let secrets = client.secrets.iter().map(
        |secret| json!({ "id": secret.id, "created_at": secret.created_at, "expires_at": secret.expires_at }),
    );
    json!({
        "client_id": client.id,
        "name": client.name,
        "kind": client.kind,
        "redirect_uris": client.redirect_uris,
        "post_logout_redirect_uris": client.post_logout_redirect_uris,
        "initiate_login_uri": client.initiate_login_uri,
        "registration_uri": client.registration_uri,
        "target_link_uris": client.target_link_uris,
        "scopes": client.scopes.to_string().split(' ').collect::<Vec<_>>(),
        "id_token_signed_response_alg": client.id_token_alg,
        "jwks": { "keys": client.jwks },
        "default": client.default,
        "secrets": secrets.collect::<Vec<_>>(),
        "version": versioned.version,
        "created_at": client.created_at,
    })
}
