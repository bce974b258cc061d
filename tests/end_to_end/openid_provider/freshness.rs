//! How old an authentication may be, and who says so.

use chrono::{DateTime, TimeDelta};
use gatehouse_local::demo_idp::issue::Issue;
use gatehouse_tests::app::tokens;
use gatehouse_tests::{Answer, World};

use super::support::{ada, arrive, arrive_to_tokens, asks_idp, silent_error};

async fn goes_to_idp(world: &World, more: &[(&str, &str)]) -> String {
    let mut all = world.by_connection();
    all.extend_from_slice(more);
    let sent = world.begin(&world.browser(), &all).await;
    world.idp.asked(&sent).xml
}

#[track_caller]
fn is_refused_as_stale(answer: &Answer) {
    assert!(
        answer.status.is_client_error(),
        "{} {}",
        answer.status,
        answer.body
    );
    assert_eq!(answer.code(), "sign_in_not_fresh");
    assert!(
        answer
            .headers
            .get("set-cookie")
            .is_none_or(|cookie| !cookie.to_str().unwrap().contains("session"))
    );
}

/// `max_age` and `prompt=login` ask the identity provider by ForceAuthn; an ordinary request does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_max_age_and_prompt_login_force_authentication_upstream() {
    let world = World::start().await;
    for more in [("prompt", "login"), ("max_age", "60"), ("max_age", "0")] {
        let xml = goes_to_idp(&world, &[more]).await;
        assert!(xml.contains("ForceAuthn=\"true\""), "{more:?} {xml}");
    }
    for more in [
        ("prompt", "select_account"),
        ("prompt", "consent"),
        ("nonce", "n"),
    ] {
        let xml = goes_to_idp(&world, &[more]).await;
        assert!(!xml.contains("ForceAuthn=\"true\""), "{more:?} {xml}");
    }
}

/// An identity provider that answers a forced request from an old session of its own is refused; a fresh answer passes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_stale_answer_to_a_forced_request_is_refused() {
    let world = World::start().await;
    for more in [("prompt", "login"), ("max_age", "60"), ("max_age", "0")] {
        let ten_minutes = |issue: &mut Issue| issue.authn_instant -= TimeDelta::minutes(10);
        let stale = arrive(&world, &world.browser(), &ada(), &[more], ten_minutes).await;
        is_refused_as_stale(&stale);
        let fresh = arrive(&world, &world.browser(), &ada(), &[more], |_| {}).await;
        let code = fresh.parameter("code").unwrap();
        assert!(tokens(&world.redeem(&code).await).claims["auth_time"].is_i64());
    }
    let old = arrive(&world, &world.browser(), &ada(), &[], |issue| {
        issue.authn_instant -= TimeDelta::hours(3)
    })
    .await;
    assert!(old.parameter("code").is_some(), "nobody asked for a fresh one");
}

/// `auth_time` is what the identity provider says, and `max_age` counts from it, not from when it last vouched.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_auth_time_is_the_identity_providers() {
    let world = World::start().await;
    let browser = world.browser();
    let now = world.gatehouse.clock.now();
    let three_hours = |issue: &mut Issue| issue.authn_instant -= TimeDelta::hours(3);
    let tokens = arrive_to_tokens(&world, &browser, &ada(), three_hours).await;
    let told = DateTime::from_timestamp(tokens.claims["auth_time"].as_i64().unwrap(), 0).unwrap();
    assert!(
        (now - TimeDelta::hours(3) - told).abs() < TimeDelta::minutes(1),
        "{told}"
    );
    assert_eq!(silent_error(&world, &browser, &[]).await, "");
    assert_eq!(
        silent_error(&world, &browser, &[("max_age", "7200")]).await,
        "login_required"
    );
    assert_eq!(silent_error(&world, &browser, &[("max_age", "14400")]).await, "");
    assert!(asks_idp(
        &browser.get(&world.authorize_path(&[("max_age", "7200")])).await
    ));
}

/// After twenty hours authorize asks the identity provider again, without forcing it, and its answer renews access.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_08_the_identity_provider_renews_access() {
    let world = World::start().await;
    let browser = world.browser();
    let first = world.tokens(&browser, &ada()).await;
    world.pass(TimeDelta::hours(20) + TimeDelta::seconds(1));
    assert_eq!(silent_error(&world, &browser, &[]).await, "login_required");
    assert!(!goes_to_idp(&world, &[]).await.contains("ForceAuthn=\"true\""));
    let again = world.tokens(&browser, &ada()).await;
    assert_eq!(again.claims["sub"], first.claims["sub"]);
    world.pass(TimeDelta::hours(19));
    assert_eq!(silent_error(&world, &browser, &[]).await, "");
}

/// `prompt=none` never shows a page, whatever else is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_prompt_none_never_shows_a_page() {
    let world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    world.pass(TimeDelta::minutes(1));
    assert_eq!(
        silent_error(&world, &browser, &[("max_age", "0")]).await,
        "login_required"
    );
    let nobody = world.browser();
    let asks: [&[(&str, &str)]; 5] = [
        &[],
        &[("login_hint", "ada@acme.com")],
        &[("login_hint", "ada@nowhere.example")],
        &[("organization", world.tenant.id.as_str())],
        &[("connection", world.connection.id.as_str()), ("max_age", "5")],
    ];
    for more in asks {
        assert_eq!(
            silent_error(&world, &nobody, more).await,
            "login_required",
            "{more:?}"
        );
    }
}
