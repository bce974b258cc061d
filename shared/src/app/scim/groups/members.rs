//! Members that a client names, found among the users.
//!
//! Ids in the form of ours must be those of users who are there: they may be somebody's some day, since a deleted user
//! comes back under the same id, or are another organization's. What has another form can never name anybody; it is kept
//! as it came, and is nobody's membership.

use std::collections::HashSet;

use crate::app::scim::{Caller, ScimFailure};
use crate::domain::ids::{GroupId, UserId};
use crate::scim::ScimError;
use crate::scim::normalize::{Member, MemberType};
use crate::scim::text::quote;

/// Most bytes of the references of one group: they lie in its record, which every change reads.
const MOST_REFERENCE_BYTES: usize = 32 * 1024;

/// What a client names as members.
#[derive(Default)]
pub(super) struct Named {
    /// Ids in the form of ours: users, if they are there.
    pub(super) users: Vec<UserId>,
    /// What can be nobody's id.
    pub(super) references: Vec<String>,
}

/// Parts what a client names.
///
/// # Errors
/// [`ScimError::InvalidValue`] for a group within the group.
pub(super) fn named(members: &[Member]) -> Result<Named, ScimError> {
    if members
        .iter()
        .any(|member| member.kind == Some(MemberType::Group))
    {
        return Err(nested());
    }
    Ok(named_ids(members.iter().map(|member| member.id.as_str())))
}

/// Parts ids.
pub(super) fn named_ids<'i>(ids: impl Iterator<Item = &'i str>) -> Named {
    let mut named = Named::default();
    for id in ids {
        match UserId::parse(id) {
            Ok(user) if UserId::has_form_of(id) => named.users.push(user),
            Ok(_) | Err(_) => named.references.push(id.to_owned()),
        }
    }
    named
}

/// References in order, each once, as a group keeps them.
///
/// # Errors
/// [`ScimError::InvalidValue`] for more than fit.
pub(super) fn references(mut list: Vec<String>) -> Result<Vec<String>, ScimError> {
    list.sort_unstable();
    list.dedup();
    let bytes: usize = list.iter().map(String::len).sum();
    if bytes > MOST_REFERENCE_BYTES {
        return Err(ScimError::InvalidValue(format!(
            "members: wanted at most {MOST_REFERENCE_BYTES} bytes of values that are no ids of users, got {bytes}"
        )));
    }
    Ok(list)
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

fn unknown(id: &str, count: usize) -> ScimError {
    let others = if count > 1 { " and others" } else { "" };
    ScimError::InvalidValue(format!(
        "members: wanted the ids of users of this organization, got {count} that no user has ({}{others})",
        quote(id)
    ))
}
