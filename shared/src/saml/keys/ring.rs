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
pub enum KeyState {
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
    state: KeyState,
    private_key: PrivateKey,
    certificate: Certificate,
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
        self.certificate.not_after()
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> KeyState {
        self.state
    }

    /// The private key.
    #[must_use]
    pub fn private_key(&self) -> &PrivateKey {
        &self.private_key
    }

    /// The certificate of the public key.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Puts material under an id.
    fn new(
        kid: &str,
        created: DateTime<Utc>,
        state: KeyState,
        material: KeyMaterial,
    ) -> Result<Self, KeyError> {
        let good = (1..=64).contains(&kid.len())
            && kid
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if !good {
            return Err(KeyError::KeyId);
        }
        let KeyMaterial {
            private_key,
            certificate,
        } = material;
        if private_key.pair()?.public_key().as_ref() != certificate.public_key() {
            return Err(KeyError::Mismatch { kid: kid.to_owned() });
        }
        Ok(Self {
            kid: kid.to_owned(),
            created,
            state,
            private_key,
            certificate,
        })
    }
}

/// The keys of one purpose (signing or decryption), as they lie in one secret.
///
/// Serializes to the JSON of the secret, private keys included: only for the secrets store.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct KeyRing {
    keys: Vec<SpKey>,
}

impl KeyRing {
    /// A ring with one current key.
    ///
    /// # Errors
    /// [`KeyError`] when the id is no key id, or certificate and key are not of one pair.
    pub fn new(kid: &str, now: DateTime<Utc>, material: KeyMaterial) -> Result<Self, KeyError> {
        Self::checked(vec![SpKey::new(kid, now, KeyState::Current, material)?])
    }

    /// Adds the key that will follow the current one.
    ///
    /// # Errors
    /// [`KeyError`] when there is a next key already, the id is taken or the ring is full. The ring stays as it was.
    pub fn add_next(&mut self, kid: &str, now: DateTime<Utc>, material: KeyMaterial) -> Result<(), KeyError> {
        let mut keys = self.keys.clone();
        keys.push(SpKey::new(kid, now, KeyState::Next, material)?);
        *self = Self::checked(keys)?;
        Ok(())
    }

    /// Makes the next key current and the current one old.
    ///
    /// # Errors
    /// [`KeyError::NoNextKey`] when there is none.
    pub fn promote(&mut self) -> Result<(), KeyError> {
        if self.next().is_none() {
            return Err(KeyError::NoNextKey);
        }
        for key in &mut self.keys {
            key.state = match key.state {
                KeyState::Next => KeyState::Current,
                KeyState::Current | KeyState::Old => KeyState::Old,
            };
        }
        Ok(())
    }

    /// Forgets an old key.
    ///
    /// # Errors
    /// [`KeyError::NotAnOldKey`] when `kid` is unknown, next or current.
    pub fn remove_old(&mut self, kid: &str) -> Result<(), KeyError> {
        let before = self.keys.len();
        self.keys
            .retain(|key| key.kid != kid || key.state != KeyState::Old);
        if self.keys.len() == before {
            return Err(KeyError::NotAnOldKey {
                kid: kid.chars().take(64).collect(),
            });
        }
        Ok(())
    }

    /// Every key: the current one first, then next, then old ones, newest first. The order in which to try to decrypt.
    #[must_use]
    pub fn keys(&self) -> Vec<&SpKey> {
        let mut keys: Vec<&SpKey> = self.keys.iter().collect();
        keys.sort_by_key(|key| {
            let rank = match key.state {
                KeyState::Current => 0,
                KeyState::Next => 1,
                KeyState::Old => 2,
            };
            (rank, std::cmp::Reverse(key.created))
        });
        keys
    }

    /// The key that signs. A ring always has one, so `None` does not happen.
    #[must_use]
    pub fn current(&self) -> Option<&SpKey> {
        self.keys.iter().find(|key| key.state == KeyState::Current)
    }

    /// The key that follows, if it is made.
    #[must_use]
    pub fn next(&self) -> Option<&SpKey> {
        self.keys.iter().find(|key| key.state == KeyState::Next)
    }

    /// What metadata publishes for signing: current first (some peers read only the first: Keycloak issue 10367), then
    /// next and old.
    #[must_use]
    pub fn published_for_signing(&self) -> Vec<Certificate> {
        self.keys()
            .into_iter()
            .map(|key| key.certificate.clone())
            .collect()
    }

    /// What metadata publishes for encryption: the current key alone, because peers differ in which of several they use.
    #[must_use]
    pub fn published_for_encryption(&self) -> Vec<Certificate> {
        self.current()
            .into_iter()
            .map(|key| key.certificate.clone())
            .collect()
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

    /// A ring whose rules hold.
    fn checked(keys: Vec<SpKey>) -> Result<Self, KeyError> {
        let count = |state| keys.iter().filter(|key| key.state == state).count();
        if keys.len() > MAX_KEYS {
            return Err(KeyError::TooManyKeys { max: MAX_KEYS });
        }
        if count(KeyState::Current) != 1 {
            return Err(KeyError::CurrentCount {
                count: count(KeyState::Current),
            });
        }
        if count(KeyState::Next) > 1 {
            return Err(KeyError::NextCount {
                count: count(KeyState::Next),
            });
        }
        for (at, key) in keys.iter().enumerate() {
            if keys.iter().skip(at + 1).any(|other| other.kid == key.kid) {
                return Err(KeyError::DuplicateKeyId { kid: key.kid.clone() });
            }
        }
        Ok(Self { keys })
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
        let keys = ring
            .keys
            .iter()
            .map(|key| StoredKey {
                kid: key.kid.clone(),
                state: key.state,
                created: key.created,
                not_after: key.not_after(),
                certificate: key.certificate.base64(),
                private_key: STANDARD.encode(key.private_key.pkcs8_der()),
            })
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
        Self::checked(keys)
    }
}

impl StoredKey {
    /// The key, checked.
    fn read(&self) -> Result<SpKey, KeyError> {
        let der = Zeroizing::new(
            STANDARD
                .decode(&self.private_key)
                .map_err(|_| KeyError::NotPkcs8)?,
        );
        let material = KeyMaterial {
            private_key: PrivateKey::from_pkcs8_der(&der)?,
            certificate: Certificate::from_base64(&self.certificate).map_err(KeyError::BadCertificate)?,
        };
        SpKey::new(&self.kid, self.created, self.state, material)
    }
}
