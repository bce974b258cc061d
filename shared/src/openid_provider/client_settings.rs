//! What the operator writes about an app client, checked once into an [`AppClient`].

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::clients::AppClient;
use super::redirect::{RedirectUriError, RegisteredUrl};
use super::scope::{Scope, Scopes};
use crate::domain::ids::ClientId;
use crate::jose::jwk::JwkError;
use crate::jose::{Algorithm, Jwk};

/// The most URLs in one list.
pub const MAX_URLS: usize = 50;
/// The most keys of one client.
pub const MAX_KEYS: usize = 10;
const MAX_NAME_LEN: usize = 100;

/// RFC 6749 section 2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// Keeps a secret or a private key.
    Confidential,
    /// Keeps none: a browser or native app.
    Public,
}

/// Why a client, or a change of it, is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The name is empty or too long.
    #[error("name must have 1 to {MAX_NAME_LEN} characters, got {0}")]
    Name(usize),
    /// No redirect URI.
    #[error("redirect_uris must have at least one entry")]
    NoRedirectUri,
    /// A list is too long.
    #[error("{field} may have at most {limit} entries, got {got}")]
    TooMany {
        /// The setting.
        field: &'static str,
        /// Its limit.
        limit: usize,
        /// What came.
        got: usize,
    },
    /// One of the URLs.
    #[error("{field}, entry {entry}: {error}")]
    Url {
        /// The setting.
        field: &'static str,
        /// Which entry, counted from 1.
        entry: usize,
        /// What is wrong with it.
        error: RedirectUriError,
    },
    /// A scope that we do not know.
    #[error("scopes may hold openid, profile, email, phone, offline_access; got {0}")]
    UnknownScope(String),
    /// `openid` is not among the scopes.
    #[error("scopes must hold openid")]
    NoOpenId,
    /// Another ID token algorithm.
    #[error("id_token_signed_response_alg must be RS256 or ES256, got {0}")]
    IdTokenAlg(&'static str),
    /// The key set is no JSON Web Key Set.
    #[error("jwks must be a JSON Web Key Set: an object with the array keys")]
    JwksShape,
    /// One of the keys.
    #[error("jwks, key {entry}: {reason}")]
    Key {
        /// Which key, counted from 1.
        entry: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Several keys, and one has no `kid`, or two have the same.
    #[error("jwks: each of several keys needs a kid of its own")]
    KeyIds,
    /// A public client with a secret.
    #[error("a public client has no secret")]
    PublicWithSecret,
    /// A public client with keys.
    #[error("a public client has no jwks")]
    PublicWithKeys,
    /// Too many secrets at once.
    #[error("a client may hold {max} live secrets, it has {0}: revoke one first", max = super::clients::MAX_SECRETS)]
    TooManySecrets(usize),
    /// A new secret that has expired already.
    #[error("expires_at must lie in the future")]
    SecretExpired,
    /// No secret of that id.
    #[error("the client has no secret of that id")]
    UnknownSecret,
}

impl ClientError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "client_name",
            Self::NoRedirectUri => "client_no_redirect_uri",
            Self::TooMany { .. } => "client_too_many",
            Self::Url { error, .. } => error.code(),
            Self::UnknownScope(_) => "client_unknown_scope",
            Self::NoOpenId => "client_no_openid_scope",
            Self::IdTokenAlg(_) => "client_id_token_alg",
            Self::JwksShape => "client_jwks_shape",
            Self::Key { .. } => "client_jwks_key",
            Self::KeyIds => "client_jwks_key_ids",
            Self::PublicWithSecret => "client_public_with_secret",
            Self::PublicWithKeys => "client_public_with_keys",
            Self::TooManySecrets(_) => "client_too_many_secrets",
            Self::SecretExpired => "client_secret_expired",
            Self::UnknownSecret => "client_unknown_secret",
        }
    }
}

/// The settings as they stand in the operator's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSettings {
    /// Shown to people.
    pub name: String,
    /// `confidential` or `public`.
    pub kind: ClientKind,
    /// Where codes may go.
    pub redirect_uris: Vec<String>,
    /// Where a browser may go after sign-out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where an IdP-initiated sign-in starts.
    #[serde(default)]
    pub initiate_login_uri: Option<String>,
    /// Where an unknown person signs up (CH-08).
    #[serde(default)]
    pub registration_uri: Option<String>,
    /// The allowed `target_link_uri` values.
    #[serde(default)]
    pub target_link_uris: Vec<String>,
    /// What the client may ask for.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// RS256 (default) or ES256.
    #[serde(default = "default_alg")]
    pub id_token_signed_response_alg: Algorithm,
    /// Public keys for `private_key_jwt`, inline.
    #[serde(default)]
    pub jwks: Option<serde_json::Value>,
    /// Whether IdP-initiated sign-in goes to this client.
    #[serde(default)]
    pub default: bool,
}

fn default_scopes() -> Vec<String> {
    Scope::ALL.iter().map(|scope| scope.as_str().to_owned()).collect()
}

fn default_alg() -> Algorithm {
    Algorithm::Rs256
}

impl AppClient {
    /// Checks the settings and makes a client without secrets.
    ///
    /// # Errors
    /// [`ClientError`]: the first thing that is wrong.
    pub fn register(
        id: ClientId,
        settings: &ClientSettings,
        now: DateTime<Utc>,
    ) -> Result<Self, ClientError> {
        let name_len = settings.name.trim().chars().count();
        if !(1..=MAX_NAME_LEN).contains(&name_len) {
            return Err(ClientError::Name(name_len));
        }
        let native = settings.kind == ClientKind::Public;
        let redirect_uris = urls("redirect_uris", &settings.redirect_uris, native)?;
        if redirect_uris.is_empty() {
            return Err(ClientError::NoRedirectUri);
        }
        let jwks = settings.jwks.as_ref().map_or(Ok(Vec::new()), keys)?;
        if native && !jwks.is_empty() {
            return Err(ClientError::PublicWithKeys);
        }
        Ok(Self {
            id,
            name: settings.name.trim().to_owned(),
            kind: settings.kind,
            secrets: Vec::new(),
            jwks,
            redirect_uris,
            post_logout_redirect_uris: urls(
                "post_logout_redirect_uris",
                &settings.post_logout_redirect_uris,
                native,
            )?,
            initiate_login_uri: web_url("initiate_login_uri", settings.initiate_login_uri.as_ref())?,
            registration_uri: web_url("registration_uri", settings.registration_uri.as_ref())?,
            target_link_uris: urls("target_link_uris", &settings.target_link_uris, false)?,
            scopes: scopes(&settings.scopes)?,
            id_token_alg: id_token_alg(settings.id_token_signed_response_alg)?,
            default: settings.default,
            created_at: now,
        })
    }

    /// The same client with new settings; secrets stay, unless the client becomes public.
    ///
    /// # Errors
    /// [`ClientError`], as [`AppClient::register`]; [`ClientError::PublicWithSecret`] while it holds secrets.
    pub fn with_settings(&self, settings: &ClientSettings) -> Result<Self, ClientError> {
        let changed = Self::register(self.id.clone(), settings, self.created_at)?;
        if changed.is_public() && !self.secrets.is_empty() {
            return Err(ClientError::PublicWithSecret);
        }
        Ok(Self {
            secrets: self.secrets.clone(),
            ..changed
        })
    }
}

fn urls(field: &'static str, raw: &[String], native: bool) -> Result<Vec<RegisteredUrl>, ClientError> {
    if raw.len() > MAX_URLS {
        return Err(ClientError::TooMany {
            field,
            limit: MAX_URLS,
            got: raw.len(),
        });
    }
    let parse = |(at, text): (usize, &String)| {
        RegisteredUrl::parse(text, native).map_err(|error| ClientError::Url {
            field,
            entry: at + 1,
            error,
        })
    };
    raw.iter().enumerate().map(parse).collect()
}

fn web_url(field: &'static str, raw: Option<&String>) -> Result<Option<RegisteredUrl>, ClientError> {
    raw.map(|text| RegisteredUrl::parse(text, false))
        .transpose()
        .map_err(|error| ClientError::Url {
            field,
            entry: 1,
            error,
        })
}

fn scopes(names: &[String]) -> Result<Scopes, ClientError> {
    let parse = |name: &String| Scope::from_name(name).ok_or_else(|| ClientError::UnknownScope(name.clone()));
    let scopes: Scopes = names.iter().map(parse).collect::<Result<_, _>>()?;
    if scopes.contains(Scope::OpenId) {
        Ok(scopes)
    } else {
        Err(ClientError::NoOpenId)
    }
}

fn id_token_alg(alg: Algorithm) -> Result<Algorithm, ClientError> {
    match alg {
        Algorithm::Rs256 | Algorithm::Es256 => Ok(alg),
        Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512
        | Algorithm::Es384
        | Algorithm::Es512
        | Algorithm::EdDsa => Err(ClientError::IdTokenAlg(alg.name())),
    }
}

fn keys(jwks: &serde_json::Value) -> Result<Vec<Jwk>, ClientError> {
    let list = jwks
        .get("keys")
        .and_then(|keys| keys.as_array())
        .ok_or(ClientError::JwksShape)?;
    if list.len() > MAX_KEYS {
        return Err(ClientError::TooMany {
            field: "jwks",
            limit: MAX_KEYS,
            got: list.len(),
        });
    }
    let mut keys = Vec::with_capacity(list.len());
    for (at, value) in list.iter().enumerate() {
        let refuse = |reason: String| ClientError::Key {
            entry: at + 1,
            reason,
        };
        let key: Jwk = serde_json::from_value(value.clone()).map_err(|error| refuse(error.to_string()))?;
        if !Algorithm::ALL.into_iter().any(|alg| key.serves(alg)) {
            return Err(refuse(JwkError::WrongAlgorithm("signatures").to_string()));
        }
        keys.push(key);
    }
    let ids: BTreeSet<&str> = keys.iter().filter_map(Jwk::kid).collect();
    if keys.len() > 1 && ids.len() != keys.len() {
        return Err(ClientError::KeyIds);
    }
    Ok(keys)
}
