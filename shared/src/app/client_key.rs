//! A key of ours at an OpenID Provider (`private_key_jwt`): as it lies in the connection's secret, one key in each
//! version, and as it is published.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Gatehouse;
use crate::domain::connection::{ClientKey, Protocol};
use crate::domain::ids::ConnectionId;
use crate::jose::signing::{KeyKind, SigningKeyError};
use crate::jose::{Algorithm, Jwk, SigningKey};
use crate::redacted::Secret;
use crate::saml::certificate::Certificate;
use crate::saml::keys::{KeyError, KeyMaterial};
use crate::store::StoreError;

/// A private key and its certificate, as the JSON of a secret.
#[derive(Serialize, Deserialize)]
pub struct StoredClientKey {
    /// Key id: the thumbprint of the public half (RFC 7638).
    pub kid: String,
    /// PKCS#8 in base64.
    private_key: Secret,
    /// DER in base64.
    certificate: String,
}

impl std::fmt::Debug for StoredClientKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredClientKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl StoredClientKey {
    /// Puts a new key into its stored form.
    ///
    /// # Errors
    /// [`KeyError::Generation`] when it is no RSA key.
    pub fn of(material: &KeyMaterial) -> Result<Self, KeyError> {
        let pkcs8 = material.private_key.pkcs8_der();
        let key = SigningKey::from_pkcs8(KeyKind::Rsa2048, pkcs8).map_err(|_| KeyError::Generation)?;
        Ok(Self {
            kid: key.public().kid().unwrap_or_default().to_owned(),
            private_key: Secret::new(STANDARD.encode(pkcs8)),
            certificate: material.certificate.base64(),
        })
    }

    /// The JSON that lies in the secret.
    ///
    /// # Errors
    /// [`KeyError::Generation`] when it cannot be written.
    pub fn to_secret(&self) -> Result<Secret, KeyError> {
        serde_json::to_string(self)
            .map(Secret::new)
            .map_err(|_| KeyError::Generation)
    }

    /// Reads the JSON of a secret; `None` when it is another kind of secret.
    #[must_use]
    pub fn from_secret(secret: &Secret) -> Option<Self> {
        serde_json::from_str(secret.expose()).ok()
    }

    /// The key, to sign with.
    ///
    /// # Errors
    /// [`SigningKeyError`] when what is stored is no RSA key.
    pub fn signing_key(&self) -> Result<SigningKey, SigningKeyError> {
        let decoded = STANDARD.decode(self.private_key.expose());
        let pkcs8 = Zeroizing::new(decoded.map_err(|_| SigningKeyError::Malformed(KeyKind::Rsa2048.name()))?);
        SigningKey::from_pkcs8(KeyKind::Rsa2048, &pkcs8)
    }

    /// SHA-256 thumbprint of the certificate (`x5t#S256`), by which Entra ID finds the key.
    #[must_use]
    pub fn certificate_thumbprint(&self) -> Option<String> {
        thumbprint(&self.certificate)
    }
}

fn thumbprint(certificate: &str) -> Option<String> {
    let der = STANDARD.decode(certificate).ok()?;
    Some(URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &der)))
}

/// The JWK of a key that we publish (RFC 7517), with its certificate; `None` when the record is damaged.
#[must_use]
pub fn published(key: &ClientKey) -> Option<Value> {
    let certificate = Certificate::from_base64(&key.certificate).ok()?;
    let public = Jwk::rsa_der(certificate.public_key()).ok()?;
    let mut jwk = serde_json::to_value(public.for_signing(Algorithm::Rs256)).ok()?;
    let fields = jwk.as_object_mut()?;
    fields.insert("kid".to_owned(), json!(key.kid));
    fields.insert("x5c".to_owned(), json!([key.certificate]));
    fields.insert("x5t#S256".to_owned(), json!(thumbprint(&key.certificate)?));
    Some(jwk)
}

/// The JWK set of our keys at a connection's provider: the one in use and the one that follows, or that was before.
/// `None` where there is no such connection, or none with keys. No secret is read.
///
/// # Errors
/// [`StoreError`] when the table cannot be read.
pub async fn of_connection(gatehouse: &Gatehouse, id: &ConnectionId) -> Result<Option<Value>, StoreError> {
    let connection = gatehouse.store.front_door().connection(id).await?;
    let Some(Protocol::Oidc(oidc)) = connection.map(|connection| connection.protocol) else {
        return Ok(None);
    };
    let keys = oidc.client_keys.iter().filter_map(published).collect::<Vec<_>>();
    Ok((!keys.is_empty()).then(|| json!({ "keys": keys })))
}
