//! Single requests to Secrets Manager.

use std::time::Duration;

use super::cache::{Known, Slot};
use super::error::{SecretsError, SecretsFault, fault_of};
use super::manager::{SecretVersion, Secrets, Stage};
use crate::random;
use crate::redacted::Secret;

/// How often a secret that somebody else has just made is looked for: Secrets Manager is eventually consistent.
const APPEAR_TRIES: u32 = 4;
/// Pause between these looks.
const APPEAR_PAUSE: Duration = Duration::from_millis(100);

impl Secrets {
    /// Reads the current version into the cache.
    pub(super) async fn read(
        &self,
        full: &str,
        slot: &Slot,
        known: &mut Known,
    ) -> Result<SecretVersion, SecretsError> {
        known.forget();
        let (number, now) = (slot.start(), self.clock.now());
        let version = self.fetch(full, Stage::Current).await?;
        known.keep(now, number, version.clone());
        Ok(version)
    }

    pub(super) async fn fetch(&self, full: &str, stage: Stage) -> Result<SecretVersion, SecretsError> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(full)
            .version_stage(stage.label())
            .send()
            .await
            .map_err(|error| SecretsError::new(full, fault_of(&error)))?;
        let malformed = || {
            SecretsError::new(
                full,
                SecretsFault::Malformed {
                    wanted: "a string secret",
                },
            )
        };
        Ok(SecretVersion {
            id: answer.version_id.ok_or_else(malformed)?,
            value: Secret::new(answer.secret_string.ok_or_else(malformed)?),
        })
    }

    /// Reads a secret that another process has made a moment ago.
    pub(super) async fn fetch_appearing(&self, full: &str) -> Result<SecretVersion, SecretsError> {
        let mut tries = 1;
        loop {
            match self.fetch(full, Stage::Current).await {
                Err(error) if error.fault == SecretsFault::NotFound && tries < APPEAR_TRIES => {
                    tries += 1;
                    tokio::time::sleep(APPEAR_PAUSE).await;
                }
                answer => return answer,
            }
        }
    }

    /// `None` when there is one already.
    pub(super) async fn create(
        &self,
        full: &str,
        value: &Secret,
    ) -> Result<Option<SecretVersion>, SecretsError> {
        let token = request_token(full)?;
        let answer = self
            .client
            .create_secret()
            .name(full)
            .client_request_token(&token)
            .secret_string(value.expose())
            .send()
            .await;
        match answer {
            // The request token is the new version's id.
            Ok(answer) => Ok(Some(SecretVersion {
                id: answer.version_id.unwrap_or(token),
                value: value.clone(),
            })),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_resource_exists_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(SecretsError::new(full, fault_of(&error))),
        }
    }

    pub(super) async fn put_version(
        &self,
        full: &str,
        value: &Secret,
        stage: Stage,
    ) -> Result<SecretVersion, SecretsError> {
        let token = request_token(full)?;
        let answer = self
            .client
            .put_secret_value()
            .secret_id(full)
            .client_request_token(&token)
            .secret_string(value.expose())
            .version_stages(stage.label())
            .send()
            .await
            .map_err(|error| SecretsError::new(full, fault_of(&error)))?;
        Ok(SecretVersion {
            id: answer.version_id.unwrap_or(token),
            value: value.clone(),
        })
    }

    pub(super) async fn restore(&self, full: &str) -> Result<(), SecretsError> {
        let answer = self.client.restore_secret().secret_id(full).send().await;
        answer
            .map(|_| ())
            .map_err(|error| SecretsError::new(full, fault_of(&error)))
    }

    /// Takes the pending label from a version that is current now; that it has none is fine.
    pub(super) async fn clear_pending(&self, full: &str, version_id: &str) -> Result<(), SecretsError> {
        let pending = match self.fetch(full, Stage::Pending).await {
            Ok(pending) => pending,
            Err(error) if error.fault == SecretsFault::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if pending.id != version_id {
            return Ok(());
        }
        self.move_stage(full, Stage::Pending, None, version_id).await
    }

    /// Moves a stage's label from one version to another, or takes it off.
    pub(super) async fn move_stage(
        &self,
        full: &str,
        stage: Stage,
        to: Option<&str>,
        from: &str,
    ) -> Result<(), SecretsError> {
        let answer = self
            .client
            .update_secret_version_stage()
            .secret_id(full)
            .version_stage(stage.label())
            .set_move_to_version_id(to.map(str::to_owned))
            .remove_from_version_id(from)
            .send()
            .await;
        answer
            .map(|_| ())
            .map_err(|error| SecretsError::new(full, fault_of(&error)))
    }
}

/// Makes a retried write the same write.
fn request_token(full: &str) -> Result<String, SecretsError> {
    match random::uuid() {
        Ok(token) => Ok(token.to_string()),
        Err(_) => Err(SecretsError::new(full, SecretsFault::Random)),
    }
}
