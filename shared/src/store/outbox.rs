//! The outbox: what happened, written in the transaction that made it happen, carried further by the relay.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::TenantStore;
use super::error::StoreError;
use super::item::{Item, read_doc};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction};
use crate::domain::email::EmailAddress;
use crate::domain::event::Event;
use crate::random;

/// How long an outbox item stays for replay.
const KEPT_DAYS: i64 = 30;
/// How long an audit record stays.
const AUDIT_DAYS: i64 = 400;

/// One item of the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum OutboxRecord {
    /// Events of one change, in order.
    Events {
        /// The events.
        events: Vec<Event>,
    },
    /// A mail to send.
    Mail {
        /// Id that makes a second sending recognisable.
        reference: String,
        /// To whom.
        to: EmailAddress,
        /// Which template.
        template: String,
        /// What the template needs.
        data: Value,
    },
}

/// An entry of a tenant's audit trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Time-ordered id.
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What, such as `sign_in.failed`.
    pub action: String,
    /// The particulars, without personal data beyond ids.
    pub data: Value,
}

impl AuditRecord {
    /// A record of something that happens now.
    ///
    /// # Errors
    /// [`StoreError`] when randomness fails.
    pub fn new(at: DateTime<Utc>, action: &str, data: Value) -> Result<Self, StoreError> {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random::bytes()?)
            .into_uuid()
            .to_string();
        Ok(Self {
            id,
            at,
            action: action.to_owned(),
            data,
        })
    }
}

impl TenantTransaction {
    /// Adds events of one user. `sequence` is the version of the user that the change makes.
    pub fn user_events(&mut self, user: &str, sequence: u64, events: Vec<Event>) {
        let key = keys::user_event(&self.handle.tenant, user, sequence);
        self.outbox(key, &OutboxRecord::Events { events });
    }

    /// Adds events of the tenant itself, or of what has no partition of its own.
    pub fn tenant_events(&mut self, events: Vec<Event>) {
        self.tenant_record(&OutboxRecord::Events { events });
    }

    /// Adds a mail to send.
    pub fn mail(&mut self, record: &OutboxRecord) {
        self.tenant_record(record);
    }

    fn tenant_record(&mut self, record: &OutboxRecord) {
        match AuditRecord::new(self.handle.store.dynamo.clock.now(), "", Value::Null) {
            Ok(ordered) => self.outbox(keys::tenant_event(&self.handle.tenant, &ordered.id), record),
            Err(error) => drop(self.inner.item(Err(error))),
        }
    }

    /// Adds events at a place of the outbox.
    pub(super) fn events_at(&mut self, key: keys::Key, events: Vec<Event>) {
        self.outbox(key, &OutboxRecord::Events { events });
    }

    fn outbox(&mut self, key: keys::Key, record: &OutboxRecord) {
        let until = self.handle.store.dynamo.clock.now() + TimeDelta::days(KEPT_DAYS);
        let item = Item::new(key).doc("outbox", record).map(|item| item.until(until));
        self.inner.put(Guard::Fresh, item, Some(Expression::absent()));
    }

    /// Adds an entry to the audit trail.
    pub fn audit(&mut self, record: &AuditRecord) {
        let day = record.at.format("%Y-%m-%d").to_string();
        let key = keys::audit(&self.handle.tenant, &day, &record.id);
        let item = Item::new(key).doc("audit", record);
        let item = item.map(|item| item.until(record.at + TimeDelta::days(AUDIT_DAYS)));
        self.inner.put(Guard::Fresh, item, None);
    }
}

impl TenantStore {
    /// The audit trail of one day (UTC), oldest first, after the entry `after`; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn audit_of(
        &self,
        day: chrono::NaiveDate,
        after: Option<&str>,
        limit: i32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let pk = keys::audit_pk(&self.tenant, &day.format("%Y-%m-%d").to_string());
        let page = self
            .store
            .dynamo
            .page(Table::Directory, &pk, "", after, limit)
            .await?;
        page.items.iter().map(|item| read_doc("audit", item)).collect()
    }

    /// The audit trail of one day (UTC), newest first, before the entry `before`; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn audit_before(
        &self,
        day: chrono::NaiveDate,
        before: Option<&str>,
        limit: i32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let pk = keys::audit_pk(&self.tenant, &day.format("%Y-%m-%d").to_string());
        let page = self
            .store
            .dynamo
            .page_back(Table::Directory, &pk, before, limit)
            .await?;
        page.items.iter().map(|item| read_doc("audit", item)).collect()
    }
}

/// Reads the document of an outbox item as the stream's NEW_IMAGE carries it.
///
/// # Errors
/// [`StoreError::Corrupt`] when it is no outbox record.
pub fn read_outbox(document: &str) -> Result<OutboxRecord, StoreError> {
    serde_json::from_str(document).map_err(|e| StoreError::Corrupt {
        kind: "outbox",
        cause: format!("{:?} error", e.classify()),
    })
}
