//! How many users and groups a tenant has: 64 counters each, written in the own transaction of what they count.

use super::TenantStore;
use super::error::StoreError;
use super::item::{number, read_number};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction};

/// A count of active users with what makes it safe to act upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatCount {
    /// Active users now.
    pub active: u64,
    /// State of the seats item that was read with them.
    pub(super) version: u64,
}

impl TenantStore {
    /// Counts the active users (IL-06), with the version that [`TenantTransaction::hold_seats`] conditions upon.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn count_seats(&self) -> Result<SeatCount, StoreError> {
        // The version is read before the counters: a change in between then fails the condition.
        let version = self.store.dynamo.get(&keys::seats(&self.tenant)).await?;
        let version = version.and_then(|item| read_number(&item, "v")).unwrap_or(0);
        let counters = self
            .store
            .dynamo
            .all(Table::Directory, &keys::counters_pk(&self.tenant), "U#")
            .await?;
        let active = counters.iter().filter_map(|item| read_number(item, "a")).sum();
        Ok(SeatCount { active, version })
    }
}

impl TenantTransaction {
    /// Lets the transaction hold only while nobody else has taken a seat since `count` was made.
    pub fn hold_seats(&mut self, count: SeatCount) {
        let key = keys::seats(&self.handle.tenant);
        let change = Expression::new("SET v = :next").value(":next", number(count.version + 1));
        let condition = if count.version == 0 {
            Expression::absent()
        } else {
            Expression::new("v = :read").value(":read", number(count.version))
        };
        self.inner.update(Guard::Seats, &key, change, Some(condition));
    }

    /// Counts a user that the transaction makes, or one more active user.
    pub(super) fn count_user(&mut self, id: &str, users: i64, active: i64) {
        let (key, slot) = keys::counter(&self.handle.tenant, 'U', id);
        let change = Expression::new(format!("ADD {slot} :users, a :active"))
            .value(":users", signed(users))
            .value(":active", signed(active));
        self.inner.update(Guard::Fresh, &key, change, None);
    }

    /// Counts a group that the transaction makes, or takes away.
    pub(super) fn count_group(&mut self, id: &str, groups: i64) {
        let (key, slot) = keys::counter(&self.handle.tenant, 'G', id);
        let change = Expression::new(format!("ADD {slot} :groups")).value(":groups", signed(groups));
        self.inner.update(Guard::Fresh, &key, change, None);
    }
}

fn signed(value: i64) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::N(value.to_string())
}
