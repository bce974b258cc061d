//! What can be written of a connection, and its checks (CH-01, CH-02, CH-11, IL-03, SE-14, SE-22).

use serde::{Deserialize, Serialize};

use super::super::{error::OnboardingError, rules};
use crate::domain::connection::{
    AttributeMapping, Connection, IdpInitiated, Protocol, RequestBinding, SubjectSource,
};
use crate::saml::metadata::{EndpointPolicy, EndpointUrl};
use crate::saml::name_id_format::NameIdFormat;

/// Most characters of a brand.
const MOST_BRAND: usize = 40;
/// Most characters of an attribute's name.
const MOST_ATTRIBUTE: usize = 256;
/// Most characters of an entity id (saml-core 8.3.6).
const MOST_ENTITY_ID: usize = 1024;
/// Most foreign ACS URLs.
const MOST_ACS_URLS: usize = 5;

/// What can be written of a connection of any protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionEdit {
    /// The name that people see in the chooser.
    pub name: String,
    /// Preset or brand.
    pub brand: String,
    /// What an unsolicited response may do.
    pub idp_initiated: IdpInitiated,
    /// What identifies the person.
    pub subject: SubjectSource,
    /// Names of the attributes that are read.
    pub attributes: AttributeMapping,
    /// What is SAML's.
    pub saml: SamlEdit,
}

/// What can be written of our side of a SAML connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamlEdit {
    /// CH-02: an entity id of ours that an imported connection keeps.
    pub sp_entity_id: Option<String>,
    /// CH-02: absolute ACS URLs that an imported connection keeps.
    pub foreign_acs_urls: Vec<String>,
    /// IL-03: NameID format URI that is asked for.
    pub name_id_format: String,
    /// How the AuthnRequest travels.
    pub request_binding: RequestBinding,
    /// Whether AES-CBC is taken in an unsigned Response.
    pub allow_cbc: bool,
}

impl Default for SamlEdit {
    fn default() -> Self {
        Self {
            sp_entity_id: None,
            foreign_acs_urls: Vec::new(),
            name_id_format: NameIdFormat::default().uri().to_owned(),
            request_binding: RequestBinding::default(),
            allow_cbc: false,
        }
    }
}

impl ConnectionEdit {
    /// What a connection has now.
    #[must_use]
    pub fn of(connection: &Connection) -> Self {
        let Protocol::Saml(saml) = &connection.protocol;
        Self {
            name: connection.name.clone(),
            brand: connection.brand.clone(),
            idp_initiated: connection.idp_initiated,
            subject: connection.subject.clone(),
            attributes: connection.attributes.clone(),
            saml: SamlEdit {
                sp_entity_id: saml.sp_entity_id.clone(),
                foreign_acs_urls: saml.foreign_acs_urls.clone(),
                name_id_format: saml.name_id_format.clone(),
                request_binding: saml.request_binding,
                allow_cbc: saml.allow_cbc,
            },
        }
    }

    /// Checks every field, and tidies texts.
    pub(super) fn checked(self, policy: EndpointPolicy) -> Result<Self, OnboardingError> {
        check_mapping(&self.attributes)?;
        if let SubjectSource::Attribute(name) = &self.subject {
            rules::exact("/subject/attribute", Some(name), MOST_ATTRIBUTE)?;
        }
        Ok(Self {
            name: rules::text("/name", &self.name, (1, rules::MOST_NAME))?,
            brand: rules::text("/brand", &self.brand, (0, MOST_BRAND))?,
            saml: self.saml.checked(policy)?,
            ..self
        })
    }

    /// Writes a checked edit into a connection.
    pub(super) fn write(self, connection: &mut Connection) {
        connection.name = self.name;
        connection.brand = self.brand;
        connection.idp_initiated = self.idp_initiated;
        connection.subject = self.subject;
        connection.attributes = self.attributes;
        let Protocol::Saml(saml) = &mut connection.protocol;
        saml.sp_entity_id = self.saml.sp_entity_id;
        saml.foreign_acs_urls = self.saml.foreign_acs_urls;
        saml.name_id_format = self.saml.name_id_format;
        saml.request_binding = self.saml.request_binding;
        saml.allow_cbc = self.saml.allow_cbc;
    }
}

impl SamlEdit {
    fn checked(self, policy: EndpointPolicy) -> Result<Self, OnboardingError> {
        if self.foreign_acs_urls.len() > MOST_ACS_URLS {
            return Err(OnboardingError::TooMany {
                what: "foreign ACS URLs",
                most: MOST_ACS_URLS,
            });
        }
        let mut foreign_acs_urls = Vec::with_capacity(self.foreign_acs_urls.len());
        for url in &self.foreign_acs_urls {
            let url = EndpointUrl::parse(url, policy).map_err(|error| OnboardingError::Endpoint {
                field: "/saml/foreign_acs_urls",
                error,
            })?;
            foreign_acs_urls.push(url.as_str().to_owned());
        }
        let field = "/saml/sp_entity_id";
        let sp_entity_id = rules::optional_text(field, self.sp_entity_id.as_deref(), MOST_ENTITY_ID)?;
        if let Some(id) = &sp_entity_id
            && id.chars().any(char::is_whitespace)
        {
            let got = id.chars().count();
            return Err(OnboardingError::Text {
                field,
                min: 1,
                max: MOST_ENTITY_ID,
                got,
            });
        }
        Ok(Self {
            sp_entity_id,
            foreign_acs_urls,
            name_id_format: self.name_id_format.parse::<NameIdFormat>()?.uri().to_owned(),
            ..self
        })
    }
}

fn check_mapping(mapping: &AttributeMapping) -> Result<(), OnboardingError> {
    let names = [
        ("/attributes/email", &mapping.email),
        ("/attributes/first_name", &mapping.first_name),
        ("/attributes/last_name", &mapping.last_name),
        ("/attributes/position", &mapping.position),
        ("/attributes/department", &mapping.department),
        ("/attributes/role", &mapping.role),
        ("/attributes/mobile_region_code", &mapping.mobile_region_code),
        ("/attributes/mobile_number", &mapping.mobile_number),
        ("/attributes/user_profile_image", &mapping.user_profile_image),
        ("/attributes/team_name", &mapping.team_name),
        ("/attributes/team_role", &mapping.team_role),
    ];
    names
        .into_iter()
        .try_for_each(|(field, name)| rules::exact(field, name.as_deref(), MOST_ATTRIBUTE))
}
