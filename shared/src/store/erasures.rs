//! Erasures of people: how far each came, and what they find in the outbox and in the audit trail.

use chrono::{DateTime, TimeDelta, Utc};

use super::TenantStore;
use super::error::StoreError;
use super::item::{Item, number, read_doc, read_text, text};
use super::keys::{self, Table};
use super::outbox::{AuditRecord, LEFT, OutboxKey, OutboxRecord};
use super::transaction::{Expression, Guard, TenantTransaction};
use crate::domain::email::EmailAddress;
use crate::domain::erasure::Erasure;
use crate::domain::ids::{ConnectionId, UserId};

/// How long the report of an erasure stays: as long as the audit trail does.
const KEPT: TimeDelta = TimeDelta::days(400);

/// A record of the outbox, as it was read.
#[derive(Clone, Debug)]
pub struct KeptRecord {
    /// Where it lies.
    pub at: OutboxKey,
    /// The record.
    pub record: OutboxRecord,
    /// Its document to the letter.
    document: String,
}

impl TenantStore {
    /// A person's erasure.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn erasure(&self, user: &UserId) -> Result<Option<Erasure>, StoreError> {
        let item = self.store.dynamo.get(&keys::erasure(&self.tenant, user)).await?;
        item.as_ref().map(|item| read_doc("erasure", item)).transpose()
    }

    /// The tenant's erasures of the last 400 days after the one of `after`, in the order of the people's ids; and whose
    /// the next page begins behind.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn erasures(
        &self,
        after: Option<&UserId>,
        limit: i32,
    ) -> Result<(Vec<Erasure>, Option<UserId>), StoreError> {
        let pk = keys::tenant_pk(&self.tenant);
        let after = after.map(|user| keys::erasure(&self.tenant, user).sk);
        let page = self
            .store
            .dynamo
            .page(
                Table::Directory,
                &pk,
                keys::ERASURES,
                after.as_deref(),
                limit.clamp(1, 100),
            )
            .await?;
        let next = page
            .next
            .as_deref()
            .and_then(|sk| sk.strip_prefix(keys::ERASURES));
        let next = next.and_then(|id| UserId::parse(id).ok());
        let found = page.items.iter().map(|item| read_doc("erasure", item));
        Ok((found.collect::<Result<_, _>>()?, next))
    }

    /// Whether somebody who was erased within 30 days had this address, or this identity.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn was_erased(
        &self,
        address: &EmailAddress,
        (connection, subject): (&ConnectionId, &str),
    ) -> Result<bool, StoreError> {
        let wanted = [
            keys::erased(&self.tenant, address.folded()),
            keys::erased(&self.tenant, &format!("{connection}#{subject}")),
        ];
        Ok(!self.store.dynamo.get_all(&wanted).await?.is_empty())
    }

    /// The outbox of a user, or with `None` of the tenant itself, after `after`: at most `limit` records, and where to go
    /// on.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn kept_records(
        &self,
        user: Option<&UserId>,
        after: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<KeptRecord>, Option<String>), StoreError> {
        let pk = user.map_or_else(
            || keys::tenant_pk(&self.tenant),
            |user| keys::user_pk(&self.tenant, user.as_str()),
        );
        let page = self
            .store
            .dynamo
            .page(Table::Directory, &pk, keys::OUTBOX, after, limit)
            .await?;
        let mut found = Vec::with_capacity(page.items.len());
        for item in &page.items {
            let at = read_text(item, "sk").and_then(|sk| OutboxKey::parse(&pk, sk));
            let document = read_text(item, "doc").unwrap_or_default().to_owned();
            if let Some(at) = at {
                found.push(KeptRecord {
                    at,
                    record: read_doc("outbox", item)?,
                    document,
                });
            }
        }
        Ok((found, page.next))
    }
}

impl TenantTransaction {
    /// Writes how far an erasure came, over the step before ([`Guard::Work`]).
    pub fn put_erasure(&mut self, erasure: &Erasure) {
        let key = keys::erasure(&self.handle.tenant, &erasure.user);
        let item = Item::new(key).doc("erasure", erasure);
        let item = item.map(|item| {
            let item = item.with("v", number(erasure.version));
            item.until(erasure.requested_at + KEPT)
        });
        self.inner
            .put(Guard::Work, item, Some(step_before(erasure.version)));
    }

    /// Remembers until `until`, without naming anybody, that a person of this address was erased.
    pub fn remember_erased_address(&mut self, address: &EmailAddress, until: DateTime<Utc>) {
        let key = keys::erased(&self.handle.tenant, address.folded());
        self.inner
            .put(Guard::Fresh, Ok(Item::new(key).until(until)), None);
    }

    /// Remembers until `until`, without naming anybody, that the person of this identity was erased.
    pub fn remember_erased_identity(
        &mut self,
        connection: &ConnectionId,
        subject: &str,
        until: DateTime<Utc>,
    ) {
        let key = keys::erased(&self.handle.tenant, &format!("{connection}#{subject}"));
        self.inner
            .put(Guard::Fresh, Ok(Item::new(key).until(until)), None);
    }

    /// Writes a record of the outbox over exactly what was read ([`Guard::Work`]); it stays as long as it would have.
    pub fn rewrite_record(&mut self, read: &KeptRecord, record: &OutboxRecord) {
        let Some(document) = self.document(record) else {
            return;
        };
        let change = match record {
            OutboxRecord::Mail(job) => {
                let left = u64::try_from(job.also_to.len()).unwrap_or(u64::MAX);
                Expression::new("SET doc = :doc, #left = :left")
                    .name("#left", LEFT)
                    .value(":left", number(left))
            }
            OutboxRecord::Events { .. } | OutboxRecord::Work(_) => Expression::new("SET doc = :doc"),
        };
        let change = change.value(":doc", text(document));
        let same = Expression::new("doc = :read").value(":read", text(read.document.clone()));
        self.inner.update(Guard::Work, read.at.key(), change, Some(same));
    }

    /// Takes a mail that was not sent out of the outbox, and its secret with it.
    pub fn take_mail(&mut self, read: &KeptRecord, reference: &str) {
        let same = Expression::new("doc = :read").value(":read", text(read.document.clone()));
        self.inner.delete(Guard::Work, read.at.key(), Some(same));
        let secret = keys::mail_secret(&self.handle.tenant, reference);
        self.inner.delete(Guard::Fresh, &secret, None);
    }

    /// Writes an entry of the audit trail anew; it stays as long as it would have.
    pub fn rewrite_audit(&mut self, record: &AuditRecord) {
        let Some(document) = self.document(record) else {
            return;
        };
        let day = record.at.format("%Y-%m-%d").to_string();
        let key = keys::audit(&self.handle.tenant, &day, &record.id);
        let change = Expression::new("SET doc = :doc").value(":doc", text(document));
        self.inner
            .update(Guard::Work, &key, change, Some(Expression::present()));
    }

    fn document(&mut self, value: &impl serde::Serialize) -> Option<String> {
        match serde_json::to_string(value) {
            Ok(document) => Some(document),
            Err(error) => {
                let error = StoreError::Corrupt {
                    kind: "record",
                    cause: format!("cannot be written: {:?}", error.classify()),
                };
                drop(self.inner.item(Err(error)));
                None
            }
        }
    }
}

/// Nobody has gone on with the work since it was read.
pub(super) fn step_before(version: u64) -> Expression {
    if version == 1 {
        Expression::absent()
    } else {
        Expression::new("v = :read").value(":read", number(version - 1))
    }
}
