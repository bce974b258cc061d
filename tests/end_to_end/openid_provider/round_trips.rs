//! What the provider's requests cost at DynamoDB.

use gatehouse_tests::World;
use gatehouse_tests::app::tokens;

use super::support::{ada, silent_code};

#[track_caller]
fn assert_cost(world: &World, sequential: usize, calls: &[(&str, usize)]) {
    world.assert_dynamodb(sequential, calls);
    let calls = world.local.traffic().calls();
    let batches = calls
        .into_iter()
        .filter(|(call, _)| call.operation == "BatchGetItem");
    assert!(
        batches.into_iter().all(|(call, _)| call.consistent),
        "user and epoch are read consistently"
    );
}

/// Warm: authorize with a session 2 round trips, token 3, refresh 2, userinfo 1; user, session and grant always in one
/// consistent read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_round_trips_of_authorize_token_refresh_and_userinfo() {
    let world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    let traffic = world.local.traffic();

    traffic.clear();
    let code = silent_code(&world, &browser, &[]).await;
    assert_cost(&world, 2, &[("BatchGetItem", 1), ("TransactWriteItems", 1)]);

    traffic.clear();
    let first = tokens(&world.redeem(&code).await);
    let calls = [
        ("BatchGetItem", 1),
        ("GetItem", 1),
        ("Query", 1),
        ("TransactWriteItems", 1),
    ];
    assert_cost(&world, 3, &calls);

    traffic.clear();
    let second = tokens(&world.refresh(first.text("refresh_token")).await);
    assert_cost(
        &world,
        2,
        &[("BatchGetItem", 1), ("Query", 1), ("TransactWriteItems", 1)],
    );

    traffic.clear();
    assert_eq!(world.userinfo(second.text("access_token")).await.status, 200);
    assert_cost(&world, 1, &[("BatchGetItem", 1), ("Query", 1)]);
}
