//! The outbox: what happened, written in the transaction that made it happen, carried further by the relay.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::TenantStore;
use super::error::{CommitError, StoreError};
use super::item::{Item, number, read_doc, read_text, text};
use super::keys::{self, Key, Table};
use super::transaction::{Expression, Guard, TenantTransaction};
use crate::domain::email::EmailAddress;
use crate::domain::event::Event;
use crate::domain::ids::{HoldId, TenantId, UserId};
use crate::domain::letter::Letter;
use crate::random;
use crate::redacted::Secret;

/// How long an outbox item stays for replay.
pub(super) const KEPT: TimeDelta = TimeDelta::days(30);
/// How many mails are made out of one at once: a transaction has room for 100 items.
const UNFOLDED_AT_ONCE: usize = 50;
/// How many more a mail goes to.
pub(super) const LEFT: &str = "left";
/// How long an audit record stays.
const AUDIT_DAYS: i64 = 400;

/// One item of the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time is read, and handed on at once"
)]
pub enum OutboxRecord {
    /// Events of one change, in order.
    Events {
        /// The events.
        events: Vec<Event>,
        /// Whether the change wrote its own entries in the audit trail; else the relay writes one for each event.
        #[serde(default)]
        audited: bool,
    },
    /// A mail to send.
    Mail(MailJob),
    /// Work that is done in parts.
    Work(Work),
}

/// Work of the relay that is done in parts: each part that leaves something to do puts the next one into the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum Work {
    /// A person of the record's tenant is erased.
    Erase {
        /// The person.
        user: UserId,
    },
    /// A tenant's things are taken away; the record lies with the deployment.
    Purge {
        /// Whose.
        tenant: TenantId,
    },
    /// The owners of the record's tenant are told of a sync that is held.
    TellOfHold {
        /// The hold.
        hold: HoldId,
    },
}

/// A mail to send. What only the recipient may read lies apart, in the table that has neither stream nor backup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MailJob {
    /// Id that makes a second sending recognisable: letters, digits, `_` and `-`.
    pub reference: String,
    /// To whom.
    pub to: EmailAddress,
    /// To whom the relay makes a mail of its own out of this one, before it sends this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_to: Vec<EmailAddress>,
    /// What it says.
    pub letter: Letter,
    /// Past this it is of no use and is not sent.
    pub not_after: DateTime<Utc>,
    /// Whether a secret lies beside it.
    pub has_secret: bool,
}

/// Where an outbox item lies: the partition of what it describes, and its place there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxKey {
    tenant: TenantId,
    key: Key,
}

impl OutboxKey {
    /// Reads the keys of a stream record; `None` when they are not those of an outbox item.
    #[must_use]
    pub fn parse(pk: &str, sk: &str) -> Option<Self> {
        let (kind, rest) = pk.split_once('#')?;
        let tenant = match kind {
            "T" | "U" | "G" => rest.split('#').next()?,
            _ => return None,
        };
        if !sk.starts_with(keys::OUTBOX) {
            return None;
        }
        Some(Self {
            tenant: TenantId::parse(tenant).ok()?,
            key: keys::outbox_item(pk, sk),
        })
    }

    /// Whose it is.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// A name of the event at `place` in this item, the same whenever it is asked: consumers know a second delivery by it.
    #[must_use]
    pub fn event_id(&self, place: usize) -> String {
        let mut id = keys::hash(&format!("{}\n{}\n{place}", self.key.pk, self.key.sk));
        id.truncate(22);
        id
    }
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
        Ok(Self::with_id(at, action, data, &random::bytes()?))
    }

    /// The record of an event: the same each time it is made, so that writing it again changes nothing.
    #[must_use]
    pub fn of_event(at: DateTime<Utc>, action: &str, data: Value, event_id: &str) -> Self {
        let mut seed = [0u8; 10];
        for (byte, from) in seed.iter_mut().zip(keys::digest(event_id)) {
            *byte = from;
        }
        Self::with_id(at, action, data, &seed)
    }

    fn with_id(at: DateTime<Utc>, action: &str, data: Value, rest: &[u8; 10]) -> Self {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, rest).into_uuid();
        Self {
            id: id.to_string(),
            at,
            action: action.to_owned(),
            data,
        }
    }
}

impl TenantTransaction {
    /// Adds events of one user. `sequence` is the version of the user that the change makes.
    pub fn user_events(&mut self, user: &str, sequence: u64, events: Vec<Event>) {
        let key = keys::user_event(&self.handle.tenant, user, sequence);
        self.events.push((key, events));
    }

    /// Adds events of the tenant itself, or of what has no partition of its own.
    pub fn tenant_events(&mut self, events: Vec<Event>) {
        if let Some(key) = self.tenant_outbox_key() {
            self.events.push((key, events));
        }
    }

    /// Adds events at a place of the outbox.
    pub(super) fn events_at(&mut self, key: Key, events: Vec<Event>) {
        self.events.push((key, events));
    }

    /// Adds a mail to send. `secret` is for its recipient alone: it is kept apart until the mail is sent.
    pub fn mail(&mut self, job: &MailJob, secret: Option<&Secret>) {
        let Some(key) = self.tenant_outbox_key() else {
            return;
        };
        if let Some(secret) = secret {
            let key = keys::mail_secret(&self.handle.tenant, &job.reference);
            let item = Item::new(key)
                .with("s", text(secret.expose()))
                .until(job.not_after);
            self.inner.put(Guard::Fresh, Ok(item), Some(Expression::absent()));
        }
        let until = self.handle.store.dynamo.clock.now() + KEPT;
        let left = u64::try_from(job.also_to.len()).unwrap_or(u64::MAX);
        let item = Item::new(key).doc("outbox", &OutboxRecord::Mail(job.clone()));
        let item = item.map(|item| item.with(LEFT, number(left)).until(until));
        self.inner.put(Guard::Fresh, item, Some(Expression::absent()));
    }

    /// Adds work of the relay.
    pub fn work(&mut self, work: &Work) {
        if let Some(key) = self.tenant_outbox_key() {
            self.outbox(key, &OutboxRecord::Work(work.clone()));
        }
    }

    /// Takes work that is done, or goes on elsewhere, out of the outbox.
    pub fn end_work(&mut self, at: &OutboxKey) {
        if *at.tenant() == self.handle.tenant {
            self.inner.delete(Guard::Fresh, &at.key, None);
        }
    }

    /// As [`Self::end_work`], for work that must not be done twice: only while it is there ([`Guard::Work`]).
    pub fn end_work_once(&mut self, at: &OutboxKey) {
        self.inner
            .delete(Guard::Work, &at.key, Some(Expression::present()));
    }

    fn tenant_outbox_key(&mut self) -> Option<Key> {
        match AuditRecord::new(self.handle.store.dynamo.clock.now(), "", Value::Null) {
            Ok(ordered) => Some(keys::tenant_event(&self.handle.tenant, &ordered.id)),
            Err(error) => {
                drop(self.inner.item(Err(error)));
                None
            }
        }
    }

    /// Puts the events in the outbox, when all that the transaction does is known.
    pub(super) fn write_events(&mut self) {
        let audited = self.audited;
        for (key, events) in std::mem::take(&mut self.events) {
            self.outbox(key, &OutboxRecord::Events { events, audited });
        }
    }

    pub(super) fn outbox(&mut self, key: Key, record: &OutboxRecord) {
        let until = self.handle.store.dynamo.clock.now() + KEPT;
        let item = Item::new(key).doc("outbox", record).map(|item| item.until(until));
        self.inner.put(Guard::Fresh, item, Some(Expression::absent()));
    }

    /// Adds an entry to the audit trail; the relay then adds none for the events of this transaction.
    pub fn audit(&mut self, record: &AuditRecord) {
        self.audited = true;
        let item = audit_item(&self.handle.tenant, record);
        self.inner.put(Guard::Fresh, item, None);
    }
}

pub(super) fn audit_item(tenant: &TenantId, record: &AuditRecord) -> Result<Item, StoreError> {
    let day = record.at.format("%Y-%m-%d").to_string();
    let item = Item::new(keys::audit(tenant, &day, &record.id)).doc("audit", record)?;
    Ok(item.until(record.at + TimeDelta::days(AUDIT_DAYS)))
}

impl TenantStore {
    /// Writes entries of the audit trail; writing one again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when some could not be written.
    pub async fn write_audit(&self, records: &[AuditRecord]) -> Result<(), StoreError> {
        let items = records.iter().map(|record| audit_item(&self.tenant, record));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        self.store.dynamo.write_each(items, &[]).await
    }

    /// A mail of the outbox with its secret; `None` when it was sent, or is past its time.
    ///
    /// # Errors
    /// [`StoreError`] when the tables cannot be read.
    pub async fn mail_job(&self, at: &OutboxKey) -> Result<Option<(MailJob, Option<Secret>)>, StoreError> {
        if *at.tenant() != self.tenant {
            return Ok(None);
        }
        let Some(item) = self.store.dynamo.get(&at.key).await? else {
            return Ok(None);
        };
        let OutboxRecord::Mail(job) = read_doc("outbox", &item)? else {
            return Ok(None);
        };
        if !job.has_secret {
            return Ok(Some((job, None)));
        }
        let key = keys::mail_secret(&self.tenant, &job.reference);
        let kept = self.store.dynamo.get(&key).await?;
        let secret = kept
            .as_ref()
            .and_then(|item| read_text(item, "s"))
            .map(Secret::new);
        Ok(secret.map(|secret| (job, Some(secret))))
    }

    /// Makes mails of their own for some of those whom a mail also goes to; what is left of it is given back. Of two who
    /// do it at once one does, so that nobody is mailed twice, and the outbox holds everybody who was not mailed yet.
    ///
    /// # Errors
    /// [`CommitError`] when the tables cannot be written, or somebody else did it.
    pub async fn unfold_mail(&self, at: &OutboxKey, job: &MailJob) -> Result<MailJob, CommitError> {
        let (now, later) = job.also_to.split_at(job.also_to.len().min(UNFOLDED_AT_ONCE));
        let rest = MailJob {
            also_to: later.to_vec(),
            ..job.clone()
        };
        let mut tx = self.begin();
        for address in now {
            let one = MailJob {
                reference: random::uuid().map_err(StoreError::from)?.to_string(),
                to: address.clone(),
                also_to: Vec::new(),
                ..job.clone()
            };
            tx.mail(&one, None);
        }
        let left = |job: &MailJob| u64::try_from(job.also_to.len()).unwrap_or(u64::MAX);
        let item = Item::new(at.key.clone()).doc("outbox", &OutboxRecord::Mail(rest.clone()));
        let item = item.map(|item| item.with(LEFT, number(left(&rest))).until(job.not_after));
        let same = Expression::new("attribute_exists(pk) AND #left = :left")
            .name("#left", LEFT)
            .value(":left", number(left(job)));
        tx.inner.put(Guard::Fresh, item, Some(same));
        tx.commit().await?;
        Ok(rest)
    }

    /// Takes a mail out of the outbox, and its secret with it: it was sent, or never will be.
    ///
    /// # Errors
    /// [`CommitError`] when the tables cannot be written.
    pub async fn forget_mail(&self, at: &OutboxKey, reference: &str) -> Result<(), CommitError> {
        let mut tx = self.begin();
        if *at.tenant() == self.tenant {
            tx.inner.delete(Guard::Fresh, &at.key, None);
        }
        let secret = keys::mail_secret(&self.tenant, reference);
        tx.inner.delete(Guard::Fresh, &secret, None);
        tx.commit().await
    }

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
