//! What a sign-in costs at DynamoDB.

use gatehouse_local::http_client::Service;
use gatehouse_tests::{Answer, Visitor, World};

/// A sign-in up to the answer of the ACS, of which only the ACS is counted.
async fn acs_cost(world: &World, visitor: &Visitor) -> (Answer, usize, usize) {
    let browser = world.browser();
    let asked = world.asked(&browser).await;
    let issue = world.idp.response(world, visitor, Some(&asked.id));
    world.local.traffic().clear();
    let answer = world.deliver(&browser, &issue, Some(&asked.relay_state)).await;
    let traffic = world.local.traffic();
    (
        answer,
        traffic.sequential_round_trips(Service::DynamoDb),
        traffic.calls().len(),
    )
}

/// A warm repeat sign-in: attempt and identity in parallel, then one transaction. Two sequential round trips, no secret
/// read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_warm_repeat_sign_in_takes_two_sequential_round_trips() {
    let world = World::deployed().await;
    let visitor = Visitor::new("ada@acme.com");
    world.tokens(&world.browser(), &visitor).await;
    let (answer, sequential, requests) = acs_cost(&world, &visitor).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(sequential, 2);
    assert_eq!(requests, 3, "attempt, identity, transaction");
}

/// A first sign-in, warm: attempt and identity; users of the address; the transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_04_a_first_sign_in_takes_three_sequential_round_trips() {
    let world = World::deployed().await;
    world
        .tokens(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    let (answer, sequential, requests) = acs_cost(&world, &Visitor::new("grace@acme.com")).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(sequential, 3);
    assert_eq!(
        requests, 5,
        "whether the address was erased is asked beside its users"
    );
}
