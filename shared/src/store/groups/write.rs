//! Changes of a group that fit one transaction.

use super::super::error::{CommitError, StoreError};
use super::super::item::{Item, number, text};
use super::super::keys;
use super::super::transaction::{Expression, Guard, TenantTransaction};
use super::record::{GroupEntry, GroupRecord};
use crate::domain::event::Event;
use crate::domain::group::Group;
use crate::domain::ids::{GroupId, UserId};

/// Items of a transaction for members, beside the record (or its check), the event, and the part that is applied.
const ROOM: usize = 97;
/// Items of a transaction for members where the group is new, or its name or external id changes: beside the record
/// and the event there may be a list entry, two guards, two look-ups and a counter.
const ROOM_BESIDE_NAMES: usize = 92;
/// An arrival is a member, a mirror, and the check that the user is there.
const ARRIVAL: usize = 3;
/// A departure takes a member and a mirror away.
const DEPARTURE: usize = 2;
/// Each of a part's also takes its mark away.
const MARK: usize = 1;

/// Who comes and who goes. Nobody does both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberDelta {
    /// These are no members yet.
    pub add: Vec<UserId>,
    /// These are members.
    pub remove: Vec<UserId>,
}

impl MemberDelta {
    /// Whether nobody comes or goes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }

    /// Whether the change fits one transaction; `names` if the group is new, or its name or external id changes with
    /// it.
    #[must_use]
    pub fn fits_one_transaction(&self, names: bool) -> bool {
        let room = if names { ROOM_BESIDE_NAMES } else { ROOM };
        self.add.len() * ARRIVAL + self.remove.len() * DEPARTURE <= room
    }

    /// How many members there are after the change.
    #[must_use]
    pub fn applied_to(&self, members: u64) -> u64 {
        let add = u64::try_from(self.add.len()).unwrap_or(u64::MAX);
        let remove = u64::try_from(self.remove.len()).unwrap_or(u64::MAX);
        members.saturating_add(add).saturating_sub(remove)
    }

    /// Whether the marks of all who come and go can be taken away by the transaction that moves them. What was staged
    /// before there were marks may be too large, and has none.
    pub(super) fn has_room_for_marks(&self) -> bool {
        self.add.len() * (ARRIVAL + MARK) + self.remove.len() * (DEPARTURE + MARK) <= ROOM
    }

    /// The change in pieces that fit one transaction each, marks included, in order of ids.
    #[must_use]
    pub fn pieces(&self) -> Vec<Self> {
        let mut all: Vec<(&UserId, bool)> = self.add.iter().map(|id| (id, true)).collect();
        all.extend(self.remove.iter().map(|id| (id, false)));
        all.sort_unstable();
        let mut pieces = Vec::new();
        let mut piece = Self::default();
        let mut room = ROOM;
        for (id, arrives) in all {
            let cost = MARK + if arrives { ARRIVAL } else { DEPARTURE };
            if room < cost {
                pieces.push(std::mem::take(&mut piece));
                room = ROOM;
            }
            room -= cost;
            let list = if arrives {
                &mut piece.add
            } else {
                &mut piece.remove
            };
            list.push(id.clone());
        }
        if !piece.is_empty() {
            pieces.push(piece);
        }
        pieces
    }
}

impl TenantTransaction {
    /// Makes a group with guard, look-up, list entry and counter. Its members come by [`Self::change_members`], or by
    /// its pending change.
    pub fn create_group(&mut self, record: &GroupRecord) {
        let group = &record.group;
        self.inner
            .put(Guard::Fresh, record.item(), Some(Expression::absent()));
        self.inner.put(Guard::Fresh, Ok(GroupEntry::item(group)), None);
        self.put_group_guard(group);
        self.put_group_look_up(group);
        self.count_group(group.id.as_str(), 1);
        self.mark_pending_group(record);
    }

    /// Writes a group over what was read; guard, look-up and list entry follow the difference. `record.group` is one
    /// version on. Holds only while no large change is pending.
    pub fn update_group(&mut self, before: &GroupRecord, record: &GroupRecord) {
        self.inner
            .put(Guard::Group, record.item(), Some(unchanged(before)));
        let (old, new) = (&before.group, &record.group);
        let guard = |group: &Group| {
            let external_id = group.external_id.as_deref();
            keys::group_name(&group.tenant, &group.display_name, external_id)
        };
        if guard(old) != guard(new) {
            self.put_group_guard(new);
            self.inner.delete(Guard::Fresh, &guard(old), None);
        }
        if old.external_id != new.external_id {
            self.delete_group_look_up(old);
            self.put_group_look_up(new);
        }
        if old.external_id != new.external_id || old.display_name != new.display_name {
            self.inner.put(Guard::Fresh, Ok(GroupEntry::item(new)), None);
        }
        self.mark_pending_group(record);
    }

    /// Takes a group away. Its members and their mirrors count no more, and are cleared later.
    pub fn delete_group(&mut self, before: &GroupRecord) {
        let group = &before.group;
        let t = self.handle.tenant.clone();
        let condition = Expression::new("v = :read").value(":read", number(group.version));
        self.inner
            .delete(Guard::Group, &keys::group(&t, &group.id), Some(condition));
        self.inner
            .delete(Guard::Fresh, &keys::group_list(&t, &group.id), None);
        let guard = keys::group_name(&t, &group.display_name, group.external_id.as_deref());
        self.inner.delete(Guard::Fresh, &guard, None);
        self.delete_group_look_up(group);
        self.inner
            .delete(Guard::Fresh, &keys::pending_group(&t, &group.id), None);
        let until = self.handle.store.dynamo.clock.now() + super::super::outbox::KEPT;
        let list = Item::new(keys::gone_group(&t, &group.id)).until(until);
        self.inner.put(Guard::Fresh, Ok(list), None);
        self.count_group(group.id.as_str(), -1);
    }

    /// Lets users come and go: member and mirror each. Holds only while nobody who comes is in, everybody who goes is,
    /// and everybody who comes is there.
    pub fn change_members(&mut self, group: &GroupId, delta: &MemberDelta) {
        self.move_members(
            group,
            delta,
            Some(Expression::absent()),
            Some(Expression::present()),
        );
    }

    /// As [`Self::change_members`], for a part of a pending change, which nobody else's change can have overtaken.
    pub(super) fn move_members(
        &mut self,
        group: &GroupId,
        delta: &MemberDelta,
        outside: Option<Expression>,
        inside: Option<Expression>,
    ) {
        let t = self.handle.tenant.clone();
        for user in &delta.add {
            let member = Item::new(keys::member(&t, group, user));
            self.inner.put(Guard::Membership, Ok(member), outside.clone());
            let mirror = Item::new(keys::user_group(&t, user, group));
            self.inner.put(Guard::Fresh, Ok(mirror), None);
            self.inner
                .check(Guard::User, &keys::user(&t, user), living_user());
        }
        for user in &delta.remove {
            self.inner
                .delete(Guard::Membership, &keys::member(&t, group, user), inside.clone());
            self.inner
                .delete(Guard::Fresh, &keys::user_group(&t, user, group), None);
        }
    }

    /// Adds events of one group. `version` is the version of the group that the change makes.
    pub fn group_events(&mut self, group: &GroupId, version: u64, events: Vec<Event>) {
        let key = keys::group_event(&self.handle.tenant, group, version);
        self.events_at(key, events);
    }

    /// Writes all parts or none; a group that was overtaken is given back as it is now.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn commit_group(self) -> Result<(), (CommitError, Option<GroupRecord>)> {
        self.commit_seeing().await.map_err(|(error, seen)| {
            let now = seen.first().and_then(|item| GroupRecord::read(item).ok());
            (error, now)
        })
    }

    fn put_group_guard(&mut self, group: &Group) {
        let key = keys::group_name(
            &self.handle.tenant,
            &group.display_name,
            group.external_id.as_deref(),
        );
        let guard = Item::new(key).with("gid", text(group.id.as_str()));
        self.inner
            .put(Guard::GroupName, Ok(guard), Some(Expression::absent()));
    }

    fn put_group_look_up(&mut self, group: &Group) {
        if let Some(external_id) = &group.external_id {
            let key = keys::group_external(&self.handle.tenant, external_id, &group.id);
            self.inner.put(Guard::Fresh, Ok(Item::new(key)), None);
        }
    }

    fn delete_group_look_up(&mut self, group: &Group) {
        if let Some(external_id) = &group.external_id {
            let key = keys::group_external(&self.handle.tenant, external_id, &group.id);
            self.inner.delete(Guard::Fresh, &key, None);
        }
    }

    fn mark_pending_group(&mut self, record: &GroupRecord) {
        if let Some(change) = &record.pending {
            let key = keys::pending_group(&self.handle.tenant, &record.group.id);
            let mark: Result<Item, StoreError> = Ok(Item::new(key).with("pend", text(change.as_str())));
            self.inner.put(Guard::Fresh, mark, None);
        }
    }
}

/// The user is there and not deleted.
fn living_user() -> Expression {
    Expression::new("attribute_exists(pk) AND attribute_not_exists(gone)")
}

/// The group is at the version that was read, and no large change is pending.
fn unchanged(before: &GroupRecord) -> Expression {
    Expression::new("v = :read AND attribute_not_exists(pend)")
        .value(":read", number(before.group.version))
        .seeing()
}
