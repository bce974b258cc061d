//! How a key of ours at a SAML connection follows another (GH-08): announced beside the one in use, taken over at the
//! time that was announced, the one before published for a while.
//!
//! The private halves lie in Secrets Manager, one in each version of the secret: the current one signs or opens, the
//! pending one is announced, the previous one is the one before.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::SamlConnection;

/// How long identity providers are given to read the next key, unless told otherwise.
pub const ANNOUNCED: TimeDelta = TimeDelta::days(14);
/// At most.
pub const MOST_ANNOUNCED: TimeDelta = TimeDelta::days(90);
/// How long the key before stays published and opens what is encrypted to it.
pub const KEPT: TimeDelta = TimeDelta::days(30);

/// What a key of ours is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpKeyUse {
    /// It signs our requests and logout messages.
    Signing,
    /// Assertions are encrypted to it.
    Encryption,
}

impl SpKeyUse {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Signing, Self::Encryption];

    /// The name that the API uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Encryption => "encryption",
        }
    }
}

/// The key that follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextSpKey {
    /// Its certificate, DER in base64.
    pub certificate: String,
    /// Its version of the secret.
    pub secret_version: String,
    /// When it was announced.
    pub announced_at: DateTime<Utc>,
    /// From when on it is used.
    pub takes_over_at: DateTime<Utc>,
}

/// The key before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldSpKey {
    /// Its certificate, DER in base64.
    pub certificate: String,
    /// Until when it is published, and opens what is encrypted to it.
    pub ends_at: DateTime<Utc>,
}

/// Where the keys of one use stand; without either, one key is in use and published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpRotation {
    /// The key that follows.
    pub next: Option<NextSpKey>,
    /// The key before.
    pub old: Option<OldSpKey>,
}

impl SpRotation {
    /// Whether more than one key is about.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.next.is_some() || self.old.is_some()
    }
}

impl SamlConnection {
    /// Where the keys of a use stand, with what is published of them.
    #[must_use]
    pub fn sp_keys(&self, of: SpKeyUse) -> (&SpRotation, &[String]) {
        match of {
            SpKeyUse::Signing => (&self.sp_signing_rotation, &self.sp_signing_certificates),
            SpKeyUse::Encryption => (&self.sp_encryption_rotation, &self.sp_encryption_certificates),
        }
    }

    fn sp_keys_mut(&mut self, of: SpKeyUse) -> (&mut SpRotation, &mut Vec<String>) {
        match of {
            SpKeyUse::Signing => (&mut self.sp_signing_rotation, &mut self.sp_signing_certificates),
            SpKeyUse::Encryption => (
                &mut self.sp_encryption_rotation,
                &mut self.sp_encryption_certificates,
            ),
        }
    }

    /// Announces the key that follows, in the place of one that was announced before and never used: published behind
    /// the one in use, which some peers take for the only one.
    pub fn announce_sp_key(&mut self, of: SpKeyUse, next: NextSpKey) {
        self.sp_keys_mut(of).0.next = Some(next);
        self.publish(of);
    }

    /// Lets the key that was announced take over. The one before stays published for [`KEPT`]; one before that ends.
    /// Whether there was one.
    pub fn take_over_sp_key(&mut self, of: SpKeyUse, now: DateTime<Utc>) -> bool {
        let (rotation, published) = self.sp_keys_mut(of);
        let Some(next) = rotation.next.take() else {
            return false;
        };
        rotation.old = published.first().map(|certificate| OldSpKey {
            certificate: certificate.clone(),
            ends_at: now + KEPT,
        });
        published.clear();
        published.push(next.certificate);
        self.publish(of);
        true
    }

    /// Ends the key before. Whether there was one.
    pub fn retire_sp_key(&mut self, of: SpKeyUse) -> bool {
        let ended = self.sp_keys_mut(of).0.old.take().is_some();
        self.publish(of);
        ended
    }

    /// The key in use comes first, then the next one, then the one before.
    fn publish(&mut self, of: SpKeyUse) {
        let (rotation, published) = self.sp_keys_mut(of);
        published.truncate(1);
        published.extend(rotation.next.as_ref().map(|next| next.certificate.clone()));
        published.extend(rotation.old.as_ref().map(|old| old.certificate.clone()));
    }
}

#[cfg(test)]
#[path = "sp_keys_tests.rs"]
mod tests;
