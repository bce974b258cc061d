//! Walks: where a client that pages by index goes on, so that deletions before it move nothing out of its sight.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::TenantStore;
use super::error::StoreError;
use super::item::{Item, read_doc, seconds, text};
use super::keys;
use super::transaction::Expression;

/// How long a walk is remembered.
const REMEMBERED: TimeDelta = TimeDelta::minutes(15);

/// Where a page begins that follows another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// The key of the last resource that was given; the page begins behind it.
    pub after: String,
    /// The total that the first page named.
    pub total: u64,
}

impl TenantStore {
    /// The walk that a page at `start` continues. `walk` names the client and its query.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn walk(&self, walk: &str, start: u64) -> Result<Option<Walk>, StoreError> {
        let key = keys::walk(&self.tenant, &keys::hash(walk), start);
        let found = self.store.dynamo.get(&key).await?;
        found.as_ref().map(|item| read_doc("walk", item)).transpose()
    }

    /// Remembers where the page at `start` begins. One that is remembered is only replaced by one that begins earlier:
    /// two walks of one client that cross lose nobody.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be written.
    pub async fn remember_walk(&self, walk: &str, start: u64, next: &Walk) -> Result<(), StoreError> {
        let now = self.store.dynamo.clock.now();
        let item = Item::new(keys::walk(&self.tenant, &keys::hash(walk), start))
            .doc("walk", next)?
            .with("k", text(next.after.clone()))
            .until(now + REMEMBERED);
        let earlier = Expression::new("attribute_not_exists(pk) OR #ttl <= :now OR k > :key")
            .name("#ttl", "ttl")
            .value(":now", seconds(now))
            .value(":key", text(next.after.clone()));
        // Whether it was replaced makes no difference to this page.
        self.store.dynamo.put_where(item, earlier).await.map(drop)
    }
}
