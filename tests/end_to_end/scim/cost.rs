//! What a request costs at DynamoDB, warm.

use gatehouse_local::http_client::Service;
use gatehouse_tests::Scim;
use gatehouse_tests::World;
use gatehouse_tests::scim::USER;
use serde_json::json;

#[track_caller]
fn assert_cost(world: &World, sequential: usize, calls: &[(&str, usize)]) {
    world.assert_dynamodb(sequential, calls);
    world.local.traffic().clear();
}

/// SE-25: a user is made by one request and read by one; a look-up by name takes two, a change two; a page takes two
/// round trips, and one that follows three.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_requests_of_each_operation() {
    let world = World::start().await;
    let scim = world.scim().await;
    scim.warm().await;
    let traffic = world.local.traffic();

    traffic.clear();
    let ada = scim
        .user(
            "ada@acme.com",
            json!({ "externalId": "1", "emails": [{ "value": "ada@acme.com" }] }),
        )
        .await;
    assert_cost(&world, 1, &[("TransactWriteItems", 1)]);
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());

    scim.get(&path).await;
    assert_cost(&world, 1, &[("Query", 1)]);

    for filter in [
        "userName eq \"ada@acme.com\"",
        "externalId eq \"1\"",
        "emails.value eq \"ada@acme.com\"",
    ] {
        scim.filter("/Users", filter).await;
        assert_eq!(traffic.sequential_round_trips(Service::DynamoDb), 2, "{filter}");
        assert_eq!(traffic.calls().len(), 2, "{filter}");
        traffic.clear();
    }
    scim.filter("/Users", "userName eq \"nobody\"").await;
    assert_cost(&world, 1, &[("GetItem", 1)]);

    scim.patch(
        &path,
        json!([{ "op": "replace", "path": "active", "value": false }]),
    )
    .await;
    assert_cost(&world, 2, &[("Query", 1), ("TransactWriteItems", 1)]);
    let body = json!({ "schemas": [USER], "userName": "ada@acme.com" });
    scim.put(&path, &body).await;
    assert_cost(&world, 2, &[("Query", 1), ("TransactWriteItems", 1)]);

    for n in 0..5 {
        scim.user(&format!("user{n}"), json!({})).await;
    }
    traffic.clear();
    scim.get("/Users?count=2").await;
    assert_cost(&world, 2, &[("BatchGetItem", 1), ("PutItem", 1), ("Query", 2)]);
    scim.get("/Users?startIndex=3&count=2").await;
    assert_cost(
        &world,
        3,
        &[("BatchGetItem", 1), ("GetItem", 1), ("PutItem", 1), ("Query", 1)],
    );

    scim.delete(&path).await;
    assert_cost(&world, 2, &[("Query", 1), ("TransactWriteItems", 1)]);
}

/// What operations consumed, in the order they were done: name, read units, write units.
type Consumed = Vec<(&'static str, f64, f64)>;

/// Read and write units since the last call.
async fn consumed((world, scim): (&World, &Scim), consumed: &mut Consumed, name: &'static str) {
    let capacity = world.local.traffic().capacity();
    consumed.push((name, capacity.read, capacity.write));
    // The key is believed for 15 seconds: its look-up is not counted.
    scim.warm().await;
    world.local.traffic().clear();
}

/// A user as identity providers send one.
async fn full_user(scim: &Scim, name: &str) -> String {
    let more = json!({
        "externalId": name,
        "name": { "givenName": "Ada", "familyName": "Lovelace" },
        "displayName": "Ada Lovelace",
        "title": "Countess",
        "emails": [{ "value": format!("{name}@acme.com"), "type": "work", "primary": true }],
    });
    let user = scim.user(&format!("{name}@acme.com"), more).await;
    user["id"].as_str().unwrap().to_owned()
}

/// SE-25: what each operation on users consumes, as DynamoDB counts it; a look-up costs the same however many there are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_capacity_of_each_operation_on_users() {
    let world = World::start().await;
    let scim = world.scim().await;
    for n in 0..100 {
        full_user(&scim, &format!("user{n}")).await;
    }
    scim.warm().await;
    world.local.traffic().measure_capacity();
    world.local.traffic().clear();
    let mut seen = Consumed::new();
    let path = format!("/Users/{}", full_user(&scim, "ada").await);
    consumed((&world, &scim), &mut seen, "create").await;
    scim.get(&path).await;
    consumed((&world, &scim), &mut seen, "get").await;
    scim.filter("/Users", "userName eq \"ada@acme.com\"").await;
    consumed((&world, &scim), &mut seen, "userName eq").await;
    scim.filter("/Users", "userName eq \"nobody\"").await;
    consumed((&world, &scim), &mut seen, "userName eq, nobody").await;
    scim.get("/Users?count=100").await;
    consumed((&world, &scim), &mut seen, "page of 100").await;
    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    assert_eq!(scim.patch(&path, off.clone()).await.status, 200);
    consumed((&world, &scim), &mut seen, "deactivate").await;
    assert_eq!(scim.patch(&path, off).await.status, 200);
    consumed((&world, &scim), &mut seen, "deactivate again").await;
    assert_eq!(scim.delete(&path).await.status, 204);
    consumed((&world, &scim), &mut seen, "delete").await;
    let wanted = [
        ("create", 0.0, 17.0),
        ("get", 1.0, 0.0),
        ("userName eq", 2.0, 0.0),
        ("userName eq, nobody", 1.0, 0.0),
        ("page of 100", 104.0, 1.0),
        ("deactivate", 1.0, 12.0),
        ("deactivate again", 1.0, 0.0),
        ("delete", 1.0, 19.0),
    ];
    assert_eq!(seen, wanted);
}
