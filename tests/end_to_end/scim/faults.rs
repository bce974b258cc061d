//! What a lost answer, a conflict and an outage come to.

use std::time::Duration;

use gatehouse_local::http_client::{Fault, Service, When};
use gatehouse_tests::scim::USER;
use gatehouse_tests::{Api, World, scim_error};
use http::header;
use serde_json::{Value, json};

fn writes() -> When {
    When::operation("TransactWriteItems").of(Service::DynamoDb)
}

/// E-13: a create whose answer from the table is lost, or that meets conflicts and throttling, is done once and answered
/// 201.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_13_a_create_is_done_once_whatever_goes_wrong_below() {
    let world = World::start().await;
    let scim = world.scim().await;
    let faults = [
        Fault::LoseAnswer,
        Fault::DropConnection,
        Fault::TransactionConflict,
        Fault::Throttle,
        Fault::ServerError,
        Fault::Delay(Duration::from_millis(100)),
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        let struck = world.local.faults().inject(writes().times(2), fault);
        let name = format!("user{n}");
        let made = scim.user(&name, json!({ "externalId": name })).await;
        let found = scim
            .filter("/Users", &format!("userName eq \"{name}\""))
            .await
            .json();
        assert_eq!(found["Resources"], json!([made]));
        assert!(struck.struck() > 0);
        struck.withdraw();
    }
    let list = scim.get("/Users").await.json();
    assert_eq!(list["totalResults"], 6, "counted once each");
    assert_eq!(world.users().await.len(), 6);
}

/// While the table is away or busy, the answer says when to come again, and nothing is half done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_an_outage_is_answered_with_retry_after() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = scim.user("ada@acme.com", json!({})).await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    let body = json!({ "schemas": [USER], "userName": "grace@acme.com" });
    for (fault, status) in [(Fault::ServerError, 503), (Fault::TransactionConflict, 429)] {
        let struck = world.local.faults().inject(writes(), fault);
        for answer in [
            scim.post("/Users", &body).await,
            scim.patch(
                &path,
                json!([{ "op": "replace", "path": "active", "value": false }]),
            )
            .await,
            scim.delete(&path).await,
        ] {
            assert_eq!(answer.scim_error(), scim_error(status, ""));
            let seconds = answer.headers[header::RETRY_AFTER].to_str().unwrap();
            assert!(
                seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0),
                "{seconds}"
            );
        }
        struck.withdraw();
        assert_eq!(scim.get(&path).await.json(), ada);
        assert_eq!(scim.get("/Users").await.json()["totalResults"], 1);
    }
}

/// Every change of a user writes its event with it; the sequence is the user's version, and goes on after a deletion.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_each_change_by_scim_has_its_event() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let scim = api.scim(&acme).await;
    let ada = scim.user("ada@acme.com", json!({ "displayName": "Ada" })).await;
    let id = ada["id"].as_str().unwrap();
    let path = format!("/Users/{id}");
    let active = |value: bool| json!([{ "op": "replace", "path": "active", "value": value }]);
    scim.patch(&path, json!([{ "op": "add", "path": "title", "value": "Dr" }]))
        .await;
    scim.patch(&path, active(false)).await;
    scim.patch(&path, active(true)).await;
    scim.patch(&path, active(true)).await;
    scim.delete(&path).await;
    scim.user("ada@acme.com", json!({})).await;
    let mut found = Vec::new();
    for kind in ["user.created", "user.updated", "user.deactivated", "user.deleted"] {
        let events = api.events(kind);
        let own = events.iter().filter(|event| event["subject"] == id);
        found.extend(own.map(|event: &Value| (event["sequence"].as_u64().unwrap(), kind)));
    }
    found.sort_unstable();
    let wanted = [
        (1, "user.created"),
        (2, "user.updated"),
        (3, "user.deactivated"),
        (4, "user.updated"),
        (5, "user.deleted"),
        (6, "user.created"),
    ];
    assert_eq!(found, wanted);
    assert_eq!(api.events("user.created")[0]["data"]["user"]["name"], "Ada");
}
