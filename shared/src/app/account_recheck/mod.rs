//! SE-06: linked accounts are checked between sign-ins, by the tokens that their providers gave.
//!
//! Accounts wait in one queue for each hour, 4 to 6 hours after the provider last vouched ([`crate::domain::recheck`]).
//! A run works through the queues up to now, within a [`Budget`]; what it does not reach, the next run does. Only
//! `invalid_grant` (RFC 6749 section 5.2), and at GitHub a membership that is gone, says that a person's access is over:
//! the link is disabled and every session ends. A provider that cannot be reached, is out of order, or does not accept our
//! own credentials says nothing about the person, and nobody loses anything (docs/decisions/0080).

mod account;
mod answer;
mod github;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use serde::Serialize;
use tokio::time::Instant;

use super::Gatehouse;
use crate::domain::ids::ConnectionId;
use crate::domain::recheck::hour_of;
use crate::store::{CommitError, DueAccount, StoreError};

/// How far back the first run looks.
const FIRST_LOOK: TimeDelta = TimeDelta::days(14);
/// Accounts in one page of a queue.
const PAGE: i32 = 100;
/// Failures in a row after which the rest of a connection's accounts waits.
const MOST_FAILURES: u32 = 3;

/// What one run may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Accounts that are looked at.
    pub accounts: usize,
    /// Accounts under way at a time.
    pub parallel: usize,
    /// Time after which no account is begun and no queue read.
    pub time: Duration,
}

impl Default for Budget {
    /// For a schedule of 15 minutes and a time-out of one minute: 2,000 accounts an hour.
    fn default() -> Self {
        Self {
            accounts: 500,
            parallel: 8,
            time: Duration::from_secs(40),
        }
    }
}

/// The queues cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RecheckError(#[from] StoreError);

impl RecheckError {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code()
    }
}

/// What became of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The provider vouches for it.
    Confirmed,
    /// The provider does not: the link is disabled, and access has ended.
    Disabled,
    /// It could not be told whether the token was revoked or spent: the person has to sign in again.
    Renew,
    /// It need not, or cannot, be checked now.
    Postponed,
    /// The provider did not answer, or not as it should.
    Unanswered,
    /// The provider did not accept our credentials.
    ClientRefused,
    /// It is not checked any more: the connection, the person or the wish for it is gone.
    Dropped,
    /// Another process is at it, or the person signs in right now.
    Busy,
    /// Our own services failed.
    Failed,
}

/// What became of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rechecked {
    /// Accounts that the provider vouches for.
    pub confirmed: usize,
    /// Accounts whose link was disabled.
    pub disabled: usize,
    /// Accounts whose person has to sign in again.
    pub renew: usize,
    /// Accounts that wait, without having been asked about.
    pub postponed: usize,
    /// Accounts whose provider gave no usable answer.
    pub unanswered: usize,
    /// Accounts whose provider refused our credentials.
    pub client_refused: usize,
    /// Accounts that are not checked any more.
    pub dropped: usize,
    /// Accounts that were left for the next run.
    pub busy: usize,
    /// Accounts that our own services kept us from checking.
    pub failed: usize,
    /// Whether the budget ended before the queues did.
    pub budget_spent: bool,
}

impl Rechecked {
    fn count(&mut self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Confirmed => &mut self.confirmed,
            Outcome::Disabled => &mut self.disabled,
            Outcome::Renew => &mut self.renew,
            Outcome::Postponed => &mut self.postponed,
            Outcome::Unanswered => &mut self.unanswered,
            Outcome::ClientRefused => &mut self.client_refused,
            Outcome::Dropped => &mut self.dropped,
            Outcome::Busy => &mut self.busy,
            Outcome::Failed => &mut self.failed,
        };
        *counter += 1;
    }
}

/// Checks the accounts that are due.
///
/// # Errors
/// [`RecheckError`] when they cannot be read.
pub async fn run(gatehouse: &Gatehouse, budget: Budget) -> Result<Rechecked, RecheckError> {
    let door = gatehouse.store.front_door();
    let now = gatehouse.clock.now();
    // One of the future was written by a clock that was put back since, and says nothing about the hours before it.
    let cursor = door.recheck_cursor().await?.filter(|hour| *hour <= now);
    let mut hour = cursor.unwrap_or_else(|| hour_of(now - FIRST_LOOK));
    let mut first = hour;
    let mut run = Run {
        gatehouse,
        budget,
        begun: Instant::now(),
        looked_at: 0,
        failures: Failures::default(),
        done: Rechecked::default(),
    };
    // The cursor passes an hour only when it is over and its queue is empty: nothing joins the queue of a past hour.
    let mut empty_so_far = true;
    while hour <= hour_of(now) && !run.done.budget_spent {
        let emptied = run.work_off(hour).await?;
        empty_so_far &= emptied;
        if empty_so_far {
            first = hour;
        }
        hour += TimeDelta::hours(1);
        // Empty queues cost time, too, after a long standstill.
        run.done.budget_spent |= hour <= hour_of(now) && run.is_over();
    }
    // A cursor that stays behind costs the next run some empty queries, and nobody anything else.
    if cursor != Some(first)
        && let Err(error) = door.move_recheck_cursor(first, now).await
    {
        tracing::warn!(error = %error, "the first hour to look at was not written");
    }
    Ok(run.done)
}

struct Run<'a> {
    gatehouse: &'a Gatehouse,
    budget: Budget,
    begun: Instant,
    looked_at: usize,
    failures: Failures,
    done: Rechecked,
}

impl Run<'_> {
    fn is_over(&self) -> bool {
        self.begun.elapsed() >= self.budget.time
    }

    /// Works off the queue of one hour; whether it is empty now.
    async fn work_off(&mut self, hour: DateTime<Utc>) -> Result<bool, StoreError> {
        let door = self.gatehouse.store.front_door();
        let mut after: Option<String> = None;
        let mut emptied = true;
        loop {
            let page = door.due_accounts(hour, after.as_deref(), PAGE).await?;
            emptied &= self.work_off_page(page.accounts).await;
            if self.done.budget_spent {
                return Ok(false);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(emptied),
            }
        }
    }

    /// Whether every account of the page has left the queue.
    async fn work_off_page(&mut self, accounts: Vec<DueAccount>) -> bool {
        let left = self.budget.accounts.saturating_sub(self.looked_at);
        let within = accounts.len().min(left);
        self.done.budget_spent |= within < accounts.len();
        let (gatehouse, failures) = (self.gatehouse, &self.failures);
        let until = self.begun + self.budget.time;
        let checks = accounts.into_iter().take(within).map(|due| async move {
            if Instant::now() >= until {
                return None;
            }
            Some(check(gatehouse, failures, &due).await)
        });
        let mut outcomes = futures_util::stream::iter(checks).buffer_unordered(self.budget.parallel.max(1));
        let mut left_the_queue = within;
        while let Some(outcome) = outcomes.next().await {
            self.looked_at += 1;
            match outcome {
                Some(outcome) => {
                    let stays = matches!(outcome, Outcome::Busy | Outcome::Failed);
                    left_the_queue -= usize::from(stays);
                    self.done.count(outcome);
                }
                None => {
                    left_the_queue -= 1;
                    self.done.budget_spent = true;
                }
            }
        }
        left_the_queue == within && !self.done.budget_spent
    }
}

/// One account. What our own services refuse is left for the next run.
async fn check(gatehouse: &Gatehouse, failures: &Failures, due: &DueAccount) -> Outcome {
    let outcome = match account::check(gatehouse, failures, due).await {
        Ok(outcome) => outcome,
        Err(CommitError::Refused(_)) => Outcome::Busy,
        Err(CommitError::Store(error)) => {
            tracing::error!(connection = %due.connection, error = %error, "a linked account could not be checked");
            Outcome::Failed
        }
    };
    failures.note(&due.connection, outcome);
    outcome
}

/// How often the providers failed in this run, by connection.
#[derive(Debug, Default)]
struct Failures(Mutex<HashMap<ConnectionId, u32>>);

impl Failures {
    fn note(&self, connection: &ConnectionId, outcome: Outcome) {
        let Ok(mut all) = self.0.lock() else { return };
        let count = all.entry(connection.clone()).or_default();
        match outcome {
            Outcome::Confirmed | Outcome::Disabled | Outcome::Renew => *count = 0,
            Outcome::Unanswered => *count += 1,
            Outcome::ClientRefused => *count = MOST_FAILURES,
            Outcome::Postponed | Outcome::Dropped | Outcome::Busy | Outcome::Failed => {}
        }
    }

    /// Whether the connection's provider is out of order: it is not asked again in this run.
    fn too_many(&self, connection: &ConnectionId) -> bool {
        let all = self.0.lock();
        all.is_ok_and(|all| all.get(connection).is_some_and(|count| *count >= MOST_FAILURES))
    }
}
