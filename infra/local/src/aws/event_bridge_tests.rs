//! The real SDK against the local EventBridge.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use super::*;
use crate::{Local, Options};

fn entry(detail: &str) -> PutEventsRequestEntry {
    PutEventsRequestEntry::builder()
        .source("gatehouse")
        .detail_type("user.created")
        .event_bus_name("gatehouse")
        .detail(detail)
        .build()
}

#[tokio::test]
async fn events_are_kept_in_their_envelope_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(&Options::in_folder(folder.path())).unwrap();
    let client = aws_sdk_eventbridge::Client::new(local.sdk_config());
    let answer = client
        .put_events()
        .entries(entry(r#"{"version":1}"#))
        .entries(entry("no json"))
        .entries(entry(r#"{"version":2}"#))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.failed_entry_count(), 1);
    assert_eq!(answer.entries()[1].error_code(), Some("MalformedDetail"));
    assert!(answer.entries()[0].event_id().is_some());
    let events = local.events().events();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["detail-type"], "user.created");
    assert_eq!(events[0]["detail"]["version"], 1);
    assert_eq!(events[1]["event-bus-name"], "gatehouse");
    local.stop().await;
    let again = Local::start(&Options::in_folder(folder.path())).unwrap();
    assert_eq!(again.events().events(), events);
}

#[tokio::test]
async fn more_than_ten_entries_are_refused_whole() {
    let local = Local::start(&Options::in_memory()).unwrap();
    let client = aws_sdk_eventbridge::Client::new(local.sdk_config());
    let refused = client
        .put_events()
        .set_entries(Some(vec![entry("{}"); 11]))
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        refused.into_service_error().meta().code(),
        Some("ValidationException")
    );
    assert!(local.events().events().is_empty());
}

#[test]
fn half_a_line_of_a_killed_process_spoils_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::system();
    let today = folder
        .path()
        .join(format!("{}.jsonl", clock.now().format("%Y-%m-%d")));
    std::fs::write(&today, "{\"id\":\"1\"}\n{\"id\":\"2\",\"det").unwrap();
    let bus = EventBus::open(Some(folder.path().to_owned()), &clock).unwrap();
    assert_eq!(bus.events().len(), 1);
    let body = r#"{"Entries":[{"Source":"s","DetailType":"t","Detail":"{}"}]}"#;
    bus.answer(body.as_bytes()).unwrap();
    assert_eq!(
        EventBus::open(Some(folder.path().to_owned()), &clock)
            .unwrap()
            .events()
            .len(),
        2
    );
}
