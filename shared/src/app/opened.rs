//! What was made of secrets, once for each version of them: to open keys is to check them, which takes longer than to sign.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use crate::secrets::{SecretName, SecretVersion};

/// Most secrets whose keys are remembered; a process that meets more begins anew.
const MOST: usize = 256;

/// The version of a secret, and what was made of it.
type Made<T> = (String, Arc<T>);

/// What was made of the versions that were read last.
pub struct Opened<T>(Mutex<HashMap<SecretName, Made<T>>>);

impl<T> Default for Opened<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> fmt::Debug for Opened<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened")
    }
}

impl<T> Opened<T> {
    /// What was made of this version, or is made of it now and kept in the place of another version's.
    ///
    /// # Errors
    /// Those of `open`.
    pub(super) fn of<E>(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        open: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        if let Ok(made) = self.0.lock()
            && let Some((id, made)) = made.get(name)
            && *id == version.id
        {
            return Ok(made.clone());
        }
        let opened = Arc::new(open()?);
        if let Ok(mut made) = self.0.lock() {
            if made.len() >= MOST && !made.contains_key(name) {
                made.clear();
            }
            made.insert(name.clone(), (version.id.clone(), opened.clone()));
        }
        Ok(opened)
    }
}
