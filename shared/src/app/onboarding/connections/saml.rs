//! Our side of a SAML connection as an owner writes it, and its checks (CH-02, IL-03, SE-14).

use serde::{Deserialize, Serialize};

use super::super::{error::OnboardingError, rules};
use crate::domain::connection::{RequestBinding, SamlConnection, SamlPreset};
use crate::domain::endpoint::{EndpointPolicy, EndpointUrl};
use crate::saml::name_id_format::NameIdFormat;

/// Most characters of an entity id (saml-core 8.3.6).
const MOST_ENTITY_ID: usize = 1024;
/// Most foreign ACS URLs.
const MOST_ACS_URLS: usize = 5;

/// What can be written of our side of a SAML connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamlEdit {
    /// Which identity provider it is to (SE-11).
    pub preset: SamlPreset,
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
            preset: SamlPreset::default(),
            sp_entity_id: None,
            foreign_acs_urls: Vec::new(),
            name_id_format: NameIdFormat::default().uri().to_owned(),
            request_binding: RequestBinding::default(),
            allow_cbc: false,
        }
    }
}

impl SamlEdit {
    /// What a connection has now.
    pub(super) fn of(saml: &SamlConnection) -> Self {
        Self {
            preset: saml.preset,
            sp_entity_id: saml.sp_entity_id.clone(),
            foreign_acs_urls: saml.foreign_acs_urls.clone(),
            name_id_format: saml.name_id_format.clone(),
            request_binding: saml.request_binding,
            allow_cbc: saml.allow_cbc,
        }
    }

    /// Writes a checked edit into a connection.
    pub(super) fn write(self, saml: &mut SamlConnection) {
        saml.preset = self.preset;
        saml.sp_entity_id = self.sp_entity_id;
        saml.foreign_acs_urls = self.foreign_acs_urls;
        saml.name_id_format = self.name_id_format;
        saml.request_binding = self.request_binding;
        saml.allow_cbc = self.allow_cbc;
    }

    pub(super) fn checked(self, policy: EndpointPolicy) -> Result<Self, OnboardingError> {
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
