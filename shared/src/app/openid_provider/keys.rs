//! The provider's own keys: in Secrets Manager; made at bootstrap, read at each use from the cache.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::app::Gatehouse;
use crate::app::deadlines::Calendar;
use crate::domain::deadline::{Deadline, DeadlineKind};
use crate::domain::ids::TenantId;
use crate::jose::signing::{KeyKind, generate_pkcs8};
use crate::openid_provider::keys::{KeyRing, KeyRingError, KeyState, ProviderKeys, RotationPolicy};
use crate::secrets::{SecretName, SecretsError};
use crate::store::{CommitError, StoreError};

/// The kinds of keys that sign: RS256 by default, ES256 where an app chose it.
const KINDS: [KeyKind; 2] = [KeyKind::Rsa2048, KeyKind::P256];
/// How long after its time a key that still signs has its deadline. The first stage, 30 days before, is then the day after.
const UNROTATED: TimeDelta = TimeDelta::days(31);

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Secrets Manager failed.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The ring is of no use.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A deadline was not written.
    #[error("a deadline could not be written: {0}")]
    Deadline(#[from] CommitError),
}

impl KeysError {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Secrets(e) => e.code(),
            Self::Ring(e) => e.code(),
            Self::Store(e) | Self::Deadline(CommitError::Store(e)) => e.code(),
            Self::Deadline(CommitError::Refused(_)) => "key_deadline_refused",
        }
    }
}

/// The provider's keys, opened once for each version of the secret.
///
/// # Errors
/// [`KeysError`] when they were not made yet, or Secrets Manager fails.
pub async fn provider_keys(gatehouse: &Gatehouse) -> Result<Arc<ProviderKeys>, KeysError> {
    let version = gatehouse.secrets.get(&SecretName::OpSigningKeys).await?;
    let open = || Ok(KeyRing::from_json(&version.value)?.open()?);
    gatehouse
        .memory
        .op_keys
        .of(&SecretName::OpSigningKeys, &version, open)
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
    let ring = KeyRing::create(&KINDS, gatehouse.clock.now(), generate_pkcs8)?;
    gatehouse
        .secrets
        .create_if_absent(&SecretName::OpSigningKeys, &ring.to_json()?)
        .await?;
    Ok(())
}

/// Looks after the keys: makes them where there are none, and lets the next ones take over when their time has come
/// ([`RotationPolicy`]). Each key that signs has a deadline, which the next one moves: the operator hears of it only when
/// nobody rotates. Says whether anything changed.
///
/// # Errors
/// [`KeysError`]; the next run goes on.
pub async fn look_after_provider_keys(gatehouse: &Gatehouse) -> Result<bool, KeysError> {
    make_provider_keys(gatehouse).await?;
    let name = SecretName::OpSigningKeys;
    let mut ring = KeyRing::from_json(&gatehouse.secrets.get_fresh(&name).await?.value)?;
    let policy = RotationPolicy::default();
    let rotated = ring.rotate(&KINDS, &policy, gatehouse.clock.now(), generate_pkcs8)?;
    if rotated {
        gatehouse.secrets.put(&name, &ring.to_json()?).await?;
    }
    set_deadlines(gatehouse, &ring, &policy).await?;
    Ok(rotated)
}

async fn set_deadlines(
    gatehouse: &Gatehouse,
    ring: &KeyRing,
    policy: &RotationPolicy,
) -> Result<(), KeysError> {
    let store = gatehouse.store.tenant(&TenantId::of_deployment());
    let calendar = Calendar::of(gatehouse, &store).await?;
    let known = store.deadlines().await?;
    let mut tx = store.begin();
    let mut changed = false;
    for key in ring.keys().iter().filter(|key| key.state == KeyState::Current) {
        let id = key.kind.algorithm().name();
        let end = key.current_since.unwrap_or(key.created_at) + policy.period + UNROTATED;
        let same = |deadline: &Deadline| {
            deadline.kind == DeadlineKind::OpKey && deadline.id == id && deadline.expires_at == end
        };
        if !known.iter().any(same) {
            calendar.set(&mut tx, DeadlineKind::OpKey, (id, id, ""), Some(end));
            changed = true;
        }
    }
    if changed {
        tx.commit().await?;
    }
    Ok(())
}
