//! Secrets, versions and staging labels, and the rules by which labels move. No I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::wire::ServiceError;

/// The version that is in use.
pub const CURRENT: &str = "AWSCURRENT";
/// The version that was in use before.
pub const PREVIOUS: &str = "AWSPREVIOUS";

/// A secret's content; never shown by `Debug`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Payload {
    /// Text…
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_string: Option<String>,
    /// …or bytes, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_binary: Option<String>,
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A key and a value on a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Unique on a secret.
    pub key: String,
    /// May be empty.
    #[serde(default)]
    pub value: String,
}

/// One version of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its staging labels; a version without any is kept until the secret goes.
    pub stages: BTreeSet<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// What it holds.
    pub payload: Payload,
}

/// A secret with all its versions, by version id (= the ClientRequestToken that made it).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// `arn:aws:secretsmanager:…:secret:<name>-<6 characters>`.
    pub arn: String,
    /// Free text.
    pub description: Option<String>,
    /// As given at creation; nothing is encrypted here.
    pub kms_key_id: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub changed_at: DateTime<Utc>,
    /// Set while it waits for its deletion: when that was asked, and when it happens.
    pub deletion: Option<Deletion>,
    /// By key.
    pub tags: BTreeMap<String, String>,
    /// By version id.
    pub versions: BTreeMap<String, Version>,
}

/// A deletion that can still be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// When the secret is gone.
    pub due_at: DateTime<Utc>,
}

/// All secrets, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vault {
    secrets: BTreeMap<String, Secret>,
}

fn not_found() -> ServiceError {
    ServiceError::client(
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret.",
    )
}

impl Vault {
    /// Drops the secrets whose recovery window has passed.
    pub fn finish_deletions(&mut self, now: DateTime<Utc>) {
        self.secrets
            .retain(|_, secret| secret.deletion.is_none_or(|deletion| deletion.due_at > now));
    }

    /// Name and secret, by name or ARN.
    ///
    /// # Errors
    /// ResourceNotFoundException.
    pub fn find(&self, id: &str) -> Result<(&str, &Secret), ServiceError> {
        self.secrets
            .iter()
            .find(|(name, secret)| *name == id || secret.arn == id)
            .map(|(name, secret)| (name.as_str(), secret))
            .ok_or_else(not_found)
    }

    /// As [`Vault::find`], to change it.
    ///
    /// # Errors
    /// ResourceNotFoundException.
    pub fn find_mut(&mut self, id: &str) -> Result<(&str, &mut Secret), ServiceError> {
        self.secrets
            .iter_mut()
            .find(|(name, secret)| *name == id || secret.arn == id)
            .map(|(name, secret)| (name.as_str(), secret))
            .ok_or_else(not_found)
    }

    /// As [`Vault::find_mut`], for what a secret that waits for deletion refuses.
    ///
    /// # Errors
    /// ResourceNotFoundException, InvalidRequestException.
    pub fn find_living(&mut self, id: &str) -> Result<(&str, &mut Secret), ServiceError> {
        let (name, secret) = self.find_mut(id)?;
        secret.must_live()?;
        Ok((name, secret))
    }

    /// Adds a secret.
    pub fn insert(&mut self, name: String, secret: Secret) {
        self.secrets.insert(name, secret);
    }

    /// Removes a secret at once.
    pub fn remove(&mut self, name: &str) {
        self.secrets.remove(name);
    }

    /// All secrets, by name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&String, &Secret)> {
        self.secrets.iter()
    }
}

impl Secret {
    /// # Errors
    /// InvalidRequestException when it waits for deletion.
    pub fn must_live(&self) -> Result<(), ServiceError> {
        if self.deletion.is_some() {
            return Err(ServiceError::client(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for deletion.",
            ));
        }
        Ok(())
    }

    /// The version that carries a staging label.
    pub fn version_with(&self, stage: &str) -> Option<(&String, &Version)> {
        self.versions
            .iter()
            .find(|(_, version)| version.stages.contains(stage))
    }

    /// Adds a version, idempotently by its id. The first version is always current.
    ///
    /// # Errors
    /// ResourceExistsException when the id names a version of other content.
    pub fn put(
        &mut self,
        version_id: &str,
        payload: Payload,
        stages: &BTreeSet<String>,
        now: DateTime<Utc>,
    ) -> Result<(), ServiceError> {
        if let Some(known) = self.versions.get(version_id) {
            if known.payload == payload {
                return Ok(());
            }
            return Err(ServiceError::client(
                "ResourceExistsException",
                format!(
                    "You can't use ClientRequestToken {version_id} because that value is already in use for a \
                     version of secret {}.",
                    self.arn
                ),
            ));
        }
        let mut stages = stages.clone();
        if self.versions.is_empty() {
            stages.insert(CURRENT.to_owned());
        }
        let version = Version {
            stages: BTreeSet::new(),
            created_at: now,
            payload,
        };
        self.versions.insert(version_id.to_owned(), version);
        for stage in stages {
            self.move_stage(&stage, version_id);
        }
        self.changed_at = now;
        Ok(())
    }

    /// Takes a label from whatever version has it and gives it to `to`. The version that was current becomes the
    /// previous one.
    pub fn move_stage(&mut self, stage: &str, to: &str) {
        let from = self.take_stage(stage);
        if let Some(version) = self.versions.get_mut(to) {
            version.stages.insert(stage.to_owned());
        }
        if stage == CURRENT
            && let Some(from) = from
            && from != to
        {
            self.take_stage(PREVIOUS);
            if let Some(version) = self.versions.get_mut(&from) {
                version.stages.insert(PREVIOUS.to_owned());
            }
        }
    }

    /// Takes a label off; says from which version.
    pub fn take_stage(&mut self, stage: &str) -> Option<String> {
        self.versions
            .iter_mut()
            .find_map(|(id, version)| version.stages.remove(stage).then(|| id.clone()))
    }
}
