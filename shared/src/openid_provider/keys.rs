//! The provider's signing keys: a ring that lies in Secrets Manager as JSON. For each algorithm one key signs, the
//! next one is published beforehand, and old ones stay published until nothing signed by them is shown any more.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::JsonWebKeySet;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::jose::signing::{KeyKind, SigningKeyError};
use crate::jose::{Algorithm, Jwk, SigningKey};
use crate::redacted::Secret;

/// Why the ring cannot be read or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// The secret's text is no ring.
    #[error("the signing-key secret must hold a key ring as JSON")]
    Malformed,
    /// A newer schema than this code knows.
    #[error("the signing-key ring has schema {0}, this code reads up to {SCHEMA}")]
    Schema(u32),
    /// One of the keys.
    #[error("signing key {kid}: {error}")]
    Key {
        /// Which key.
        kid: String,
        /// What is wrong with it.
        error: SigningKeyError,
    },
    /// A key could not be generated.
    #[error(transparent)]
    Generate(#[from] SigningKeyError),
    /// No key signs by that algorithm.
    #[error("no current key signs by {0}")]
    NoCurrentKey(&'static str),
    /// No key of that id.
    #[error("the ring has no key of that id")]
    UnknownKey,
}

impl KeyRingError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "key_ring_malformed",
            Self::Schema(_) => "key_ring_schema",
            Self::Key { .. } => "key_ring_key",
            Self::Generate(error) => error.code(),
            Self::NoCurrentKey(_) => "key_ring_no_current_key",
            Self::UnknownKey => "key_ring_unknown_key",
        }
    }
}

const SCHEMA: u32 = 1;

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Published, does not sign yet.
    Next,
    /// Signs.
    Current,
    /// Still published, signs no more.
    Old,
}

/// One key of the ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingKey {
    /// Its thumbprint (RFC 7638).
    pub kid: String,
    /// Its kind.
    pub kind: KeyKind,
    /// Where it stands.
    pub state: KeyState,
    /// When it was made, and so first published.
    pub created_at: DateTime<Utc>,
    /// When it began to sign.
    pub current_since: Option<DateTime<Utc>>,
    /// When an old key leaves the ring.
    pub remove_at: Option<DateTime<Utc>>,
    /// PKCS#8, base64.
    pkcs8: Secret,
}

/// When keys change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationPolicy {
    /// How long a key signs.
    pub period: TimeDelta,
    /// How long the next key is published before it signs: longer than anybody caches the key set.
    pub publish_ahead: TimeDelta,
    /// How long an old key stays published: as long as its ID tokens serve as hints.
    pub keep_old: TimeDelta,
}

impl Default for RotationPolicy {
    fn default() -> Self {
        Self {
            period: TimeDelta::days(90),
            publish_ahead: TimeDelta::days(1),
            keep_old: TimeDelta::days(15),
        }
    }
}

/// Makes the PKCS#8 octets of a new key: [`crate::jose::signing::generate_pkcs8`] outside tests.
pub trait GenerateKey: FnMut(KeyKind) -> Result<Zeroizing<Vec<u8>>, SigningKeyError> {}

impl<F: FnMut(KeyKind) -> Result<Zeroizing<Vec<u8>>, SigningKeyError>> GenerateKey for F {}

/// The ring. `Debug` shows no private key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRing {
    schema: u32,
    keys: Vec<RingKey>,
}

impl KeyRing {
    /// A new ring: a current and a next key of each kind.
    ///
    /// # Errors
    /// [`KeyRingError::Generate`].
    pub fn create(
        kinds: &[KeyKind],
        now: DateTime<Utc>,
        generate: impl GenerateKey,
    ) -> Result<Self, KeyRingError> {
        let mut ring = Self {
            schema: SCHEMA,
            keys: Vec::new(),
        };
        ring.rotate(kinds, &RotationPolicy::default(), now, generate)?;
        Ok(ring)
    }

    /// Reads the secret's text.
    ///
    /// # Errors
    /// [`KeyRingError::Malformed`] or [`KeyRingError::Schema`].
    pub fn from_json(text: &Secret) -> Result<Self, KeyRingError> {
        let ring: Self = serde_json::from_str(text.expose()).map_err(|_| KeyRingError::Malformed)?;
        if ring.schema > SCHEMA {
            Err(KeyRingError::Schema(ring.schema))
        } else {
            Ok(ring)
        }
    }

    /// The secret's text.
    ///
    /// # Errors
    /// [`KeyRingError::Malformed`], which does not happen to a ring that was made here.
    pub fn to_json(&self) -> Result<Secret, KeyRingError> {
        serde_json::to_string(self)
            .map(Secret::new)
            .map_err(|_| KeyRingError::Malformed)
    }

    /// The keys, in no particular order.
    #[must_use]
    pub fn keys(&self) -> &[RingKey] {
        &self.keys
    }

    /// Does what is due by `now`: old keys leave, a next key that was published long enough takes over from a current
    /// one whose period is over, and missing keys are made. An algorithm that is no longer among `kinds` stops
    /// signing. Says whether anything changed; a second call at the same instant changes nothing.
    ///
    /// # Errors
    /// [`KeyRingError::Generate`]; the ring is then as it was.
    pub fn rotate(
        &mut self,
        kinds: &[KeyKind],
        policy: &RotationPolicy,
        now: DateTime<Utc>,
        mut generate: impl GenerateKey,
    ) -> Result<bool, KeyRingError> {
        let mut ring = self.clone();
        ring.keys.retain(|key| key.remove_at.is_none_or(|end| now < end));
        ring.retire_unwanted(kinds, policy, now);
        for kind in kinds {
            let alg = kind.algorithm();
            if ring.is_due(alg, policy, now) {
                ring.retire_current(alg, policy, now);
                ring.promote_next(alg, now);
            }
            if ring.find(alg, KeyState::Current).is_none() && !ring.promote_next(alg, now) {
                ring.keys
                    .push(RingKey::make(*kind, KeyState::Current, now, &mut generate)?);
            }
            if ring.find(alg, KeyState::Next).is_none() {
                ring.keys
                    .push(RingKey::make(*kind, KeyState::Next, now, &mut generate)?);
            }
        }
        let changed = ring != *self;
        *self = ring;
        Ok(changed)
    }

    /// Takes a compromised key out at once, published or not; the next key signs from now on.
    ///
    /// # Errors
    /// [`KeyRingError::UnknownKey`], [`KeyRingError::Generate`]; the ring is then as it was.
    pub fn withdraw(
        &mut self,
        kid: &str,
        policy: &RotationPolicy,
        now: DateTime<Utc>,
        generate: impl GenerateKey,
    ) -> Result<(), KeyRingError> {
        let mut ring = self.clone();
        let at = ring
            .keys
            .iter()
            .position(|key| key.kid == kid)
            .ok_or(KeyRingError::UnknownKey)?;
        let gone = ring.keys.remove(at);
        if gone.state != KeyState::Old {
            let others = ring.keys.iter().filter(|key| key.state != KeyState::Old);
            let mut kinds: Vec<KeyKind> = others.map(|key| key.kind).collect();
            kinds.push(gone.kind);
            kinds.sort_by_key(|kind| kind.algorithm());
            kinds.dedup_by_key(|kind| kind.algorithm());
            ring.rotate(&kinds, policy, now, generate)?;
        }
        *self = ring;
        Ok(())
    }

    /// Opens the ring for use.
    ///
    /// # Errors
    /// [`KeyRingError::Key`] when a key cannot be read.
    pub fn open(&self) -> Result<ProviderKeys, KeyRingError> {
        let mut signing = BTreeMap::new();
        let mut published = Vec::new();
        for key in &self.keys {
            let opened = key.open().map_err(|error| KeyRingError::Key {
                kid: key.kid.clone(),
                error,
            })?;
            published.push(opened.public().clone());
            if key.state == KeyState::Current {
                signing.insert(opened.algorithm(), opened);
            }
        }
        Ok(ProviderKeys { signing, published })
    }

    fn find(&self, alg: Algorithm, state: KeyState) -> Option<&RingKey> {
        self.keys
            .iter()
            .find(|key| key.kind.algorithm() == alg && key.state == state)
    }

    fn is_due(&self, alg: Algorithm, policy: &RotationPolicy, now: DateTime<Utc>) -> bool {
        let current = self.find(alg, KeyState::Current);
        let over =
            current.is_some_and(|key| key.current_since.unwrap_or(key.created_at) + policy.period <= now);
        let next = self.find(alg, KeyState::Next);
        over && next.is_some_and(|key| key.created_at + policy.publish_ahead <= now)
    }

    fn retire_current(&mut self, alg: Algorithm, policy: &RotationPolicy, now: DateTime<Utc>) {
        for key in &mut self.keys {
            if key.kind.algorithm() == alg && key.state == KeyState::Current {
                key.state = KeyState::Old;
                key.remove_at = Some(now + policy.keep_old);
            }
        }
    }

    fn promote_next(&mut self, alg: Algorithm, now: DateTime<Utc>) -> bool {
        let wanted = |key: &&mut RingKey| key.kind.algorithm() == alg && key.state == KeyState::Next;
        let Some(key) = self.keys.iter_mut().find(wanted) else {
            return false;
        };
        key.state = KeyState::Current;
        key.current_since = Some(now);
        true
    }

    fn retire_unwanted(&mut self, kinds: &[KeyKind], policy: &RotationPolicy, now: DateTime<Utc>) {
        let wanted = |kind: KeyKind| kinds.iter().any(|k| k.algorithm() == kind.algorithm());
        self.keys
            .retain(|key| wanted(key.kind) || key.state != KeyState::Next);
        for alg in [Algorithm::Rs256, Algorithm::Es256] {
            if !kinds.iter().any(|kind| kind.algorithm() == alg) {
                self.retire_current(alg, policy, now);
            }
        }
    }
}

impl RingKey {
    fn make(
        kind: KeyKind,
        state: KeyState,
        now: DateTime<Utc>,
        generate: &mut impl GenerateKey,
    ) -> Result<Self, KeyRingError> {
        let pkcs8 = generate(kind)?;
        let kid = SigningKey::from_pkcs8(kind, &pkcs8)?.public().thumbprint();
        Ok(Self {
            kid,
            kind,
            state,
            created_at: now,
            current_since: (state == KeyState::Current).then_some(now),
            remove_at: None,
            pkcs8: Secret::new(STANDARD.encode(&*pkcs8)),
        })
    }

    fn open(&self) -> Result<SigningKey, SigningKeyError> {
        let octets = STANDARD
            .decode(self.pkcs8.expose())
            .map(Zeroizing::new)
            .map_err(|_| SigningKeyError::Malformed(self.kind.name()))?;
        SigningKey::from_pkcs8(self.kind, &octets)
    }
}

/// The opened ring: what signs, and what is published.
#[derive(Clone, Debug)]
pub struct ProviderKeys {
    signing: BTreeMap<Algorithm, SigningKey>,
    published: Vec<Jwk>,
}

impl ProviderKeys {
    /// The key that signs by this algorithm.
    ///
    /// # Errors
    /// [`KeyRingError::NoCurrentKey`].
    pub fn signing(&self, alg: Algorithm) -> Result<&SigningKey, KeyRingError> {
        self.signing
            .get(&alg)
            .ok_or(KeyRingError::NoCurrentKey(alg.name()))
    }

    /// The algorithms that ID tokens can be signed by.
    #[must_use]
    pub fn algorithms(&self) -> Vec<Algorithm> {
        self.signing.keys().copied().collect()
    }

    /// Every published key: current, next and old.
    #[must_use]
    pub fn published(&self) -> &[Jwk] {
        &self.published
    }

    /// The JWKS document (RFC 7517 section 5).
    #[must_use]
    pub fn jwks(&self) -> JsonWebKeySet<Jwk> {
        JsonWebKeySet::new(self.published.clone())
    }
}
