//! The operator's digest: what owners were reminded of on a day, and what is the operator's own to mend.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{LEASE, Run};
use crate::domain::email::EmailAddress;
use crate::domain::letter::{ExpiryDigestLetter, Letter};
use crate::store::{Claim, CommitError, Mark};

/// Past days that a digest is still sent for.
const DAYS_BACK: i64 = 3;
/// Entries that a digest names; the rest are counted.
const MOST_ENTRIES: usize = 200;

impl Run<'_> {
    /// Sends the digests of past days that were not sent yet; says how many.
    pub(super) async fn digests(&self, today: NaiveDate, until: DateTime<Utc>) -> usize {
        let Some(operator) = &self.reminder.gatehouse.config.operator_mail else {
            return 0;
        };
        let mut sent = 0;
        for back in (1..=DAYS_BACK).rev() {
            if !self.reminder.has_time(until) {
                break;
            }
            match self.digest(today - TimeDelta::days(back), operator).await {
                Ok(true) => sent += 1,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(error = %error, "a digest failed; the next run takes it up");
                }
            }
        }
        sent
    }

    async fn digest(&self, day: NaiveDate, operator: &EmailAddress) -> Result<bool, CommitError> {
        let door = self.reminder.gatehouse.store.front_door();
        let mark = Mark::of_digest(day);
        if door.is_sent(&mark).await? {
            return Ok(false);
        }
        let mut entries = door.digest_entries(day).await?;
        let now = self.reminder.now();
        if entries.is_empty() {
            return Ok(false);
        }
        let Claim::Held(_) = door.claim(&mark, &self.holder, now + LEASE).await? else {
            return Ok(false);
        };
        entries.sort_by_key(|entry| entry.expires_at);
        let more = entries.len().saturating_sub(MOST_ENTRIES);
        entries.truncate(MOST_ENTRIES);
        let letter = Letter::ExpiryDigest(ExpiryDigestLetter {
            day,
            now,
            entries,
            more,
        });
        match self
            .tell(&letter, operator, &mark.reference(operator.folded()))
            .await
        {
            Err(error) if !error.is_permanent() => {
                tracing::warn!(error.code = error.code(), error = %error, "a digest is tried again by the next run");
                door.release_claim(&mark, &self.holder).await?;
                return Ok(false);
            }
            Err(error) => {
                tracing::error!(error.code = error.code(), error = %error, "a digest will never be sent");
            }
            Ok(()) => {}
        }
        door.finish_mark(&mark, &self.holder).await?;
        Ok(true)
    }
}
