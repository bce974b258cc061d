//! How long one goes on after others were in the way: conflicts, throttling, a record that changed meanwhile.

use std::time::Duration;

use tokio::time::Instant;

use super::error::StoreError;
use crate::random;

/// How long it is tried before the caller hears of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits with full jitter, 10 to 150 ms, until five seconds are over.
#[derive(Debug)]
pub struct Patience {
    since: Instant,
}

impl Default for Patience {
    fn default() -> Self {
        Self::new()
    }
}

impl Patience {
    /// Its five seconds begin now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            since: Instant::now(),
        }
    }

    /// Waits for the next try.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the five seconds are over.
    pub async fn wait(&mut self, operation: &'static str) -> Result<(), StoreError> {
        if self.since.elapsed() >= PATIENCE {
            return Err(StoreError::Busy { operation });
        }
        let [a, b] = random::bytes::<2>()?;
        let jitter = u64::from(u16::from_be_bytes([a, b])) % 141;
        tokio::time::sleep(Duration::from_millis(10 + jitter)).await;
        Ok(())
    }
}
