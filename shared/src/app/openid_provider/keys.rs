//! The provider's own keys: in Secrets Manager; made at bootstrap, read at each use from the cache.

use std::sync::{Arc, Mutex};

use crate::app::Gatehouse;
use crate::jose::signing::{KeyKind, generate_pkcs8};
use crate::openid_provider::keys::{KeyRing, KeyRingError, ProviderKeys};
use crate::secrets::{SecretName, SecretsError};

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Secrets Manager failed.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The ring is of no use.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
}

impl KeysError {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Secrets(e) => e.code(),
            Self::Ring(e) => e.code(),
        }
    }
}

/// The opened keys of the secret's version that was read last.
#[derive(Default)]
pub struct KeysCache(Mutex<Option<(String, Arc<ProviderKeys>)>>);

impl std::fmt::Debug for KeysCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeysCache")
    }
}

/// The provider's keys, opened once for each version of the secret.
///
/// # Errors
/// [`KeysError`] when they were not made yet, or Secrets Manager fails.
pub async fn provider_keys(gatehouse: &Gatehouse) -> Result<Arc<ProviderKeys>, KeysError> {
    let version = gatehouse.secrets.get(&SecretName::OpSigningKeys).await?;
    if let Ok(cache) = gatehouse.op_keys.0.lock()
        && let Some((id, keys)) = cache.as_ref()
        && *id == version.id
    {
        return Ok(keys.clone());
    }
    let keys = Arc::new(KeyRing::from_json(&version.value)?.open()?);
    if let Ok(mut cache) = gatehouse.op_keys.0.lock() {
        *cache = Some((version.id, keys.clone()));
    }
    Ok(keys)
}

/// Makes the provider's keys where there are none: a current and a next one of each kind.
///
/// # Errors
/// [`KeysError`] when Secrets Manager or the generator fails.
pub async fn make_provider_keys(gatehouse: &Gatehouse) -> Result<(), KeysError> {
    if gatehouse
        .secrets
        .find(&SecretName::OpSigningKeys)
        .await?
        .is_some()
    {
        return Ok(());
    }
    let ring = KeyRing::create(
        &[KeyKind::Rsa2048, KeyKind::P256],
        gatehouse.clock.now(),
        generate_pkcs8,
    )?;
    gatehouse
        .secrets
        .create_if_absent(&SecretName::OpSigningKeys, &ring.to_json()?)
        .await?;
    Ok(())
}
