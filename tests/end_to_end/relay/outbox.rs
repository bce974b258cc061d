//! Every change reaches EventBridge.

use std::collections::BTreeMap;

use gatehouse_local::http_client::{Fault, Service, When};
use gatehouse_tests::{Visitor, World};
use serde_json::{Value, json};

/// Three people sign in, one of them twice with another address: events of the outbox.
async fn changes(world: &World) {
    for address in ["ada@acme.com", "grace@acme.com", "edsger@acme.com"] {
        world.tokens(&world.browser(), &Visitor::new(address)).await;
    }
}

/// Events in the outbox, by id of the subject.
fn written(world: &World) -> usize {
    let records = world.local.dynamodb().stream_records(None, 1_000).unwrap();
    let documents = records
        .iter()
        .filter_map(|record| record["dynamodb"]["NewImage"]["doc"]["S"].as_str())
        .filter_map(|text| serde_json::from_str::<Value>(text).ok());
    documents
        .filter_map(|document| document["events"].as_array().map(Vec::len))
        .sum()
}

fn by_id(world: &World) -> BTreeMap<String, Vec<Value>> {
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for event in world.local.events().events() {
        let id = event["detail"]["id"].as_str().unwrap().to_owned();
        found.entry(id).or_default().push(event);
    }
    found
}

/// What a sign-in changes is on the bus, in the envelope's names, with the user's version as its sequence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_a_change_reaches_the_bus_with_its_sequence() {
    let world = World::deployed().await;
    changes(&world).await;
    world.relay().await;
    let created = world.on_the_bus("user.created");
    assert_eq!(created.len(), 3);
    for event in &created {
        assert_eq!(
            (&event["type"], &event["schema"], &event["sequence"]),
            (&json!("user.created"), &json!(1), &json!(1))
        );
        assert_eq!(event["tenant"], world.tenant.id.as_str());
        assert_eq!(event["subject"], event["data"]["user"]["id"]);
    }
    assert_eq!(by_id(&world).len(), written(&world));
}

/// EventBridge answers 200 and refuses one entry: that one comes again, and the others do not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_an_entry_that_failed_within_a_200_comes_again() {
    let world = World::deployed().await;
    changes(&world).await;
    let body = json!({ "FailedEntryCount": 1, "Entries": [{ "ErrorCode": "ThrottlingException" }] });
    let fault = Fault::Answer {
        status: 200,
        body: body.to_string(),
    };
    let order = When::operation("PutEvents").of(Service::EventBridge).times(1);
    let struck = world.local.faults().inject(order, fault);
    world.relay().await;
    assert_eq!(struck.struck(), 1);
    let found = by_id(&world);
    assert_eq!(found.len(), written(&world));
    assert!(found.values().all(|deliveries| deliveries.len() == 1));
}

/// EventBridge is away for longer than one invocation bears, and answers get lost: nothing is lost, and a second
/// delivery has the id of the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_nothing_is_lost_while_the_bus_is_away() {
    let world = World::deployed().await;
    changes(&world).await;
    let put = || When::operation("PutEvents").of(Service::EventBridge);
    world.local.faults().inject(put().times(20), Fault::ServerError);
    world.local.faults().inject(put().times(2), Fault::LoseAnswer);
    world.relay().await;
    let found = by_id(&world);
    assert_eq!(found.len(), written(&world));
    for deliveries in found.values() {
        assert!(
            deliveries
                .iter()
                .all(|event| event["detail"] == deliveries[0]["detail"])
        );
    }
}

/// Changes that no handler recorded have an entry in the audit trail, once, without the person's name or address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_the_relay_writes_the_audit_trail_once() {
    let world = World::deployed().await;
    changes(&world).await;
    world.relay().await;
    world.relay_from_the_start().await;
    let today = world.gatehouse.clock.now().date_naive();
    let store = world.gatehouse.store.tenant(&world.tenant.id);
    let trail = store.audit_of(today, None, 1_000).await.unwrap();
    let created: Vec<_> = trail
        .iter()
        .filter(|entry| entry.action == "user.created")
        .collect();
    assert_eq!(created.len(), 3);
    assert!(!serde_json::to_string(&trail).unwrap().contains("acme.com"));
}

/// Many changes of one person at once, and of others between them: on the bus each person's sequence begins at one, goes
/// up by one and never back, whatever the order in which the requests were answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_a_persons_sequence_goes_up_without_gaps() {
    let world = World::start().await;
    let scim = world.scim().await;
    let mut people = Vec::new();
    for name in ["ada@acme.com", "grace@acme.com"] {
        people.push(
            scim.user(name, json!({})).await["id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    let changes = (0..16).map(|number| {
        let path = format!("/Users/{}", people[number % 2]);
        let operation =
            json!([{ "op": "replace", "path": "displayName", "value": format!("Name {number}") }]);
        let scim = scim.clone();
        async move { scim.patch(&path, operation).await.status.as_u16() }
    });
    let statuses = futures_util::future::join_all(changes).await;
    let done = statuses.iter().filter(|status| **status == 200).count();
    assert!(done >= 8, "{statuses:?}");
    world.relay().await;
    let mut all = Vec::new();
    for id in &people {
        let events = world.local.events().events();
        let of = |event: &&Value| event["detail"]["subject"] == id.as_str();
        let sequence: Vec<u64> = events
            .iter()
            .filter(of)
            .map(|event| event["detail"]["sequence"].as_u64().unwrap())
            .collect();
        let wanted: Vec<u64> = (1..).take(sequence.len()).collect();
        assert_eq!(sequence, wanted);
        all.extend(sequence);
    }
    assert_eq!(
        all.len(),
        done + 2,
        "an event for each change that was answered, and for no other"
    );
}
