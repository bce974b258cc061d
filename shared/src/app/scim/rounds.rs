//! Doing a change anew when others changed the same thing meanwhile.

use std::time::Duration;

use tokio::time::Instant;

use super::ScimFailure;
use crate::random;

/// How long a change is tried before its caller hears of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The rounds of one change. Nothing of a round that lost is there.
#[derive(Debug)]
pub(super) struct Rounds {
    since: Instant,
}

impl Rounds {
    /// The first round begins now.
    pub(super) fn begin() -> Self {
        Self {
            since: Instant::now(),
        }
    }

    /// Waits for the next round: 5 to 68 ms, so that those who met do not meet again.
    ///
    /// # Errors
    /// [`ScimFailure::Contended`] after five seconds.
    pub(super) async fn again(&mut self) -> Result<(), ScimFailure> {
        if self.since.elapsed() >= PATIENCE {
            return Err(ScimFailure::Contended);
        }
        let [byte] = random::bytes::<1>()?;
        tokio::time::sleep(Duration::from_millis(5 + u64::from(byte) / 4)).await;
        Ok(())
    }
}
