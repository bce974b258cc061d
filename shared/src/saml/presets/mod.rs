//! SAML identity providers and what they differ in: what a new connection begins with, how their entity ids look, and
//! what an owner does there (SE-11).

mod instructions;

use crate::domain::connection::{AttributeMapping, IdpInitiated, SamlPreset, SubjectSource};
use crate::saml::name_id_format::NameIdFormat;

pub use instructions::{Ours, instructions};

/// What an identity provider signs unless told otherwise. All of it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    /// The assertion.
    Assertion,
    /// The response.
    Response,
    /// Both.
    Both,
    /// One or both, by a setting of its own.
    Either,
}

impl Signs {
    /// The name that the API uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Assertion => "assertion",
            Self::Response => "response",
            Self::Both => "both",
            Self::Either => "either",
        }
    }
}

/// What a new connection of a preset begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// The NameID format that is asked for.
    pub name_id_format: NameIdFormat,
    /// What identifies the person.
    pub subject: SubjectSource,
    /// Names of the attributes that are read.
    pub attributes: AttributeMapping,
    /// What an unsolicited response may do.
    pub idp_initiated: IdpInitiated,
    /// What is signed there.
    pub signs: Signs,
}

/// Microsoft's names of claims, which Auth0 uses as well.
const EMAIL_CLAIM: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
const GIVEN_NAME_CLAIM: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname";
const SURNAME_CLAIM: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname";
/// Entra's id of the person, the same for every application of the directory.
const ENTRA_OBJECT_ID: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";
/// eduPersonPrincipalName, mail, givenName and sn as Shibboleth names them (S-3).
const EDU_PERSON_PRINCIPAL_NAME: &str = "urn:oid:1.3.6.1.4.1.5923.1.1.1.6";
const OID_MAIL: &str = "urn:oid:0.9.2342.19200300.100.1.3";
const OID_GIVEN_NAME: &str = "urn:oid:2.5.4.42";
const OID_SN: &str = "urn:oid:2.5.4.4";

/// What a new connection of a preset begins with.
#[must_use]
pub fn defaults(preset: SamlPreset) -> Defaults {
    let usual = Defaults {
        name_id_format: NameIdFormat::EmailAddress,
        subject: SubjectSource::NameId,
        attributes: AttributeMapping::default(),
        idp_initiated: IdpInitiated::Off,
        signs: Signs::Assertion,
    };
    let claims = || names(EMAIL_CLAIM, GIVEN_NAME_CLAIM, SURNAME_CLAIM);
    match preset {
        // AD-2: Windows-style claims.
        SamlPreset::Adfs | SamlPreset::Auth0 => Defaults {
            attributes: claims(),
            ..usual
        },
        // The user principal name that Entra puts into the NameID may change; the object's id does not.
        SamlPreset::EntraId => Defaults {
            attributes: claims(),
            subject: SubjectSource::Attribute(ENTRA_OBJECT_ID.to_owned()),
            ..usual
        },
        SamlPreset::GoogleWorkspace | SamlPreset::OneLogin => usual,
        SamlPreset::Okta => Defaults {
            signs: Signs::Both,
            ..usual
        },
        SamlPreset::JumpCloud | SamlPreset::Keycloak | SamlPreset::Ping | SamlPreset::Generic => Defaults {
            signs: Signs::Either,
            ..usual
        },
        // people begin at its dashboard, and its answers there name a request that never was.
        SamlPreset::Rippling => Defaults {
            idp_initiated: IdpInitiated::Route,
            signs: Signs::Either,
            ..usual
        },
        // S-2, S-3: the response is signed, the NameID is of one session, and the names are object identifiers.
        SamlPreset::Shibboleth => Defaults {
            name_id_format: NameIdFormat::Unspecified,
            subject: SubjectSource::Attribute(EDU_PERSON_PRINCIPAL_NAME.to_owned()),
            attributes: names(OID_MAIL, OID_GIVEN_NAME, OID_SN),
            signs: Signs::Response,
            ..usual
        },
    }
}

fn names(email: &str, first_name: &str, last_name: &str) -> AttributeMapping {
    AttributeMapping {
        email: Some(email.to_owned()),
        first_name: Some(first_name.to_owned()),
        last_name: Some(last_name.to_owned()),
        ..AttributeMapping::default()
    }
}

/// How the entity ids of a preset begin and end, where they have a form of their own.
#[must_use]
pub fn entity_id_form(preset: SamlPreset) -> Option<(&'static str, &'static str)> {
    match preset {
        SamlPreset::Adfs => Some(("http", "/adfs/services/trust")),
        SamlPreset::Auth0 => Some(("urn:", "")),
        SamlPreset::EntraId => Some(("https://sts.windows.net/", "/")),
        SamlPreset::GoogleWorkspace => Some(("https://accounts.google.com/o/saml2", "")),
        SamlPreset::Okta => Some(("http://www.okta.com/", "")),
        SamlPreset::OneLogin => Some(("https://app.onelogin.com/saml/metadata/", "")),
        SamlPreset::JumpCloud
        | SamlPreset::Keycloak
        | SamlPreset::Ping
        | SamlPreset::Rippling
        | SamlPreset::Shibboleth
        | SamlPreset::Generic => None,
    }
}

/// Whether an entity id is of the form that the preset's are.
#[must_use]
pub fn fits(preset: SamlPreset, entity_id: &str) -> bool {
    entity_id_form(preset).is_none_or(|(start, end)| {
        let rest = entity_id.strip_prefix(start);
        rest.is_some_and(|rest| rest.ends_with(end))
    })
}

#[cfg(test)]
mod tests;
