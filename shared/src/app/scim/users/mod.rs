//! Users by SCIM (RFC 7644): made, read, replaced, changed, deleted.
//!
//! The document of a user keeps what SCIM pushed ([`crate::domain::scim_record::ScimRecord`]) beside the record that
//! sign-in and tokens read; one is derived from the other in [`person`], and nowhere else; lists copy what SCIM pushed as
//! it is stored. People who came by sign-in are shown with what is known of them, and are SCIM's from its first change on
//! (AQ-25); people made by hand are shown and not touched; the creator of the organization is neither (AQ-03).

mod change;
mod create;
mod delete;
mod existing;
mod guard;
pub(crate) mod person;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::{Caller, ScimFailure};
use crate::domain::ids::UserId;
use crate::domain::user::User;
use crate::scim::list::Projection;
use crate::scim::resource::{self, location};
use crate::scim::{ResourceKind, ScimError};
use crate::store::{GroupRecord, StoreError, StoredUser, UserInGroups};

pub use change::{Update, update};
pub use create::create;
pub use delete::delete;

/// A user as answered.
#[derive(Clone)]
pub struct ShownUser {
    /// Its version, for the ETag.
    pub version: u64,
    /// Its URI.
    pub location: String,
    /// Its attributes, as far as they were asked for.
    pub body: Map<String, Value>,
}

/// It holds personal data.
impl std::fmt::Debug for ShownUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShownUser")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A user.
///
/// # Errors
/// [`ScimError::NotFound`] when the tenant has none of this id, SCIM deleted it, or it is the organization's creator.
pub async fn read(caller: &Caller, id: &str, projection: &Projection) -> Result<ShownUser, ScimFailure> {
    let found = find(caller, id).await?;
    Ok(show(caller, found, projection))
}

/// The user of this id, if SCIM may see it.
async fn find(caller: &Caller, id: &str) -> Result<UserInGroups, ScimFailure> {
    let absent = || ScimError::NotFound("no such user".to_owned());
    let id = UserId::parse(id).map_err(|_| absent())?;
    if caller.is_root(id.as_str()) {
        return Err(absent().into());
    }
    let found = caller.store.user_in_groups(&id).await?;
    Ok(found.filter(|found| !found.user.tombstone).ok_or_else(absent)?)
}

/// A user as it is answered, `groups` included.
fn show(caller: &Caller, found: UserInGroups, projection: &Projection) -> ShownUser {
    let UserInGroups { user, groups } = found;
    let version = user.version;
    let location = location(&caller.base, ResourceKind::User, user.id.as_str());
    let mut body = render(caller, user);
    add_groups(caller, &mut body, &groups);
    ShownUser {
        version,
        location,
        body: projection.apply(ResourceKind::User, body),
    }
}

/// Adds the value of `groups`; without groups there is none.
pub(super) fn add_groups(caller: &Caller, body: &mut Map<String, Value>, groups: &[GroupRecord]) {
    if !groups.is_empty() {
        let pairs = groups
            .iter()
            .map(|found| (found.group.id.as_str(), found.group.display_name.as_str()));
        body.insert("groups".to_owned(), resource::group_values(&caller.base, pairs));
    }
}

/// The id of a user and the user as a list shows it, without `groups`; `None` of one that SCIM deleted. What SCIM pushed is
/// copied as it is stored.
pub(super) fn write(
    caller: &Caller,
    stored: &StoredUser,
) -> Result<Option<(String, Box<RawValue>)>, ScimFailure> {
    let user = stored.listed()?;
    if user.tombstone {
        return Ok(None);
    }
    let meta = person::listed_meta(&user);
    let written = match &user.scim {
        Some(record) => resource::write(ResourceKind::User, &caller.base, &meta, &record.attributes.0)
            .map_err(|e| StoreError::Corrupt {
                kind: "user",
                cause: format!("its attributes are no JSON: {:?}", e.classify()),
            })?,
        // What is JSON already can be written.
        None => to_raw_value(&render(caller, stored.user()?)).unwrap_or_default(),
    };
    Ok(Some((meta.id.to_owned(), written)))
}

/// A user as filters see it, without `groups`.
pub(super) fn render(caller: &Caller, user: User) -> Map<String, Value> {
    let meta = person::meta(&user);
    let attributes = person::into_attributes(user);
    resource::render(ResourceKind::User, &caller.base, &meta, attributes)
}
