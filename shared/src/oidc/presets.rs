//! Providers and what they differ in: defaults of a new connection, and the few rules of their own.

use crate::domain::connection::{
    ClientAuthentication, ENTRA_TEMPLATE, EmailProof, OidcPreset, OidcSettings, RedirectUri, SubjectSource,
};

/// The settings that a new connection of a preset begins with.
#[must_use]
pub fn defaults(preset: OidcPreset) -> OidcSettings {
    let (client_authentication, email_proof) = match preset {
        // J-1: JumpCloud's applications are made for the form; the others name it first in their own guides.
        OidcPreset::EntraId | OidcPreset::JumpCloud => {
            (ClientAuthentication::ClientSecretPost, EmailProof::UnlessDenied)
        }
        // People may sign up there by themselves, or hold accounts beside the Workspace: only a verified address counts.
        OidcPreset::GoogleWorkspace | OidcPreset::Auth0 => {
            (ClientAuthentication::ClientSecretPost, EmailProof::Required)
        }
        OidcPreset::Okta
        | OidcPreset::OneLogin
        | OidcPreset::Ping
        | OidcPreset::Keycloak
        | OidcPreset::Generic => (ClientAuthentication::ClientSecretBasic, EmailProof::UnlessDenied),
    };
    OidcSettings {
        preset,
        client_authentication,
        email_proof,
        redirect_uri: RedirectUri::Own,
        authority: (preset == OidcPreset::GoogleWorkspace).then(|| GOOGLE.to_owned()),
        ..OidcSettings::default()
    }
}

/// What identifies a person at a provider of this preset (E-36: Entra's `sub` differs from app to app).
#[must_use]
pub fn subject(preset: OidcPreset) -> SubjectSource {
    match preset {
        OidcPreset::EntraId => SubjectSource::TidOid,
        OidcPreset::Okta
        | OidcPreset::GoogleWorkspace
        | OidcPreset::JumpCloud
        | OidcPreset::Auth0
        | OidcPreset::OneLogin
        | OidcPreset::Ping
        | OidcPreset::Keycloak
        | OidcPreset::Generic => SubjectSource::Sub,
    }
}

/// What the issuers of a preset look like, for whoever typed another address; empty where they may look like anything.
#[must_use]
pub(super) fn issuer_hint(preset: OidcPreset) -> &'static str {
    match preset {
        OidcPreset::Okta => {
            " (the org server and each custom authorization server, such as /oauth2/default, have issuers of their own)"
        }
        OidcPreset::GoogleWorkspace => " (Google has one issuer, https://accounts.google.com)",
        OidcPreset::JumpCloud => " (JumpCloud's issuer is https://oauth.id.jumpcloud.com/)",
        OidcPreset::OneLogin => " (OneLogin's issuers end with /oidc/2)",
        OidcPreset::Ping => " (PingOne's issuers end with /{environment id}/as)",
        OidcPreset::Keycloak => " (Keycloak's issuers end with /realms/{realm})",
        OidcPreset::EntraId | OidcPreset::Auth0 | OidcPreset::Generic => "",
    }
}

/// Google's issuer.
pub const GOOGLE: &str = "https://accounts.google.com";

/// An Entra authority taken apart: `{origin}/{directory}` (v1.0) or `{origin}/{directory}/v2.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntraAuthority<'a> {
    origin: &'a str,
    /// A directory's id, or `common`, `organizations`, or a domain name.
    pub directory: &'a str,
    version_2: bool,
}

impl<'a> EntraAuthority<'a> {
    /// Takes an authority apart; `None` when it has another shape.
    #[must_use]
    pub fn parse(authority: &'a str) -> Option<Self> {
        let trimmed = authority.strip_suffix('/').unwrap_or(authority);
        let (scheme, rest) = trimmed.split_once("://")?;
        let (host, path) = rest.split_once('/')?;
        let origin = authority.get(..scheme.len() + 3 + host.len())?;
        let (directory, version_2) = match path.split_once('/') {
            None => (path, false),
            Some((directory, "v2.0")) => (directory, true),
            Some(_) => return None,
        };
        (!directory.is_empty()).then_some(Self {
            origin,
            directory,
            version_2,
        })
    }

    /// Whether the directory is named by its id.
    #[must_use]
    pub fn names_directory_id(&self) -> bool {
        is_directory_id(self.directory)
    }

    /// Whether it stands for several directories (E-31).
    #[must_use]
    pub fn is_multi_tenant(&self) -> bool {
        matches!(self.directory, "common" | "organizations" | "consumers")
    }

    /// The issuer that its discovery document must state (E-30): v1.0 endpoints state another host.
    #[must_use]
    pub fn issuer(&self) -> String {
        let directory = if self.is_multi_tenant() {
            ENTRA_TEMPLATE
        } else {
            self.directory
        };
        if self.version_2 {
            return format!("{}/{directory}/v2.0", self.origin);
        }
        // 21Vianet's cloud states its own host; the others share one.
        let host =
            if self.origin.ends_with(".chinacloudapi.cn") || self.origin.ends_with(".microsoftonline.cn") {
                "https://sts.chinacloudapi.cn"
            } else {
                "https://sts.windows.net"
            };
        format!("{host}/{directory}/")
    }
}

/// Whether a text has the form of a directory's id: a UUID, as Microsoft writes it.
#[must_use]
pub fn is_directory_id(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}
