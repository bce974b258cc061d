//! The relay: carries the outbox from the table's stream to EventBridge, the audit trail and SES.
//!
//! A batch is worked off in its order. What cannot be carried now is reported by its sequence number: Lambda comes back
//! from the first of these on, so nothing is lost, and what lay behind it is carried a second time. Consumers know a
//! second delivery by the event's `id`. A mail leaves the outbox once it is sent, so that it is not sent again.

mod audit;
mod events;
mod mails;
mod parts;
mod work;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Gatehouse;
use crate::events::EventBus;
use crate::mail::Mailer;
use crate::store::{OutboxKey, OutboxRecord, read_outbox};

pub use events::OnTheBus;

/// What EventBridge or SES did not take is tried again after these waits, within the invocation.
const WAITS: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_millis(900),
];

/// The relay cannot run in this deployment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// No bus is configured.
    #[error("wanted the name of an event bus in GATEHOUSE_EVENT_BUS")]
    NoBus,
    /// No sender is configured.
    #[error("wanted a mailbox in GATEHOUSE_MAIL_SENDER")]
    NoSender,
}

impl RelayError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoBus => "event_bus_missing",
            Self::NoSender => "mail_sender_missing",
        }
    }
}

/// An inserted item of the outbox, as the stream has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRecord {
    /// Its place in the shard.
    pub sequence_number: String,
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
    /// The item's document.
    pub document: String,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Relayed {
    /// Records in the batch.
    pub records: usize,
    /// Events that EventBridge has.
    pub events: usize,
    /// Events that EventBridge will never take (too large, malformed); they stay in the outbox for replay.
    pub events_refused: usize,
    /// Entries that the audit trail has from this batch.
    pub audit_records: usize,
    /// Mails that SES has.
    pub mails: usize,
    /// Mails that SES will never take.
    pub mails_refused: usize,
    /// Mails that came too late to be of use, or were sent before.
    pub mails_dropped: usize,
    /// Directory syncs of whose hold the owners are told (GH-06).
    pub syncs_held: usize,
    /// Records that are no outbox items of ours; nobody could ever carry them.
    pub unreadable: usize,
    /// Sequence numbers of the records that must come again, in stream order.
    pub failed: Vec<String>,
}

/// The relay of a deployment.
#[derive(Debug)]
pub struct Relay {
    gatehouse: Arc<Gatehouse>,
    bus: EventBus,
    mailer: Mailer,
}

/// A record of the batch, read.
struct Read<'a> {
    /// Its place in the batch.
    place: usize,
    key: OutboxKey,
    of: &'a StreamRecord,
    record: OutboxRecord,
}

impl Relay {
    /// A relay.
    ///
    /// # Errors
    /// [`RelayError`] when the configuration lacks what it carries to.
    pub fn new(gatehouse: Arc<Gatehouse>) -> Result<Self, RelayError> {
        let bus = gatehouse.event_bus.clone().ok_or(RelayError::NoBus)?;
        let mailer = gatehouse.mailer.clone().ok_or(RelayError::NoSender)?;
        Ok(Self {
            gatehouse,
            bus,
            mailer,
        })
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.gatehouse.clock.now()
    }

    /// Carries a batch, and says what must come again.
    pub async fn carry(&self, batch: &[StreamRecord]) -> Relayed {
        let mut done = Relayed {
            records: batch.len(),
            ..Relayed::default()
        };
        let mut read = Vec::with_capacity(batch.len());
        for (place, of) in batch.iter().enumerate() {
            match (OutboxKey::parse(&of.pk, &of.sk), read_outbox(&of.document)) {
                (Some(key), Ok(record)) => read.push(Read {
                    place,
                    key,
                    of,
                    record,
                }),
                (None, _) | (_, Err(_)) => {
                    done.unreadable += 1;
                    tracing::error!(
                        stream.sequence_number = of.sequence_number,
                        "a stream record is no outbox item"
                    );
                }
            }
        }
        let mut failed = BTreeSet::new();
        self.finish_work(&read, &mut failed).await;
        self.carry_events(&read, &mut done, &mut failed).await;
        let living = self.of_living(&read, &mut failed).await;
        self.write_audit(&living, &mut done, &mut failed).await;
        self.append_to_feed(&living, &mut failed).await;
        self.send_mails(&read, &mut done, &mut failed).await;
        self.do_parts(&read, &mut done, &mut failed).await;
        let numbers = failed.into_iter().filter_map(|place| batch.get(place));
        done.failed = numbers.map(|record| record.sequence_number.clone()).collect();
        done
    }
}
