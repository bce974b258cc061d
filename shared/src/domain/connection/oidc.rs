//! An OpenID Connect connection: what its owner sets, and what its provider's discovery document said.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Protocol;

/// Which provider a connection is set up for: decides defaults, and the few rules in which providers differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OidcPreset {
    /// Microsoft Entra ID, v2.0 and v1.0 endpoints.
    EntraId,
    /// Okta, org and custom authorization servers.
    Okta,
    /// Google Workspace.
    GoogleWorkspace,
    /// JumpCloud.
    #[serde(rename = "jumpcloud")]
    JumpCloud,
    /// Auth0.
    Auth0,
    /// OneLogin.
    #[serde(rename = "onelogin")]
    OneLogin,
    /// PingOne and PingFederate.
    Ping,
    /// Keycloak.
    Keycloak,
    /// Any provider that keeps to OpenID Connect Core 1.0.
    #[default]
    Generic,
}

impl OidcPreset {
    /// Every preset.
    pub const ALL: [Self; 9] = [
        Self::EntraId,
        Self::Okta,
        Self::GoogleWorkspace,
        Self::JumpCloud,
        Self::Auth0,
        Self::OneLogin,
        Self::Ping,
        Self::Keycloak,
        Self::Generic,
    ];

    /// The name that the API and the guides use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EntraId => "entra_id",
            Self::Okta => "okta",
            Self::GoogleWorkspace => "google_workspace",
            Self::JumpCloud => "jumpcloud",
            Self::Auth0 => "auth0",
            Self::OneLogin => "onelogin",
            Self::Ping => "ping",
            Self::Keycloak => "keycloak",
            Self::Generic => "generic",
        }
    }
}

/// What Entra's discovery document holds in place of the directory for `common` and `organizations` (E-31).
pub const ENTRA_TEMPLATE: &str = "{tenantid}";

/// How we authenticate at the token endpoint (AQ-13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// HTTP Basic (RFC 6749 section 2.3.1).
    #[default]
    ClientSecretBasic,
    /// Id and secret in the form.
    ClientSecretPost,
    /// An assertion signed by a key of ours (RFC 7523 section 2.2).
    PrivateKeyJwt,
}

impl ClientAuthentication {
    /// The registered name (IANA "OAuth Token Endpoint Authentication Methods").
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}

/// When the userinfo endpoint is asked (OpenID Connect Core 1.0 section 5.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskUserinfo {
    /// Never.
    Never,
    /// When the ID token has no address, or lacks a mapped attribute.
    #[default]
    WhenMissing,
    /// At every sign-in.
    Always,
}

/// What proves that an address belongs to the person, beside the tenant's proof of its domain (GH-05).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailProof {
    /// `email_verified` must be true.
    Required,
    /// The provider may be silent, but `email_verified` false is believed.
    #[default]
    UnlessDenied,
    /// The owner vouches for the provider's directory: `email_verified` is not looked at.
    OwnerVouches,
}

/// Which redirect URI the provider has registered (AQ-07).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedirectUri {
    /// The connection's own, `/signin-oidc/{connection}`.
    #[default]
    Own,
    /// The deployment's, `/signin-oidc`: for providers that send `iss`, else with the owner's acknowledgement.
    Shared,
}

/// What an owner sets. Lists of names are kept as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcSettings {
    /// Which provider it is.
    pub preset: OidcPreset,
    /// The issuer that the owner names; its discovery document lies below it (AQ-09).
    pub authority: Option<String>,
    /// Our `client_id` there.
    pub client_id: Option<String>,
    /// How we authenticate there.
    pub client_authentication: ClientAuthentication,
    /// Scopes beyond `openid profile email` (AQ-22).
    pub additional_scopes: Vec<String>,
    /// JWS algorithms that ID tokens may be signed by; none named means every asymmetric one that we know.
    pub signing_algorithms: Vec<String>,
    /// Entra ID: the one directory (`tid`) that may sign in.
    pub tenant_id: Option<String>,
    /// Google: the one Workspace domain (`hd`) that may sign in (SE-09).
    pub hosted_domain: Option<String>,
    /// When userinfo is asked.
    pub userinfo: AskUserinfo,
    /// What proves an address.
    pub email_proof: EmailProof,
    /// Which redirect URI is registered.
    pub redirect_uri: RedirectUri,
    /// The owner accepts the shared redirect URI with a provider that sends no `iss` (RFC 9207).
    pub missing_iss_acknowledged: bool,
    /// Ask for a refresh token, so that the account can be checked between sign-ins (SE-06).
    pub offline_access: bool,
    /// Who signs out here is led to the provider's logout, too (OpenID Connect RP-Initiated Logout 1.0): that ends its
    /// session for every app.
    pub upstream_logout: bool,
}

/// What a provider's discovery document said when the connection was last set up. Codes and secrets go to these
/// endpoints alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcProvider {
    /// The issuer, exactly as it stands in the document; Entra's may hold the template `{tenantid}`.
    pub issuer: String,
    /// Where people are sent.
    pub authorization_endpoint: String,
    /// Where codes are redeemed.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// Where claims are asked for.
    pub userinfo_endpoint: Option<String>,
    /// Whether it sends `iss` beside the code (RFC 9207 section 3).
    pub sends_iss: bool,
    /// Where people are sent who sign out (OpenID Connect RP-Initiated Logout 1.0).
    #[serde(default)]
    pub end_session_endpoint: Option<String>,
    /// When the document was read.
    pub discovered_at: DateTime<Utc>,
}

/// One of our public keys at a provider (`private_key_jwt`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientKey {
    /// Key id, as in the JWK set that we publish.
    pub kid: String,
    /// Its certificate, DER in base64: for providers that want one uploaded.
    pub certificate: String,
    /// Version of the secret that holds its private half.
    pub secret_version: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// An OpenID Connect connection: both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcConnection {
    /// What its owner set.
    pub settings: OidcSettings,
    /// What discovery said; `None` until the authority is given.
    pub provider: Option<OidcProvider>,
    /// When the client secret was last written; the secret itself lies in Secrets Manager alone (AQ-31).
    #[serde(default)]
    pub secret_set_at: Option<DateTime<Utc>>,
    /// AQ-20: when the client secret expires at the provider, as its owner said.
    #[serde(default)]
    pub secret_expires_at: Option<DateTime<Utc>>,
    /// Our keys there: the one in use first, then the one that will follow or the one before.
    #[serde(default)]
    pub client_keys: Vec<ClientKey>,
}

impl OidcConnection {
    /// What must still be given before anybody can be sent there; `None` when nothing is missing.
    #[must_use]
    pub fn missing_for_test(&self) -> Option<&'static str> {
        let settings = &self.settings;
        let authenticates = match settings.client_authentication {
            ClientAuthentication::ClientSecretBasic | ClientAuthentication::ClientSecretPost => {
                self.secret_set_at.is_some()
            }
            ClientAuthentication::PrivateKeyJwt => !self.client_keys.is_empty(),
        };
        if self.provider.is_none() {
            Some("the authority")
        } else if settings.client_id.is_none() {
            Some("the client id")
        } else if authenticates {
            None
        } else {
            Some("the client secret or key")
        }
    }

    /// The issuer: what discovery said, with the pinned directory in the place of Entra's template (E-31).
    #[must_use]
    pub fn issuer(&self) -> Option<String> {
        let provider = self.provider.as_ref()?;
        Some(match (self.settings.preset, &self.settings.tenant_id) {
            (OidcPreset::EntraId, Some(pinned)) => provider.issuer.replace(ENTRA_TEMPLATE, pinned),
            _ => provider.issuer.clone(),
        })
    }

    /// Leaves what decides who is vouched for: provider, client, pins, and what proves an address. A Workspace domain
    /// that was not known before, as a test sign-in finds it, only narrows.
    pub(super) fn leave_who_vouches(&mut self, other: &Protocol) {
        let learned = matches!(other, Protocol::Oidc(other) if other.settings.hosted_domain.is_none());
        let settings = std::mem::take(&mut self.settings);
        self.settings = OidcSettings {
            preset: settings.preset,
            authority: settings.authority,
            client_id: settings.client_id,
            tenant_id: settings.tenant_id,
            hosted_domain: settings.hosted_domain.filter(|_| !learned),
            email_proof: settings.email_proof,
            ..OidcSettings::default()
        };
        if let Some(provider) = &mut self.provider {
            provider.discovered_at = DateTime::UNIX_EPOCH;
            provider.sends_iss = false;
            provider.end_session_endpoint = None;
        }
        self.secret_set_at = None;
        self.secret_expires_at = None;
        self.client_keys.clear();
    }

    /// What must still be given before people can sign in.
    #[must_use]
    pub fn missing(&self) -> Option<&'static str> {
        let settings = &self.settings;
        let pinned = match settings.preset {
            OidcPreset::EntraId => settings.tenant_id.is_some(),
            OidcPreset::GoogleWorkspace => settings.hosted_domain.is_some(),
            OidcPreset::Okta
            | OidcPreset::JumpCloud
            | OidcPreset::Auth0
            | OidcPreset::OneLogin
            | OidcPreset::Ping
            | OidcPreset::Keycloak
            | OidcPreset::Generic => true,
        };
        self.missing_for_test()
            .or_else(|| (!pinned).then_some("the directory or Workspace domain that may sign in"))
    }
}
