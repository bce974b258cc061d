//! Members that a client names, found among the users.

use std::collections::HashSet;

use crate::app::scim::{Caller, ScimFailure};
use crate::domain::ids::{GroupId, UserId};
use crate::scim::ScimError;
use crate::scim::normalize::{Member, MemberType};
use crate::scim::text::quote;

/// The ids of users that a client names.
///
/// # Errors
/// [`ScimError::InvalidValue`] for a group within the group, and for what is no id of ours.
pub(super) fn user_ids(members: &[Member]) -> Result<Vec<UserId>, ScimError> {
    members
        .iter()
        .map(|member| match member.kind {
            Some(MemberType::Group) => Err(nested()),
            Some(MemberType::User) | None => UserId::parse(&member.id).map_err(|_| unknown(&member.id, 1)),
        })
        .collect()
}

/// Refuses users who are not there.
///
/// # Errors
/// [`ScimError::InvalidValue`] that names the first of them.
pub(super) async fn require_living(
    caller: &Caller,
    wanted: &[UserId],
    living: &HashSet<UserId>,
) -> Result<(), ScimFailure> {
    // The creator of the organization is nobody that SCIM knows of (AQ-03).
    let root = caller.tenant().root_user.as_ref();
    let absent = |id: &&UserId| !living.contains(*id) || root == Some(*id);
    let mut missing = wanted.iter().filter(absent);
    let Some(first) = missing.next() else {
        return Ok(());
    };
    let group = GroupId::parse(first.as_str()).map_err(|_| unknown(first.as_str(), 1))?;
    if caller.store.group(&group).await?.is_some() {
        return Err(nested().into());
    }
    Err(unknown(first.as_str(), 1 + missing.count()).into())
}

fn nested() -> ScimError {
    ScimError::InvalidValue("members: groups within groups are not supported; wanted users alone".to_owned())
}

/// Only what looks like an id of ours is quoted: clients are known to send addresses.
fn unknown(id: &str, count: usize) -> ScimError {
    let is_ours = id.len() == 36 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let first = if is_ours {
        format!(" ({}{})", quote(id), if count > 1 { " and others" } else { "" })
    } else {
        String::new()
    };
    ScimError::InvalidValue(format!(
        "members: wanted the ids of users of this organization, got {count} that no user has{first}"
    ))
}
