//! Directory events: what the outbox carries (docs/events).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids::TenantId;

/// One event of the outbox. Per subject, `sequence` only grows; consumers order by it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What happened, such as `user.created`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Version of the event's shape.
    pub schema: u32,
    /// The organization.
    pub tenant: TenantId,
    /// Id of the user, group or other thing that it happened to.
    pub subject: String,
    /// Version of the subject that this event made.
    pub sequence: u64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The particulars, by kind.
    pub data: Value,
}
