//! What can be written of a connection of any protocol, and its checks (CH-01, CH-11, SE-22). What is a protocol's own
//! lies beside this file.

use serde::{Deserialize, Serialize};

use super::super::{error::OnboardingError, rules};
use super::{github, oidc, saml::SamlEdit};
use crate::domain::connection::{
    AttributeMapping, Connection, GitHubSettings, IdpInitiated, OidcPreset, OidcSettings, Protocol,
    SamlPreset, SubjectSource,
};
use crate::domain::endpoint::EndpointPolicy;
use crate::oidc::presets;
use crate::saml::presets as saml_presets;

/// Most characters of a brand.
const MOST_BRAND: usize = 40;
/// Most characters of an attribute's name.
const MOST_ATTRIBUTE: usize = 256;

/// What can be written of a connection. Of the protocols' parts only the connection's own may be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionEdit {
    /// The name that people see in the chooser.
    #[serde(default)]
    pub name: String,
    /// Preset or brand.
    #[serde(default)]
    pub brand: String,
    /// What an unsolicited response may do.
    #[serde(default)]
    pub idp_initiated: IdpInitiated,
    /// What identifies the person; `None` takes what fits the protocol and preset.
    #[serde(default)]
    pub subject: Option<SubjectSource>,
    /// Names of the attributes that are read.
    #[serde(default)]
    pub attributes: AttributeMapping,
    /// What is SAML's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saml: Option<SamlEdit>,
    /// What is OpenID Connect's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc: Option<OidcSettings>,
    /// What is GitHub's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub github: Option<GitHubSettings>,
}

impl Default for ConnectionEdit {
    /// A SAML connection's.
    fn default() -> Self {
        Self {
            saml: Some(SamlEdit::default()),
            ..Self::empty()
        }
    }
}

impl ConnectionEdit {
    fn empty() -> Self {
        Self {
            name: String::new(),
            brand: String::new(),
            idp_initiated: IdpInitiated::default(),
            subject: None,
            attributes: AttributeMapping::default(),
            saml: None,
            oidc: None,
            github: None,
        }
    }

    /// A new SAML connection's, with the preset's defaults (SE-11).
    #[must_use]
    pub fn saml(preset: SamlPreset) -> Self {
        if preset == SamlPreset::Generic {
            return Self::default();
        }
        let defaults = saml_presets::defaults(preset);
        Self {
            brand: preset.name().to_owned(),
            idp_initiated: defaults.idp_initiated,
            subject: Some(defaults.subject),
            attributes: defaults.attributes,
            saml: Some(SamlEdit {
                preset,
                name_id_format: defaults.name_id_format.uri().to_owned(),
                ..SamlEdit::default()
            }),
            ..Self::empty()
        }
    }

    /// A new OpenID Connect connection's, with the preset's defaults (SE-11).
    #[must_use]
    pub fn oidc(preset: OidcPreset) -> Self {
        Self {
            brand: preset.name().to_owned(),
            oidc: Some(presets::defaults(preset)),
            ..Self::empty()
        }
    }

    /// A new GitHub connection's.
    #[must_use]
    pub fn github() -> Self {
        Self {
            brand: "github".to_owned(),
            github: Some(GitHubSettings::default()),
            ..Self::empty()
        }
    }

    /// What a connection has now.
    #[must_use]
    pub fn of(connection: &Connection) -> Self {
        let common = Self {
            name: connection.name.clone(),
            brand: connection.brand.clone(),
            idp_initiated: connection.idp_initiated,
            subject: Some(connection.subject.clone()),
            attributes: connection.attributes.clone(),
            ..Self::empty()
        };
        match &connection.protocol {
            Protocol::Saml(saml) => Self {
                saml: Some(SamlEdit::of(saml)),
                ..common
            },
            Protocol::Oidc(oidc) => Self {
                oidc: Some(oidc.settings.clone()),
                ..common
            },
            Protocol::GitHub(github) => Self {
                github: Some(github.settings.clone()),
                ..common
            },
        }
    }

    /// Checks every field, and tidies texts; `protocol` is the connection's.
    pub(super) fn checked(self, protocol: Kind, policy: EndpointPolicy) -> Result<Self, OnboardingError> {
        check_mapping(&self.attributes)?;
        let parts = [
            (Kind::Saml, "/saml", self.saml.is_some()),
            (Kind::Oidc, "/oidc", self.oidc.is_some()),
            (Kind::GitHub, "/github", self.github.is_some()),
        ];
        if let Some((_, field, _)) = parts
            .into_iter()
            .find(|(kind, _, given)| *given && *kind != protocol)
        {
            return Err(OnboardingError::OtherProtocol { field });
        }
        let preset = self.oidc.as_ref().map(|oidc| oidc.preset).unwrap_or_default();
        let subject = self.subject.unwrap_or_else(|| protocol.subject(preset));
        check_subject(&subject, protocol)?;
        Ok(Self {
            name: rules::text("/name", &self.name, (1, rules::MOST_NAME))?,
            brand: rules::text("/brand", &self.brand, (0, MOST_BRAND))?,
            subject: Some(subject),
            saml: self.saml.map(|saml| saml.checked(policy)).transpose()?,
            oidc: self
                .oidc
                .map(|settings| oidc::checked(settings, policy))
                .transpose()?,
            github: self
                .github
                .map(|settings| github::checked(settings, policy))
                .transpose()?,
            idp_initiated: self.idp_initiated,
            attributes: self.attributes,
        })
    }

    /// Writes a checked edit into a connection. A part that is absent has its defaults.
    pub(super) fn write(self, connection: &mut Connection) {
        connection.name = self.name;
        connection.brand = self.brand;
        connection.idp_initiated = self.idp_initiated;
        connection.subject = self.subject.unwrap_or_default();
        connection.attributes = self.attributes;
        match &mut connection.protocol {
            Protocol::Saml(saml) => self.saml.unwrap_or_default().write(saml),
            Protocol::Oidc(oidc) => oidc.settings = self.oidc.unwrap_or_default(),
            Protocol::GitHub(github) => github.settings = self.github.unwrap_or_default(),
        }
    }

    /// Which protocol a new connection has: the one whose part is there.
    pub(super) fn kind(&self) -> Kind {
        if self.oidc.is_some() {
            Kind::Oidc
        } else if self.github.is_some() {
            Kind::GitHub
        } else {
            Kind::Saml
        }
    }
}

/// A protocol, without its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Saml,
    Oidc,
    GitHub,
}

impl Kind {
    pub(super) fn of(protocol: &Protocol) -> Self {
        match protocol {
            Protocol::Saml(_) => Self::Saml,
            Protocol::Oidc(_) => Self::Oidc,
            Protocol::GitHub(_) => Self::GitHub,
        }
    }

    fn subject(self, preset: OidcPreset) -> SubjectSource {
        match self {
            Self::Saml => SubjectSource::NameId,
            Self::Oidc => presets::subject(preset),
            Self::GitHub => SubjectSource::Sub,
        }
    }
}

/// What identifies a person must be something that the protocol has.
fn check_subject(subject: &SubjectSource, protocol: Kind) -> Result<(), OnboardingError> {
    let (fits, wanted) = match (protocol, subject) {
        (Kind::Saml | Kind::Oidc, SubjectSource::Attribute(name)) => {
            return rules::exact("/subject/attribute", Some(name), MOST_ATTRIBUTE);
        }
        (Kind::Saml, other) => (*other == SubjectSource::NameId, "name_id or an attribute"),
        (Kind::Oidc, other) => (*other != SubjectSource::NameId, "sub, tid_oid or an attribute"),
        (Kind::GitHub, other) => (*other == SubjectSource::Sub, "sub"),
    };
    let field = "/subject";
    fits.then_some(())
        .ok_or(OnboardingError::Setting { field, wanted })
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
