//! What is known of a connection on its way to being active (AQ-16, SE-27).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::UserId;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It works, and somebody should know.
    Warning,
    /// It would not work: mend it before it is handed in.
    Error,
}

/// Something that the machine found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable code.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was wanted and what is there; nothing personal, no secret.
    pub detail: String,
}

impl Finding {
    /// One that only informs.
    #[must_use]
    pub fn warning(code: &str, detail: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            severity: Severity::Warning,
            detail: detail.into(),
        }
    }

    /// One that keeps the connection from being handed in.
    #[must_use]
    pub fn error(code: &str, detail: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            severity: Severity::Error,
            detail: detail.into(),
        }
    }
}

/// The last validation by machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// What it found.
    pub findings: Vec<Finding>,
}

impl Validation {
    /// Whether nothing was found that keeps the connection from working.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.severity < Severity::Error)
    }
}

/// A test sign-in that came through, of the settings as they are now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedTest {
    /// When the identity provider answered.
    pub at: DateTime<Utc>,
    /// Public id of the test.
    pub test: String,
}

/// The operator's refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// When.
    pub at: DateTime<Utc>,
    /// Why, for the owner to read.
    pub reason: String,
}

/// How far the members of a tenant were told that single sign-on has become active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembersTold {
    /// When it became active.
    pub since: DateTime<Utc>,
    /// The last member that was looked at, in id order.
    pub after: Option<UserId>,
    /// Whether all were.
    pub all: bool,
}

/// What is known of a connection on its way to being active.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Onboarding {
    /// The last validation of the settings as they are now.
    pub validation: Option<Validation>,
    /// The last test sign-in of the settings as they are now.
    pub test: Option<PassedTest>,
    /// The operator's last refusal, until it is handed in again.
    pub rejection: Option<Rejection>,
    /// SE-02: how far the members were told that they may link their accounts.
    pub members_told: Option<MembersTold>,
    /// Only the operator may lift a suspension of the operator's.
    pub suspended_by_operator: bool,
    /// What the identity provider vouched for until then counts no more: sessions and refresh tokens are over.
    pub access_from: Option<DateTime<Utc>>,
}

impl Onboarding {
    /// When access ends that the identity provider vouched for at `confirmed_at` and that lasts until `end` otherwise.
    #[must_use]
    pub fn access_ends(&self, confirmed_at: DateTime<Utc>, end: DateTime<Utc>) -> DateTime<Utc> {
        match self.access_from {
            Some(from) if confirmed_at <= from => end.min(from),
            Some(_) | None => end,
        }
    }
}
