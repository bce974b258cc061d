#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use aws_sdk_eventbridge::Client;
use serde_json::{Value, json};

use super::*;
use crate::secrets::fake_aws::FakeAws;

fn bus(answer: impl Fn(&Value) -> (u16, Value) + Send + Sync + 'static) -> (FakeAws, EventBus) {
    let aws = FakeAws::new(move |_, body| answer(body));
    let bus = EventBus::new(Client::new(&aws.sdk()), "directory", "gatehouse");
    (aws, bus)
}

fn event(detail: &str) -> BusEvent {
    BusEvent {
        kind: "user.updated".to_owned(),
        detail: detail.to_owned(),
        at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
    }
}

fn events(count: usize) -> Vec<BusEvent> {
    (0..count).map(|n| event(&format!("{{\"n\":{n}}}"))).collect()
}

/// Takes every entry, except those whose detail holds one of the words, which fail by that code.
fn taking_but(failing: &'static [&'static str]) -> impl Fn(&Value) -> (u16, Value) {
    move |body| {
        let entries = body["Entries"].as_array().unwrap().iter().map(|entry| {
            let detail = entry["Detail"].as_str().unwrap();
            match failing.iter().find(|code| detail.contains(**code)) {
                Some(code) => json!({"ErrorCode": code, "ErrorMessage": "detail with personal data"}),
                None => json!({"EventId": "e-1"}),
            }
        });
        let entries: Vec<Value> = entries.collect();
        let failed = entries
            .iter()
            .filter(|entry| entry["ErrorCode"].is_string())
            .count();
        (200, json!({"FailedEntryCount": failed, "Entries": entries}))
    }
}

#[tokio::test]
async fn an_event_reaches_the_bus_as_it_is() {
    let (aws, bus) = bus(taking_but(&[]));
    bus.put_all(&[event(r#"{"id":"u1","version":3}"#)]).await.unwrap();
    let (operation, body) = aws.calls().remove(0);
    assert_eq!(operation, "PutEvents");
    let entry = json!([{
        "Time": 1_700_000_000, "Source": "gatehouse", "DetailType": "user.updated",
        "Detail": r#"{"id":"u1","version":3}"#, "EventBusName": "directory",
    }]);
    assert_eq!(body["Entries"], entry);
}

#[tokio::test]
async fn batches_have_ten_entries_and_256_kib_at_most() {
    let (aws, bus) = bus(taking_but(&[]));
    assert!(bus.put(&events(23)).await.iter().all(Result::is_ok));
    let sizes: Vec<usize> = aws
        .calls()
        .iter()
        .map(|(_, body)| body["Entries"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [10, 10, 3]);
    let (aws, bus) = self::bus(taking_but(&[]));
    let large = event(&format!("{{\"x\":\"{}\"}}", "x".repeat(100 * 1024)));
    assert!(bus.put(&vec![large; 5]).await.iter().all(Result::is_ok));
    let sizes: Vec<usize> = aws
        .calls()
        .iter()
        .map(|(_, body)| body["Entries"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [2, 2, 1]);
}

#[tokio::test]
async fn gh_03_an_entry_that_failed_within_a_200_is_not_on_the_bus() {
    let (_, bus) = bus(taking_but(&["ThrottlingException", "MalformedDetail"]));
    let mixed = [
        event("{\"a\":1}"),
        event("\"ThrottlingException\""),
        event("{\"b\":1}"),
        event("MalformedDetail"),
    ];
    let outcomes = bus.put(&mixed).await;
    let codes: Vec<_> = outcomes
        .iter()
        .map(|one| one.as_ref().map_or_else(EventFault::code, |()| "ok"))
        .collect();
    assert_eq!(codes, ["ok", "event_unavailable", "ok", "event_refused"]);
    let error = bus.put_all(&mixed).await.unwrap_err();
    let failed: Vec<(usize, bool)> = error
        .failed
        .iter()
        .map(|(place, fault)| (*place, fault.is_permanent()))
        .collect();
    assert_eq!(failed, [(1, false), (3, true)]);
    assert_eq!(
        error.to_string(),
        "2 of 4 events are not on the bus; first: EventBridge did not take the event (ThrottlingException)"
    );
    assert!(!format!("{error:?}").contains("personal"));
}

#[tokio::test]
async fn gh_03_an_entry_that_the_answer_does_not_name_is_not_on_the_bus() {
    let (_, bus) = bus(|_| {
        (
            200,
            json!({"FailedEntryCount": 0, "Entries": [{"EventId": "e-1"}, {}]}),
        )
    });
    let outcomes = bus.put(&events(3)).await;
    assert_eq!(
        outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [true, false, false]
    );
}

#[tokio::test]
async fn a_failed_request_fails_its_events_and_no_others() {
    let (_, bus) = bus(|body| {
        if body["Entries"][0]["Detail"] == json!("{\"n\":0}") {
            return (500, json!({"__type": "InternalException"}));
        }
        taking_but(&[])(body)
    });
    let outcomes = bus.put(&events(12)).await;
    assert_eq!(outcomes.iter().filter(|one| one.is_err()).count(), 10);
    assert!(outcomes[10].is_ok() && outcomes[11].is_ok());
    assert!(!outcomes[0].as_ref().unwrap_err().is_permanent());
}

#[tokio::test]
async fn an_event_too_large_for_anybody_is_not_sent_and_holds_nobody_up() {
    let (aws, bus) = bus(taking_but(&[]));
    let outcomes = bus
        .put(&[event("{}"), event(&"x".repeat(256 * 1024)), event("{}")])
        .await;
    let codes: Vec<_> = outcomes
        .iter()
        .map(|one| one.as_ref().map_or_else(EventFault::code, |()| "ok"))
        .collect();
    assert_eq!(codes, ["ok", "event_too_large", "ok"]);
    assert_eq!(
        aws.calls()
            .iter()
            .map(|(_, body)| body["Entries"].as_array().unwrap().len())
            .sum::<usize>(),
        2
    );
}
