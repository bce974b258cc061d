//! Test sign-ins of a connection (SE-27): what came, for an hour. They hold personal data, and no backup has them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::TenantStore;
use super::error::{CommitError, StoreError};
use super::item::{Item, read_doc};
use super::keys;
use super::transaction::{Guard, TenantTransaction};

impl TenantStore {
    /// A test sign-in of this tenant; another tenant's is absent.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn test_sign_in<T: DeserializeOwned>(&self, id: &str) -> Result<Option<T>, StoreError> {
        let item = self
            .store
            .dynamo
            .get(&keys::test_sign_in(&self.tenant, id))
            .await?;
        item.as_ref()
            .map(|item| read_doc("test sign-in", item))
            .transpose()
    }

    /// Writes a test sign-in.
    ///
    /// # Errors
    /// [`CommitError`] when it could not be written.
    pub async fn put_test_sign_in(
        &self,
        id: &str,
        test: &impl Serialize,
        until: DateTime<Utc>,
    ) -> Result<(), CommitError> {
        let mut tx = self.begin();
        tx.put_test_sign_in(id, test, until);
        tx.commit().await
    }
}

impl TenantTransaction {
    /// Writes a test sign-in.
    pub fn put_test_sign_in(&mut self, id: &str, test: &impl Serialize, until: DateTime<Utc>) {
        let item = Item::new(keys::test_sign_in(&self.handle.tenant, id)).doc("test sign-in", test);
        self.inner
            .put(Guard::Fresh, item.map(|item| item.until(until)), None);
    }
}
