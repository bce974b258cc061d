//! What a request costs at DynamoDB, warm.

use gatehouse_local::http_client::Service;
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
    scim.get("/Schemas").await;
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
    assert_cost(&world, 3, &[("BatchGetItem", 1), ("PutItem", 1), ("Query", 2)]);
    scim.get("/Users?startIndex=3&count=2").await;
    assert_cost(
        &world,
        4,
        &[("BatchGetItem", 1), ("GetItem", 1), ("PutItem", 1), ("Query", 1)],
    );

    scim.delete(&path).await;
    assert_cost(&world, 2, &[("Query", 1), ("TransactWriteItems", 1)]);
}
