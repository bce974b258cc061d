//! Who is in a group, and in which groups a user is.

use std::collections::{BTreeSet, HashSet};

use futures_util::{StreamExt, TryStreamExt};

use super::super::TenantStore;
use super::super::error::StoreError;
use super::super::item::{Attributes, read_text};
use super::super::keys::{self, Key, Table};
use super::super::patience::Patience;
use super::changes::ChangePart;
use super::record::{GroupRecord, PendingChange};
use crate::domain::ids::{GroupId, UserId};

/// DynamoDB's limit of keys in one BatchGetItem.
const BATCH: usize = 100;
/// Batches under way at a time.
const PARALLEL: usize = 8;
/// From how many members per touched one on single look-ups are cheaper than reading all.
const READ_ALL_BELOW: u64 = 50;

/// A group with all of its members, as they were at its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMembers {
    /// The group.
    pub record: GroupRecord,
    /// Its members, in id order.
    pub ids: Vec<UserId>,
}

/// A group and how some users stand to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStanding {
    /// The group.
    pub record: GroupRecord,
    /// Those who are members, as far as they were asked for.
    pub members: HashSet<UserId>,
}

impl TenantStore {
    /// A group with all of its members, read consistently: none of a change, or all of it. Deleted users are no
    /// members.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read, or writers changed the group faster than it could be read for 5
    /// seconds.
    pub async fn group_with_members(&self, id: &GroupId) -> Result<Option<GroupMembers>, StoreError> {
        let mut patience = Patience::new();
        loop {
            // Before the members: whose memberships are cleared meanwhile is missing among them.
            let gone = self.departing_users().await?;
            let Some(record) = self.group(id).await? else {
                return Ok(None);
            };
            if let Some(ids) = record.listed.clone() {
                return Ok(Some(GroupMembers::without(record, ids, &gone)));
            }
            let ids = self.all_members(&record).await?;
            match self.settled_group(id).await? {
                None => return Ok(None),
                Some(now) if now.group.version == record.group.version => {
                    return Ok(Some(GroupMembers::without(now, ids, &gone)));
                }
                Some(_) => patience.wait("Query").await?,
            }
        }
    }

    /// The members, deleted users included: the member items with the pending parts laid over them. They are those of
    /// `record` if its version is still the same afterwards.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn all_members(&self, record: &GroupRecord) -> Result<Vec<UserId>, StoreError> {
        if let Some(ids) = &record.listed {
            return Ok(ids.clone());
        }
        let id = &record.group.id;
        // Before the members: a part that is applied meanwhile is found among them.
        let parts = match &record.pending {
            Some(change) => self.living_parts(id, change).await?,
            None => Vec::new(),
        };
        let pk = keys::members_pk(&self.tenant, id);
        let mut ids = BTreeSet::new();
        let mut after: Option<String> = None;
        loop {
            let page = self
                .store
                .dynamo
                .page(Table::Directory, &pk, "", after.as_deref(), 10_000)
                .await?;
            ids.extend(page.items.iter().filter_map(user_in));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        for part in parts {
            for user in part.delta.remove {
                ids.remove(&user);
            }
            ids.extend(part.delta.add);
        }
        Ok(ids.into_iter().collect())
    }

    /// The pending parts; whoever was to come and has been deleted since does not.
    async fn living_parts(
        &self,
        id: &GroupId,
        change: &PendingChange,
    ) -> Result<Vec<ChangePart>, StoreError> {
        let mut parts = self.change_parts(id, change).await?;
        let coming = parts.iter().flat_map(|part| part.delta.add.iter().cloned());
        let living = self.living_users(&coming.collect::<Vec<_>>()).await?;
        for part in &mut parts {
            part.delta.add.retain(|user| living.contains(user));
        }
        Ok(parts)
    }

    /// A group with those of `touched` who are members, and the users among `wanted` who are there. One request for up
    /// to 48 users.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn group_standing(
        &self,
        id: &GroupId,
        touched: &[UserId],
        wanted: &[UserId],
    ) -> Result<Option<(GroupStanding, HashSet<UserId>)>, StoreError> {
        if touched.len() + wanted.len() < BATCH {
            return self.standing_at_once(id, touched, wanted).await;
        }
        let Some(record) = self.group(id).await? else {
            return Ok(None);
        };
        let ratio = record.members / u64::try_from(touched.len().max(1)).unwrap_or(1);
        let members = if record.listed.is_some() || ratio < READ_ALL_BELOW {
            self.all_members(&record).await?.into_iter().collect()
        } else {
            let keys = touched.iter().map(|user| keys::member(&self.tenant, id, user));
            let found = self.get_many(keys.collect()).await?;
            found.iter().filter_map(user_in).collect()
        };
        let users = self.living_users(wanted).await?;
        Ok(Some((GroupStanding { record, members }, users)))
    }

    async fn standing_at_once(
        &self,
        id: &GroupId,
        touched: &[UserId],
        wanted: &[UserId],
    ) -> Result<Option<(GroupStanding, HashSet<UserId>)>, StoreError> {
        let group = keys::group(&self.tenant, id);
        let members_pk = keys::members_pk(&self.tenant, id);
        let mut keys = vec![group.clone()];
        keys.extend(touched.iter().map(|user| keys::member(&self.tenant, id, user)));
        keys.extend(wanted.iter().map(|user| keys::user(&self.tenant, user)));
        let items = self.store.dynamo.get_all(&keys).await?;
        let in_partition = |item: &&Attributes, pk: &str| read_text(item, "pk") == Some(pk);
        let Some(record) = items.iter().find(|item| in_partition(item, &group.pk)) else {
            return Ok(None);
        };
        let record = GroupRecord::read(record)?;
        let members = items.iter().filter(|item| in_partition(item, &members_pk));
        let members = members.filter_map(user_in).collect();
        let users = self.living_among(&items, wanted);
        Ok(Some((GroupStanding { record, members }, users)))
    }

    /// Those of `ids` who are there and not deleted.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn living_users(&self, ids: &[UserId]) -> Result<HashSet<UserId>, StoreError> {
        let keys = ids.iter().map(|user| keys::user(&self.tenant, user)).collect();
        let items = self.get_many(keys).await?;
        Ok(self.living_among(&items, ids))
    }

    fn living_among(&self, items: &[Attributes], ids: &[UserId]) -> HashSet<UserId> {
        let living: HashSet<&str> = items
            .iter()
            .filter(|item| read_text(item, "sk") == Some("#") && !item.contains_key("gone"))
            .filter_map(|item| read_text(item, "pk"))
            .collect();
        ids.iter()
            .filter(|id| living.contains(keys::user_pk(&self.tenant, id.as_str()).as_str()))
            .cloned()
            .collect()
    }

    /// Any number of items, 100 in a request.
    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Attributes>, StoreError> {
        let batches = keys.chunks(BATCH).map(<[Key]>::to_vec).collect::<Vec<_>>();
        let batches = batches
            .into_iter()
            .map(|batch| async move { self.store.dynamo.get_all(&batch).await });
        let found: Vec<Vec<Attributes>> = futures_util::stream::iter(batches)
            .buffered(PARALLEL)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The groups that have a mirror in the user's partition, whether they are there still or not.
    pub(super) async fn mirrored_groups(&self, user: &UserId) -> Result<Vec<GroupId>, StoreError> {
        let pk = keys::user_pk(&self.tenant, user.as_str());
        let items = self.store.dynamo.all(Table::Directory, &pk, "G#").await?;
        let id = |item: &Attributes| GroupId::parse(read_text(item, "sk")?.strip_prefix("G#")?).ok();
        Ok(items.iter().filter_map(id).collect())
    }
}

impl GroupMembers {
    fn without(record: GroupRecord, mut ids: Vec<UserId>, gone: &HashSet<UserId>) -> Self {
        ids.retain(|id| !gone.contains(id));
        Self { record, ids }
    }
}

fn user_in(item: &Attributes) -> Option<UserId> {
    UserId::parse(read_text(item, "sk")?).ok()
}
