//! Groups: what an identity provider pushes by SCIM (RFC 7643, section 4.2).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{GroupId, TenantId};

/// A group, without its members: there may be any number of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Opaque, never reused.
    pub id: GroupId,
    /// The organization.
    pub tenant: TenantId,
    /// Its name. Two groups may share one if their external ids differ.
    pub display_name: String,
    /// The identity provider's own id of it; not unique.
    pub external_id: Option<String>,
    /// Values of members that name nobody and never will, since our ids have another form: kept as they were sent (RFC
    /// 7643, section 2.3.7, leaves referential integrity to the server), in order, and no memberships.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Raised by every change of the group or its members (ETag, event sequence).
    pub version: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it or its members were last changed.
    pub modified_at: DateTime<Utc>,
}

impl Group {
    /// The same group one version on.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>) -> Self {
        Self {
            version: self.version + 1,
            modified_at: now.max(self.modified_at),
            ..self.clone()
        }
    }
}
