//! In which groups a user is: the mirrors in the user's partition, and beside them a mark of each large change that is to
//! bring or take one. A mark counts while the group's record says that its change is committed and pending; the
//! transaction that applies the user's part of the change takes it away.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::super::TenantStore;
use super::super::error::StoreError;
use super::super::item::{Attributes, Item, read_doc, read_number, read_text};
use super::super::keys::{self, Table};
use super::super::patience::Patience;
use super::record::GroupRecord;
use crate::domain::ids::{GroupId, UserId};
use crate::domain::user::User;

/// Sorts behind every mirror and mark, and before what else lies in a user's partition.
const LAST: &str = "G#~";
/// Users whose partitions are read at a time.
const PARALLEL: usize = 16;
/// Groups read in one request.
const BATCH: usize = 100;

/// A user's memberships as they lie in the user's partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memberships {
    mirrors: BTreeSet<GroupId>,
    marks: Vec<Mark>,
}

/// A large change is to bring a membership, or to take one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    group: GroupId,
    change: String,
    brings: bool,
}

/// A user with the groups that the user is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInGroups {
    /// The user; one who was deleted is in no group.
    pub user: User,
    /// In id order.
    pub groups: Vec<GroupRecord>,
}

impl Memberships {
    fn read(items: &[Attributes]) -> Self {
        let mut memberships = Self::default();
        for item in items {
            let Some(sk) = read_text(item, "sk") else { continue };
            if let Some(id) = sk.strip_prefix("G#") {
                memberships.mirrors.extend(GroupId::parse(id).ok());
            } else if let Some((id, change)) = sk.strip_prefix("F#").and_then(|mark| mark.split_once('#')) {
                memberships
                    .marks
                    .extend(GroupId::parse(id).ok().map(|group| Mark {
                        group,
                        change: change.to_owned(),
                        brings: read_number(item, "brings") == Some(1),
                    }));
            }
        }
        memberships
    }

    fn group_ids(&self) -> impl Iterator<Item = &GroupId> {
        self.mirrors
            .iter()
            .chain(self.marks.iter().map(|mark| &mark.group))
    }

    /// Whether the user is in a group whose record was read after these.
    fn hold(&self, record: &GroupRecord) -> bool {
        let id = &record.group.id;
        let pending = record.pending.as_ref();
        let mut marks = self.marks.iter().filter(|mark| mark.group == *id);
        let told = marks.find(|mark| pending.is_some_and(|change| change.as_str() == mark.change));
        told.map_or_else(|| self.mirrors.contains(id), |mark| mark.brings)
    }

    /// The marks whose change is not pending by these records: it is not committed, or was ended since the mark was
    /// read.
    fn unsure(&self, records: &BTreeMap<GroupId, GroupRecord>) -> Vec<&Mark> {
        let pending = |mark: &&Mark| {
            let record = records.get(&mark.group);
            let pending = record.and_then(|record| record.pending.as_ref());
            pending.is_some_and(|change| change.as_str() == mark.change)
        };
        self.marks.iter().filter(|mark| !pending(mark)).collect()
    }
}

impl TenantStore {
    /// Users with the groups that they are in, in the order of the ids; those who are not there are left out. One request
    /// for each user, and one for all groups.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read, or large changes came and went for 5 seconds.
    pub async fn users_in_groups(&self, ids: &[UserId]) -> Result<Vec<UserInGroups>, StoreError> {
        let reads = ids
            .iter()
            .cloned()
            .map(|id| async move { self.with_memberships(&id).await });
        let found: Vec<Option<(User, Memberships)>> =
            stream::iter(reads).buffered(PARALLEL).try_collect().await?;
        let found = found.into_iter().flatten().collect::<Vec<_>>();
        let records = self
            .groups_of_all(found.iter().map(|(_, memberships)| memberships))
            .await?;
        let mut users = Vec::with_capacity(found.len());
        for (user, memberships) in found {
            users.push(self.settled(user, memberships, &records).await?);
        }
        Ok(users)
    }

    /// A user with the groups that the user is in. One request for a user in no group, two for others.
    ///
    /// # Errors
    /// As [`Self::users_in_groups`].
    pub async fn user_in_groups(&self, id: &UserId) -> Result<Option<UserInGroups>, StoreError> {
        let Some((user, memberships)) = self.with_memberships(id).await? else {
            return Ok(None);
        };
        let records = self.groups_of_all([&memberships].into_iter()).await?;
        self.settled(user, memberships, &records).await.map(Some)
    }

    /// The groups that a user is in, in id order; of a user who is not there, those that still have a mirror.
    ///
    /// # Errors
    /// As [`Self::users_in_groups`].
    pub async fn groups_of(&self, user: &UserId) -> Result<Vec<GroupRecord>, StoreError> {
        let memberships = Memberships::read(&self.partition(user).await?);
        let records = self.groups_of_all([&memberships].into_iter()).await?;
        self.resolved(user, memberships, &records).await
    }

    async fn with_memberships(&self, id: &UserId) -> Result<Option<(User, Memberships)>, StoreError> {
        let items = self.partition(id).await?;
        let document = items.iter().find(|item| read_text(item, "sk") == Some("#"));
        let Some(document) = document else { return Ok(None) };
        Ok(Some((read_doc("user", document)?, Memberships::read(&items))))
    }

    /// The user's document, mirrors and marks, in one consistent read.
    async fn partition(&self, id: &UserId) -> Result<Vec<Attributes>, StoreError> {
        let pk = keys::user_pk(&self.tenant, id.as_str());
        let dynamo = &self.store.dynamo;
        dynamo.between(Table::Directory, &pk, ("#", LAST)).await
    }

    async fn settled(
        &self,
        user: User,
        memberships: Memberships,
        records: &BTreeMap<GroupId, GroupRecord>,
    ) -> Result<UserInGroups, StoreError> {
        if user.tombstone {
            let groups = Vec::new();
            return Ok(UserInGroups { user, groups });
        }
        let groups = self.resolved(&user.id, memberships, records).await?;
        Ok(UserInGroups { user, groups })
    }

    /// The groups of these memberships, whose records were read after them. A mark that is still there when it is looked
    /// for again belongs to a change that was not committed; one that is gone was applied, so that all is read anew.
    async fn resolved(
        &self,
        user: &UserId,
        mut memberships: Memberships,
        records: &BTreeMap<GroupId, GroupRecord>,
    ) -> Result<Vec<GroupRecord>, StoreError> {
        let mut anew = None;
        let mut patience = Patience::new();
        loop {
            let records = anew.as_ref().unwrap_or(records);
            let unsure = memberships.unsure(records);
            if !unsure.is_empty() {
                let now = Memberships::read(&self.partition(user).await?);
                if !unsure.iter().all(|mark| now.marks.contains(mark)) {
                    patience.wait("Query").await?;
                    anew = Some(self.groups_of_all([&now].into_iter()).await?);
                    memberships = now;
                    continue;
                }
            }
            let groups = memberships.group_ids().collect::<BTreeSet<_>>();
            let groups = groups.into_iter().filter_map(|id| records.get(id));
            return Ok(groups
                .filter(|record| memberships.hold(record))
                .cloned()
                .collect());
        }
    }

    async fn groups_of_all<'m>(
        &self,
        memberships: impl Iterator<Item = &'m Memberships>,
    ) -> Result<BTreeMap<GroupId, GroupRecord>, StoreError> {
        let ids: BTreeSet<GroupId> = memberships.flat_map(Memberships::group_ids).cloned().collect();
        let ids = ids.into_iter().collect::<Vec<_>>();
        let mut found = BTreeMap::new();
        for batch in ids.chunks(BATCH) {
            let records = self.groups(batch).await?.into_iter();
            found.extend(records.map(|record| (record.group.id.clone(), record)));
        }
        Ok(found)
    }

    /// The mark of a change in a user's partition.
    pub(super) fn mark(&self, user: &UserId, group: &GroupId, change: &str, brings: bool) -> Item {
        let key = keys::user_change(&self.tenant, user, group, change);
        Item::new(key).with("brings", super::super::item::number(u64::from(brings)))
    }
}
