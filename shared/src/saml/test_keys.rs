//! Keys for tests, made once a run.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};

use super::keys::{KeyMaterial, RsaSize};
use super::signing::Signer;

/// An instant to test at: 2026-03-01T12:00:00Z.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_366_400, 0).unwrap()
}

/// An RSA-2048 key, valid for a year from [`now`].
pub fn first() -> &'static KeyMaterial {
    static KEY: LazyLock<KeyMaterial> = LazyLock::new(|| make("first"));
    &KEY
}

/// Another one.
pub fn second() -> &'static KeyMaterial {
    static KEY: LazyLock<KeyMaterial> = LazyLock::new(|| make("second"));
    &KEY
}

/// A signer with the first key.
pub fn signer() -> Signer {
    Signer::from_material(first())
}

fn make(name: &str) -> KeyMaterial {
    KeyMaterial::generate(name, RsaSize::Bits2048, now(), TimeDelta::days(365)).unwrap()
}
