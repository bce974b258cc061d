//! The record of a group, and the ways to it.

use serde::{Deserialize, Serialize};

use super::super::TenantStore;
use super::super::error::StoreError;
use super::super::item::{Attributes, Item, number, read_doc, read_number, read_text, text};
use super::super::keys::{self, Table};
use super::write::MemberDelta;
use crate::domain::group::Group;
use crate::domain::ids::{GroupId, UserId};
use crate::random;

/// Most members of a group that are also listed in its record, so that reading a small group is one request.
pub const MOST_LISTED: usize = 64;

/// A group as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRecord {
    /// The group.
    pub group: Group,
    /// How many members it has, pending changes included.
    pub members: u64,
    /// Who they are, in id order, if they are at most [`MOST_LISTED`] and no large change is pending. A group that has
    /// become small again need not have the list.
    pub listed: Option<Vec<UserId>>,
    /// The large change that is committed and not yet applied to the end.
    pub pending: Option<PendingChange>,
}

/// Names one large change of one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingChange(String);

impl PendingChange {
    /// A name that no other change has, nor another try at the same one.
    ///
    /// # Errors
    /// [`StoreError::Random`] when the system's randomness fails.
    pub fn new() -> Result<Self, StoreError> {
        Ok(Self(random::uuid()?.to_string()))
    }

    /// The change's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a list knows of a group without its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupEntry {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub display_name: String,
    /// Its external id.
    pub external_id: Option<String>,
}

impl GroupRecord {
    /// A new group of these members, of whom a pending change brings all that one transaction does not.
    #[must_use]
    pub fn new(group: Group, members: &[UserId], pending: Option<PendingChange>) -> Self {
        Self {
            members: u64::try_from(members.len()).unwrap_or(u64::MAX),
            listed: pending.is_none().then(|| members.to_vec()).and_then(listable),
            group,
            pending,
        }
    }

    /// The record after a change: `group` is one version on.
    #[must_use]
    pub fn after(&self, group: Group, delta: &MemberDelta, pending: Option<PendingChange>) -> Self {
        let listed = self.listed.clone().filter(|_| pending.is_none());
        let listed = listed.map(|mut ids| {
            ids.retain(|id| !delta.remove.contains(id));
            ids.extend(delta.add.iter().cloned());
            ids
        });
        Self {
            group,
            members: delta.applied_to(self.members),
            listed: listed.and_then(listable),
            pending,
        }
    }

    pub(super) fn item(&self) -> Result<Item, StoreError> {
        let item = Item::new(keys::group(&self.group.tenant, &self.group.id)).doc("group", &self.group)?;
        let item = item
            .with("v", number(self.group.version))
            .with("n", number(self.members));
        let item = match &self.listed {
            Some(ids) => item.with("ids", text(joined(ids))),
            None => item,
        };
        Ok(match &self.pending {
            Some(change) => item.with("pend", text(change.as_str())),
            None => item,
        })
    }

    pub(in crate::store) fn read(item: &Attributes) -> Result<Self, StoreError> {
        Ok(Self {
            group: read_doc("group", item)?,
            members: read_number(item, "n").unwrap_or(0),
            listed: read_text(item, "ids").map(split),
            pending: read_text(item, "pend").map(|change| PendingChange(change.to_owned())),
        })
    }
}

impl GroupEntry {
    pub(super) fn item(group: &Group) -> Item {
        let item = Item::new(keys::group_list(&group.tenant, &group.id))
            .with("dn", text(group.display_name.clone()));
        match &group.external_id {
            Some(id) => item.with("xid", text(id.clone())),
            None => item,
        }
    }

    fn read(item: &Attributes) -> Option<Self> {
        Some(Self {
            id: GroupId::parse(read_text(item, "sk")?).ok()?,
            display_name: read_text(item, "dn")?.to_owned(),
            external_id: read_text(item, "xid").map(str::to_owned),
        })
    }
}

impl TenantStore {
    /// A group, read consistently.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn group(&self, id: &GroupId) -> Result<Option<GroupRecord>, StoreError> {
        let item = self.store.dynamo.get(&keys::group(&self.tenant, id)).await?;
        item.as_ref().map(GroupRecord::read).transpose()
    }

    /// A group as no transaction under way is about to change it: what was read since an earlier read of the same
    /// version belongs to that version.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read, or writers kept it busy for 5 seconds.
    pub async fn settled_group(&self, id: &GroupId) -> Result<Option<GroupRecord>, StoreError> {
        let items = self
            .store
            .dynamo
            .snapshot(&[keys::group(&self.tenant, id)])
            .await?;
        items
            .into_iter()
            .next()
            .flatten()
            .as_ref()
            .map(GroupRecord::read)
            .transpose()
    }

    /// Several groups, at most 100, read consistently, in id order; those that are not there are left out.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn groups(&self, ids: &[GroupId]) -> Result<Vec<GroupRecord>, StoreError> {
        let keys = ids.iter().map(|id| keys::group(&self.tenant, id));
        let items = self.store.dynamo.get_all(&keys.collect::<Vec<_>>()).await?;
        let mut found = items
            .iter()
            .map(GroupRecord::read)
            .collect::<Result<Vec<_>, _>>()?;
        found.sort_by(|a, b| a.group.id.cmp(&b.group.id));
        Ok(found)
    }

    /// The groups of this name, without regard to case.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn groups_by_name(&self, name: &str) -> Result<Vec<GroupId>, StoreError> {
        let pk = keys::group_name_pk(&self.tenant, name);
        let guards = self.store.dynamo.all(Table::Directory, &pk, "").await?;
        Ok(guards.iter().filter_map(|guard| id_in(guard, "gid")).collect())
    }

    /// The group that holds this name with this external id.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn group_by_guard(
        &self,
        name: &str,
        external_id: Option<&str>,
    ) -> Result<Option<GroupId>, StoreError> {
        let key = keys::group_name(&self.tenant, name, external_id);
        let guard = self.store.dynamo.get(&key).await?;
        Ok(guard.as_ref().and_then(|guard| id_in(guard, "gid")))
    }

    /// The groups of this external id.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn groups_by_external_id(&self, external_id: &str) -> Result<Vec<GroupId>, StoreError> {
        let pk = keys::group_external_pk(&self.tenant, external_id);
        let entries = self.store.dynamo.all(Table::Directory, &pk, "").await?;
        Ok(entries.iter().filter_map(|entry| id_in(entry, "sk")).collect())
    }

    /// Entries of the list of groups after an id, at most `limit`, in id order.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn group_entries(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<GroupEntry>, StoreError> {
        let pk = keys::group_list_pk(&self.tenant);
        let items = self.entries(&pk, after, limit).await?;
        Ok(items.iter().filter_map(GroupEntry::read).collect())
    }
}

fn listable(mut ids: Vec<UserId>) -> Option<Vec<UserId>> {
    ids.sort_unstable();
    (ids.len() <= MOST_LISTED).then_some(ids)
}

/// Ids hold no space.
fn joined(ids: &[UserId]) -> String {
    ids.iter().map(UserId::as_str).collect::<Vec<_>>().join(" ")
}

fn split(ids: &str) -> Vec<UserId> {
    ids.split(' ').filter_map(|id| UserId::parse(id).ok()).collect()
}

fn id_in(item: &Attributes, attribute: &str) -> Option<GroupId> {
    GroupId::parse(read_text(item, attribute)?).ok()
}
