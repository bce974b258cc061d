//! A new group (RFC 7644, section 3.3).

use chrono::{DateTime, Utc};

use super::commit::{self, Outcome};
use super::members::{self, Named};
use super::read::Shown;
use super::{name_taken, with_attributes};
use crate::app::scim::{Caller, ScimFailure};
use crate::domain::group::Group;
use crate::domain::ids::{GroupId, UserId};
use crate::scim::normalize::Incoming;
use crate::store::{MemberDelta, Patience};

/// Makes a group with its members.
///
/// # Errors
/// [`crate::scim::ScimError::Uniqueness`] when the name is taken, [`crate::scim::ScimError::InvalidValue`] for members
/// who are not there.
pub async fn create(caller: &Caller, incoming: &Incoming) -> Result<Shown, ScimFailure> {
    let Named {
        users: wanted,
        references,
    } = members::named(incoming.members.as_deref().unwrap_or_default())?;
    let references = members::references(references)?;
    let id = GroupId::generate()?;
    let mut patience = Patience::new();
    loop {
        let living = caller.store.living_users(&wanted).await?;
        members::require_living(caller, &wanted, &living).await?;
        let mut group = new_group(caller, &id, caller.gatehouse.clock.now());
        group.references.clone_from(&references);
        let group = with_attributes(group, &incoming.attributes)?;
        let outcome = commit::create(caller, group, &delta(&wanted)).await?;
        match outcome {
            Outcome::Done(record) => {
                let mut ids = wanted;
                ids.sort_unstable();
                return Ok(Shown {
                    record,
                    members: Some(ids),
                });
            }
            Outcome::NameTaken => return Err(name_taken().into()),
            // Somebody who was to be in it was deleted just now.
            Outcome::Overtaken(_) => patience.wait("TransactWriteItems").await?,
        }
    }
}

fn delta(members: &[UserId]) -> MemberDelta {
    MemberDelta {
        add: members.to_vec(),
        remove: Vec::new(),
    }
}

fn new_group(caller: &Caller, id: &GroupId, now: DateTime<Utc>) -> Group {
    Group {
        id: id.clone(),
        tenant: caller.tenant().id.clone(),
        display_name: String::new(),
        external_id: None,
        references: Vec::new(),
        version: 1,
        created_at: now,
        modified_at: now,
    }
}
