//! One group.

use super::no_such_group;
use crate::app::scim::{Caller, ScimFailure};
use crate::domain::ids::{GroupId, UserId};
use crate::scim::ScimError;
use crate::store::GroupRecord;

/// Most members that one answer shows: more would not fit what Lambda answers.
pub const MOST_SHOWN: u64 = 25_000;

/// A group as far as it is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The group.
    pub record: GroupRecord,
    /// Its members, in id order; `None` if they were not read.
    pub members: Option<Vec<UserId>>,
}

/// A group, with or without its members.
///
/// # Errors
/// [`ScimError::NotFound`]; [`ScimError::TooMany`] for more members than [`MOST_SHOWN`].
pub async fn get(caller: &Caller, id: &str, members: bool) -> Result<Shown, ScimFailure> {
    let id = GroupId::parse(id).map_err(|_| no_such_group())?;
    if !members {
        let record = caller.store.group(&id).await?.ok_or_else(no_such_group)?;
        return Ok(Shown {
            record,
            members: None,
        });
    }
    let found = caller.store.group_with_members(&id).await?;
    let found = found.ok_or_else(no_such_group)?;
    if found.record.members > MOST_SHOWN {
        return Err(too_many(found.record.members).into());
    }
    Ok(Shown {
        record: found.record,
        members: Some(found.ids),
    })
}

fn too_many(members: u64) -> ScimError {
    ScimError::TooMany(format!(
        "the group has {members} members, more than the {MOST_SHOWN} that fit one answer; ask with \
         excludedAttributes=members, or for users by groups.value"
    ))
}
