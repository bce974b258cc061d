//! Operations on secrets.

use std::fmt;
use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use serde::de::DeserializeOwned;

use super::cache::Cache;
use super::error::{SecretsError, SecretsFault, fault_of};
use super::name::SecretName;
use crate::clock::Clock;
use crate::redacted::Secret;

/// Days during which a deleted secret can be restored.
const RECOVERY_DAYS: i64 = 7;

/// Which version of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The one in use.
    Current,
    /// The next one: published before it is used.
    Pending,
    /// The one before.
    Previous,
}

impl Stage {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Current => "AWSCURRENT",
            Self::Pending => "AWSPENDING",
            Self::Previous => "AWSPREVIOUS",
        }
    }
}

/// A value and the version it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVersion {
    /// Version id, by which a pending version is promoted.
    pub id: String,
    /// The value.
    pub value: Secret,
}

impl SecretVersion {
    /// The value as JSON.
    ///
    /// # Errors
    /// [`SecretsFault::Malformed`] under `name` when it is not the JSON of a `T`.
    pub fn json<T: DeserializeOwned>(&self, name: &str, wanted: &'static str) -> Result<T, SecretsError> {
        // What serde says may quote the value: it is dropped.
        serde_json::from_str(self.value.expose())
            .map_err(|_| SecretsError::new(name, SecretsFault::Malformed { wanted }))
    }
}

/// What create-if-absent found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// There was none: ours is the secret now.
    New(SecretVersion),
    /// There was one, perhaps made a moment ago by somebody else: that one counts.
    Existing(SecretVersion),
}

impl Created {
    /// The version that counts, whoever made it.
    #[must_use]
    pub fn into_version(self) -> SecretVersion {
        match self {
            Self::New(version) | Self::Existing(version) => version,
        }
    }
}

/// The deployment's secrets. Clones share one cache.
#[derive(Clone)]
pub struct Secrets {
    pub(super) client: Client,
    prefix: Arc<str>,
    pub(super) clock: Clock,
    cache: Arc<Cache>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl Secrets {
    /// Secrets under `prefix` ([`crate::config::Config::secrets_prefix`]).
    #[must_use]
    pub fn new(client: Client, prefix: &str, clock: Clock) -> Self {
        Self {
            client,
            prefix: Arc::from(prefix),
            clock,
            cache: Arc::default(),
        }
    }

    /// The same secrets as another process sees them, which has read none yet.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self {
            cache: Arc::default(),
            ..self.clone()
        }
    }

    /// Lets this process read every secret anew.
    pub fn forget(&self) {
        self.cache.clear();
    }

    /// The current value; at most [`super::CACHE_TTL`] old.
    ///
    /// # Errors
    /// [`SecretsError`]; `NotFound` when there is none.
    pub async fn get(&self, name: &SecretName) -> Result<SecretVersion, SecretsError> {
        let full = name.full(&self.prefix);
        let slot = self.cache.slot(&full);
        let mut known = slot.known.lock().await;
        if let Some(version) = known.fresh(self.clock.now()) {
            return Ok(version);
        }
        self.read(&full, &slot, &mut known).await
    }

    /// The current value as [`Secrets::get`] gives it; `None` when there is no such secret.
    ///
    /// # Errors
    /// [`SecretsError`], except `NotFound`.
    pub async fn find(&self, name: &SecretName) -> Result<Option<SecretVersion>, SecretsError> {
        match self.get(name).await {
            Ok(version) => Ok(Some(version)),
            Err(error) if error.fault == SecretsFault::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The error for a value that is not what its name says.
    #[must_use]
    pub fn malformed(&self, name: &SecretName, wanted: &'static str) -> SecretsError {
        SecretsError::new(&name.full(&self.prefix), SecretsFault::Malformed { wanted })
    }

    /// The current value by a read that begins after this call: for a key that ought to be there and is not. However
    /// many ask at once, at most two requests are made; rate-limiting over time is the caller's.
    ///
    /// # Errors
    /// As [`Secrets::get`].
    pub async fn get_fresh(&self, name: &SecretName) -> Result<SecretVersion, SecretsError> {
        let full = name.full(&self.prefix);
        let slot = self.cache.slot(&full);
        let started = slot.started();
        let mut known = slot.known.lock().await;
        if let Some(version) = known.read_after(started) {
            return Ok(version);
        }
        self.read(&full, &slot, &mut known).await
    }

    /// The current value as JSON.
    ///
    /// # Errors
    /// As [`Secrets::get`], and `Malformed` when it is not the JSON of a `T`.
    pub async fn get_json<T: DeserializeOwned>(
        &self,
        name: &SecretName,
        wanted: &'static str,
    ) -> Result<T, SecretsError> {
        let version = self.get(name).await?;
        version.json(&name.full(&self.prefix), wanted)
    }

    /// The version in a stage, or `None`; never from the cache.
    ///
    /// # Errors
    /// [`SecretsError`], except `NotFound`.
    pub async fn get_stage(
        &self,
        name: &SecretName,
        stage: Stage,
    ) -> Result<Option<SecretVersion>, SecretsError> {
        match self.fetch(&name.full(&self.prefix), stage).await {
            Ok(version) => Ok(Some(version)),
            Err(error) if error.fault == SecretsFault::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The version in a stage as [`Secrets::get`] gives the current one: at most [`super::CACHE_TTL`] old; `None` when
    /// there is none.
    ///
    /// # Errors
    /// [`SecretsError`], except `NotFound`.
    pub async fn find_stage(
        &self,
        name: &SecretName,
        stage: Stage,
    ) -> Result<Option<SecretVersion>, SecretsError> {
        let full = name.full(&self.prefix);
        let slot = self.cache.slot(&format!("{full}@{}", stage.label()));
        let mut known = slot.known.lock().await;
        let now = self.clock.now();
        if let Some(version) = known.fresh(now) {
            return Ok(Some(version));
        }
        known.forget();
        let number = slot.start();
        match self.fetch(&full, stage).await {
            Ok(version) => {
                known.keep(now, number, version.clone());
                Ok(Some(version))
            }
            Err(error) if error.fault == SecretsFault::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Which version is in a stage, without its value: for a caller that may not read the secret.
    ///
    /// # Errors
    /// [`SecretsError`]; `NotFound` when there is no secret.
    pub async fn version_in(&self, name: &SecretName, stage: Stage) -> Result<Option<String>, SecretsError> {
        let full = name.full(&self.prefix);
        let answer = self.client.describe_secret().secret_id(&full).send().await;
        let answer = answer.map_err(|error| SecretsError::new(&full, fault_of(&error)))?;
        let versions = answer.version_ids_to_stages.unwrap_or_default();
        let in_stage =
            |(_, stages): &(String, Vec<String>)| stages.iter().any(|label| label == stage.label());
        Ok(versions.into_iter().find(in_stage).map(|(id, _)| id))
    }

    /// Makes the secret unless there is one; of several callers at once, all get the value of the one who won.
    ///
    /// # Errors
    /// [`SecretsError`]; `Deleted` when one of that name waits for its deletion.
    pub async fn create_if_absent(&self, name: &SecretName, value: &Secret) -> Result<Created, SecretsError> {
        let full = name.full(&self.prefix);
        let slot = self.cache.slot(&full);
        let mut known = slot.known.lock().await;
        known.forget();
        let (created, version) = match self.create(&full, value).await? {
            Some(version) => (true, version),
            None => (false, self.fetch_appearing(&full).await?),
        };
        known.keep(self.clock.now(), slot.start(), version.clone());
        Ok(if created {
            Created::New(version)
        } else {
            Created::Existing(version)
        })
    }

    /// Makes `value` the current version, whether or not there is a secret; one that waits for its deletion is
    /// restored. Other processes see it within [`super::CACHE_TTL`].
    ///
    /// # Errors
    /// [`SecretsError`].
    pub async fn put(&self, name: &SecretName, value: &Secret) -> Result<SecretVersion, SecretsError> {
        let full = name.full(&self.prefix);
        let slot = self.cache.slot(&full);
        let mut known = slot.known.lock().await;
        known.forget();
        let version = match self.put_version(&full, value, Stage::Current).await {
            Err(error) if error.fault == SecretsFault::NotFound => match self.create(&full, value).await? {
                Some(version) => version,
                None => self.put_version(&full, value, Stage::Current).await?,
            },
            Err(error) if error.fault == SecretsFault::Deleted => {
                self.restore(&full).await?;
                self.put_version(&full, value, Stage::Current).await?
            }
            other => other?,
        };
        known.keep(self.clock.now(), slot.start(), version.clone());
        Ok(version)
    }

    /// Lays `value` aside as the pending version of an existing secret.
    ///
    /// # Errors
    /// [`SecretsError`]; `NotFound` when there is no secret.
    pub async fn put_pending(
        &self,
        name: &SecretName,
        value: &Secret,
    ) -> Result<SecretVersion, SecretsError> {
        self.put_version(&name.full(&self.prefix), value, Stage::Pending)
            .await
    }

    /// Makes a pending version the current one; the current one becomes the previous one. Repeating it does no harm.
    ///
    /// # Errors
    /// [`SecretsError`]; `Refused` when another process has promoted another version meanwhile.
    pub async fn promote(&self, name: &SecretName, version_id: &str) -> Result<(), SecretsError> {
        let full = name.full(&self.prefix);
        let slot = self.cache.slot(&full);
        let mut known = slot.known.lock().await;
        known.forget();
        let current = self.fetch(&full, Stage::Current).await?;
        if current.id != version_id {
            self.move_stage(&full, Stage::Current, Some(version_id), &current.id)
                .await?;
        }
        self.clear_pending(&full, version_id).await
    }

    /// As [`Secrets::promote`], for a caller that may not read the secret and so says which version is current.
    ///
    /// # Errors
    /// [`SecretsError`]; `Refused` when another version is current meanwhile.
    pub async fn promote_over(&self, name: &SecretName, to: &str, from: &str) -> Result<(), SecretsError> {
        let full = name.full(&self.prefix);
        let slot = self.cache.slot(&full);
        let mut known = slot.known.lock().await;
        known.forget();
        self.move_stage(&full, Stage::Current, Some(to), from).await?;
        self.move_stage(&full, Stage::Pending, None, to).await
    }

    /// Deletes the secret for good, at once; whether there was one.
    ///
    /// # Errors
    /// [`SecretsError`].
    pub async fn purge(&self, name: &SecretName) -> Result<bool, SecretsError> {
        let full = name.full(&self.prefix);
        let slot = self.cache.slot(&full);
        let mut known = slot.known.lock().await;
        known.forget();
        let was_there = match self.client.describe_secret().secret_id(&full).send().await {
            Ok(_) => true,
            Err(error) => match fault_of(&error) {
                SecretsFault::NotFound => false,
                SecretsFault::Deleted => true,
                fault => return Err(SecretsError::new(&full, fault)),
            },
        };
        // Asked also for what was not found: what is made a moment ago need not be seen yet.
        let request = self.client.delete_secret().secret_id(&full);
        match request.force_delete_without_recovery(true).send().await {
            Ok(_) => Ok(was_there),
            Err(error) => match fault_of(&error) {
                SecretsFault::NotFound => Ok(was_there),
                fault => Err(SecretsError::new(&full, fault)),
            },
        }
    }

    /// Deletes the secret, restorable for 7 days; one that is not there is fine.
    ///
    /// # Errors
    /// [`SecretsError`].
    pub async fn delete(&self, name: &SecretName) -> Result<(), SecretsError> {
        let full = name.full(&self.prefix);
        let slot = self.cache.slot(&full);
        let mut known = slot.known.lock().await;
        known.forget();
        let answer = self
            .client
            .delete_secret()
            .secret_id(&full)
            .recovery_window_in_days(RECOVERY_DAYS)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => match fault_of(&error) {
                SecretsFault::NotFound | SecretsFault::Deleted => Ok(()),
                fault => Err(SecretsError::new(&full, fault)),
            },
        }
    }
}
