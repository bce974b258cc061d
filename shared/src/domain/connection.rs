//! One connection of a tenant to an identity provider.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{ConnectionId, TenantId};
use super::onboarding::Onboarding;

mod github;
mod oidc;
mod saml_preset;
pub mod sp_keys;

pub use github::{GitHubConnection, GitHubOrganization, GitHubSettings};
pub use oidc::{
    AskUserinfo, ClientAuthentication, ClientKey, ENTRA_TEMPLATE, EmailProof, OidcConnection, OidcPreset,
    OidcProvider, OidcSettings, RedirectUri,
};
pub use saml_preset::SamlPreset;
use sp_keys::SpRotation;

/// Where a connection stands (AQ-16, SE-27).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// Being written.
    Draft,
    /// Being checked by machine.
    Validating,
    /// Waiting for the operator.
    InReview,
    /// Signs people in.
    Active,
    /// Switched off.
    Suspended,
}

/// What an unsolicited response may do (CH-11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdpInitiated {
    /// It is refused.
    #[default]
    Off,
    /// It routes to a sign-in that the service provider starts.
    Route,
    /// For providers without SP-initiated sign-in: the person confirms on a page of ours.
    Confirm,
}

/// What identifies the person at the identity provider (DESIGN section 3, "Identity key").
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectSource {
    /// SAML: the NameID with its format and qualifiers; a transient one is refused.
    #[default]
    NameId,
    /// OpenID Connect: `sub`. GitHub: the number of the account.
    Sub,
    /// Entra ID: `tid` and `oid`, one for every app of the directory (`sub` differs from app to app).
    TidOid,
    /// The values of this attribute or claim, which must be exactly one.
    Attribute(String),
}

/// Names of the attributes that are read, per connection (SE-22). `None` reads the documented name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttributeMapping {
    /// E-mail address (CH-04).
    pub email: Option<String>,
    /// `firstName`.
    pub first_name: Option<String>,
    /// `lastName`.
    pub last_name: Option<String>,
    /// `position`.
    pub position: Option<String>,
    /// `department`.
    pub department: Option<String>,
    /// `role`.
    pub role: Option<String>,
    /// `mobileRegionCode`.
    pub mobile_region_code: Option<String>,
    /// `mobileNumber`.
    pub mobile_number: Option<String>,
    /// `userProfileImage`.
    pub user_profile_image: Option<String>,
    /// `teamName`.
    pub team_name: Option<String>,
    /// `teamRole`.
    pub team_role: Option<String>,
}

impl AttributeMapping {
    /// Each attribute: as a JSON pointer into the settings, the name that the owner set, and the documented one.
    fn fields(&self) -> [(&'static str, &Option<String>, &'static str); 11] {
        [
            ("/attributes/email", &self.email, "email"),
            ("/attributes/first_name", &self.first_name, "firstName"),
            ("/attributes/last_name", &self.last_name, "lastName"),
            ("/attributes/position", &self.position, "position"),
            ("/attributes/department", &self.department, "department"),
            ("/attributes/role", &self.role, "role"),
            (
                "/attributes/mobile_region_code",
                &self.mobile_region_code,
                "mobileRegionCode",
            ),
            ("/attributes/mobile_number", &self.mobile_number, "mobileNumber"),
            (
                "/attributes/user_profile_image",
                &self.user_profile_image,
                "userProfileImage",
            ),
            ("/attributes/team_name", &self.team_name, "teamName"),
            ("/attributes/team_role", &self.team_role, "teamRole"),
        ]
    }

    /// Each attribute, as a JSON pointer into the settings, with the name that it is read by.
    #[must_use]
    pub fn names(&self) -> [(&'static str, String); 11] {
        self.fields()
            .map(|(field, name, documented)| (field, name.clone().unwrap_or_else(|| documented.to_owned())))
    }

    /// The names that the owner set.
    pub fn mapped(&self) -> impl Iterator<Item = &str> {
        self.fields()
            .into_iter()
            .filter_map(|(_, name, _)| name.as_deref())
    }
}

/// How the AuthnRequest travels (SE-14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestBinding {
    /// HTTP-Redirect.
    #[default]
    Redirect,
    /// HTTP-POST.
    Post,
}

/// The identity provider's side of a SAML connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlIdp {
    /// Its entity id (the Issuer of its assertions).
    pub entity_id: String,
    /// Single sign-on location for HTTP-Redirect.
    pub sso_redirect_url: Option<String>,
    /// Single sign-on location for HTTP-POST.
    pub sso_post_url: Option<String>,
    /// Single logout location.
    pub slo_url: Option<String>,
    /// How messages travel to `slo_url`.
    #[serde(default)]
    pub slo_binding: RequestBinding,
    /// Where answers to a LogoutRequest go, if not to `slo_url` (saml-metadata 2.2.2).
    #[serde(default)]
    pub slo_response_url: Option<String>,
    /// Signing certificates, DER in base64: any of them may sign (GH-08).
    pub certificates: Vec<String>,
    /// Where its metadata is fetched from.
    pub metadata_url: Option<String>,
}

impl SamlIdp {
    /// The certificates as DER. One that cannot be read is left out; readers refuse when none is left.
    #[must_use]
    pub fn certificates_der(&self) -> Vec<Vec<u8>> {
        let texts = self.certificates.iter();
        texts.filter_map(|text| STANDARD.decode(text).ok()).collect()
    }
}

/// A SAML connection: both sides and the switches between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlConnection {
    /// Which identity provider it is to: what a new connection began with, and what instructions say.
    #[serde(default)]
    pub preset: SamlPreset,
    /// The identity provider; `None` until it is given.
    pub idp: Option<SamlIdp>,
    /// CH-02: an entity id of ours that an imported connection keeps; `None` is the metadata URL.
    pub sp_entity_id: Option<String>,
    /// CH-02: absolute ACS URLs that an imported connection keeps, beside the connection's own.
    pub foreign_acs_urls: Vec<String>,
    /// IL-03: NameID format URI that is asked for.
    pub name_id_format: String,
    /// How the AuthnRequest travels.
    pub request_binding: RequestBinding,
    /// Whether AES-CBC is taken in an unsigned Response.
    pub allow_cbc: bool,
    /// Certificates of the keys we sign with, DER in base64: the current one first, then the next (GH-08).
    #[serde(default)]
    pub sp_signing_certificates: Vec<String>,
    /// Certificates of the keys that assertions may be encrypted to, DER in base64: the current one first.
    #[serde(default)]
    pub sp_encryption_certificates: Vec<String>,
    /// How the next key follows the one we sign with.
    #[serde(default)]
    pub sp_signing_rotation: SpRotation,
    /// How the next key follows the one that assertions are encrypted to.
    #[serde(default)]
    pub sp_encryption_rotation: SpRotation,
}

/// What kind of identity provider a connection goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "snake_case")]
pub enum Protocol {
    /// SAML 2.0.
    Saml(SamlConnection),
    /// OpenID Connect Core 1.0.
    Oidc(OidcConnection),
    /// GitHub's OAuth 2.0.
    #[serde(rename = "github")]
    GitHub(GitHubConnection),
}

impl Protocol {
    /// The name that the API uses.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Saml(_) => "saml",
            Self::Oidc(_) => "oidc",
            Self::GitHub(_) => "github",
        }
    }

    /// The SAML connection, if it is one.
    #[must_use]
    pub fn saml(&self) -> Option<&SamlConnection> {
        match self {
            Self::Saml(saml) => Some(saml),
            Self::Oidc(_) | Self::GitHub(_) => None,
        }
    }

    /// What must still be given before people can sign in; `None` when nothing is missing.
    #[must_use]
    pub fn missing(&self) -> Option<&'static str> {
        match self {
            Self::Saml(saml) => saml.idp.is_none().then_some("the identity provider"),
            Self::Oidc(oidc) => oidc.missing(),
            Self::GitHub(github) => github.missing(),
        }
    }

    /// What must still be given before a test sign-in: the test may teach the rest (SE-09, SE-10).
    #[must_use]
    pub fn missing_for_test(&self) -> Option<&'static str> {
        match self {
            Self::Saml(saml) => saml.idp.is_none().then_some("the identity provider"),
            Self::Oidc(oidc) => oidc.missing_for_test(),
            Self::GitHub(github) => github.missing_for_test(),
        }
    }
}

/// One connection of a tenant to an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its identifier, part of its URLs.
    pub id: ConnectionId,
    /// The tenant.
    pub tenant: TenantId,
    /// The name that people see in the chooser.
    pub name: String,
    /// Preset or brand, for instructions (CH-01).
    pub brand: String,
    /// Where it stands.
    pub state: ConnectionState,
    /// The protocol and its settings.
    pub protocol: Protocol,
    /// What an unsolicited response may do.
    pub idp_initiated: IdpInitiated,
    /// What identifies the person.
    pub subject: SubjectSource,
    /// Names of the attributes that are read.
    pub attributes: AttributeMapping,
    /// What is known of it on its way to being active.
    #[serde(default)]
    pub onboarding: Onboarding,
    /// Raised by every change.
    pub version: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Connection {
    /// AQ-07: whether its answers come to the one redirect URI of the deployment, instead of to its own.
    #[must_use]
    pub fn shares_redirect_uri(&self) -> bool {
        match &self.protocol {
            Protocol::Oidc(oidc) => oidc.settings.redirect_uri == RedirectUri::Shared,
            Protocol::GitHub(_) | Protocol::Saml(_) => false,
        }
    }

    /// Who vouches: the SAML entity id, the OpenID issuer (with the pinned directory in the place of Entra's template),
    /// or the address of GitHub.
    #[must_use]
    pub fn issuer(&self) -> Option<String> {
        match &self.protocol {
            Protocol::Saml(saml) => saml.idp.as_ref().map(|idp| idp.entity_id.clone()),
            Protocol::Oidc(oidc) => oidc.issuer(),
            Protocol::GitHub(github) => Some(github.issuer().to_owned()),
        }
    }

    /// Whether whoever is vouched for at `other` is whoever is vouched for here: the identity provider and what is read
    /// of its answers are the same. Our own keys, names and switches are no part of it.
    #[must_use]
    pub fn vouches_like(&self, other: &Self) -> bool {
        let part = |connection: &Self, other: &Self| {
            let mut protocol = connection.protocol.clone();
            match &mut protocol {
                Protocol::Saml(saml) => {
                    saml.preset = SamlPreset::default();
                    saml.request_binding = RequestBinding::default();
                    saml.sp_signing_certificates.clear();
                    saml.sp_encryption_certificates.clear();
                    saml.sp_signing_rotation = SpRotation::default();
                    saml.sp_encryption_rotation = SpRotation::default();
                }
                Protocol::Oidc(oidc) => oidc.leave_who_vouches(&other.protocol),
                Protocol::GitHub(github) => github.leave_who_vouches(&other.protocol),
            }
            (
                protocol,
                connection.subject.clone(),
                connection.attributes.email.clone(),
            )
        };
        part(self, other) == part(other, self)
    }
}
