//! Which SAML identity provider a connection is to (SE-11).

use serde::{Deserialize, Serialize};

/// A SAML identity provider whose ways are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SamlPreset {
    /// Active Directory Federation Services.
    Adfs,
    /// Auth0 with its SAML2 add-on.
    Auth0,
    /// Microsoft Entra ID.
    EntraId,
    /// Google Workspace.
    GoogleWorkspace,
    /// `JumpCloud`.
    #[serde(rename = "jumpcloud")]
    JumpCloud,
    /// Keycloak.
    Keycloak,
    /// Okta.
    Okta,
    /// `OneLogin`.
    #[serde(rename = "onelogin")]
    OneLogin,
    /// `PingOne` and `PingFederate`.
    Ping,
    /// Rippling.
    Rippling,
    /// The Shibboleth identity provider.
    Shibboleth,
    /// Any other one.
    #[default]
    Generic,
}

impl SamlPreset {
    /// Every preset, in the order of the names.
    pub const ALL: [Self; 12] = [
        Self::Adfs,
        Self::Auth0,
        Self::EntraId,
        Self::Generic,
        Self::GoogleWorkspace,
        Self::JumpCloud,
        Self::Keycloak,
        Self::Okta,
        Self::OneLogin,
        Self::Ping,
        Self::Rippling,
        Self::Shibboleth,
    ];

    /// The name that the API uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Adfs => "adfs",
            Self::Auth0 => "auth0",
            Self::EntraId => "entra_id",
            Self::GoogleWorkspace => "google_workspace",
            Self::JumpCloud => "jumpcloud",
            Self::Keycloak => "keycloak",
            Self::Okta => "okta",
            Self::OneLogin => "onelogin",
            Self::Ping => "ping",
            Self::Rippling => "rippling",
            Self::Shibboleth => "shibboleth",
            Self::Generic => "generic",
        }
    }

    /// The name that people know it by.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Adfs => "Active Directory Federation Services",
            Self::Auth0 => "Auth0",
            Self::EntraId => "Microsoft Entra ID",
            Self::GoogleWorkspace => "Google Workspace",
            Self::JumpCloud => "JumpCloud",
            Self::Keycloak => "Keycloak",
            Self::Okta => "Okta",
            Self::OneLogin => "OneLogin",
            Self::Ping => "Ping Identity",
            Self::Rippling => "Rippling",
            Self::Shibboleth => "Shibboleth",
            Self::Generic => "Another identity provider",
        }
    }
}
