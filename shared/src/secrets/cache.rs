//! Memory of read secrets: short, per secret one request at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex as AsyncMutex;

use super::manager::SecretVersion;

/// How long a read secret is used without asking again: 5 minutes.
pub const CACHE_TTL: TimeDelta = TimeDelta::minutes(5);

/// One secret. Whoever holds the lock of `known` is the only one who asks for it.
#[derive(Default)]
pub(super) struct Slot {
    /// Numbers the reads in the order they began.
    started: AtomicU64,
    pub(super) known: AsyncMutex<Known>,
}

/// What is known of a secret.
#[derive(Default)]
pub(super) struct Known {
    version: Option<(DateTime<Utc>, SecretVersion)>,
    /// Number of the read that it came from.
    read: u64,
}

/// One slot per secret.
#[derive(Default)]
pub(super) struct Cache {
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

impl Slot {
    /// How many reads have begun.
    pub(super) fn started(&self) -> u64 {
        self.started.load(Ordering::SeqCst)
    }

    /// Begins a read and says its number.
    pub(super) fn start(&self) -> u64 {
        self.started.fetch_add(1, Ordering::SeqCst) + 1
    }
}

impl Known {
    /// The value, unless it is older than [`CACHE_TTL`]. A clock that went back makes it stale too.
    pub(super) fn fresh(&self, now: DateTime<Utc>) -> Option<SecretVersion> {
        let (at, version) = self.version.as_ref()?;
        let age = now.signed_duration_since(*at);
        (age >= TimeDelta::zero() && age < CACHE_TTL).then(|| version.clone())
    }

    /// The value, if the read that it came from began after `started` others had.
    pub(super) fn read_after(&self, started: u64) -> Option<SecretVersion> {
        let (_, version) = self.version.as_ref()?;
        (self.read > started).then(|| version.clone())
    }

    pub(super) fn keep(&mut self, now: DateTime<Utc>, read: u64, version: SecretVersion) {
        self.read = read;
        self.version = Some((now, version));
    }

    pub(super) fn forget(&mut self) {
        self.version = None;
    }
}

impl Cache {
    /// Forgets every secret.
    pub(super) fn clear(&self) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The slot of a secret.
    pub(super) fn slot(&self, full_name: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(full_name) {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot::default());
        slots.insert(full_name.to_owned(), Arc::clone(&slot));
        slot
    }
}
