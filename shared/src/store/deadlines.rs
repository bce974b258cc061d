//! Deadlines, and how far their reminders have come.
//!
//! A deadline's record lies with its owner. Beside it, under the day of the next reminder, lies an entry that names it
//! and the end that it was written for (its *generation*). Who changes or ends a deadline writes the record alone, and
//! need not know where entries lie: one whose generation is not the record's is void, and is cleared when its day comes.
//!
//! A reminder is claimed by a lease on its mark, which is one for each (deadline, generation, stage): two invocations
//! cannot both hold it, and what was sent stays marked.

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::error::{CommitError, StoreError};
use super::item::{Attributes, Item, number, read_doc, read_number, read_text, text};
use super::keys::{self, Key, Table};
use super::transaction::{Expression, Guard, TenantTransaction, Transaction};
use super::{FrontDoor, TenantStore};
use crate::domain::deadline::{Deadline, DeadlineKind, Stage};
use crate::domain::event::Event;
use crate::domain::ids::TenantId;
use crate::domain::letter::DigestEntry;

/// How long a mark stays after its reminder.
const MARK_DAYS: i64 = 90;
/// How long a line of the operator's digest stays.
const DIGEST_DAYS: i64 = 10;

/// An entry of the day on which a deadline's next reminder is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// Whose deadline.
    pub tenant: TenantId,
    /// What expires.
    pub kind: DeadlineKind,
    /// Id of what expires.
    pub id: String,
    /// The end that the entry was written for.
    pub expires_at: DateTime<Utc>,
    /// When the reminder is due.
    pub at: DateTime<Utc>,
}

/// What is sent once: one stage of a deadline, or the digest of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(Key);

impl Mark {
    /// The mark of a day's digest.
    #[must_use]
    pub fn of_digest(day: NaiveDate) -> Self {
        Self(keys::reminder_mark("digest", &day.to_string()))
    }

    /// A name of its mail to `recipient`: the same whenever and by whomever it is sent.
    #[must_use]
    pub fn reference(&self, recipient: &str) -> String {
        let Key { pk, sk, .. } = &self.0;
        format!("expiry-{}", keys::hash(&format!("{pk}\n{sk}\n{recipient}")))
    }
}

/// A reminder that everybody has who can have it.
#[derive(Clone, Debug)]
pub struct FinishedReminder<'a> {
    /// Its entry.
    pub due: &'a Due,
    /// Which one of its deadline.
    pub stage: Stage,
    /// When the next one is due.
    pub next: Option<DateTime<Utc>>,
    /// What the app hears of it.
    pub events: Vec<Event>,
    /// What the operator hears of it.
    pub digest: DigestEntry,
}

/// How a claim went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is the caller's until its lease ends. To whom it was sent before, by their references.
    Held(Vec<String>),
    /// Another invocation holds it.
    Taken,
    /// It was sent.
    Sent,
}

impl Due {
    fn of(deadline: &Deadline, at: DateTime<Utc>) -> Self {
        Self {
            tenant: deadline.tenant.clone(),
            kind: deadline.kind,
            id: deadline.id.clone(),
            expires_at: deadline.expires_at,
            at,
        }
    }

    /// The mark of one stage of this deadline with this end.
    #[must_use]
    pub fn mark(&self, stage: Stage) -> Mark {
        let generation = self.expires_at.timestamp();
        let thing = format!("{}#{}#{}#{generation}", self.kind.name(), self.tenant, self.id);
        Mark(keys::reminder_mark(&thing, &stage.name()))
    }

    fn place(&self) -> Key {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let place = format!("{at}#{}#{}#{}", self.kind.name(), self.tenant, self.id);
        keys::due(self.at.date_naive(), &place)
    }

    fn record(&self) -> Key {
        keys::deadline(&self.tenant, self.kind.name(), &self.id)
    }

    fn item(&self) -> Result<Item, StoreError> {
        Item::new(self.place()).doc("due reminder", self)
    }

    /// Lies with the owner, so that whoever takes the owner's things away finds the entry.
    fn mirror(&self) -> Key {
        keys::due_mirror(&self.tenant, self.at.date_naive(), &self.place().sk)
    }

    fn put(&self, inner: &mut Transaction) {
        inner.put(Guard::Fresh, self.item(), None);
        inner.put(Guard::Fresh, Ok(Item::new(self.mirror())), None);
    }
}

fn put(inner: &mut Transaction, deadline: &Deadline, next: Option<DateTime<Utc>>) {
    let record = keys::deadline(&deadline.tenant, deadline.kind.name(), &deadline.id);
    inner.put(Guard::Fresh, Item::new(record).doc("deadline", deadline), None);
    if let Some(at) = next {
        Due::of(deadline, at).put(inner);
    }
}

impl TenantTransaction {
    /// Sets or renews a deadline of this tenant; reminders of an earlier end are void. `next` is when its owners hear of
    /// it next.
    pub fn put_deadline(&mut self, deadline: &Deadline, next: Option<DateTime<Utc>>) {
        if deadline.tenant == self.handle.tenant {
            put(&mut self.inner, deadline, next);
        }
    }

    /// Ends a deadline of this tenant: what would expire is gone, or has no end.
    pub fn end_deadline(&mut self, kind: DeadlineKind, id: &str) {
        let key = keys::deadline(&self.handle.tenant, kind.name(), id);
        self.inner.delete(Guard::Fresh, &key, None);
    }
}

impl TenantStore {
    /// All deadlines of the tenant: its expiry radar (GH-02).
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn deadlines(&self) -> Result<Vec<Deadline>, StoreError> {
        let pk = keys::tenant_pk(&self.tenant);
        let items = self.store.dynamo.all(Table::Directory, &pk, "E#").await?;
        items.iter().map(|item| read_doc("deadline", item)).collect()
    }
}

impl FrontDoor {
    /// The first day that may still hold reminders; `None` before the first run.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn reminder_cursor(&self) -> Result<Option<NaiveDate>, StoreError> {
        let item = self.store.dynamo.get(&keys::reminder_cursor()).await?;
        let day = item.as_ref().and_then(|item| read_text(item, "day"));
        day.map(|day| {
            day.parse().map_err(|_| StoreError::Corrupt {
                kind: "reminder cursor",
                cause: "its day is none".to_owned(),
            })
        })
        .transpose()
    }

    /// Moves the cursor on to `day`; it never goes back.
    ///
    /// # Errors
    /// [`CommitError::Store`] when the table cannot be written.
    pub async fn move_reminder_cursor(&self, day: NaiveDate) -> Result<(), CommitError> {
        let day = text(day.to_string());
        let forward = Expression::new("attribute_not_exists(pk) OR #day < :day").value(":day", day.clone());
        let item = Item::new(keys::reminder_cursor()).with("day", day);
        let mut tx = Transaction::new(self.store.clone());
        tx.put(Guard::Fresh, Ok(item), Some(forward.name("#day", "day")));
        match tx.commit().await {
            Ok(()) | Err(CommitError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Entries of a day that are due by `now`, earliest first, after the entry `after`; at most `limit`. With `None` for
    /// `now` every entry of the day.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn due(
        &self,
        day: NaiveDate,
        now: Option<DateTime<Utc>>,
        after: Option<&Due>,
        limit: i32,
    ) -> Result<Vec<Due>, StoreError> {
        let pk = keys::due_pk(day);
        let after = after.map(|due| due.place().sk);
        let page = self
            .store
            .dynamo
            .page(Table::Directory, &pk, "", after.as_deref(), limit)
            .await?;
        let found = page
            .items
            .iter()
            .map(|item| read_doc::<Due>("due reminder", item));
        let mut found = found.collect::<Result<Vec<_>, _>>()?;
        found.retain(|due| now.is_none_or(|now| due.at <= now));
        Ok(found)
    }

    /// The deadline that an entry was written for; `None` when it has ended, or has another end now.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn deadline(&self, due: &Due) -> Result<Option<Deadline>, StoreError> {
        let item = self.store.dynamo.get(&due.record()).await?;
        let deadline = item
            .map(|item| read_doc::<Deadline>("deadline", &item))
            .transpose()?;
        Ok(deadline.filter(|deadline| deadline.expires_at == due.expires_at))
    }

    /// Claims something to be sent for `holder` until `until`.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or written.
    pub async fn claim(&self, mark: &Mark, holder: &str, until: DateTime<Utc>) -> Result<Claim, StoreError> {
        let now = self.store.dynamo.clock.now();
        let take = Expression::new("SET holder = :holder, lease = :until, #ttl = :ttl")
            .name("#ttl", "ttl")
            .value(":holder", text(holder))
            .value(":until", millis(until))
            .value(":ttl", number(mark_ends(now)));
        let free = "attribute_not_exists(sent) AND (attribute_not_exists(lease) OR lease <= :now)";
        let free = Expression::new(free).value(":now", millis(now));
        let mut tx = Transaction::new(self.store.clone());
        tx.update(Guard::Fresh, &mark.0, take, Some(free));
        let held = match tx.commit().await {
            Ok(()) => true,
            Err(CommitError::Refused(_)) => false,
            Err(CommitError::Store(error)) => return Err(error),
        };
        let found = self.store.dynamo.get(&mark.0).await?.unwrap_or_default();
        Ok(match held {
            true => Claim::Held(told(&found)),
            false if read_number(&found, "sent").is_some() => Claim::Sent,
            false => Claim::Taken,
        })
    }

    /// Whether something was sent and marked.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn is_sent(&self, mark: &Mark) -> Result<bool, StoreError> {
        let found = self.store.dynamo.get(&mark.0).await?.unwrap_or_default();
        Ok(read_number(&found, "sent").is_some())
    }

    /// Notes that one recipient was told, or never can be; a later claim does not tell that one again.
    ///
    /// # Errors
    /// [`CommitError::Refused`] when the claim is no longer the holder's.
    pub async fn note_told(&self, mark: &Mark, holder: &str, reference: &str) -> Result<(), CommitError> {
        let references = AttributeValue::Ss(vec![reference.to_owned()]);
        let add = Expression::new("ADD told :references").value(":references", references);
        let mut tx = Transaction::new(self.store.clone());
        tx.update(Guard::Fresh, &mark.0, add, Some(held_by(holder)));
        tx.commit().await
    }

    /// Gives a claim up before its lease ends: the next run takes it.
    ///
    /// # Errors
    /// [`CommitError`] when the claim is no longer the holder's, or the table fails.
    pub async fn release_claim(&self, mark: &Mark, holder: &str) -> Result<(), CommitError> {
        let mut tx = Transaction::new(self.store.clone());
        let free = Expression::new("REMOVE lease, holder");
        tx.update(Guard::Fresh, &mark.0, free, Some(held_by(holder)));
        tx.commit().await
    }

    /// Marks something claimed as sent.
    ///
    /// # Errors
    /// [`CommitError::Refused`] when the claim is no longer the holder's.
    pub async fn finish_mark(&self, mark: &Mark, holder: &str) -> Result<(), CommitError> {
        let mut tx = Transaction::new(self.store.clone());
        self.sent(&mut tx, mark, holder);
        tx.commit().await
    }

    /// Marks a claimed reminder as sent and moves its deadline to the next one, with the events of it and its line in
    /// the digest: all or nothing.
    ///
    /// # Errors
    /// [`CommitError::Refused`] when the claim is no longer the holder's.
    pub async fn finish_reminder(&self, holder: &str, done: FinishedReminder<'_>) -> Result<(), CommitError> {
        let now = self.store.dynamo.clock.now();
        let mark = done.due.mark(done.stage);
        let mut tx = self.store.tenant(&done.due.tenant).begin();
        self.sent(&mut tx.inner, &mark, holder);
        moved(&mut tx.inner, done.due, done.next);
        let place = format!("{}#{}", mark.0.pk, mark.0.sk);
        let line = keys::reminder_digest(now.date_naive(), &place);
        let mirror = Item::new(keys::mark_mirror(&done.due.tenant, &mark.0))
            .with("mpk", text(mark.0.pk.clone()))
            .with("msk", text(mark.0.sk.clone()))
            .with("lpk", text(line.pk.clone()))
            .with("lsk", text(line.sk.clone()))
            .until(now + TimeDelta::days(MARK_DAYS));
        tx.inner.put(Guard::Fresh, Ok(mirror), None);
        let line = Item::new(line).doc("digest entry", &done.digest);
        let line = line.map(|line| line.until(now + TimeDelta::days(DIGEST_DAYS)));
        tx.inner.put(Guard::Fresh, line, None);
        if !done.events.is_empty() {
            tx.tenant_events(done.events);
        }
        tx.commit().await
    }

    /// What was reminded of on a day.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn digest_entries(&self, day: NaiveDate) -> Result<Vec<DigestEntry>, StoreError> {
        let pk = keys::reminder_digest(day, "").pk;
        let items = self.store.dynamo.all(Table::Directory, &pk, "").await?;
        items.iter().map(|item| read_doc("digest entry", item)).collect()
    }

    fn sent(&self, tx: &mut Transaction, mark: &Mark, holder: &str) {
        let now = self.store.dynamo.clock.now();
        let sent = Expression::new("SET sent = :now, #ttl = :ttl REMOVE lease, holder")
            .name("#ttl", "ttl")
            .value(":now", millis(now))
            .value(":ttl", number(mark_ends(now)));
        tx.update(Guard::Fresh, &mark.0, sent, Some(held_by(holder)));
    }

    /// Takes an entry away that has nothing to remind of (any more), and puts it where `next` says.
    ///
    /// # Errors
    /// [`CommitError`] when the table cannot be written.
    pub async fn move_due(&self, due: &Due, next: Option<DateTime<Utc>>) -> Result<(), CommitError> {
        let mut tx = Transaction::new(self.store.clone());
        moved(&mut tx, due, next);
        tx.commit().await
    }
}

fn moved(tx: &mut Transaction, due: &Due, next: Option<DateTime<Utc>>) {
    let next = next.map(|at| Due { at, ..due.clone() });
    if next.as_ref().is_none_or(|next| next.place() != due.place()) {
        tx.delete(Guard::Fresh, &due.place(), None);
        tx.delete(Guard::Fresh, &due.mirror(), None);
    }
    if let Some(next) = next {
        next.put(tx);
    }
}

fn held_by(holder: &str) -> Expression {
    Expression::new("holder = :holder AND attribute_not_exists(sent)").value(":holder", text(holder))
}

fn told(mark: &Attributes) -> Vec<String> {
    let told = mark.get("told").and_then(|told| told.as_ss().ok());
    told.cloned().unwrap_or_default()
}

fn millis(at: DateTime<Utc>) -> AttributeValue {
    number(u64::try_from(at.timestamp_millis()).unwrap_or(0))
}

fn mark_ends(now: DateTime<Utc>) -> u64 {
    u64::try_from((now + TimeDelta::days(MARK_DAYS)).timestamp()).unwrap_or(0)
}
