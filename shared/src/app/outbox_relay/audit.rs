//! What stays of relayed events: the audit trail of what no handler recorded itself (changes by sign-in and by SCIM),
//! and each tenant's feed for replay.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Read, Relay, Relayed};
use crate::domain::event::Event;
use crate::domain::ids::TenantId;
use crate::store::{AuditRecord, OutboxKey, OutboxRecord};

/// Of one tenant: outbox keys with the place of their record in the batch, and the places of what has none.
type Wanted = (Vec<(OutboxKey, usize)>, Vec<usize>);

/// What a user's entry keeps of the user: nothing that says who it is beyond the id.
const KEPT_OF_A_USER: [&str; 4] = ["id", "role", "active", "source"];
/// Members of an event's data that are records of a person.
const PERSONS: [&str; 2] = ["user", "member"];

impl Relay {
    /// Writes an entry for each event of a change that wrote none; a second delivery writes the same entries again.
    pub(super) async fn write_audit(
        &self,
        read: &[&Read<'_>],
        done: &mut Relayed,
        failed: &mut BTreeSet<usize>,
    ) {
        let mut by_tenant: BTreeMap<&TenantId, (Vec<AuditRecord>, Vec<usize>)> = BTreeMap::new();
        for one in read {
            let OutboxRecord::Events {
                events,
                audited: false,
            } = &one.record
            else {
                continue;
            };
            let (records, places) = by_tenant.entry(one.key.tenant()).or_default();
            let entries = events.iter().enumerate();
            records.extend(entries.map(|(at, event)| entry(event, &one.key.event_id(at))));
            places.push(one.place);
        }
        for (tenant, (records, places)) in by_tenant {
            match self.gatehouse.store.tenant(tenant).write_audit(&records).await {
                Ok(()) => done.audit_records += records.len(),
                Err(error) => {
                    tracing::warn!(error.code = error.code(), error = %error, tenant.id = %tenant,
                        "the audit trail could not be written");
                    failed.extend(places);
                }
            }
        }
    }
}

impl Relay {
    /// Adds every event to its tenant's feed, for replay.
    pub(super) async fn append_to_feed(&self, read: &[&Read<'_>], failed: &mut BTreeSet<usize>) {
        let mut by_tenant: BTreeMap<&TenantId, Wanted> = BTreeMap::new();
        for one in read {
            let OutboxRecord::Events { events, .. } = &one.record else {
                continue;
            };
            let (relayed, places) = by_tenant.entry(one.key.tenant()).or_default();
            relayed.extend((0..events.len()).map(|at| (one.key.clone(), at)));
            places.push(one.place);
        }
        for (tenant, (relayed, places)) in by_tenant {
            if let Err(error) = self.gatehouse.store.tenant(tenant).append_to_feed(&relayed).await {
                tracing::warn!(error.code = error.code(), error = %error, tenant.id = %tenant,
                    "the feed could not be written");
                failed.extend(places);
            }
        }
    }
}

fn entry(event: &Event, event_id: &str) -> AuditRecord {
    let mut data = Map::new();
    data.insert("subject".to_owned(), Value::from(event.subject.as_str()));
    data.insert("sequence".to_owned(), Value::from(event.sequence));
    for (name, value) in event.data.as_object().into_iter().flatten() {
        let kept = match value.as_object() {
            Some(person) if PERSONS.contains(&name.as_str()) => only_ids(person),
            Some(_) | None => value.clone(),
        };
        data.insert(name.clone(), kept);
    }
    AuditRecord::of_event(event.at, &event.kind, Value::Object(data), event_id)
}

fn only_ids(person: &Map<String, Value>) -> Value {
    let kept = person
        .iter()
        .filter(|(name, _)| KEPT_OF_A_USER.contains(&name.as_str()));
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}
