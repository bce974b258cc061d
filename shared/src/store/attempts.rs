//! Sign-in attempts, parked results and one-time ids.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::FrontDoor;
use super::error::{CommitError, StoreError};
use super::item::{Item, number, read_doc, seconds, text};
use super::keys;
use super::transaction::{Expression, Guard, TenantTransaction, Transaction};
use crate::domain::ids::{ClientId, ConnectionId};

/// Nothing there, or its time is over though DynamoDB has not swept it.
pub(super) fn unseen(now: DateTime<Utc>) -> Expression {
    Expression::new("attribute_not_exists(pk) OR #ttl <= :now")
        .name("#ttl", "ttl")
        .value(":now", seconds(now))
}

impl FrontDoor {
    /// Opens an attempt under the hash of its token.
    ///
    /// # Errors
    /// [`CommitError`] when it could not be written.
    pub async fn open_attempt(
        &self,
        token: &str,
        attempt: &impl Serialize,
        until: DateTime<Utc>,
    ) -> Result<(), CommitError> {
        let mut tx = Transaction::new(self.store.clone());
        tx.put(
            Guard::Fresh,
            attempt_item(token, attempt, None, until),
            Some(Expression::absent()),
        );
        tx.commit().await
    }

    /// An open attempt.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn attempt<T: DeserializeOwned>(&self, token: &str) -> Result<Option<T>, StoreError> {
        let item = self.store.dynamo.get(&keys::attempt(&keys::hash(token))).await?;
        item.as_ref().map(|item| read_doc("attempt", item)).transpose()
    }

    /// Writes an attempt over itself, while it is open and still at the request `from`; it is then at `to`.
    ///
    /// # Errors
    /// [`CommitError::Refused`] with [`Guard::Attempt`] when it is over or another request was started.
    pub async fn continue_attempt(
        &self,
        token: &str,
        attempt: &impl Serialize,
        (from, to): (Option<&str>, &str),
        until: DateTime<Utc>,
    ) -> Result<(), CommitError> {
        let mut tx = Transaction::new(self.store.clone());
        tx.put(
            Guard::Attempt,
            attempt_item(token, attempt, Some(to), until),
            Some(at_request(from)),
        );
        tx.commit().await
    }

    /// Keeps something under a one-time token until `until`.
    ///
    /// # Errors
    /// [`CommitError`] when it could not be written.
    pub async fn park(
        &self,
        token: &str,
        what: &impl Serialize,
        until: DateTime<Utc>,
    ) -> Result<(), CommitError> {
        let item = Item::new(keys::parked(&keys::hash(token)))
            .doc("parked", what)
            .map(|item| item.until(until));
        let mut tx = Transaction::new(self.store.clone());
        tx.put(Guard::Fresh, item, Some(Expression::absent()));
        tx.commit().await
    }

    /// Writes over what lies under a token, while its count is still `from`; tries cannot be made side by side.
    ///
    /// # Errors
    /// [`CommitError::Refused`] with [`Guard::OneTimeId`] when it is gone or was counted meanwhile.
    pub async fn replace_parked(
        &self,
        token: &str,
        from: u64,
        to: u64,
        what: &impl Serialize,
        until: DateTime<Utc>,
    ) -> Result<(), CommitError> {
        let item = Item::new(keys::parked(&keys::hash(token))).doc("parked", what);
        let item = item.map(|item| item.until(until).with("n", number(to)));
        let same = Expression::new("n = :from").value(":from", number(from));
        let mut tx = Transaction::new(self.store.clone());
        tx.put(Guard::OneTimeId, item, Some(same));
        tx.commit().await
    }

    /// What lies under a one-time token, without taking it.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn parked<T: DeserializeOwned>(&self, token: &str) -> Result<Option<T>, StoreError> {
        let item = self.store.dynamo.get(&keys::parked(&keys::hash(token))).await?;
        item.as_ref().map(|item| read_doc("parked", item)).transpose()
    }

    /// Takes what lies under a one-time token: of several callers one gets it.
    ///
    /// # Errors
    /// [`CommitError::Store`] when the table fails.
    pub async fn take_parked<T: DeserializeOwned>(&self, token: &str) -> Result<Option<T>, CommitError> {
        let Some(found) = self.parked(token).await? else {
            return Ok(None);
        };
        let mut tx = Transaction::new(self.store.clone());
        tx.delete(
            Guard::OneTimeId,
            &keys::parked(&keys::hash(token)),
            Some(Expression::present()),
        );
        match tx.commit().await {
            Ok(()) => Ok(Some(found)),
            Err(error) if error.refused(Guard::OneTimeId) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Marks a client's `jti` as used (RFC 7523 section 3) until `until`.
    ///
    /// # Errors
    /// [`CommitError::Refused`] with [`Guard::OneTimeId`] when it was used before.
    pub async fn spend_jti(
        &self,
        client: &ClientId,
        jti: &str,
        until: DateTime<Utc>,
    ) -> Result<(), CommitError> {
        let item = Item::new(keys::spent_jti(client, jti)).until(until);
        let mut tx = Transaction::new(self.store.clone());
        tx.put(
            Guard::OneTimeId,
            Ok(item),
            Some(unseen(self.store.dynamo.clock.now())),
        );
        tx.commit().await
    }
}

fn attempt_item(
    token: &str,
    attempt: &impl Serialize,
    request: Option<&str>,
    until: DateTime<Utc>,
) -> Result<Item, StoreError> {
    let item = Item::new(keys::attempt(&keys::hash(token)))
        .doc("attempt", attempt)?
        .until(until);
    Ok(item.with("rq", text(request.unwrap_or_default())))
}

fn parked_item(token: &str, what: &impl Serialize, until: DateTime<Utc>) -> Result<Item, StoreError> {
    let item = Item::new(keys::parked(&keys::hash(token))).doc("parked", what)?;
    Ok(item.until(until).with("n", number(0)))
}

/// The attempt is open and at the request that was read.
fn at_request(read: Option<&str>) -> Expression {
    Expression::new("rq = :request").value(":request", text(read.unwrap_or_default()))
}

impl TenantTransaction {
    /// Consumes an attempt: it must be open, and at the request that was read.
    pub fn consume_attempt(&mut self, token: &str, request: Option<&str>) {
        self.inner.delete(
            Guard::Attempt,
            &keys::attempt(&keys::hash(token)),
            Some(at_request(request)),
        );
    }

    /// Consumes what is parked under a one-time token.
    pub fn consume_parked(&mut self, token: &str) {
        let key = keys::parked(&keys::hash(token));
        self.inner
            .delete(Guard::Attempt, &key, Some(Expression::present()));
    }

    /// Keeps something under a one-time token until `until`.
    pub fn put_parked(&mut self, token: &str, what: &impl Serialize, until: DateTime<Utc>) {
        self.inner.put(
            Guard::Fresh,
            parked_item(token, what, until),
            Some(Expression::absent()),
        );
    }

    /// Marks an assertion id as seen at this connection until `until` (SAML profiles 4.1.4.5).
    pub fn consume_assertion(&mut self, connection: &ConnectionId, id: &str, until: DateTime<Utc>) {
        let now = self.handle.store.dynamo.clock.now();
        let item = Item::new(keys::assertion(connection, id)).until(until);
        self.inner.put(Guard::OneTimeId, Ok(item), Some(unseen(now)));
    }
}
