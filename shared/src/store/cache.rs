//! What one process remembers of items that change seldom, for at most 60 seconds.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

/// How long a value is believed without another look.
const BELIEVED: TimeDelta = TimeDelta::seconds(60);
/// How many values one process remembers.
const SIZE: usize = 1_000;

/// Values by key, each with when it was read. A poisoned lock remembers nothing.
#[derive(Debug)]
pub(super) struct Cache<K, V>(Mutex<HashMap<K, (DateTime<Utc>, V)>>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// The value, unless it is too old; one read in the future is, too.
    pub fn get(&self, key: &K, now: DateTime<Utc>) -> Option<V> {
        let cache = self.0.lock().ok()?;
        let (read_at, value) = cache.get(key)?;
        let age = now - *read_at;
        (TimeDelta::zero() <= age && age < BELIEVED).then(|| value.clone())
    }

    pub fn put(&self, key: &K, now: DateTime<Utc>, value: V) {
        if let Ok(mut cache) = self.0.lock() {
            if cache.len() >= SIZE {
                cache.clear();
            }
            cache.insert(key.clone(), (now, value));
        }
    }

    pub fn forget(&self, key: &K) {
        if let Ok(mut cache) = self.0.lock() {
            cache.remove(key);
        }
    }
}
