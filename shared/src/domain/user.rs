//! A person's record in one tenant.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};

use super::email::EmailAddress;
use super::ids::{TenantId, UserId};
use super::scim_record::{ScimRecord, WrittenRecord};
use super::sync_guard::SyncMark;
use super::team::Source;

/// What is known of a person beyond name and address. All of it is optional.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonDetails {
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// Position in the organization.
    pub position: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// Phone number: E.164 from sign-in; from SCIM (AQ-46) E.164 where it could be read so, else as it was sent.
    pub mobile: Option<String>,
    /// Absolute URL of a picture; stored, never fetched.
    pub picture: Option<String>,
}

impl std::fmt::Debug for PersonDetails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[personal]")
    }
}

/// Writes what is known and nothing of the rest: every page of a list reads a hundred of these.
fn known<S: Serializer>(details: &PersonDetails, serializer: S) -> Result<S::Ok, S::Error> {
    let fields = [
        ("given_name", &details.given_name),
        ("family_name", &details.family_name),
        ("position", &details.position),
        ("department", &details.department),
        ("mobile", &details.mobile),
        ("picture", &details.picture),
    ];
    let known = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)));
    serializer.collect_map(known)
}

/// A person's record in one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The `sub` that the app sees; opaque, never reused.
    pub id: UserId,
    /// The organization.
    pub tenant: TenantId,
    /// Unique in the tenant without regard to case (RFC 7643 section 4.1.1).
    pub user_name: String,
    /// The primary address, if one is known.
    pub email: Option<EmailAddress>,
    /// Name, position and the like.
    #[serde(serialize_with = "known")]
    pub details: PersonDetails,
    /// Role in the organization, of the operator's catalogue.
    pub role: String,
    /// Whether the person may come in.
    pub active: bool,
    /// How the record came to be.
    pub source: Source,
    /// Deactivated or deleted by SCIM: sign-in never makes this person again.
    pub tombstone: bool,
    /// AQ-25: the owner lets SCIM take over this person, who was made by hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scim_takeover: bool,
    /// What SCIM pushed, once it has taken the person over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scim: Option<Box<ScimRecord>>,
    /// GH-06: what the guard against mass deprovisioning remembers of the person.
    #[serde(default, skip_serializing_if = "SyncMark::is_empty")]
    pub sync: SyncMark,
    /// Raised by every change of this record (ETag, event sequence).
    pub version: u64,
    /// Raised when every session must end.
    pub epoch: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub modified_at: DateTime<Utc>,
}

/// As much of a [`User`] as a list shows, read from the same document, whose other parts may even be wrong.
#[derive(Debug, Deserialize)]
pub struct ListedUser<'a> {
    /// As [`User::id`].
    pub id: &'a str,
    /// As [`User::tombstone`].
    pub tombstone: bool,
    /// As [`User::scim`].
    #[serde(borrow, default)]
    pub scim: Option<WrittenRecord<'a>>,
    /// As [`User::version`].
    pub version: u64,
    /// As [`User::created_at`] (RFC 3339).
    pub created_at: &'a str,
    /// As [`User::modified_at`] (RFC 3339).
    pub modified_at: &'a str,
}

impl User {
    /// The name that people see: the one that SCIM pushed, else given and family name, else the user name.
    #[must_use]
    pub fn display_name(&self) -> String {
        if let Some(name) = self.scim.as_ref().and_then(|record| record.display_name()) {
            return name.to_owned();
        }
        let parts = [
            self.details.given_name.as_deref(),
            self.details.family_name.as_deref(),
        ];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            self.user_name.clone()
        } else {
            name
        }
    }
}
