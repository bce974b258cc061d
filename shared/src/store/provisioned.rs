//! Users as SCIM asks for them: by external id, by any address, by the time of their last change.

use std::fmt;

use chrono::{DateTime, Utc};

use super::TenantStore;
use super::error::StoreError;
use super::item::{Attributes, read_doc, read_text};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction};
use crate::domain::email::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::user::{ListedUser, User};

/// Most users of one external id or address that are looked at.
const MOST_FOUND: i32 = 1_000;

/// A user's item, for whoever reads little of it.
pub struct StoredUser(Attributes);

/// It holds personal data.
impl fmt::Debug for StoredUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl StoredUser {
    /// As much of the record as a list shows.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is no record.
    pub fn listed(&self) -> Result<ListedUser<'_>, StoreError> {
        read_doc("user", &self.0)
    }

    /// The record.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is none.
    pub fn user(&self) -> Result<User, StoreError> {
        read_doc("user", &self.0)
    }
}

impl TenantStore {
    /// Ids of the users of this external id, in id order. It is not unique.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn ids_by_external_id(&self, external_id: &str) -> Result<Vec<String>, StoreError> {
        self.ids_in(&keys::external_id_pk(&self.tenant, external_id))
            .await
    }

    /// Ids of the users who have this address among theirs, in id order, without regard to case.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn ids_by_address(&self, address: &str) -> Result<Vec<String>, StoreError> {
        self.ids_in(&keys::any_email_pk(&self.tenant, address)).await
    }

    async fn ids_in(&self, pk: &str) -> Result<Vec<String>, StoreError> {
        let page = self
            .store
            .dynamo
            .page(Table::Directory, pk, "", None, MOST_FOUND)
            .await?;
        // Beside the users' ids lies the claim of the address, which is no id.
        let ids = page.items.iter().filter_map(|item| read_text(item, "sk"));
        Ok(ids.filter(|id| *id != ".").map(str::to_owned).collect())
    }

    /// The users of these ids who are there, in id order; at most 100.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn users_of(&self, ids: &[String]) -> Result<Vec<User>, StoreError> {
        let mut users = self.read_users(ids.iter().map(String::as_str)).await?;
        users.retain(|user| !user.tombstone);
        users.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(users)
    }

    /// As [`Self::users_of`], not read yet and in any order; those that SCIM deleted may be among them.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn stored_users_of(&self, ids: &[String]) -> Result<Vec<StoredUser>, StoreError> {
        let found = self.user_documents(ids.iter().map(String::as_str)).await?;
        Ok(found.into_iter().map(StoredUser).collect())
    }

    /// Id of the user whom a name belongs to, without regard to case; a deleted user's name is kept for 30 days.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn id_by_name(&self, user_name: &str) -> Result<Option<String>, StoreError> {
        let guard = self
            .store
            .dynamo
            .get(&keys::user_name(&self.tenant, user_name))
            .await?;
        Ok(guard.and_then(|item| read_text(&item, "uid").map(str::to_owned)))
    }

    /// Id of a person with this primary address who did not come by SCIM.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn id_by_claim(&self, address: &EmailAddress) -> Result<Option<String>, StoreError> {
        let claim = self
            .store
            .dynamo
            .get(&keys::email_claim(&self.tenant, address))
            .await?;
        Ok(claim.and_then(|item| read_text(&item, "uid").map(str::to_owned)))
    }

    /// Ids of the users changed since `from`, in no order; at most `limit`, and whether there are more. The index may be
    /// some milliseconds behind.
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read.
    pub async fn ids_modified_since(
        &self,
        from: DateTime<Utc>,
        limit: usize,
    ) -> Result<(Vec<String>, bool), StoreError> {
        let pk = keys::modified_pk(&self.tenant);
        let from = keys::modified_sk(from, "");
        let (items, more) = self.store.dynamo.modified(&pk, &from, limit).await?;
        let id = |item: &Attributes| Some(read_text(item, "lm_sk")?.split_once('#')?.1.to_owned());
        Ok((items.iter().filter_map(id).collect(), more))
    }
}

impl TenantTransaction {
    /// Lets the transaction hold only while nobody who did not come by SCIM has this primary address (AQ-25).
    pub fn check_unclaimed(&mut self, address: &EmailAddress) {
        let key = keys::email_claim(&self.handle.tenant, address);
        self.inner.check(Guard::Address, &key, Expression::absent());
    }

    /// Lets the transaction hold only while the user is at the version that was read.
    pub fn check_version(&mut self, id: &UserId, version: u64) {
        let condition = Expression::new("v = :read").value(":read", super::item::number(version));
        self.inner
            .check(Guard::User, &keys::user(&self.handle.tenant, id), condition);
    }
}
