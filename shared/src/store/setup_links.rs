//! Set-up links: one-time, found by the hash of their token, gone with their time.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::FrontDoor;
use super::error::CommitError;
use super::item::{Item, read_doc};
use super::keys;
use super::transaction::{Expression, Guard, TenantTransaction, Transaction};

impl FrontDoor {
    /// Takes what a link stands for: of several callers one gets it.
    ///
    /// # Errors
    /// [`CommitError::Store`] when the table fails.
    pub async fn take_setup_link<T: DeserializeOwned>(&self, token: &str) -> Result<Option<T>, CommitError> {
        let key = keys::setup_link(&keys::hash(token));
        let Some(item) = self.store.dynamo.get(&key).await? else {
            return Ok(None);
        };
        let found = read_doc("set-up link", &item)?;
        let mut tx = Transaction::new(self.store.clone());
        tx.delete(Guard::OneTimeId, &key, Some(Expression::present()));
        match tx.commit().await {
            Ok(()) => Ok(Some(found)),
            Err(error) if error.refused(Guard::OneTimeId) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl TenantTransaction {
    /// Makes a link under the hash of its token.
    pub fn put_setup_link(&mut self, token: &str, link: &impl Serialize, until: DateTime<Utc>) {
        let item = Item::new(keys::setup_link(&keys::hash(token))).doc("set-up link", link);
        let item = item.map(|item| item.until(until));
        self.inner.put(Guard::Fresh, item, Some(Expression::absent()));
    }
}
