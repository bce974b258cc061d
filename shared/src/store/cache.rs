//! What one process remembers of items that change seldom, for at most 60 seconds.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

/// How long a value is believed without another look, where the cache does not say otherwise.
const BELIEVED: TimeDelta = TimeDelta::seconds(60);
/// How many values one process remembers.
const SIZE: usize = 1_000;

/// Values by key, each with when it was read. A poisoned lock remembers nothing.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    values: Mutex<HashMap<K, (DateTime<Utc>, V)>>,
    believed: TimeDelta,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self::believing(BELIEVED)
    }
}

impl<K, V> Cache<K, V> {
    /// A cache that believes a value for this long.
    pub fn believing(believed: TimeDelta) -> Self {
        Self {
            values: Mutex::default(),
            believed,
        }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// The value, unless it is too old.
    pub fn get(&self, key: &K, now: DateTime<Utc>) -> Option<V> {
        let cache = self.values.lock().ok()?;
        let (read_at, value) = cache.get(key)?;
        is_younger(*read_at, now, self.believed).then(|| value.clone())
    }

    /// Forgets the value unless it was read less than this long ago.
    pub fn forget_older(&self, key: &K, now: DateTime<Utc>, than: TimeDelta) {
        if let Ok(mut cache) = self.values.lock()
            && let Some((read_at, _)) = cache.get(key)
            && !is_younger(*read_at, now, than)
        {
            cache.remove(key);
        }
    }

    pub fn put(&self, key: &K, now: DateTime<Utc>, value: V) {
        if let Ok(mut cache) = self.values.lock() {
            if cache.len() >= SIZE {
                cache.clear();
            }
            cache.insert(key.clone(), (now, value));
        }
    }

    pub fn forget(&self, key: &K) {
        if let Ok(mut cache) = self.values.lock() {
            cache.remove(key);
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.forget_where(|_| true);
    }

    /// Forgets every value that fits.
    pub fn forget_where(&self, fits: impl Fn(&V) -> bool) {
        if let Ok(mut cache) = self.values.lock() {
            cache.retain(|_, (_, value)| !fits(value));
        }
    }
}

/// Whether what was read then is younger; what was read in the future is not.
fn is_younger(read_at: DateTime<Utc>, now: DateTime<Utc>, than: TimeDelta) -> bool {
    let age = now - read_at;
    TimeDelta::zero() <= age && age < than
}
