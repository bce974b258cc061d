//! Changes of a group: PUT (RFC 7644, section 3.5.1) and PATCH (section 3.5.2).

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::commit::{self, Outcome};
use super::members::{self, Named};
use super::read::Shown;
use super::{attributes, name_taken, no_such_group, with_attributes, work};
use crate::app::scim::{Caller, ScimFailure};
use crate::domain::ids::{GroupId, UserId};
use crate::scim::ScimError;
use crate::scim::etag::check_if_match;
use crate::scim::normalize::Incoming;
use crate::scim::patch::PatchPlan;
use crate::store::{GroupRecord, MemberDelta, Patience};

/// What a request wants of a group's members.
enum Members {
    /// These come and those go.
    Change { add: Named, remove: Named },
    /// These, and nobody else.
    Exactly(Named),
}

impl Members {
    /// What becomes of the references of a group.
    fn references(&self, old: &[String]) -> Result<Vec<String>, ScimError> {
        match self {
            Self::Exactly(named) => members::references(named.references.clone()),
            Self::Change { add, remove } if add.references.is_empty() && remove.references.is_empty() => {
                Ok(old.to_vec())
            }
            Self::Change { add, remove } => {
                let stay = old.iter().filter(|id| !remove.references.contains(id));
                members::references(stay.chain(&add.references).cloned().collect())
            }
        }
    }
}

/// What a request wants of a group.
struct Wish<'w> {
    members: Members,
    attributes: Attributes<'w>,
    if_match: Option<&'w str>,
}

enum Attributes<'w> {
    Replaced(&'w Map<String, Value>),
    Patched(&'w PatchPlan),
}

/// Replaces a group. Members that the client says nothing of stay; an empty list lets everybody go.
///
/// # Errors
/// [`ScimError::NotFound`], [`ScimError::PreconditionFailed`], [`ScimError::Uniqueness`] when the name is taken,
/// [`ScimError::InvalidValue`] for members who are not there.
pub async fn replace(
    caller: &Caller,
    id: &str,
    incoming: &Incoming,
    if_match: Option<&str>,
) -> Result<Shown, ScimFailure> {
    let members = match &incoming.members {
        Some(members) => Members::Exactly(members::named(members)?),
        None => Members::Change {
            add: Named::default(),
            remove: Named::default(),
        },
    };
    let wish = Wish {
        members,
        attributes: Attributes::Replaced(&incoming.attributes),
        if_match,
    };
    let shown = change(caller, id, &wish).await?;
    if shown.members.is_some() {
        return Ok(shown);
    }
    // The client said nothing of the members of a large group.
    super::get(caller, id, true).await
}

/// Makes the changes of a PATCH: all of them, or none.
///
/// # Errors
/// As [`replace`], and what [`PatchPlan::apply`] refuses.
pub async fn patch(
    caller: &Caller,
    id: &str,
    plan: &PatchPlan,
    if_match: Option<&str>,
) -> Result<Shown, ScimFailure> {
    let change_of = plan.member_change();
    let members = match &change_of.replace_all {
        Some(members) => Members::Exactly(members::named(members)?),
        None => Members::Change {
            add: members::named(&change_of.add)?,
            remove: members::named_ids(change_of.remove.iter().map(String::as_str)),
        },
    };
    let wish = Wish {
        members,
        attributes: Attributes::Patched(plan),
        if_match,
    };
    change(caller, id, &wish).await
}

async fn change(caller: &Caller, id: &str, wish: &Wish<'_>) -> Result<Shown, ScimFailure> {
    let id = GroupId::parse(id).map_err(|_| no_such_group())?;
    let _turn = caller.gatehouse.memory.group_turns.at(id.as_str()).await;
    let mut patience = Patience::new();
    let (mut staged, mut known) = (None, None);
    // Before the group, so that whoever was deleted before is missing in one of the two.
    let gone = caller.store.departing_users().await?;
    loop {
        let read = match known.take() {
            Some(read) => read,
            None => read(caller, &id, &wish.members)
                .await?
                .ok_or_else(no_such_group)?,
        };
        check_if_match(wish.if_match, read.record.group.version)?;
        if read.record.pending.is_some() {
            work::finish_pending(&caller.store, &read.record, caller.gatehouse.clock.now()).await?;
            continue;
        }
        let add = read.delta.add.as_slice();
        members::require_living(caller, add, &read.living).await?;
        let now = caller.gatehouse.clock.now();
        let old = &read.record.group;
        let patched = match wish.attributes {
            Attributes::Replaced(attributes) => attributes.clone(),
            Attributes::Patched(plan) => plan.apply(&attributes(old))?,
        };
        let mut group = with_attributes(old.next(now), &patched)?;
        group.references = wish.members.references(&old.references)?;
        let same = group.display_name == old.display_name
            && group.external_id == old.external_id
            && group.references == old.references;
        if same && read.delta.is_empty() {
            // Nothing changes: version and lastModified stay (RFC 7644, section 3.5.2.1).
            return Ok(shown(read.record, wish, &gone));
        }
        match commit::change(caller, &read.record, group, &read.delta, &mut staged).await? {
            Outcome::Done(record) => return Ok(shown(record, wish, &gone)),
            Outcome::NameTaken => return Err(name_taken().into()),
            Outcome::Overtaken(now) => {
                patience.wait("TransactWriteItems").await?;
                known = now.and_then(|record| read.again(record, &wish.members));
            }
        }
    }
}

/// A group, and what the wish comes to.
struct Read {
    record: GroupRecord,
    delta: MemberDelta,
    /// Those of the wish who are there.
    living: HashSet<UserId>,
}

impl Read {
    /// What the same wish comes to at a later state of the group, if that can be told without another look.
    fn again(self, record: GroupRecord, wanted: &Members) -> Option<Self> {
        let Members::Change { add, remove } = wanted else {
            return None;
        };
        if record.pending.is_some() {
            return None;
        }
        let delta = match &record.listed {
            Some(ids) => delta(&add.users, &remove.users, |id| ids.binary_search(id).is_ok()),
            // Who came or went meanwhile is found out by the conditions on the members.
            None => self.delta,
        };
        Some(Self {
            record,
            delta,
            ..self
        })
    }
}

fn delta(add: &[UserId], remove: &[UserId], inside: impl Fn(&UserId) -> bool) -> MemberDelta {
    MemberDelta {
        add: add.iter().filter(|id| !inside(id)).cloned().collect(),
        remove: remove.iter().filter(|id| inside(id)).cloned().collect(),
    }
}

async fn read(caller: &Caller, id: &GroupId, wanted: &Members) -> Result<Option<Read>, ScimFailure> {
    match wanted {
        Members::Change { add, remove } => {
            let (add, remove) = (&add.users, &remove.users);
            let touched = add.iter().chain(remove).cloned().collect::<Vec<_>>();
            let found = caller.store.group_standing(id, &touched, add).await?;
            Ok(found.map(|(standing, living)| Read {
                delta: delta(add, remove, |id| standing.members.contains(id)),
                record: standing.record,
                living,
            }))
        }
        Members::Exactly(Named { users: wanted, .. }) => {
            let Some(record) = caller.store.group(id).await? else {
                return Ok(None);
            };
            let members = caller.store.all_members(&record).await?;
            let known: HashSet<&UserId> = members.iter().collect();
            let add = wanted.iter().filter(|id| !known.contains(id)).cloned();
            let add = add.collect::<Vec<_>>();
            let wanted: HashSet<&UserId> = wanted.iter().collect();
            let remove = members.iter().filter(|id| !wanted.contains(id)).cloned();
            let remove = remove.collect();
            let living = caller.store.living_users(&add).await?;
            Ok(Some(Read {
                record,
                delta: MemberDelta { add, remove },
                living,
            }))
        }
    }
}

/// What can be shown without reading the members.
fn shown(record: GroupRecord, wish: &Wish<'_>, gone: &HashSet<UserId>) -> Shown {
    let members = match &wish.members {
        Members::Exactly(named) => Some(named.users.clone()),
        Members::Change { .. } => record.listed.clone(),
    };
    let members = members.map(|mut ids| {
        ids.retain(|id| !gone.contains(id));
        ids.sort_unstable();
        ids
    });
    Shown { record, members }
}
