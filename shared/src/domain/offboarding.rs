//! A tenant's offboarding: how far it came, and what it removed.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids::TenantId;

/// A process that has looked at the tenant before its record went may go on for so long: what was written by one is
/// swept up afterwards.
pub const LATE: TimeDelta = TimeDelta::minutes(5);

/// What is taken away, in this order: what opens a way in first, then people, then what records hang on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurgeStep {
    /// API keys.
    ApiKeys,
    /// Connections with their secrets.
    Connections,
    /// Claims to domains.
    Domains,
    /// Users with everything of theirs.
    Users,
    /// What is left of users that were deleted.
    DeletedUsers,
    /// Groups with members and pending changes.
    Groups,
    /// What is left of groups that were deleted.
    DeletedGroups,
    /// Teams.
    Teams,
    /// Changes that had work left to do.
    Waiting,
    /// The feed for replay.
    Feed,
    /// What else the tenant's own partition holds: settings, deadlines, imports, mails, events.
    Rest,
    /// What was counted.
    Counters,
    /// The audit trail.
    Audit,
    /// The key that sealed tokens.
    DataKey,
    /// Nothing is left.
    Done,
}

impl PurgeStep {
    /// The step after this one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::ApiKeys => Self::Connections,
            Self::Connections => Self::Domains,
            Self::Domains => Self::Users,
            Self::Users => Self::DeletedUsers,
            Self::DeletedUsers => Self::Groups,
            Self::Groups => Self::DeletedGroups,
            Self::DeletedGroups => Self::Teams,
            Self::Teams => Self::Waiting,
            Self::Waiting => Self::Feed,
            Self::Feed => Self::Rest,
            Self::Rest => Self::Counters,
            Self::Counters => Self::Audit,
            Self::Audit => Self::DataKey,
            Self::DataKey | Self::Done => Self::Done,
        }
    }
}

/// A tenant's offboarding. It stays with the deployment when the tenant is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offboarding {
    /// The tenant.
    pub tenant: TenantId,
    /// What it was called.
    pub name: String,
    /// What is taken away now.
    pub step: PurgeStep,
    /// Where the step goes on.
    pub after: Option<String>,
    /// What was taken away, by kind.
    pub removed: BTreeMap<String, u64>,
    /// Who asked for it.
    pub actor: Value,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When nothing was left.
    pub finished_at: Option<DateTime<Utc>>,
    /// When it was looked once more for what had been under way at the time of the request.
    pub swept_at: Option<DateTime<Utc>>,
    /// Raised by every step.
    pub version: u64,
}

impl Offboarding {
    /// Whether nothing is left to do now.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.step == PurgeStep::Done
    }

    /// The offboarding after a step that found nothing more.
    #[must_use]
    pub fn advanced(&self, now: DateTime<Utc>) -> Self {
        let step = self.step.next();
        let done = step == PurgeStep::Done;
        let swept = done && now >= self.requested_at + LATE;
        Self {
            step,
            after: None,
            finished_at: self.finished_at.or_else(|| done.then_some(now)),
            swept_at: self.swept_at.or_else(|| swept.then_some(now)),
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// The offboarding after a part of a step, which goes on at `after`.
    #[must_use]
    pub fn noted(&self, after: Option<String>) -> Self {
        Self {
            after,
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// It goes through everything once more, for what was under way at the time of the request; `None` when that is not
    /// due, or was done.
    #[must_use]
    pub fn once_more(&self, now: DateTime<Utc>) -> Option<Self> {
        let due = self.is_done() && self.swept_at.is_none() && now >= self.requested_at + LATE;
        due.then(|| Self {
            step: PurgeStep::ApiKeys,
            after: None,
            version: self.version + 1,
            ..self.clone()
        })
    }
}
