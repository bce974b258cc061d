//! Linked accounts that wait for their check (SE-06): one queue for each hour, found without their tenants.
//!
//! The sort key begins with the identity hash, so that a queue holds the tenants' accounts mixed: a large tenant does not
//! keep the others waiting.

use chrono::{DateTime, Utc};

use super::FrontDoor;
use super::error::{CommitError, StoreError};
use super::item::{Item, read_text, text};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction, Transaction};
use super::users::KnownIdentity;
use crate::domain::ids::{ConnectionId, TenantId};

/// An account that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueAccount {
    /// Its tenant.
    pub tenant: TenantId,
    /// The connection that vouches for it.
    pub connection: ConnectionId,
    /// Its identity hash.
    pub subject: String,
    /// The hour in whose queue it waits.
    pub hour: DateTime<Utc>,
}

/// A page of a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DuePage {
    /// The accounts.
    pub accounts: Vec<DueAccount>,
    /// Where to go on.
    pub next: Option<String>,
}

impl FrontDoor {
    /// A page of the accounts that are due in an hour, after `after`; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn due_accounts(
        &self,
        hour: DateTime<Utc>,
        after: Option<&str>,
        limit: i32,
    ) -> Result<DuePage, StoreError> {
        let pk = keys::recheck_pk(hour);
        let page = self
            .store
            .dynamo
            .page(Table::Directory, &pk, "", after, limit)
            .await?;
        let parse = |sk: &str| {
            let mut parts = sk.splitn(3, '#');
            let (subject, tenant, connection) = (parts.next()?, parts.next()?, parts.next()?);
            Some(DueAccount {
                tenant: TenantId::parse(tenant).ok()?,
                connection: ConnectionId::parse(connection).ok()?,
                subject: subject.to_owned(),
                hour,
            })
        };
        let found = page.items.iter().filter_map(|item| read_text(item, "sk"));
        let accounts = found.map(|sk| {
            parse(sk).ok_or_else(|| StoreError::Corrupt {
                kind: "account that waits for its check",
                cause: "its key names none".to_owned(),
            })
        });
        Ok(DuePage {
            accounts: accounts.collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    /// The first hour whose queue may hold anything; `None` before the first run.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn recheck_cursor(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let item = self.store.dynamo.get(&keys::recheck_cursor()).await?;
        let hour = item.as_ref().and_then(|item| read_text(item, "hour"));
        Ok(hour.and_then(|hour| hour.parse().ok()))
    }

    /// Moves the cursor. It moves back only from an hour after `now`.
    ///
    /// # Errors
    /// [`CommitError::Store`] when the table cannot be written.
    pub async fn move_recheck_cursor(
        &self,
        hour: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), CommitError> {
        let [hour, now] = [hour, now].map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        let item = Item::new(keys::recheck_cursor()).with("hour", text(hour.clone()));
        let behind = Expression::new("attribute_not_exists(pk) OR #hour < :hour OR #hour > :now")
            .name("#hour", "hour")
            .value(":hour", text(hour))
            .value(":now", text(now));
        let mut tx = Transaction::new(self.store.clone());
        tx.put(Guard::Fresh, Ok(item), Some(behind));
        match tx.commit().await {
            Ok(()) | Err(CommitError::Refused(_)) => Ok(()),
            Err(error @ CommitError::Store(_)) => Err(error),
        }
    }
}

impl TenantTransaction {
    /// Lets an account wait for its check in the queue of this hour.
    pub fn await_recheck(&mut self, connection: &ConnectionId, subject: &str, hour: DateTime<Utc>) {
        let key = keys::recheck(hour, subject, &self.handle.tenant, connection);
        self.inner.put(Guard::Fresh, Ok(Item::new(key)), None);
    }

    /// Takes an account out of its queue; refused ([`Guard::Recheck`]) when another process did.
    pub fn leave_recheck(&mut self, due: &DueAccount) {
        let key = keys::recheck(due.hour, &due.subject, &self.handle.tenant, &due.connection);
        self.inner
            .delete(Guard::Recheck, &key, Some(Expression::present()));
    }

    /// Writes an identity over what was read, to the letter ([`Guard::Identity`]).
    pub fn replace_identity(
        &mut self,
        (connection, subject): (&ConnectionId, &str),
        before: &KnownIdentity,
        after: &KnownIdentity,
    ) {
        let item = self.identity_item(connection, subject, after);
        let read = serde_json::to_string(before).map_err(|e| StoreError::Corrupt {
            kind: "identity",
            cause: format!("cannot be written: {:?}", e.classify()),
        });
        match read {
            Ok(read) => {
                let same = Expression::new("doc = :read").value(":read", text(read));
                self.inner.put(Guard::Identity, item, Some(same));
            }
            Err(error) => drop(self.inner.item(Err(error))),
        }
    }
}
