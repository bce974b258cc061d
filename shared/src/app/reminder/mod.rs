//! Reminds owners of what expires (AQ-20, GH-02).
//!
//! A run reads what is due, from the day of the cursor to today: its cost follows what is due, and not the number of
//! tenants. Each reminder is claimed by a lease, sent to each recipient under a reference that is the same whoever sends
//! it, and then marked and moved to its next day in one transaction. A run that is cut anywhere is taken up by the next
//! one. One failure holds up no other reminder.

mod digest;
mod one;
mod recipients;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures_util::StreamExt;
use serde::Serialize;

use super::Gatehouse;
use crate::mail::Mailer;
use crate::random::{self, RandomError};
use crate::store::{Due, StoreError};

use self::one::Ended;
use self::recipients::Owners;

/// A claim holds for this long: longer than one reminder to all its recipients takes, shorter than until the next run.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// A reminder is begun only while this much time is left.
const RESERVE: TimeDelta = TimeDelta::seconds(30);
/// Reminders under way at once.
const PARALLEL: usize = 8;
/// Entries read at once.
const PAGE: i32 = 100;
/// Before the first run ever, days are looked at from here on.
const FIRST_DAYS: i64 = 60;

/// The reminder cannot run in this deployment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReminderError {
    /// No sender is configured.
    #[error("wanted a mailbox in GATEHOUSE_MAIL_SENDER")]
    NoSender,
}

impl ReminderError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSender => "mail_sender_missing",
        }
    }
}

/// A run that could not go on; what was done is done.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The table cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system's randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl RunError {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Random(error) => error.code(),
        }
    }
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Entries that were due.
    pub due: usize,
    /// Reminders that are sent and marked now.
    pub reminded: usize,
    /// Mails that SES took.
    pub mails: usize,
    /// Mails that SES will never take, such as to a blocked address.
    pub mails_refused: usize,
    /// Reminders that had nobody to go to.
    pub nobody: usize,
    /// Entries of deadlines that were renewed, changed or ended.
    pub void: usize,
    /// Reminders that were sent before; their entries are moved now.
    pub sent_before: usize,
    /// Reminders that another invocation holds.
    pub taken: usize,
    /// Reminders that failed and come again with the next run.
    pub failed: usize,
    /// Whether everything that was due was looked at.
    pub complete: bool,
    /// Digests that were sent to the operator.
    pub digests: usize,
}

/// The reminder of a deployment.
#[derive(Debug)]
pub struct Reminder {
    gatehouse: Arc<Gatehouse>,
    mailer: Mailer,
}

/// One run.
struct Run<'a> {
    reminder: &'a Reminder,
    /// Names this run in claims.
    holder: String,
    owners: Owners<'a>,
}

impl Reminder {
    /// A reminder.
    ///
    /// # Errors
    /// [`ReminderError`] when the configuration lacks what it sends by.
    pub fn new(gatehouse: Arc<Gatehouse>) -> Result<Self, ReminderError> {
        let mailer = gatehouse.mailer.clone().ok_or(ReminderError::NoSender)?;
        Ok(Self { gatehouse, mailer })
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.gatehouse.clock.now()
    }

    /// Sends what is due, as far as the time until `until` goes.
    ///
    /// # Errors
    /// [`RunError`] when what is due cannot be read.
    pub async fn run(&self, until: DateTime<Utc>) -> Result<Report, RunError> {
        let run = Run {
            reminder: self,
            holder: random::uuid()?.to_string(),
            owners: Owners::new(&self.gatehouse),
        };
        let mut report = Report::default();
        let door = self.gatehouse.store.front_door();
        let today = self.now().date_naive();
        let first = today - TimeDelta::days(FIRST_DAYS);
        let begin = door.reminder_cursor().await?.unwrap_or(first);
        let mut day = begin;
        while day <= today {
            if !run.day(day, until, &mut report).await? {
                break;
            }
            let Some(next) = day.succ_opt() else { break };
            day = next;
        }
        report.complete = day > today;
        run.pass_empty_days(begin, today).await?;
        if report.complete {
            report.digests = run.digests(today, until).await;
        }
        Ok(report)
    }

    fn has_time(&self, until: DateTime<Utc>) -> bool {
        self.now() + RESERVE < until
    }
}

impl Run<'_> {
    /// Works off a day; `false` when time ran out.
    async fn day(&self, day: NaiveDate, until: DateTime<Utc>, report: &mut Report) -> Result<bool, RunError> {
        let door = self.reminder.gatehouse.store.front_door();
        let mut after: Option<Due> = None;
        loop {
            let now = self.reminder.now();
            let page = door.due(day, Some(now), after.as_ref(), PAGE).await?;
            let Some(last) = page.last().cloned() else {
                return Ok(true);
            };
            let under_way = page.into_iter().map(|due| self.in_time(due, until));
            let mut ends = futures_util::stream::iter(under_way).buffer_unordered(PARALLEL);
            let mut in_time = true;
            while let Some(ended) = ends.next().await {
                match ended {
                    Some(ended) => count(report, &ended),
                    None => in_time = false,
                }
            }
            if !in_time {
                return Ok(false);
            }
            after = Some(last);
        }
    }

    async fn in_time(&self, due: Due, until: DateTime<Utc>) -> Option<Ended> {
        if self.reminder.has_time(until) {
            Some(Box::pin(self.one(due)).await)
        } else {
            None
        }
    }

    /// Moves the cursor over past days on which nothing is left; a day with something left keeps it.
    async fn pass_empty_days(&self, begin: NaiveDate, today: NaiveDate) -> Result<(), StoreError> {
        let door = self.reminder.gatehouse.store.front_door();
        // A writer whose clock is behind may still write an entry for yesterday: that day is looked at once more.
        let keep = today.pred_opt().unwrap_or(today);
        let mut day = begin;
        while day < keep && door.due(day, None, None, 1).await?.is_empty() {
            let Some(next) = day.succ_opt() else { break };
            day = next;
        }
        if day > begin
            && let Err(error) = door.move_reminder_cursor(day).await
        {
            tracing::warn!(error = %error, "the reminders' cursor stays");
        }
        Ok(())
    }
}

fn count(report: &mut Report, ended: &Ended) {
    report.due += 1;
    match ended {
        Ended::Reminded { mails, refused } => {
            report.reminded += 1;
            report.mails += mails;
            report.mails_refused += refused;
            report.nobody += usize::from(*mails == 0 && *refused == 0);
        }
        Ended::Failed { mails, refused } => {
            report.failed += 1;
            report.mails += mails;
            report.mails_refused += refused;
        }
        Ended::Void => report.void += 1,
        Ended::SentBefore => report.sent_before += 1,
        Ended::Taken => report.taken += 1,
    }
}
