//! A tenant's feed: where each relayed event lies, in the order in which it was relayed, for replay.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::TenantStore;
use super::error::StoreError;
use super::item::{Attributes, Item, read_doc, read_text};
use super::keys::{self, Key, Table};
use super::outbox::{OutboxKey, OutboxRecord};
use crate::domain::event::Event;
use crate::domain::ids::{GroupId, UserId};

/// As long as the outbox keeps events.
const KEPT: TimeDelta = TimeDelta::days(30);

/// Where an event lies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pointer {
    pub(super) pk: String,
    pub(super) sk: String,
    place: usize,
}

/// An event of a replay.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// Its id on the bus.
    pub id: String,
    /// The event.
    pub event: Event,
}

/// A page of a tenant's feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedPage {
    /// Events in the order in which they were relayed.
    pub events: Vec<Replayed>,
    /// Where to go on; `None` when nothing was there.
    pub next: Option<String>,
}

impl TenantStore {
    /// Adds the events at these places to the feed, as relayed now. An event that is relayed again is there twice.
    ///
    /// # Errors
    /// [`StoreError`] when some could not be written.
    pub async fn append_to_feed(&self, relayed: &[(OutboxKey, usize)]) -> Result<(), StoreError> {
        let now = self.store.dynamo.clock.now();
        let mut items = Vec::with_capacity(relayed.len());
        for (at, place) in relayed.iter().filter(|(at, _)| *at.tenant() == self.tenant) {
            let Key { pk, sk, .. } = at.key();
            let pointer = Pointer {
                pk: pk.clone(),
                sk: sk.clone(),
                place: *place,
            };
            let moment = format!("{:015}#{}", now.timestamp_millis(), at.event_id(*place));
            let item = Item::new(keys::feed(&self.tenant, &moment)).doc("feed entry", &pointer)?;
            items.push(item.until(now + KEPT));
        }
        self.store.dynamo.write_each(items, &[]).await
    }

    /// Events that were relayed after the entry `after` and before `before`; at most `limit` (and 100).
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn feed(
        &self,
        after: Option<&str>,
        before: DateTime<Utc>,
        limit: i32,
    ) -> Result<FeedPage, StoreError> {
        let pk = keys::feed(&self.tenant, "").pk;
        let dynamo = &self.store.dynamo;
        let page = dynamo
            .page(Table::Directory, &pk, "", after, limit.clamp(1, 100))
            .await?;
        let bound = format!("{:015}", before.timestamp_millis());
        let mut next = None;
        let mut pointers = Vec::new();
        for item in &page.items {
            let Some(moment) = read_text(item, "sk").filter(|moment| **moment < *bound) else {
                break;
            };
            next = Some(moment.to_owned());
            pointers.push(read_doc::<Pointer>("feed entry", item)?);
        }
        let mut keys: Vec<Key> = Vec::new();
        for pointer in &pointers {
            let key = keys::outbox_item(&pointer.pk, &pointer.sk);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let found = match keys.is_empty() {
            true => Vec::new(),
            false => dynamo.get_all(&keys).await?,
        };
        let mut events = Vec::with_capacity(pointers.len());
        for pointer in &pointers {
            let lies_there = |item: &&Attributes| {
                read_text(item, "pk") == Some(pointer.pk.as_str())
                    && read_text(item, "sk") == Some(pointer.sk.as_str())
            };
            let item = found.iter().find(lies_there);
            let record = item
                .map(|item| read_doc::<OutboxRecord>("outbox", item))
                .transpose()?;
            let at = OutboxKey::parse(&pointer.pk, &pointer.sk);
            if let (Some(OutboxRecord::Events { events: mut all, .. }), Some(at)) = (record, at)
                && pointer.place < all.len()
            {
                let event = all.swap_remove(pointer.place);
                events.push(Replayed {
                    id: at.event_id(pointer.place),
                    event,
                });
            }
        }
        Ok(FeedPage { events, next })
    }

    /// Events of one user or group whose sequence is above `after`, in their order; at most about `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn events_of(
        &self,
        subject: &str,
        after: u64,
        limit: i32,
    ) -> Result<Vec<Replayed>, StoreError> {
        let mut partitions = Vec::new();
        if UserId::parse(subject).is_ok() {
            partitions.push(keys::user_pk(&self.tenant, subject));
        }
        if let Ok(group) = GroupId::parse(subject) {
            partitions.push(keys::group_pk(&self.tenant, &group));
        }
        // Behind every part of the event with that sequence.
        let start = format!("{}{after:020}~", keys::OUTBOX);
        let mut events = Vec::new();
        for pk in partitions {
            let page = self
                .store
                .dynamo
                .page(
                    Table::Directory,
                    &pk,
                    keys::OUTBOX,
                    Some(&start),
                    limit.clamp(1, 100),
                )
                .await?;
            for item in &page.items {
                let at = read_text(item, "sk").and_then(|sk| OutboxKey::parse(&pk, sk));
                let record = read_doc::<OutboxRecord>("outbox", item)?;
                if let (Some(at), OutboxRecord::Events { events: all, .. }) = (at, record) {
                    let all = all.into_iter().enumerate();
                    events.extend(all.map(|(place, event)| Replayed {
                        id: at.event_id(place),
                        event,
                    }));
                }
            }
        }
        Ok(events)
    }
}
