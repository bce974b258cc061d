//! A sign-in that the identity provider starts (CH-11).

use gatehouse::domain::connection::IdpInitiated;
use gatehouse_tests::{Visitor, World};

/// A switch per connection, off by default: an unsolicited response is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_11_idp_initiated_is_off_by_default() {
    let world = World::deployed().await;
    let issue = world.idp.response(&world, &Visitor::new("ada@acme.com"), None);
    let answer = world.deliver(&world.browser(), &issue, None).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (400, "unsolicited_response")
    );
}

/// Switched on, an unsolicited response signs nobody in: it routes to the app, whose request names the connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_11_an_unsolicited_response_only_routes() {
    for world in [World::deployed().await, World::start().await] {
        let mut world = world;
        world
            .set_connection(|connection| connection.idp_initiated = IdpInitiated::Route)
            .await;
        let browser = world.browser();
        let issue = world.idp.response(&world, &Visitor::new("ada@acme.com"), None);
        let routed = world
            .deliver(&browser, &issue, Some("https://app.example.com/deep"))
            .await;
        assert_eq!(routed.status, 303, "{}", routed.code());
        assert!(
            routed
                .raw_location()
                .starts_with("https://app.example.com/login?"),
            "{}",
            routed.raw_location()
        );
        assert_eq!(
            routed.parameter("iss").as_deref(),
            Some(world.gatehouse.config.base_url.as_str())
        );
        assert_eq!(
            routed.parameter("target_link_uri").as_deref(),
            Some("https://app.example.com/deep")
        );
        assert_eq!(browser.cookie("session"), None, "it signs nobody in");
        assert!(world.users().await.is_empty());
        let hint = routed.parameter("login_hint").unwrap();
        let asked = world
            .idp
            .asked(&world.begin(&browser, &[("login_hint", &hint)]).await);
        let answer = world
            .idp
            .response(&world, &Visitor::new("ada@acme.com"), Some(&asked.id));
        assert!(
            world
                .deliver(&browser, &answer, Some(&asked.relay_state))
                .await
                .parameter("code")
                .is_some()
        );
        let replayed = world.deliver(&browser, &issue, None).await;
        assert_eq!(replayed.code(), "assertion_replayed");
    }
}

/// A RelayState that is not on the client's list goes nowhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_11_a_foreign_relay_state_is_not_passed_on() {
    let mut world = World::deployed().await;
    world
        .set_connection(|connection| connection.idp_initiated = IdpInitiated::Route)
        .await;
    for target in [
        "https://evil.example.com/",
        "https://app.example.com/deep/../admin",
        "javascript:alert(1)",
    ] {
        let issue = world.idp.response(&world, &Visitor::new("ada@acme.com"), None);
        let routed = world.deliver(&world.browser(), &issue, Some(target)).await;
        assert_eq!(routed.parameter("target_link_uri"), None, "{target}");
    }
}

/// an unknown InResponseTo is treated like none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_01_an_unknown_in_response_to_is_treated_as_unsolicited() {
    let mut world = World::deployed().await;
    world
        .set_connection(|connection| connection.idp_initiated = IdpInitiated::Route)
        .await;
    let issue = world
        .idp
        .response(&world, &Visitor::new("ada@acme.com"), Some("_arbitrary"));
    let routed = world.deliver(&world.browser(), &issue, None).await;
    assert!(
        routed
            .raw_location()
            .starts_with("https://app.example.com/login?"),
        "{}",
        routed.code()
    );
}

/// For providers without SP-initiated sign-in: the person confirms on a page of ours, in this browser.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_11_the_person_confirms_on_our_page() {
    for world in [World::deployed().await, World::start().await] {
        let mut world = world;
        world
            .set_connection(|connection| connection.idp_initiated = IdpInitiated::Confirm)
            .await;
        let browser = world.browser();
        let issue = world.idp.response(&world, &Visitor::new("ada@acme.com"), None);
        let page = world.deliver(&browser, &issue, None).await;
        assert_eq!(page.status, 200, "{}", page.code());
        assert!(page.body.contains("a…@acme.com"), "{}", page.body);
        assert!(world.users().await.is_empty(), "nothing before the button");
        let token = page.hidden("result");
        let stranger = world
            .browser()
            .post("/sign-in/confirm", &[("result", &token)])
            .await;
        assert_eq!(stranger.code(), "browser_mismatch");
        let done = browser.post("/sign-in/confirm", &[("result", &token)]).await;
        assert_eq!(done.status, 303, "{}", done.code());
        assert!(done.raw_location().starts_with("https://app.example.com/login?"));
        let hint = done.parameter("login_hint").unwrap();
        let answer = browser.get(&world.authorize_path(&[("login_hint", &hint)])).await;
        assert!(
            answer.parameter("code").is_some(),
            "the session answers at once: {}",
            answer.raw_location()
        );
        let again = browser.post("/sign-in/confirm", &[("result", &token)]).await;
        assert_eq!(again.code(), "attempt_unknown");
    }
}
