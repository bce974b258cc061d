//! What is left of memberships when one of their ends is gone.

use std::collections::HashSet;

use super::super::TenantStore;
use super::super::error::StoreError;
use super::super::item::{Attributes, Item, read_text};
use super::super::keys::{self, Table};
use super::super::transaction::{Expression, Guard, TenantTransaction};
use crate::domain::ids::{GroupId, UserId};

/// Members of a deleted group that are cleared in one go.
const PURGE: i32 = 500;

impl TenantStore {
    /// Deleted users whose memberships are not cleared yet. They are members of nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn departing_users(&self) -> Result<HashSet<UserId>, StoreError> {
        let pk = keys::pending_pk(&self.tenant);
        let items = self.store.dynamo.all(Table::Directory, &pk, "U#").await?;
        let id = |item: &Attributes| UserId::parse(read_text(item, "sk")?.strip_prefix("U#")?).ok();
        Ok(items.iter().filter_map(id).collect())
    }

    /// Whether the user is deleted and still has memberships to be cleared.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn is_departing(&self, user: &UserId) -> Result<bool, StoreError> {
        let key = keys::pending_user(&self.tenant, user);
        Ok(self.store.dynamo.get(&key).await?.is_some())
    }

    /// The groups that a user has a mirror of; a group may be gone.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn groups_to_leave(&self, user: &UserId) -> Result<Vec<GroupId>, StoreError> {
        self.mirrored_groups(user).await
    }

    /// Clears mirrors of groups that are gone.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be written.
    pub async fn clear_mirrors(&self, user: &UserId, gone: &[GroupId]) -> Result<(), StoreError> {
        let mirrors = gone.iter().map(|id| keys::user_group(&self.tenant, user, id));
        let members = gone.iter().map(|id| keys::member(&self.tenant, id, user));
        let keys = mirrors.chain(members).collect::<Vec<_>>();
        self.store.dynamo.write_each(Vec::new(), &keys).await
    }

    /// Clears some of what is left of a deleted group: members and their mirrors. Whether there may be more.
    ///
    /// # Errors
    /// [`StoreError`] when the group is there, or the table cannot be written.
    pub async fn purge_group(&self, id: &GroupId) -> Result<bool, StoreError> {
        if self.group(id).await?.is_some() {
            return Ok(false);
        }
        let pk = keys::members_pk(&self.tenant, id);
        let page = self
            .store
            .dynamo
            .page(Table::Directory, &pk, "", None, PURGE)
            .await?;
        let users = page.items.iter().filter_map(|item| read_text(item, "sk"));
        let users = users.filter_map(|id| UserId::parse(id).ok()).collect::<Vec<_>>();
        let mirrors = users.iter().map(|user| keys::user_group(&self.tenant, user, id));
        // The mirrors first: a member is what leads to its mirror.
        let mirrors = mirrors.collect::<Vec<_>>();
        self.store.dynamo.write_each(Vec::new(), &mirrors).await?;
        let members = users.iter().map(|user| keys::member(&self.tenant, id, user));
        let members = members.collect::<Vec<_>>();
        self.store.dynamo.write_each(Vec::new(), &members).await?;
        Ok(page.next.is_some())
    }
}

impl TenantTransaction {
    /// Marks a user that this transaction deletes: from now on the user is a member of nothing, and the memberships are
    /// to be cleared (`app::groups::leave_groups`).
    pub fn depart(&mut self, user: &UserId) {
        let mark = Item::new(keys::pending_user(&self.handle.tenant, user));
        self.inner.put(Guard::Fresh, Ok(mark), None);
    }

    /// Lets the transaction hold only while the deleted user's memberships are still to be cleared.
    pub fn check_departing(&mut self, user: &UserId) {
        let key = keys::pending_user(&self.handle.tenant, user);
        self.inner.check(Guard::Departure, &key, Expression::present());
    }

    /// Lets the transaction hold only if no memberships of an earlier life of this user are left to be cleared: for a
    /// user who comes back under the same id.
    pub fn check_departed(&mut self, user: &UserId) {
        let key = keys::pending_user(&self.handle.tenant, user);
        self.inner.check(Guard::Departure, &key, Expression::absent());
    }

    /// The memberships are cleared.
    pub fn end_departure(&mut self, user: &UserId) {
        let key = keys::pending_user(&self.handle.tenant, user);
        self.inner
            .delete(Guard::Departure, &key, Some(Expression::present()));
    }
}
