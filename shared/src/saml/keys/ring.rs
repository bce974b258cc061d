//! Next, current and old keys: a ring always has exactly one current key and at most one next.
//!
//! Rotation: [`KeyRing::add_next`] publishes a key that does not sign yet; when the peers have had time to read the
//! metadata, [`KeyRing::promote`] makes it current and the current one old; [`KeyRing::remove_old`] ends it.

use aws_lc_rs::signature::KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::{Certificate, KeyError, KeyMaterial, PrivateKey};
use crate::redacted::Secret;

/// Most keys of a ring; it must fit a secret of 64 KiB.
const MAX_KEYS: usize = 8;
/// The version of the stored form.
const VERSION: u32 = 1;

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeyState {
    /// Published, does not sign yet.
    Next,
    /// Signs; encrypts to us.
    Current,
    /// Signs no more; still published for signing and still decrypts.
    Old,
}

/// One key of a ring.
#[derive(Clone, Debug)]
pub struct SpKey {
    kid: String,
    created: DateTime<Utc>,
    material: KeyMaterial,
}

impl SpKey {
    /// Key id, unique in its ring.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// When the key was made.
    #[must_use]
    pub fn created(&self) -> DateTime<Utc> {
        self.created
    }

    /// When its certificate ends.
    #[must_use]
    pub fn not_after(&self) -> DateTime<Utc> {
        self.material.certificate.not_after()
    }

    /// The private key.
    #[must_use]
    pub fn private_key(&self) -> &PrivateKey {
        &self.material.private_key
    }

    /// The certificate of the public key.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.material.certificate
    }

    /// Private key and certificate.
    #[must_use]
    pub fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// Puts material under an id.
    fn new(kid: &str, created: DateTime<Utc>, material: KeyMaterial) -> Result<Self, KeyError> {
        let good = (1..=64).contains(&kid.len())
            && kid
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if !good {
            return Err(KeyError::KeyId);
        }
        if material.private_key.pair().public_key().as_ref() != material.certificate.public_key() {
            return Err(KeyError::Mismatch { kid: kid.to_owned() });
        }
        Ok(Self {
            kid: kid.to_owned(),
            created,
            material,
        })
    }
}

/// The keys of one purpose (signing or decryption), as they lie in one secret.
///
/// Serializes to the JSON of the secret, private keys included: only for the secrets store.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct KeyRing {
    current: SpKey,
    next: Option<SpKey>,
    /// Newest first.
    old: Vec<SpKey>,
}

impl KeyRing {
    /// A ring with one current key.
    ///
    /// # Errors
    /// [`KeyError`] when the id is no key id, or certificate and key are not of one pair.
    pub fn new(kid: &str, now: DateTime<Utc>, material: KeyMaterial) -> Result<Self, KeyError> {
        Ok(Self {
            current: SpKey::new(kid, now, material)?,
            next: None,
            old: Vec::new(),
        })
    }

    /// Adds the key that will follow the current one.
    ///
    /// # Errors
    /// [`KeyError`] when there is a next key already, the id is taken or the ring is full. The ring stays as it was.
    pub fn add_next(&mut self, kid: &str, now: DateTime<Utc>, material: KeyMaterial) -> Result<(), KeyError> {
        if self.next.is_some() {
            return Err(KeyError::NextCount { count: 2 });
        }
        if self.keys().any(|key| key.kid == kid) {
            return Err(KeyError::DuplicateKeyId { kid: kid.to_owned() });
        }
        if self.keys().count() >= MAX_KEYS {
            return Err(KeyError::TooManyKeys { max: MAX_KEYS });
        }
        self.next = Some(SpKey::new(kid, now, material)?);
        Ok(())
    }

    /// Makes the next key current and the current one old.
    ///
    /// # Errors
    /// [`KeyError::NoNextKey`] when there is none.
    pub fn promote(&mut self) -> Result<(), KeyError> {
        let next = self.next.take().ok_or(KeyError::NoNextKey)?;
        self.old.insert(0, std::mem::replace(&mut self.current, next));
        Ok(())
    }

    /// Forgets an old key.
    ///
    /// # Errors
    /// [`KeyError::NotAnOldKey`] when `kid` is unknown, next or current.
    pub fn remove_old(&mut self, kid: &str) -> Result<(), KeyError> {
        let before = self.old.len();
        self.old.retain(|key| key.kid != kid);
        if self.old.len() == before {
            return Err(KeyError::NotAnOldKey {
                kid: kid.chars().take(64).collect(),
            });
        }
        Ok(())
    }

    /// Every key: the current one first, then next, then old ones, newest first. The order in which to try to decrypt.
    pub fn keys(&self) -> impl Iterator<Item = &SpKey> {
        std::iter::once(&self.current).chain(&self.next).chain(&self.old)
    }

    /// The key that signs.
    #[must_use]
    pub fn current(&self) -> &SpKey {
        &self.current
    }

    /// The key that follows, if it is made.
    #[must_use]
    pub fn next(&self) -> Option<&SpKey> {
        self.next.as_ref()
    }

    /// The keys that sign no more, newest first.
    #[must_use]
    pub fn old(&self) -> &[SpKey] {
        &self.old
    }

    /// What metadata publishes for signing: current first (some peers read only the first: Keycloak issue 10367), then
    /// next and old.
    #[must_use]
    pub fn published_for_signing(&self) -> Vec<Certificate> {
        self.keys().map(|key| key.certificate().clone()).collect()
    }

    /// What metadata publishes for encryption: the current key alone, because peers differ in which of several they use.
    #[must_use]
    pub fn published_for_encryption(&self) -> Vec<Certificate> {
        vec![self.current.certificate().clone()]
    }

    /// The JSON that lies in the secret.
    ///
    /// # Errors
    /// [`KeyError::Json`] when it cannot be written.
    pub fn to_secret(&self) -> Result<Secret, KeyError> {
        serde_json::to_string(self)
            .map(Secret::new)
            .map_err(|error| json_error(&error))
    }

    /// Reads the JSON that lies in the secret, and checks it as if it came from a stranger.
    ///
    /// # Errors
    /// [`KeyError`] naming what is wrong; nothing of the secret is quoted.
    pub fn from_secret(secret: &Secret) -> Result<Self, KeyError> {
        let stored: Stored = serde_json::from_str(secret.expose()).map_err(|error| json_error(&error))?;
        stored.try_into()
    }

    /// A ring out of keys in any order, whose rules are checked.
    fn from_keys(keys: Vec<(KeyState, SpKey)>) -> Result<Self, KeyError> {
        for (at, (_, key)) in keys.iter().enumerate() {
            if keys.iter().skip(at + 1).any(|(_, other)| other.kid == key.kid) {
                return Err(KeyError::DuplicateKeyId { kid: key.kid.clone() });
            }
        }
        let (mut current, mut next, mut old) = (Vec::new(), Vec::new(), Vec::new());
        for (state, key) in keys {
            match state {
                KeyState::Current => current.push(key),
                KeyState::Next => next.push(key),
                KeyState::Old => old.push(key),
            }
        }
        if next.len() > 1 {
            return Err(KeyError::NextCount { count: next.len() });
        }
        let count = current.len();
        let Some(key) = current.pop().filter(|_| count == 1) else {
            return Err(KeyError::CurrentCount { count });
        };
        Ok(Self {
            current: key,
            next: next.pop(),
            old,
        })
    }
}

/// Where JSON went wrong, without what stands there.
fn json_error(error: &serde_json::Error) -> KeyError {
    KeyError::Json {
        line: error.line(),
        column: error.column(),
    }
}

/// The stored form of a ring.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    keys: Vec<StoredKey>,
}

/// The stored form of a key. `not_after` repeats the certificate's end for people who read the secret.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    kid: String,
    state: KeyState,
    created: DateTime<Utc>,
    not_after: DateTime<Utc>,
    certificate: String,
    private_key: String,
}

impl Drop for StoredKey {
    fn drop(&mut self) {
        self.private_key.zeroize();
    }
}

impl From<KeyRing> for Stored {
    fn from(ring: KeyRing) -> Self {
        let keys = std::iter::once((KeyState::Current, &ring.current))
            .chain(ring.next.iter().map(|key| (KeyState::Next, key)))
            .chain(ring.old.iter().map(|key| (KeyState::Old, key)))
            .map(|(state, key)| StoredKey::of(state, key))
            .collect();
        Self {
            version: VERSION,
            keys,
        }
    }
}

impl TryFrom<Stored> for KeyRing {
    type Error = KeyError;

    fn try_from(stored: Stored) -> Result<Self, KeyError> {
        if stored.version != VERSION {
            return Err(KeyError::Version {
                version: stored.version,
            });
        }
        if stored.keys.len() > MAX_KEYS {
            return Err(KeyError::TooManyKeys { max: MAX_KEYS });
        }
        let keys = stored
            .keys
            .iter()
            .map(StoredKey::read)
            .collect::<Result<Vec<_>, _>>()?;
        Self::from_keys(keys)
    }
}

impl StoredKey {
    /// The stored form of a key.
    fn of(state: KeyState, key: &SpKey) -> Self {
        Self {
            kid: key.kid.clone(),
            state,
            created: key.created,
            not_after: key.not_after(),
            certificate: key.certificate().base64(),
            private_key: STANDARD.encode(key.private_key().pkcs8_der()),
        }
    }

    /// The key, checked.
    fn read(&self) -> Result<(KeyState, SpKey), KeyError> {
        let der = Zeroizing::new(
            STANDARD
                .decode(&self.private_key)
                .map_err(|_| KeyError::NotPkcs8)?,
        );
        let material = KeyMaterial {
            private_key: PrivateKey::from_pkcs8_der(&der)?,
            certificate: Certificate::from_base64(&self.certificate).map_err(KeyError::BadCertificate)?,
        };
        Ok((self.state, SpKey::new(&self.kid, self.created, material)?))
    }
}
