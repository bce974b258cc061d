//! Secrets Manager on this machine: awsJson1.1 in front of a [`vault`].

mod operations;
mod requests;
mod vault;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use axum::response::Response;
use gatehouse::clock::Clock;

use self::vault::Vault;
use super::wire::ServiceError;

/// The secrets file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretsManagerError {
    /// The file cannot be read.
    #[error("the secrets file {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no secrets file.
    #[error("the secrets file {path} is damaged ({detail}): move it away, or start with --fresh")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the text stops making sense; never a part of it.
        detail: String,
    },
}

impl SecretsManagerError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "secrets_unreadable",
            Self::Damaged { .. } => "secrets_damaged",
        }
    }
}

/// All secrets, in a file that is replaced whole at every change (mode 0600), or in memory.
#[derive(Debug)]
pub struct SecretsManager {
    file: Option<PathBuf>,
    clock: Clock,
    vault: Mutex<Vault>,
}

impl SecretsManager {
    /// Opens `file`, or starts empty in memory.
    ///
    /// # Errors
    /// [`SecretsManagerError`] when the file exists and cannot be read.
    pub fn open(file: Option<PathBuf>, clock: &Clock) -> Result<Self, SecretsManagerError> {
        let vault = match &file {
            None => Vault::default(),
            Some(path) => match std::fs::read(path) {
                Ok(bytes) => {
                    serde_json::from_slice(&bytes).map_err(|error| SecretsManagerError::Damaged {
                        path: path.clone(),
                        detail: format!("line {}, column {}", error.line(), error.column()),
                    })?
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vault::default(),
                Err(source) => {
                    return Err(SecretsManagerError::Unreadable {
                        path: path.clone(),
                        source,
                    });
                }
            },
        };
        Ok(Self {
            file,
            clock: clock.clone(),
            vault: Mutex::new(vault),
        })
    }

    /// Answers one operation, such as `GetSecretValue`.
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Result<Response, ServiceError> {
        let mut vault = self.vault.lock().unwrap_or_else(PoisonError::into_inner);
        // A change is made on a copy, so that one which cannot be written down has not happened.
        let mut changed = vault.clone();
        let now = self.clock.now();
        changed.finish_deletions(now);
        let answer = operations::run(&mut changed, operation, body, now)?;
        if changed != *vault {
            self.save(&changed)
                .map_err(|error| ServiceError::server("InternalServiceError", &error))?;
            *vault = changed;
        }
        Ok(answer)
    }

    fn save(&self, vault: &Vault) -> std::io::Result<()> {
        let Some(path) = &self.file else { return Ok(()) };
        crate::data_dir::write_private(path, &serde_json::to_vec_pretty(vault)?)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
