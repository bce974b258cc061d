//! Events to EventBridge.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Read, Relay, Relayed, WAITS};
use crate::domain::event::Event;
use crate::events::BusEvent;
use crate::store::OutboxRecord;

/// An event as consumers see it: on the bus, and in a replay.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OnTheBus {
    /// The same whenever this event comes.
    pub id: String,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
}

impl Relay {
    /// Puts the events of all records, in order; those that did not get through, again.
    pub(super) async fn carry_events(
        &self,
        read: &[Read<'_>],
        done: &mut Relayed,
        failed: &mut BTreeSet<usize>,
    ) {
        let mut pending = pending(read, done, failed);
        for round in 0..=WAITS.len() {
            if pending.is_empty() {
                return;
            }
            let events: Vec<BusEvent> = pending.iter().map(|(_, event)| event.clone()).collect();
            let outcomes = self.bus.put(&events).await;
            let mut left = Vec::new();
            for ((place, event), outcome) in pending.into_iter().zip(outcomes) {
                match outcome {
                    Ok(()) => done.events += 1,
                    Err(fault) if fault.is_permanent() => {
                        done.events_refused += 1;
                        tracing::error!(event.kind = event.kind, error.code = fault.code(), error = %fault,
                            "EventBridge will not take an event; it stays in the outbox");
                    }
                    Err(fault) => {
                        tracing::warn!(event.kind = event.kind, error = %fault, "an event did not get through");
                        left.push((place, event));
                    }
                }
            }
            pending = left;
            if let (false, Some(wait)) = (pending.is_empty(), WAITS.get(round)) {
                tokio::time::sleep(*wait).await;
            }
        }
        failed.extend(pending.into_iter().map(|(place, _)| place));
    }
}

fn pending(read: &[Read<'_>], done: &mut Relayed, failed: &mut BTreeSet<usize>) -> Vec<(usize, BusEvent)> {
    let mut pending = Vec::new();
    for one in read {
        let OutboxRecord::Events { events, .. } = &one.record else {
            continue;
        };
        for (at, event) in events.iter().enumerate() {
            let shown = OnTheBus {
                id: one.key.event_id(at),
                event: event.clone(),
            };
            match serde_json::to_string(&shown) {
                Ok(detail) => pending.push((
                    one.place,
                    BusEvent {
                        kind: event.kind.clone(),
                        detail,
                        at: event.at,
                    },
                )),
                Err(_) => {
                    done.unreadable += 1;
                    failed.insert(one.place);
                }
            }
        }
    }
    pending
}
