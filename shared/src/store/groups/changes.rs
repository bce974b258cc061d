//! Large changes: parts beside the members, one commit, then part by part.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::super::TenantStore;
use super::super::error::StoreError;
use super::super::item::{Attributes, Item, number, read_doc, read_text, text};
use super::super::keys::{self, Table};
use super::super::transaction::{Expression, Guard, TenantTransaction};
use super::record::{GroupRecord, PendingChange};
use super::write::MemberDelta;
use crate::domain::event::Event;
use crate::domain::ids::{GroupId, UserId};

/// How long a part waits to be applied. Those of a change that was never committed end so.
const KEPT: TimeDelta = TimeDelta::days(7);

/// A part of a large change that is not applied yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePart {
    /// Its place in the change.
    pub part: String,
    /// Who comes and who goes by it.
    pub delta: MemberDelta,
}

#[derive(Serialize, Deserialize)]
struct PartDocument {
    add: Vec<UserId>,
    remove: Vec<UserId>,
}

impl TenantStore {
    /// Writes the parts of a change aside, and a mark of it into each user's partition. Nothing has happened before its
    /// commit.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be written.
    pub async fn stage_change(
        &self,
        group: &GroupId,
        change: &PendingChange,
        delta: &MemberDelta,
    ) -> Result<(), StoreError> {
        let until = self.store.dynamo.clock.now() + KEPT;
        let mut items = Vec::new();
        for (place, piece) in delta.pieces().into_iter().enumerate() {
            let key = keys::change_part(&self.tenant, group, change.as_str(), &format!("{place:06}"));
            let document = PartDocument {
                add: piece.add,
                remove: piece.remove,
            };
            items.push(Item::new(key).doc("change part", &document)?.until(until));
        }
        for (users, brings) in [(&delta.add, true), (&delta.remove, false)] {
            let marks = users
                .iter()
                .map(|user| self.mark(user, group, change.as_str(), brings));
            items.extend(marks.map(|mark| mark.until(until)));
        }
        self.store.dynamo.write_each(items, &[]).await
    }

    /// The parts of a change that are not applied yet, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn change_parts(
        &self,
        group: &GroupId,
        change: &PendingChange,
    ) -> Result<Vec<ChangePart>, StoreError> {
        let pk = keys::change_parts_pk(&self.tenant, group, change.as_str());
        let items = self.store.dynamo.all(Table::Directory, &pk, "").await?;
        items.iter().map(read_part).collect()
    }

    /// The groups with a large change that is committed and not applied to the end.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn pending_groups(&self) -> Result<Vec<GroupId>, StoreError> {
        let pk = keys::pending_pk(&self.tenant);
        let items = self.store.dynamo.all(Table::Directory, &pk, "G#").await?;
        let id = |item: &Attributes| GroupId::parse(read_text(item, "sk")?.strip_prefix("G#")?).ok();
        Ok(items.iter().filter_map(id).collect())
    }
}

impl TenantTransaction {
    /// Applies a part of the pending change: takes it and its marks away and lets its users come and go. Those of
    /// `planned` who are not in `part` any more have been deleted meanwhile: the group has so many members fewer than the
    /// commit counted.
    pub fn apply_part(
        &mut self,
        record: &GroupRecord,
        change: &PendingChange,
        (part, planned): (&ChangePart, &MemberDelta),
        events: Vec<Event>,
    ) {
        let without = planned.add.len().saturating_sub(part.delta.add.len());
        let t = self.handle.tenant.clone();
        let id = &record.group.id;
        let pending = || Expression::new("pend = :change").value(":change", text(change.as_str()));
        let group = keys::group(&t, id);
        if without == 0 {
            self.inner.check(Guard::ChangePart, &group, pending());
        } else {
            let fewer = number(u64::try_from(without).unwrap_or(0));
            let count = Expression::new("SET n = n - :fewer").value(":fewer", fewer);
            self.inner
                .update(Guard::ChangePart, &group, count, Some(pending()));
        }
        let key = keys::change_part(&t, id, change.as_str(), &part.part);
        self.inner
            .delete(Guard::ChangePart, &key, Some(Expression::present()));
        self.move_members(id, &part.delta, None, None);
        if planned.has_room_for_marks() {
            for user in planned.add.iter().chain(&planned.remove) {
                let mark = keys::user_change(&t, user, id, change.as_str());
                self.inner.delete(Guard::Fresh, &mark, None);
            }
        }
        if !part.delta.is_empty() {
            let key = keys::group_part_event(&t, id, record.group.version, &part.part);
            self.events_at(key, events);
        }
    }

    /// Ends a change whose parts are all applied.
    pub fn end_change(&mut self, group: &GroupId, change: &PendingChange) {
        let t = self.handle.tenant.clone();
        let pending = Expression::new("pend = :change").value(":change", text(change.as_str()));
        let end = Expression::new("REMOVE pend");
        self.inner
            .update(Guard::ChangePart, &keys::group(&t, group), end, Some(pending));
        self.inner
            .delete(Guard::Fresh, &keys::pending_group(&t, group), None);
    }
}

fn read_part(item: &Attributes) -> Result<ChangePart, StoreError> {
    let document: PartDocument = read_doc("change part", item)?;
    Ok(ChangePart {
        part: read_text(item, "sk").unwrap_or_default().to_owned(),
        delta: MemberDelta {
            add: document.add,
            remove: document.remove,
        },
    })
}
