//! Mails that people get: what each has to say. How it is said stands in the templates (`shared/templates/mail`).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::deadline::{DeadlineKind, TimeZone};

/// One mail's content, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "template", rename_all = "snake_case")]
pub enum Letter {
    /// The code of AskToLink; the code itself travels as the mail's secret.
    LinkCode {
        /// Whose account it is about.
        organization: String,
        /// How long the code is good, in minutes.
        minutes: i64,
    },
    /// Something expires (AQ-20, GH-02).
    Expiring(ExpiringLetter),
    /// What people were reminded of on one day, for the operator.
    ExpiryDigest(ExpiryDigestLetter),
    /// Something that owners or members are told.
    Notice {
        /// What kind of notice it is: for metrics and logs.
        name: String,
        /// Subject and heading.
        title: String,
        /// What is told.
        paragraphs: Vec<String>,
        /// Where something can be done about it: text and absolute URL.
        link: Option<(String, String)>,
    },
}

/// Something of an organization expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiringLetter {
    /// What.
    pub kind: DeadlineKind,
    /// Name of the connection, key or domain.
    pub name: String,
    /// Preset or brand, for the steps.
    pub brand: String,
    /// Whose.
    pub organization: String,
    /// When.
    pub expires_at: DateTime<Utc>,
    /// When this is written.
    pub now: DateTime<Utc>,
    /// Where the owner is.
    pub zone: TimeZone,
    /// Where it is mended.
    pub portal: String,
}

/// What people were reminded of on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiryDigestLetter {
    /// The day (UTC).
    pub day: NaiveDate,
    /// When this is written.
    pub now: DateTime<Utc>,
    /// What, earliest end first.
    pub entries: Vec<DigestEntry>,
    /// How many more there are.
    pub more: usize,
}

/// One deadline of the digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestEntry {
    /// What expires.
    pub kind: DeadlineKind,
    /// What people call it.
    pub name: String,
    /// Whose it is.
    pub organization: String,
    /// When.
    pub expires_at: DateTime<Utc>,
    /// How many people were told; `None` where it is the operator's own.
    pub told: Option<u32>,
}

impl Letter {
    /// The template's name: for metrics and logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::LinkCode { .. } => "link_code",
            Self::Expiring(_) => "expiring",
            Self::ExpiryDigest(_) => "expiry_digest",
            Self::Notice { .. } => "notice",
        }
    }
}
