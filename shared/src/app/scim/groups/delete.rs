//! A group's end (RFC 7644, section 3.6).

use super::no_such_group;
use crate::app::events;
use crate::app::scim::{Caller, ScimFailure};
use crate::domain::ids::GroupId;
use crate::scim::etag::check_if_match;
use crate::store::{CommitError, Guard, Patience};

/// Deletes a group: everybody is out of it at once. What is left of the memberships is cleared later.
///
/// # Errors
/// [`crate::scim::ScimError::NotFound`], [`crate::scim::ScimError::PreconditionFailed`].
pub async fn delete(caller: &Caller, id: &str, if_match: Option<&str>) -> Result<(), ScimFailure> {
    let id = GroupId::parse(id).map_err(|_| no_such_group())?;
    let _turn = caller.gatehouse.memory.group_turns.at(id.as_str()).await;
    let mut patience = Patience::new();
    loop {
        let record = caller.store.group(&id).await?.ok_or_else(no_such_group)?;
        check_if_match(if_match, record.group.version)?;
        let group = record.group.next(caller.gatehouse.clock.now());
        let mut transaction = caller.store.begin();
        transaction.delete_group(&record);
        let happened = vec![events::group_deleted(&group, group.modified_at)];
        transaction.group_events(&id, group.version, happened);
        match transaction.commit().await {
            Ok(()) => return Ok(()),
            Err(CommitError::Refused(guards)) if guards.contains(&Guard::Group) => {
                patience.wait("TransactWriteItems").await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}
