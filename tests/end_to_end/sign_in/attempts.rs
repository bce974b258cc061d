//! Attempts and cookies: each sentence of DESIGN section 3.

use chrono::TimeDelta;
use gatehouse_tests::{Visitor, World};

/// Two tabs of one browser do not disturb each other: both sign-ins come through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_07_two_tabs_do_not_disturb_each_other() {
    for world in [World::deployed().await, World::start().await] {
        let browser = world.browser();
        let first = world.asked(&browser).await;
        let second = world.asked(&browser).await;
        let visitor = Visitor::new("ada@acme.com");
        for asked in [second, first] {
            let issue = world.idp.response(&world, &visitor, Some(&asked.id));
            let answer = world.deliver(&browser, &issue, Some(&asked.relay_state)).await;
            assert!(
                answer.parameter("code").is_some(),
                "{} {}",
                answer.code(),
                answer.body
            );
        }
    }
}

/// A response that another browser delivers signs nobody in, and the attempt stays open for its own browser.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_another_browser_cannot_finish_a_sign_in() {
    let world = World::deployed().await;
    let (victim, attacker) = (world.browser(), world.browser());
    world.begin(&attacker, &world.by_connection()).await;
    let asked = world.asked(&victim).await;
    let issue = world
        .idp
        .response(&world, &Visitor::new("ada@acme.com"), Some(&asked.id));
    let refused = world.deliver(&attacker, &issue, Some(&asked.relay_state)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (400, "browser_mismatch")
    );
    assert!(world.users().await.is_empty());
    let done = world.deliver(&victim, &issue, Some(&asked.relay_state)).await;
    assert!(done.parameter("code").is_some(), "{}", done.code());
}

/// Login CSRF: the attacker's own response and RelayState in the victim's browser sign nobody in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_planted_response_signs_nobody_in() {
    for world in [World::deployed().await, World::start().await] {
        let (victim, attacker) = (world.browser(), world.browser());
        world.begin(&victim, &world.by_connection()).await;
        let asked = world.asked(&attacker).await;
        let issue = world
            .idp
            .response(&world, &Visitor::new("mallory@acme.com"), Some(&asked.id));
        let answer = world.deliver(&victim, &issue, Some(&asked.relay_state)).await;
        assert_eq!(answer.code(), "browser_mismatch");
        assert_eq!(victim.cookie("session"), None);
    }
}

/// Cookie missing: nothing is consumed, and the page offers to start again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x_08_a_missing_cookie_consumes_nothing() {
    for world in [World::deployed().await, World::start().await] {
        let browser = world.browser();
        let asked = world.asked(&browser).await;
        let issue = world
            .idp
            .response(&world, &Visitor::new("ada@acme.com"), Some(&asked.id));
        let refused = world
            .deliver(&world.browser(), &issue, Some(&asked.relay_state))
            .await;
        assert_eq!(
            (refused.status.as_u16(), refused.code().as_str()),
            (400, "cookie_missing")
        );
        assert!(refused.body.contains("start again"), "{}", refused.body);
        let done = world.deliver(&browser, &issue, Some(&asked.relay_state)).await;
        assert!(done.parameter("code").is_some(), "{} {}", done.code(), done.body);
    }
}

/// An attempt lives ten minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_an_expired_attempt_is_refused() {
    let world = World::deployed().await;
    let browser = world.browser();
    let asked = world.asked(&browser).await;
    world.pass(TimeDelta::minutes(11));
    let issue = world
        .idp
        .response(&world, &Visitor::new("ada@acme.com"), Some(&asked.id));
    let refused = world.deliver(&browser, &issue, Some(&asked.relay_state)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (400, "attempt_unknown")
    );
    assert!(world.users().await.is_empty());
}

/// A replay, also with a new attempt's RelayState, is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_replayed_response_is_refused() {
    let world = World::deployed().await;
    let browser = world.browser();
    let asked = world.asked(&browser).await;
    let issue = world
        .idp
        .response(&world, &Visitor::new("ada@acme.com"), Some(&asked.id));
    assert!(
        world
            .deliver(&browser, &issue, Some(&asked.relay_state))
            .await
            .parameter("code")
            .is_some()
    );
    let again = world.deliver(&browser, &issue, Some(&asked.relay_state)).await;
    assert_eq!(again.code(), "attempt_unknown");
    let again = [("prompt", "login"), ("connection", world.connection.id.as_str())];
    let fresh = world.idp.asked(&world.begin(&browser, &again).await);
    let other = world.deliver(&browser, &issue, Some(&fresh.relay_state)).await;
    assert_eq!(other.code(), "attempt_unknown");
}

/// The answer of one connection does not finish an attempt at another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_15_another_connections_answer_is_refused() {
    let mut world = World::deployed().await;
    let other = gatehouse_tests::world::make_connection(&world.gatehouse, &world.tenant, &world.idp).await;
    let browser = world.browser();
    let asked = world.asked(&browser).await;
    world.connection = other;
    let issue = world
        .idp
        .response(&world, &Visitor::new("ada@acme.com"), Some(&asked.id));
    let refused = world.deliver(&browser, &issue, Some(&asked.relay_state)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (400, "connection_mismatch")
    );
}

/// Beginning anew ends the attempt's earlier request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_14_a_new_request_of_an_attempt_ends_the_earlier_one() {
    let world = World::deployed().await;
    let browser = world.browser();
    let sent = browser.get(&world.authorize_path(&world.by_connection())).await;
    let first = world.idp.asked(&browser.get(&sent.raw_location()).await);
    let second = world.idp.asked(&browser.get(&sent.raw_location()).await);
    let visitor = Visitor::new("ada@acme.com");
    let old = world.idp.response(&world, &visitor, Some(&first.id));
    assert_eq!(
        world
            .deliver(&browser, &old, Some(&first.relay_state))
            .await
            .code(),
        "attempt_unknown"
    );
    let new = world.idp.response(&world, &visitor, Some(&second.id));
    assert!(
        world
            .deliver(&browser, &new, Some(&second.relay_state))
            .await
            .parameter("code")
            .is_some()
    );
}

/// A sign-in makes a new session cookie.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_07_a_sign_in_makes_a_new_session_cookie() {
    let world = World::deployed().await;
    let browser = world.browser();
    world.tokens(&browser, &Visitor::new("ada@acme.com")).await;
    let first = browser.cookie("session").unwrap();
    let sent = world
        .begin(
            &browser,
            &[("prompt", "login"), ("connection", world.connection.id.as_str())],
        )
        .await;
    let asked = world.idp.asked(&sent);
    assert!(asked.xml.contains("ForceAuthn=\"true\""), "{}", asked.xml);
    let issue = world
        .idp
        .response(&world, &Visitor::new("ada@acme.com"), Some(&asked.id));
    assert!(
        world
            .deliver(&browser, &issue, Some(&asked.relay_state))
            .await
            .parameter("code")
            .is_some()
    );
    assert_ne!(browser.cookie("session").unwrap(), first);
}
