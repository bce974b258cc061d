//! Hints say whom the app means; a session of somebody else does not answer.

use chrono::TimeDelta;
use gatehouse_tests::{Visitor, World};

use super::support::{ada, arrive, asks_idp, silent_code, silent_error};

/// A `login_hint` of another person does not reuse the session; the same address in other letters does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_login_hint_of_another_person_asks_the_idp() {
    let world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    for other in ["bob@acme.com", "ada@elsewhere.org", "ada@sub.acme.com"] {
        assert_eq!(
            silent_error(&world, &browser, &[("login_hint", other)]).await,
            "login_required",
            "{other}"
        );
        assert!(
            asks_idp(&browser.get(&world.authorize_path(&[("login_hint", other)])).await),
            "{other}"
        );
    }
    for same in ["ada@acme.com", "ADA@Acme.com"] {
        assert_eq!(
            silent_error(&world, &browser, &[("login_hint", same)]).await,
            "",
            "{same}"
        );
    }
}

/// An `id_token_hint` is met by its person's session only, also when it has expired; other tokens are no hint.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_an_id_token_hint_is_met_by_its_person_only() {
    let world = World::start().await;
    let (browser, other) = (world.browser(), world.browser());
    let tokens = world.tokens(&browser, &ada()).await;
    let theirs = world.tokens(&other, &Visitor::new("bob@acme.com")).await;
    world.pass(TimeDelta::minutes(10));
    let hint = [("id_token_hint", tokens.text("id_token"))];
    assert_eq!(silent_error(&world, &browser, &hint).await, "");
    assert_eq!(silent_error(&world, &other, &hint).await, "login_required");
    let wrong = [
        tokens.text("access_token"),
        tokens.text("refresh_token"),
        "garbage",
    ];
    for token in wrong {
        assert_eq!(
            silent_error(&world, &browser, &[("id_token_hint", token)]).await,
            "invalid_request"
        );
    }
    assert_eq!(
        silent_error(&world, &browser, &[("id_token_hint", theirs.text("id_token"))]).await,
        "login_required"
    );
}

/// Where another person than the hint names signs in, the app gets `login_required` and no code.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_nobody_else_signs_in_for_an_id_token_hint() {
    let world = World::start().await;
    let hint = world
        .tokens(&world.browser(), &ada())
        .await
        .text("id_token")
        .to_owned();
    let more = [("id_token_hint", hint.as_str())];
    let answer = arrive(
        &world,
        &world.browser(),
        &Visitor::new("bob@acme.com"),
        &more,
        |_| {},
    )
    .await;
    assert_eq!(
        answer.parameter("error").as_deref(),
        Some("login_required"),
        "{}",
        answer.body
    );
    assert!(answer.parameter("code").is_none());
    assert_eq!(answer.parameter("state").as_deref(), Some("the-state"));
    let answer = arrive(&world, &world.browser(), &ada(), &more, |_| {}).await;
    assert_eq!(world.redeem(&answer.parameter("code").unwrap()).await.status, 200);
}

/// `prompt=select_account` goes past the session, and a code of it is for whoever was chosen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_select_account_goes_past_the_session() {
    let world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    assert!(asks_idp(
        &browser
            .get(&world.authorize_path(&[("prompt", "select_account")]))
            .await
    ));
    assert!(!silent_code(&world, &browser, &[]).await.is_empty());
}
