//! The registry of app clients: who may ask, how it proves itself, where answers may go.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::client_settings::{ClientError, ClientKind};
use super::digest::Digest;
use super::redirect::RegisteredUrl;
use super::scope::Scopes;
use crate::domain::ids::ClientId;
use crate::jose::{Algorithm, Jwk};
use crate::redacted::Secret;

/// The most secrets that one client may hold at once.
pub const MAX_SECRETS: usize = 5;

/// Marks our client secrets, so that secret scanners and people know them.
const SECRET_PREFIX: &str = "ghcs_";

/// One secret of a confidential client. A secret has 256 random bits, so a plain SHA-256 protects it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSecret {
    /// Names the secret, to revoke it by.
    pub id: Uuid,
    /// SHA-256 of the secret.
    pub digest: Digest,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working, if ever.
    pub expires_at: Option<DateTime<Utc>>,
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret")
            .field("id", &self.id)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl ClientSecret {
    /// Whether the secret still works.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// An app client as the store keeps it. Made by [`AppClient::register`], so every value in it was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppClient {
    /// `client_id`.
    pub id: ClientId,
    /// Shown to people.
    pub name: String,
    /// Confidential or public.
    pub kind: ClientKind,
    /// Secrets of a confidential client, newest last.
    #[serde(default)]
    pub secrets: Vec<ClientSecret>,
    /// Public keys of a confidential client for `private_key_jwt`.
    #[serde(default)]
    pub jwks: Vec<Jwk>,
    /// Where codes may go, matched exactly.
    pub redirect_uris: Vec<RegisteredUrl>,
    /// Where a browser may go after sign-out, matched exactly.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<RegisteredUrl>,
    /// OpenID Connect Core section 4: where an IdP-initiated sign-in starts.
    #[serde(default)]
    pub initiate_login_uri: Option<RegisteredUrl>,
    /// Where an unknown person is sent to sign up (CH-08).
    #[serde(default)]
    pub registration_uri: Option<RegisteredUrl>,
    /// The only `target_link_uri` values that an IdP-initiated sign-in may pass on, matched exactly.
    #[serde(default)]
    pub target_link_uris: Vec<RegisteredUrl>,
    /// What the client may ask for.
    pub scopes: Scopes,
    /// The algorithm of its ID tokens: RS256 or ES256.
    pub id_token_alg: Algorithm,
    /// IdP-initiated sign-in goes to the default client.
    #[serde(default)]
    pub default: bool,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
}

impl AppClient {
    /// Whether the client is public (a browser or native app without a secret).
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.kind == ClientKind::Public
    }

    /// Whether codes may be sent to this exact redirect URI.
    #[must_use]
    pub fn admits_redirect(&self, presented: &str) -> bool {
        self.redirect_uris
            .iter()
            .any(|uri| uri.admits(presented, self.is_public()))
    }

    /// Whether a browser may be sent to this exact URI after sign-out.
    #[must_use]
    pub fn admits_post_logout_redirect(&self, presented: &str) -> bool {
        self.post_logout_redirect_uris
            .iter()
            .any(|uri| uri.admits(presented, self.is_public()))
    }

    /// Whether an IdP-initiated sign-in may name this target.
    #[must_use]
    pub fn admits_target_link(&self, presented: &str) -> bool {
        self.target_link_uris.iter().any(|uri| uri.as_str() == presented)
    }

    /// Makes a new secret from fresh randomness; it is shown this once.
    ///
    /// # Errors
    /// [`ClientError::PublicWithSecret`], [`ClientError::TooManySecrets`], [`ClientError::SecretExpired`].
    pub fn add_secret(
        &mut self,
        id: Uuid,
        random: [u8; 32],
        now: DateTime<Utc>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<Secret, ClientError> {
        if self.is_public() {
            return Err(ClientError::PublicWithSecret);
        }
        if expires_at.is_some_and(|end| end <= now) {
            return Err(ClientError::SecretExpired);
        }
        self.secrets.retain(|secret| secret.is_live(now));
        if self.secrets.len() >= MAX_SECRETS {
            return Err(ClientError::TooManySecrets(self.secrets.len()));
        }
        let secret = Secret::new(format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(random)));
        let digest = Digest::of(secret.expose().as_bytes());
        self.secrets.push(ClientSecret {
            id,
            digest,
            created_at: now,
            expires_at,
        });
        Ok(secret)
    }

    /// Takes a secret away at once.
    ///
    /// # Errors
    /// [`ClientError::UnknownSecret`].
    pub fn revoke_secret(&mut self, id: Uuid) -> Result<(), ClientError> {
        let before = self.secrets.len();
        self.secrets.retain(|secret| secret.id != id);
        if self.secrets.len() == before {
            Err(ClientError::UnknownSecret)
        } else {
            Ok(())
        }
    }

    /// Whether one live secret is the presented one. Every secret is compared, in constant time.
    #[must_use]
    pub fn has_secret(&self, presented: &Secret, now: DateTime<Utc>) -> bool {
        secret_matches(&self.secrets, presented, now)
    }
}

/// Compares a presented secret with every stored one in constant time. Callers hand in an empty list for an unknown
/// client, so that the digest is computed all the same.
pub(crate) fn secret_matches(secrets: &[ClientSecret], presented: &Secret, now: DateTime<Utc>) -> bool {
    let digest = Digest::of(presented.expose().as_bytes());
    let mut found = false;
    for secret in secrets {
        found |= secret.digest.same(&digest) & secret.is_live(now);
    }
    found
}
