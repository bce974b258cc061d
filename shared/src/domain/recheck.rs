//! When a linked account is checked between sign-ins, and what is known of its refresh token (SE-06).

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Serialize};

/// How long an account is believed after it was checked, at least. With [`SPREAD`] it is checked every 4 to 6 hours:
/// several times within the 20 hours that access lasts without a sign-in (SE-08).
pub const EVERY: TimeDelta = TimeDelta::hours(4);
/// Over how long checks are spread, so that the people who sign in at nine are not checked all at once.
pub const SPREAD: TimeDelta = TimeDelta::hours(2);
/// How long an account waits that could not be checked. More than an hour, so that it never waits in the same queue.
pub const RETRY: TimeDelta = TimeDelta::minutes(61);
/// How long one process may take for one account; after that it has crashed.
pub const LEASE: TimeDelta = TimeDelta::minutes(3);

/// What is known of an account's refresh token. An identity that has it waits in exactly one queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recheck {
    /// The token was sent at this time, and no answer is written down yet.
    pub asked_at: Option<DateTime<Utc>>,
    /// An answer was lost: the token that we hold may be spent, and its refusal says nothing about the person.
    pub in_doubt: bool,
    /// Whether the provider gives a new token for each that is used; unknown until it has answered once.
    pub rotates: Option<bool>,
}

impl Recheck {
    /// What is written before the token is sent.
    #[must_use]
    pub fn asking(&self, now: DateTime<Utc>) -> Self {
        Self {
            asked_at: Some(now),
            in_doubt: self.in_doubt || self.asked_at.is_some(),
            rotates: self.rotates,
        }
    }

    /// What is written after the provider surely did not use the token up.
    #[must_use]
    pub fn unused(&self) -> Self {
        Self {
            asked_at: None,
            ..self.clone()
        }
    }

    /// What is known of a token that a sign-in brought.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self {
            rotates: self.rotates,
            ..Self::default()
        }
    }

    /// What is written after the provider took the token.
    #[must_use]
    pub fn confirmed(&self, replaced: bool) -> Self {
        Self {
            asked_at: None,
            in_doubt: false,
            rotates: Some(replaced || self.rotates == Some(true)),
        }
    }

    /// Whether another process is at it.
    #[must_use]
    pub fn is_leased(&self, now: DateTime<Utc>) -> bool {
        self.asked_at
            .is_some_and(|at| (TimeDelta::zero()..LEASE).contains(&(now - at)))
    }

    /// Whether the refusal of the token says that the person's access is over: a token that is not replaced at each use
    /// cannot be spent.
    #[must_use]
    pub fn refusal_counts(&self) -> bool {
        !self.in_doubt || self.rotates == Some(false)
    }
}

/// When an account is due that was confirmed at `now`; `subject` (its identity hash) and the time decide where within
/// [`SPREAD`].
#[must_use]
pub fn next_check(subject: &str, now: DateTime<Utc>) -> DateTime<Utc> {
    let seed = u64::try_from(now.timestamp()).unwrap_or(0);
    let mixed = subject.bytes().fold(seed, |mixed, byte| {
        mixed.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let width = u64::try_from(SPREAD.num_seconds()).unwrap_or(1);
    let within = i64::try_from(mixed % width).unwrap_or(0);
    now + EVERY + TimeDelta::seconds(within)
}

/// The full hour that holds an instant: the queue that an account waits in.
#[must_use]
pub fn hour_of(at: DateTime<Utc>) -> DateTime<Utc> {
    let past = i64::from(at.minute()) * 60 + i64::from(at.second());
    DateTime::from_timestamp(at.timestamp() - past, 0).unwrap_or(at)
}

#[cfg(test)]
#[path = "recheck_tests.rs"]
mod tests;
