//! What schedules and the stream start does its work by itself.

use gatehouse_local::functions::{self, Settings};
use gatehouse_local::http_client::{Fault, When};
use gatehouse_tests::event_schemas::EventCheck;
use gatehouse_tests::scim::GROUP;
use gatehouse_tests::{Browser, World, scheduled};
use serde_json::{Value, json};

/// In a deployment with nothing in it the upkeep makes the keys that tokens are signed with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_the_upkeep_makes_the_first_signing_keys() {
    let local = gatehouse_tests::local_at_noon();
    let _check = EventCheck::of(&local);
    let gatehouse = functions::gatehouse(&local, &Settings::default()).unwrap();
    scheduled::upkeep(&gatehouse).await.unwrap();
    let router = gatehouse_local::gateway::router(functions::processes(&local, &gatehouse));
    let browser = Browser::new(router, gatehouse.config.base_url.as_str());
    let keys = browser.get("/oauth2/jwks").await.json()["keys"].clone();
    assert!(!keys.as_array().unwrap().is_empty());
    scheduled::upkeep(&gatehouse).await.unwrap();
    assert_eq!(browser.get("/oauth2/jwks").await.json()["keys"], keys, "once");
}

/// The relay takes a deleted user out of their groups, and finishes a large change whose writer was cut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_the_relay_finishes_what_changes_of_the_directory_left() {
    let world = World::start().await;
    let scim = world.scim().await;
    let mut users = Vec::new();
    for number in 0..60 {
        let user = scim.user(&format!("u{number}@acme.com"), json!({})).await;
        users.push(user["id"].as_str().unwrap().to_owned());
    }
    let refs = |users: &[String]| users.iter().map(|id| json!({ "value": id })).collect::<Vec<_>>();
    let group = json!({ "schemas": [GROUP], "displayName": "Guides", "members": refs(&users[..2]) });
    let group = scim.post("/Groups", &group).await.json();
    let path = format!("/Groups/{}", group["id"].as_str().unwrap());
    let members = async || {
        scim.get(&path).await.json()["members"]
            .as_array()
            .map_or(0, Vec::len)
    };

    assert_eq!(scim.delete(&format!("/Users/{}", users[0])).await.status, 204);
    world.relay().await;
    assert_eq!(members().await, 1);
    assert!(work_left(&world).is_empty());

    let add = json!([{ "op": "add", "path": "members", "value": refs(&users[2..]) }]);
    for after in 0.. {
        let fault = world
            .local
            .faults()
            .inject(When::any().after(after), Fault::DropConnection);
        let done = scim.patch(&path, add.clone()).await.status.is_success();
        fault.withdraw();
        if done || !work_left(&world).is_empty() {
            break;
        }
    }
    assert!(
        !work_left(&world).is_empty(),
        "the change was not cut after its commit"
    );
    world.relay().await;
    assert!(work_left(&world).is_empty());
    assert_eq!(members().await, 59);
}

/// Committed work that nobody has done yet.
fn work_left(world: &World) -> Vec<Value> {
    let items = world.local.dynamodb().items("Directory").unwrap();
    let waits = |item: &Value| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("PW#"));
    items.into_iter().filter(waits).collect()
}
