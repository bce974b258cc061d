//! Rings of SP keys, opened once for each version of their secrets: to open one checks its RSA keys, which takes longer than
//! to sign with them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::saml::keys::KeyRing;
use crate::secrets::SecretName;

/// Most rings that are remembered; a process that meets more begins anew.
const MOST: usize = 256;

/// The version of a secret, and its ring.
type Opened = (String, Arc<KeyRing>);

/// The rings that were opened last.
#[derive(Debug, Default)]
pub struct SpRings(Mutex<HashMap<SecretName, Opened>>);

impl SpRings {
    /// The ring of a version.
    pub(super) fn of(&self, name: &SecretName, version: &str) -> Option<Arc<KeyRing>> {
        let rings = self.0.lock().ok()?;
        let (opened, ring) = rings.get(name)?;
        (opened == version).then(|| ring.clone())
    }

    /// Remembers the ring of a version, in the place of another one's.
    pub(super) fn keep(&self, name: &SecretName, version: &str, ring: &Arc<KeyRing>) {
        let Ok(mut rings) = self.0.lock() else {
            return;
        };
        if rings.len() >= MOST && !rings.contains_key(name) {
            rings.clear();
        }
        rings.insert(name.clone(), (version.to_owned(), ring.clone()));
    }
}
