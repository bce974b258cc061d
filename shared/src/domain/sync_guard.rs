//! The guard against mass deprovisioning (GH-06): how many people a directory sync may take the access of within an hour,
//! and what is held beyond that until somebody decides.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{HoldId, TenantId, UserId};

/// How long somebody who went is counted.
pub const WINDOW: TimeDelta = TimeDelta::hours(1);
/// So many may go within an hour whatever the size of the organization.
pub const ALWAYS: u64 = 10;
/// One in so many of the active users may go within an hour.
pub const ONE_IN: u64 = 5;
/// How long everything passes after a release: identity providers that slow down after failures try once a day.
pub const PASSES: TimeDelta = TimeDelta::hours(48);
/// Most moments that are told apart; of more, neighbours count as the later one.
const MOST_MOMENTS: usize = 40;
/// Most people that a hold names; the others are counted.
const MOST_NAMED: usize = 100;

/// People who went at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Gone {
    /// Milliseconds since 1970.
    at: i64,
    /// How many.
    count: u64,
}

/// How many active users there were, counted when it mattered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Users {
    at: DateTime<Utc>,
    count: u64,
}

/// What the guard knows of one organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncGuard {
    /// Raised by every change.
    pub version: u64,
    /// Who went within the last hour, oldest first.
    gone: Vec<Gone>,
    /// Users before those went.
    users: Option<Users>,
    /// The hold that waits for a decision.
    pub hold: Option<HoldId>,
    /// Until then everything passes.
    pub passes_until: Option<DateTime<Utc>>,
}

/// What the guard says to one more who is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passes, and this is what the guard knows then.
    Passes(SyncGuard),
    /// The active users must be counted first ([`SyncGuard::with_active`]).
    CountUsers,
    /// It is one too many.
    Exceeds(Measure),
    /// A hold is open, and this joins it.
    Joins(HoldId),
}

/// How a limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// Active users before those of this hour went.
    pub users: u64,
    /// How many may go within an hour.
    pub limit: u64,
    /// How many went.
    pub removed: u64,
}

impl SyncGuard {
    /// How many went within the hour before `now`.
    #[must_use]
    pub fn removed(&self, now: DateTime<Utc>) -> u64 {
        self.within(now).map(|gone| gone.count).sum()
    }

    fn within(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Gone> {
        let oldest = (now - WINDOW).timestamp_millis();
        self.gone.iter().filter(move |gone| gone.at > oldest)
    }

    /// What is said to one more at `now`; `again` is somebody who is among the counted ones already.
    #[must_use]
    pub fn admit(&self, now: DateTime<Utc>, again: bool) -> Verdict {
        if let Some(hold) = &self.hold {
            return Verdict::Joins(hold.clone());
        }
        let removed = self.removed(now);
        let open = again || removed < ALWAYS || self.passes_until.is_some_and(|end| now < end);
        if !open {
            let Some(users) = self.users.filter(|users| now - users.at < WINDOW) else {
                return Verdict::CountUsers;
            };
            let limit = limit_of(users.count);
            if removed >= limit {
                return Verdict::Exceeds(Measure {
                    users: users.count,
                    limit,
                    removed,
                });
            }
        }
        Verdict::Passes(self.after(now, !again))
    }

    fn after(&self, now: DateTime<Utc>, counted: bool) -> Self {
        let mut gone = self.within(now).copied().collect::<Vec<_>>();
        if counted {
            let at = now.timestamp_millis();
            match gone.last_mut() {
                // Clocks of two processes differ: a moment never counts as earlier than the one before it.
                Some(last) if last.at >= at => last.count += 1,
                Some(_) | None => gone.push(Gone { at, count: 1 }),
            }
        }
        Self {
            version: self.next_version(now),
            gone: merged(gone),
            users: self.users.filter(|users| now - users.at < WINDOW),
            hold: self.hold.clone(),
            passes_until: self.passes_until.filter(|end| now < *end),
        }
    }

    /// A guard that was forgotten begins above every version that it had before.
    fn next_version(&self, now: DateTime<Utc>) -> u64 {
        let now = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        if self.version == 0 { now } else { self.version + 1 }
    }

    /// The same, knowing that so many users are active at `now`.
    #[must_use]
    pub fn with_active(&self, active: u64, now: DateTime<Utc>) -> Self {
        let count = active + self.removed(now);
        let users = Some(Users { at: now, count });
        Self {
            users,
            ..self.clone()
        }
    }

    /// The guard with a hold open.
    #[must_use]
    pub fn holding(&self, hold: &HoldId, now: DateTime<Utc>) -> Self {
        Self {
            hold: Some(hold.clone()),
            ..self.after(now, false)
        }
    }

    /// The guard without a hold, letting everything pass until `passes_until`.
    #[must_use]
    pub fn decided(&self, passes_until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        Self {
            hold: None,
            passes_until,
            ..self.after(now, false)
        }
    }

    /// When nothing of it matters any more; `None` while a hold is open.
    #[must_use]
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        if self.hold.is_some() {
            return None;
        }
        let last = self.gone.last().map_or(0, |gone| gone.at);
        let counted = DateTime::from_timestamp_millis(last).unwrap_or_default() + WINDOW;
        Some(self.passes_until.map_or(counted, |end| end.max(counted)))
    }
}

/// GH-06: how many may go within an hour, of so many.
#[must_use]
pub fn limit_of(users: u64) -> u64 {
    ALWAYS.max(users / ONE_IN)
}

/// At most [`MOST_MOMENTS`]: the two that lie nearest to each other count as the later one, so that nobody is forgotten
/// before the hour is over.
fn merged(mut gone: Vec<Gone>) -> Vec<Gone> {
    while gone.len() > MOST_MOMENTS {
        let gaps = gone
            .windows(2)
            .enumerate()
            .filter_map(|(place, pair)| match pair {
                [a, b] => Some((b.at - a.at, place)),
                _ => None,
            });
        let Some((_, place)) = gaps.min() else { break };
        let earlier = gone.remove(place);
        if let Some(later) = gone.get_mut(place) {
            later.count += earlier.count;
        }
    }
    gone
}

/// What the guard remembers of one user, in the user's own record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncMark {
    /// When the user was last counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted_at: Option<DateTime<Utc>>,
    /// The hold that the user was put into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldId>,
}

impl SyncMark {
    /// Nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the user is among those whom the guard counts at `now`.
    #[must_use]
    pub fn is_counted(&self, now: DateTime<Utc>) -> bool {
        self.counted_at.is_some_and(|at| now - at < WINDOW)
    }

    /// The mark of somebody who goes at `now`.
    #[must_use]
    pub fn gone(&self, now: DateTime<Utc>) -> Self {
        let counted = self.counted_at.filter(|_| self.is_counted(now));
        Self {
            counted_at: counted.or(Some(now)),
            hold: None,
        }
    }
}

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// It waits for an owner or the operator.
    Open,
    /// What it held passes.
    Released,
    /// It was a mistake: nothing passes by it.
    Dismissed,
}

/// Changes of a directory sync that wait for a decision. Of people it holds ids alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncHold {
    /// Time-ordered id.
    pub id: HoldId,
    /// Whose users.
    pub tenant: TenantId,
    /// Where it stands.
    pub state: HoldState,
    /// When the first change was held, or everything was let pass ahead of a removal.
    pub opened_at: DateTime<Utc>,
    /// Public id of the SCIM key that the first change came by.
    pub key: Option<String>,
    /// How the limit was reached.
    pub measure: Option<Measure>,
    /// How many users' changes are held.
    pub held: u64,
    /// The first of these users.
    pub users: Vec<UserId>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// Whether the operator decided; else an owner did.
    pub by_operator: Option<bool>,
    /// Until when everything passes.
    pub passes_until: Option<DateTime<Utc>>,
    /// Raised by every change.
    pub version: u64,
}

impl SyncHold {
    /// A hold that nobody is in yet.
    #[must_use]
    pub fn open(id: HoldId, tenant: TenantId, key: String, measure: Measure, now: DateTime<Utc>) -> Self {
        Self {
            key: Some(key),
            measure: Some(measure),
            ..Self::empty(id, tenant, now)
        }
    }

    /// A release ahead of what will come: a removal of many that was announced.
    #[must_use]
    pub fn announced(id: HoldId, tenant: TenantId, by_operator: bool, now: DateTime<Utc>) -> Self {
        Self::empty(id, tenant, now).decided(HoldState::Released, by_operator, now)
    }

    fn empty(id: HoldId, tenant: TenantId, now: DateTime<Utc>) -> Self {
        Self {
            id,
            tenant,
            state: HoldState::Open,
            opened_at: now,
            key: None,
            measure: None,
            held: 0,
            users: Vec::new(),
            decided_at: None,
            by_operator: None,
            passes_until: None,
            version: 0,
        }
    }

    /// With one more user.
    #[must_use]
    pub fn with(&self, user: &UserId) -> Self {
        let mut hold = self.clone();
        hold.version += 1;
        hold.held += 1;
        if hold.users.len() < MOST_NAMED {
            hold.users.push(user.clone());
        }
        hold
    }

    /// The hold as it was decided.
    #[must_use]
    pub fn decided(&self, state: HoldState, by_operator: bool, now: DateTime<Utc>) -> Self {
        Self {
            state,
            decided_at: Some(now),
            by_operator: Some(by_operator),
            passes_until: (state == HoldState::Released).then(|| now + PASSES),
            version: self.version + 1,
            ..self.clone()
        }
    }
}

#[cfg(test)]
#[path = "sync_guard_tests.rs"]
mod tests;
