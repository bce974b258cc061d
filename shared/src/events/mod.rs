//! EventBridge.
//!
//! `PutEvents` takes at most 10 entries and 256 KiB, and answers 200 even when some entries failed: [`EventBus::put`]
//! splits, and says for each event whether it is on the bus. What is not has to be put again; consumers therefore see
//! every event at least once, and order by its version (GH-03).

mod error;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_smithy_types::DateTime as AwsDateTime;
use chrono::{DateTime, Utc};

pub use error::{EventFault, EventsError};

/// Entries of one request.
const MAX_ENTRIES: usize = 10;
/// Bytes of one request's entries, as EventBridge counts them.
const MAX_BYTES: usize = 256 * 1024;

/// One event, ready for the bus. No `Debug`: the detail describes people.
#[derive(Clone, PartialEq, Eq)]
pub struct BusEvent {
    /// `detail-type`, such as `user.updated`.
    pub kind: String,
    /// The event as a JSON object.
    pub detail: String,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// Puts events on one bus under one source.
#[derive(Debug, Clone)]
pub struct EventBus {
    client: Client,
    bus: String,
    source: String,
}

/// What became of one event: `Ok` when it is on the bus.
pub type EventOutcome = Result<(), EventFault>;

impl EventBus {
    /// The bus of [`crate::config::Config::event_bus`]; `source` is what consumers filter by.
    pub fn new(client: Client, bus: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            client,
            bus: bus.into(),
            source: source.into(),
        }
    }

    /// Puts events and says what became of each, in their order. A request that fails as a whole fails each of its
    /// events; later ones are still tried, since events of different subjects do not wait for each other.
    pub async fn put(&self, events: &[BusEvent]) -> Vec<EventOutcome> {
        let mut outcomes = Vec::with_capacity(events.len());
        let mut rest = events;
        while let Some(first) = rest.first() {
            if self.size(first) > MAX_BYTES {
                outcomes.push(Err(EventFault::TooLarge {
                    bytes: self.size(first),
                }));
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let (batch, later) = rest.split_at(self.fitting(rest));
            outcomes.extend(self.put_batch(batch).await);
            rest = later;
        }
        outcomes
    }

    /// As [`EventBus::put`], for a caller that repeats the whole batch unless all of it is on the bus.
    ///
    /// # Errors
    /// [`EventsError`] with the events that are not.
    pub async fn put_all(&self, events: &[BusEvent]) -> Result<(), EventsError> {
        let failed: Vec<(usize, EventFault)> = self
            .put(events)
            .await
            .into_iter()
            .enumerate()
            .filter_map(|(place, outcome)| outcome.err().map(|fault| (place, fault)))
            .collect();
        if failed.is_empty() {
            return Ok(());
        }
        Err(EventsError {
            of: events.len(),
            failed,
        })
    }

    /// How many events from the start fit into one request; at least one.
    fn fitting(&self, events: &[BusEvent]) -> usize {
        let mut bytes = 0usize;
        let fit = events.iter().take(MAX_ENTRIES).take_while(|event| {
            bytes = bytes.saturating_add(self.size(event));
            bytes <= MAX_BYTES
        });
        fit.count().max(1)
    }

    /// Bytes of an entry as EventBridge counts them: 14 for the time, and its texts.
    fn size(&self, event: &BusEvent) -> usize {
        14 + self.source.len() + event.kind.len() + event.detail.len()
    }

    async fn put_batch(&self, batch: &[BusEvent]) -> Vec<EventOutcome> {
        let entries = batch.iter().map(|event| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.bus)
                .source(&self.source)
                .detail_type(&event.kind)
                .detail(&event.detail)
                .time(AwsDateTime::from_millis(event.at.timestamp_millis()))
                .build()
        });
        let answer = match self
            .client
            .put_events()
            .set_entries(Some(entries.collect()))
            .send()
            .await
        {
            Ok(answer) => answer,
            Err(error) => {
                let fault = EventFault::of(&error);
                return batch.iter().map(|_| Err(fault.clone())).collect();
            }
        };
        let mut results = answer.entries.unwrap_or_default().into_iter();
        // An entry that the answer says nothing about is not known to be on the bus.
        batch
            .iter()
            .map(|_| match results.next() {
                Some(result) if result.error_code.is_none() && result.event_id.is_some() => Ok(()),
                Some(result) => Err(EventFault::of_entry(result.error_code.as_deref())),
                None => Err(EventFault::of_entry(None)),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
