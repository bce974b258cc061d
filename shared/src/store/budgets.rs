//! What may happen so often in a window of time, counted in one item that ends with it; and answers that are given once
//! more under the same key.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{CommitError, StoreError};
use super::item::{Item, number, read_doc, seconds};
use super::keys;
use super::transaction::{Expression, Guard, Transaction};
use super::{FrontDoor, TenantStore};

impl TenantStore {
    /// Counts one more `what` in the window that ends at `until`; `false` when `most` were counted already.
    ///
    /// # Errors
    /// [`StoreError`] when the table fails.
    pub async fn within_budget(
        &self,
        what: &str,
        until: DateTime<Utc>,
        most: u64,
    ) -> Result<bool, StoreError> {
        let key = keys::budget(&self.tenant, what, until.timestamp());
        let change = Expression::new("SET #ttl = :until ADD n :one")
            .name("#ttl", "ttl")
            .value(":until", seconds(until))
            .value(":one", number(1));
        let room = Expression::new("attribute_not_exists(n) OR n < :most").value(":most", number(most));
        let mut tx = Transaction::new(self.store.clone());
        tx.update(Guard::Fresh, &key, change, Some(room));
        match tx.commit().await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(_)) => Ok(false),
            Err(CommitError::Store(error)) => Err(error),
        }
    }
}

impl FrontDoor {
    /// Begins what a key stands for; `false` when it was begun before.
    ///
    /// # Errors
    /// [`StoreError`] when the table fails.
    pub async fn begin_once(
        &self,
        key: &str,
        what: &impl Serialize,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let item = Item::new(keys::idempotency(&keys::hash(key))).doc("idempotency key", what);
        let mut tx = Transaction::new(self.store.clone());
        tx.put(
            Guard::OneTimeId,
            item.map(|item| item.until(until)),
            Some(Expression::absent()),
        );
        match tx.commit().await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(_)) => Ok(false),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// What a key stands for.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn begun<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let item = self
            .store
            .dynamo
            .get(&keys::idempotency(&keys::hash(key)))
            .await?;
        item.as_ref()
            .map(|item| read_doc("idempotency key", item))
            .transpose()
    }

    /// Writes what came of it.
    ///
    /// # Errors
    /// [`CommitError`] when it could not be written.
    pub async fn end_once(
        &self,
        key: &str,
        what: &impl Serialize,
        until: DateTime<Utc>,
    ) -> Result<(), CommitError> {
        let item = Item::new(keys::idempotency(&keys::hash(key))).doc("idempotency key", what);
        let mut tx = Transaction::new(self.store.clone());
        tx.put(Guard::Fresh, item.map(|item| item.until(until)), None);
        tx.commit().await
    }

    /// Forgets a key: nothing came of it.
    ///
    /// # Errors
    /// [`CommitError`] when the table fails.
    pub async fn forget_once(&self, key: &str) -> Result<(), CommitError> {
        let mut tx = Transaction::new(self.store.clone());
        tx.delete(Guard::Fresh, &keys::idempotency(&keys::hash(key)), None);
        tx.commit().await
    }
}
