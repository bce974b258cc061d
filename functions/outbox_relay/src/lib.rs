//! The table's stream, in batches of Lambda's event source mapping, with `ReportBatchItemFailures`: a record that could
//! not be carried is named, and Lambda comes back from there.

use gatehouse::app::outbox_relay::{Relay, StreamRecord};
use gatehouse::telemetry;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::Instrument;

/// What the event source mapping lets through (`FilterCriteria`): new items of the outbox.
pub const FILTER: &str = r#"{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"O#"}]}}}}"#;

/// A record of the stream, as Lambda hands it on (Kinesis-like JSON of DynamoDB Streams).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    keys: Keys,
    new_image: Option<Image>,
}

#[derive(Deserialize)]
struct Keys {
    pk: Text,
    sk: Text,
}

#[derive(Deserialize)]
struct Image {
    doc: Option<Text>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    s: String,
}

/// Carries a batch; the answer is Lambda's `{"batchItemFailures": [{"itemIdentifier": sequence number}]}`.
pub async fn handle(relay: &Relay, event: Value) -> Value {
    let span = telemetry::invocation("outbox_relay");
    async {
        let batch = records(&event);
        let done = Box::pin(relay.carry(&batch)).await;
        telemetry::metrics(
            "outbox_relay",
            relay.now(),
            &[
                ("Records", done.records),
                ("Events", done.events),
                ("EventsRefused", done.events_refused),
                ("AuditRecords", done.audit_records),
                ("Mails", done.mails),
                ("MailsRefused", done.mails_refused),
                ("MailsDropped", done.mails_dropped),
                ("SyncsHeld", done.syncs_held),
                ("Unreadable", done.unreadable),
                ("RecordsFailed", done.failed.len()),
            ],
        );
        let failures = done
            .failed
            .iter()
            .map(|number| json!({ "itemIdentifier": number }));
        json!({ "batchItemFailures": failures.collect::<Vec<_>>() })
    }
    .instrument(span)
    .await
}

/// The outbox items of a batch, in its order. Others come only past the filter, and are none of the relay's business.
fn records(event: &Value) -> Vec<StreamRecord> {
    let records = event.get("Records").and_then(Value::as_array);
    let mut found = Vec::new();
    for record in records.into_iter().flatten() {
        let Ok(record) = Record::deserialize(record) else {
            tracing::error!("a stream record has another shape than DynamoDB's");
            continue;
        };
        let change = record.dynamodb;
        let document = change.new_image.and_then(|image| image.doc);
        if let (true, "INSERT", Some(document)) = (
            change.keys.sk.s.starts_with("O#"),
            record.event_name.as_str(),
            document,
        ) {
            found.push(StreamRecord {
                sequence_number: change.sequence_number,
                pk: change.keys.pk.s,
                sk: change.keys.sk.s,
                document: document.s,
            });
        }
    }
    found
}
