//! Lists of users and of groups: thin entries in id order, and the counters that say how many there are and where a
//! place in the list lies.

use super::TenantStore;
use super::error::StoreError;
use super::item::{Attributes, read_number, read_text};
use super::keys::{self, Table};

/// Slots of all counters together: the first ten bits of an id.
const SLOTS: usize = 1024;

/// How many there are, by the first ten bits of the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCounts(Vec<u64>);

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEntry {
    /// The id.
    pub id: String,
    /// userName of a user.
    pub name: String,
    /// Whether a user is active.
    pub active: bool,
}

/// How much of an entry is read.
#[derive(Clone, Copy, Debug)]
enum Parts {
    All,
    SortKey,
}

impl ListCounts {
    fn read(counters: &[Attributes]) -> Self {
        let mut slots = vec![0; SLOTS];
        for item in counters {
            let shard = read_text(item, "sk").and_then(|sk| sk.split_once('#'));
            let shard = shard.and_then(|(_, shard)| usize::from_str_radix(shard, 16).ok());
            let Some(shard) = shard else { continue };
            for slot in 0..16 {
                if let Some(count) = slots.get_mut(shard * 16 + slot) {
                    *count = read_number(item, &format!("c{slot:x}")).unwrap_or(0);
                }
            }
        }
        Self(slots)
    }

    /// How many there are in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The same without one of them.
    #[must_use]
    pub fn without(mut self, id: &str) -> Self {
        if let Some(count) = self.0.get_mut(keys::counter_slot(id)) {
            *count = count.saturating_sub(1);
        }
        self
    }

    /// Where to begin reading so that `skipped` resources come before: the list's key to begin after, and how many of
    /// those that follow it are still to be left out.
    #[must_use]
    pub fn seek(&self, skipped: u64) -> (String, u64) {
        let mut left = skipped;
        for (slot, count) in self.0.iter().enumerate() {
            if left < *count {
                return (keys::slot_start(slot), left);
            }
            left -= count;
        }
        // Behind all of them: every id sorts before this.
        ("~".to_owned(), 0)
    }
}

impl TenantStore {
    /// How many users there are.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn user_counts(&self) -> Result<ListCounts, StoreError> {
        self.counts("U#").await
    }

    /// How many groups there are.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn group_counts(&self) -> Result<ListCounts, StoreError> {
        self.counts("G#").await
    }

    async fn counts(&self, kind: &str) -> Result<ListCounts, StoreError> {
        let pk = keys::counters_pk(&self.tenant);
        let counters = self.store.dynamo.all(Table::Directory, &pk, kind).await?;
        Ok(ListCounts::read(&counters))
    }

    /// Entries of the list of users after an id, at most `limit`, in id order.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn user_entries(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ListEntry>, StoreError> {
        let pk = keys::user_list_pk(&self.tenant);
        let items = self.entries(&pk, after, limit).await?;
        Ok(items
            .iter()
            .filter_map(|item| {
                Some(ListEntry {
                    id: read_text(item, "sk")?.to_owned(),
                    name: read_text(item, "un").unwrap_or_default().to_owned(),
                    active: read_number(item, "on") == Some(1),
                })
            })
            .collect())
    }

    /// Ids in the list of users after an id, at most `limit`, in their order.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn user_ids(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        self.list_keys(&keys::user_list_pk(&self.tenant), after, limit)
            .await
    }

    /// Ids in the list of groups after an id, at most `limit`, in their order.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn group_ids(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        self.list_keys(&keys::group_list_pk(&self.tenant), after, limit)
            .await
    }

    /// As [`Self::entries`], of each entry its key alone.
    async fn list_keys(
        &self,
        pk: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let items = self.stretch(pk, after, limit, Parts::SortKey).await?;
        let keys = items.iter().filter_map(|item| read_text(item, "sk"));
        Ok(keys.map(str::to_owned).collect())
    }

    /// Whole entries of a list after a sort key, at most `limit`.
    pub(super) async fn entries(
        &self,
        pk: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Attributes>, StoreError> {
        self.stretch(pk, after, limit, Parts::All).await
    }

    /// Goes on where DynamoDB stopped before `limit` (at 1 MB).
    async fn stretch(
        &self,
        pk: &str,
        after: Option<&str>,
        limit: usize,
        parts: Parts,
    ) -> Result<Vec<Attributes>, StoreError> {
        let mut after = after.map(str::to_owned);
        let mut found: Vec<Attributes> = Vec::new();
        let dynamo = &self.store.dynamo;
        loop {
            let left = i32::try_from(limit - found.len()).unwrap_or(i32::MAX).max(1);
            let (table, begin) = (Table::Directory, after.as_deref());
            let page = match parts {
                Parts::All => dynamo.page(table, pk, "", begin, left).await?,
                Parts::SortKey => dynamo.sort_keys(table, pk, begin, left).await?,
            };
            found.extend(page.items);
            match page.next {
                Some(next) if found.len() < limit => after = Some(next),
                Some(_) | None => return Ok(found),
            }
        }
    }
}
