//! From a verified SAML response to a [`Person`].

use chrono::{DateTime, Utc};

use super::person::{Learned, Person, identity_hash};
use super::refusal::SignInRefusal;
use crate::domain::connection::{Connection, SubjectSource};
use crate::domain::email::EmailAddress;
use crate::redacted::Personal;
use crate::saml::response::{NameId, VerifiedResponse};

/// Where an address is looked for when none is mapped (CH-04).
pub(in crate::app) const EMAIL_ATTRIBUTES: &[&str] = &[
    "email",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
];

/// What Entra ID sends in the place of more than 150 groups (E-32).
const GROUPS_LINK: &str = "http://schemas.microsoft.com/claims/groups.link";

const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

/// What single logout finds the sessions of a NameID by.
pub fn name_id_hash(issuer: &str, name_id: &NameId) -> String {
    identity_hash(issuer, &[&name_id.value])
}

/// Reads the person out of a response that passed every check. `sp_entity_id` stands in for an absent SPNameQualifier.
///
/// # Errors
/// [`SignInRefusal`] when nothing lasting identifies the person.
pub fn person(
    connection: &Connection,
    response: &VerifiedResponse,
    sp_entity_id: &str,
    now: DateTime<Utc>,
) -> Result<Person, SignInRefusal> {
    let subject = match &connection.subject {
        SubjectSource::NameId => name_id_subject(response, sp_entity_id)?,
        SubjectSource::Attribute(name) => attribute_subject(response, name)?,
        // Set-up refuses these for SAML.
        SubjectSource::Sub | SubjectSource::TidOid => return Err(SignInRefusal::SubjectMissing { found: 0 }),
    };
    let name_id_hash = response
        .name_id
        .as_ref()
        .map(|id| name_id_hash(&response.issuer, id));
    Ok(Person {
        subject,
        email: email(connection, response),
        attributes: Personal(response.attributes.clone()),
        auth_time: Some(response.authn_instant.min(now)),
        session_ends: response.session_not_on_or_after,
        authn_context: response.authn_context.clone(),
        name_id_hash,
        session_index: response.session_index.clone(),
        learned: Learned::default(),
        groups_incomplete: response.attributes.contains_key(GROUPS_LINK),
        upstream: None,
        id_token: None,
    })
}

/// The NameID with its qualifiers. Absent qualifiers mean issuer and service provider (SAML core 8.3.7).
fn name_id_subject(response: &VerifiedResponse, sp_entity_id: &str) -> Result<String, SignInRefusal> {
    let name_id = response
        .name_id
        .as_ref()
        .ok_or(SignInRefusal::SubjectMissing { found: 0 })?;
    let format = name_id.format.as_deref().unwrap_or(UNSPECIFIED);
    match format {
        TRANSIENT => Err(SignInRefusal::SubjectTransient),
        PERSISTENT => Ok(identity_hash(
            &response.issuer,
            &persistent(name_id, &response.issuer, sp_entity_id),
        )),
        EMAIL => Ok(identity_hash(
            &response.issuer,
            &["email", &folded(&name_id.value)],
        )),
        other => Ok(identity_hash(
            &response.issuer,
            &["name-id", other, &name_id.value],
        )),
    }
}

fn persistent<'a>(name_id: &'a NameId, issuer: &'a str, sp_entity_id: &'a str) -> [&'a str; 4] {
    let qualifier = name_id.name_qualifier.as_deref().unwrap_or(issuer);
    let sp_qualifier = name_id.sp_name_qualifier.as_deref().unwrap_or(sp_entity_id);
    ["persistent", qualifier, sp_qualifier, &name_id.value]
}

/// Addresses are one whatever their case (quirk X-6).
fn folded(value: &str) -> String {
    EmailAddress::parse(value).map_or_else(|_| value.to_lowercase(), |address| address.folded().to_owned())
}

fn attribute_subject(response: &VerifiedResponse, name: &str) -> Result<String, SignInRefusal> {
    let values = response
        .attributes
        .get(name)
        .map(Vec::as_slice)
        .unwrap_or_default();
    match values {
        [value] if !value.trim().is_empty() => Ok(identity_hash(
            &response.issuer,
            &["attribute", name, value.trim()],
        )),
        _ => Err(SignInRefusal::SubjectMissing { found: values.len() }),
    }
}

/// CH-04: the mapped attribute, else the documented names, else the NameID. An attribute of several values names no
/// address.
fn email(connection: &Connection, response: &VerifiedResponse) -> Option<EmailAddress> {
    let of = |name: &str| match response.attributes.get(name).map(Vec::as_slice) {
        Some([value]) => EmailAddress::parse(value).ok(),
        Some(_) | None => None,
    };
    let from_attributes = match &connection.attributes.email {
        Some(name) => of(name),
        None => EMAIL_ATTRIBUTES.iter().find_map(|name| of(name)),
    };
    let from_name_id = || {
        response
            .name_id
            .as_ref()
            .and_then(|id| EmailAddress::parse(&id.value).ok())
    };
    from_attributes.or_else(from_name_id)
}
