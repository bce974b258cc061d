//! Refresh tokens: each works once, all end with the sign-in, and none extends it.

use chrono::TimeDelta;
use futures_util::future::join_all;
use gatehouse_tests::World;
use gatehouse_tests::app::tokens;
use serde_json::json;

use super::support::{ada, arrive_to_tokens, asks_idp, basic, post, refused, register, silent_error};

/// A refresh token that comes again ends its whole family, access token included.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_reuse_of_a_refresh_token_ends_the_family() {
    let world = World::start().await;
    let first = world.tokens(&world.browser(), &ada()).await;
    let second = tokens(&world.refresh(first.text("refresh_token")).await);
    assert!(second.claims.get("nonce").is_none());
    assert_eq!(second.claims["auth_time"], first.claims["auth_time"]);
    assert_eq!(second.claims["sid"], first.claims["sid"]);
    let third = tokens(&world.refresh(second.text("refresh_token")).await);
    assert_eq!(world.userinfo(third.text("access_token")).await.status, 200);
    refused(
        &world.refresh(first.text("refresh_token")).await,
        400,
        "invalid_grant",
    );
    refused(
        &world.refresh(third.text("refresh_token")).await,
        400,
        "invalid_grant",
    );
    refused(
        &world.userinfo(third.text("access_token")).await,
        401,
        "invalid_token",
    );
}

/// Of one refresh token presented ten times at once at most one use succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_refresh_token_used_ten_times_at_once_works_once() {
    let world = World::start().await;
    let token = world
        .tokens(&world.browser(), &ada())
        .await
        .text("refresh_token")
        .to_owned();
    let answers = join_all((0..10).map(|_| world.refresh(&token))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for lost in answers.iter().filter(|answer| answer.status != 200) {
        refused(lost, 400, "invalid_grant");
    }
}

/// Another client's refresh token is worth nothing, and trying it harms nobody; scopes only narrow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_refresh_token_is_the_clients_own_and_only_narrows() {
    let world = World::start().await;
    let token = world
        .tokens(&world.browser(), &ada())
        .await
        .text("refresh_token")
        .to_owned();
    let other = register(&world, json!({})).await;
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    let authorization = basic(other.client.id.as_str(), &other.secret);
    refused(
        &post(&world, "/oauth2/token", &fields, Some(&authorization)).await,
        400,
        "invalid_grant",
    );
    for scope in ["openid phone", "openid unknown", "email"] {
        let asked = [fields.as_slice(), &[("scope", scope)]].concat();
        refused(&world.token_request(&asked).await, 400, "invalid_scope");
    }
    let narrowed = world
        .token_request(&[fields.as_slice(), &[("scope", "openid")]].concat())
        .await;
    let narrowed = tokens(&narrowed);
    assert!(narrowed.claims.get("email").is_none(), "{}", narrowed.claims);
    assert!(
        world
            .userinfo(narrowed.text("access_token"))
            .await
            .json()
            .get("email")
            .is_none()
    );
}

/// A changed part of a refresh token finds nothing: neither another tenant's grant nor another person's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_forged_refresh_token_finds_nothing() {
    let world = World::start().await;
    let token = world
        .tokens(&world.browser(), &ada())
        .await
        .text("refresh_token")
        .to_owned();
    let zero = "00000000-0000-4000-8000-000000000000";
    let parts = token
        .strip_prefix("ghrt_")
        .unwrap()
        .split('.')
        .collect::<Vec<_>>();
    let hash = "A".repeat(43);
    for (at, other) in [(0, zero), (1, zero), (2, hash.as_str()), (3, zero)] {
        let mut forged = parts.clone();
        forged[at] = other;
        refused(
            &world.refresh(&format!("ghrt_{}", forged.join("."))).await,
            400,
            "invalid_grant",
        );
    }
    for garbage in ["", "ghrt_", "ghrt_a.b.c.d.e", &token[5..]] {
        assert_eq!(world.refresh(garbage).await.status, 400, "{garbage}");
    }
    assert_eq!(
        world.refresh(&token).await.status,
        200,
        "the real one still works"
    );
}

/// Twenty hours after the identity provider vouched, refresh answers `invalid_grant` however often it was refreshed,
/// and authorize asks the identity provider.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_08_access_ends_after_twenty_hours_and_refreshing_extends_nothing() {
    let world = World::start().await;
    let browser = world.browser();
    let mut current = world.tokens(&browser, &ada()).await;
    for _ in 0..3 {
        world.pass(TimeDelta::minutes(399));
        current = tokens(&world.refresh(current.text("refresh_token")).await);
    }
    assert!(
        current.answer["expires_in"].as_i64().unwrap() <= 180,
        "no access token outlives access"
    );
    assert_eq!(silent_error(&world, &browser, &[]).await, "");
    world.pass(TimeDelta::minutes(4));
    refused(
        &world.refresh(current.text("refresh_token")).await,
        400,
        "invalid_grant",
    );
    refused(
        &world.userinfo(current.text("access_token")).await,
        401,
        "invalid_token",
    );
    assert_eq!(silent_error(&world, &browser, &[]).await, "login_required");
    assert!(asks_idp(&browser.get(&world.authorize_path(&[])).await));
}

/// `SessionNotOnOrAfter` ends access earlier.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_08_access_ends_at_session_not_on_or_after() {
    let world = World::start().await;
    let browser = world.browser();
    let end = world.gatehouse.clock.now() + TimeDelta::hours(2);
    let first = arrive_to_tokens(&world, &browser, &ada(), |issue| {
        issue.session_not_on_or_after = Some(end)
    })
    .await;
    world.pass(TimeDelta::minutes(118));
    let second = tokens(&world.refresh(first.text("refresh_token")).await);
    world.pass(TimeDelta::minutes(3));
    refused(
        &world.refresh(second.text("refresh_token")).await,
        400,
        "invalid_grant",
    );
    assert_eq!(silent_error(&world, &browser, &[]).await, "login_required");
}

/// The session ends after 14 days, and refresh with it, where a tenant lets access last longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_07_refresh_ends_with_the_session_of_two_weeks() {
    let mut world = World::start().await;
    world
        .set_tenant(|tenant| tenant.settings.access_seconds = 30 * 24 * 3600)
        .await;
    let browser = world.browser();
    let first = world.tokens(&browser, &ada()).await;
    world.pass(TimeDelta::days(14) - TimeDelta::minutes(1));
    let second = tokens(&world.refresh(first.text("refresh_token")).await);
    assert_eq!(silent_error(&world, &browser, &[]).await, "");
    world.pass(TimeDelta::minutes(2));
    refused(
        &world.refresh(second.text("refresh_token")).await,
        400,
        "invalid_grant",
    );
    assert_eq!(silent_error(&world, &browser, &[]).await, "login_required");
}

/// An owner who shortens access shortens it for who has signed in already: session and refresh token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_08_shorter_access_holds_for_living_grants() {
    let mut world = World::start().await;
    let browser = world.browser();
    let first = world.tokens(&browser, &ada()).await;
    world
        .set_tenant(|tenant| tenant.settings.access_seconds = 3600)
        .await;
    world.pass(TimeDelta::minutes(61));
    assert_eq!(silent_error(&world, &browser, &[]).await, "login_required");
    refused(
        &world.refresh(first.text("refresh_token")).await,
        400,
        "invalid_grant",
    );
}
