//! Codes: single use, bound to client, redirect URI and verifier, short-lived.

use chrono::TimeDelta;
use futures_util::future::join_all;
use gatehouse_tests::World;
use gatehouse_tests::app::{VERIFIER, tokens};
use gatehouse_tests::world::REDIRECT_URI;
use serde_json::json;

use super::support::{ada, basic, post, redeeming, refused, register, silent_code};

/// A second use of a code ends everything that the first one brought.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_reuse_of_a_code_revokes_what_it_brought() {
    let world = World::start().await;
    let browser = world.browser();
    let answer = world.sign_in(&browser, &ada()).await;
    assert_eq!(
        answer.parameter("iss").as_deref(),
        Some(world.gatehouse.config.base_url.as_str())
    );
    let code = answer.parameter("code").unwrap();
    let first = tokens(&world.redeem(&code).await);
    assert_eq!(world.userinfo(first.text("access_token")).await.status, 200);
    refused(&world.redeem(&code).await, 400, "invalid_grant");
    refused(
        &world.userinfo(first.text("access_token")).await,
        401,
        "invalid_token",
    );
    refused(
        &world.refresh(first.text("refresh_token")).await,
        400,
        "invalid_grant",
    );
    assert!(
        !silent_code(&world, &browser, &[]).await.is_empty(),
        "the session itself stays"
    );
}

/// One code redeemed 30 times at once yields tokens once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_code_redeemed_thirty_times_at_once_yields_tokens_once() {
    let world = World::start().await;
    let code = world
        .sign_in(&world.browser(), &ada())
        .await
        .parameter("code")
        .unwrap();
    let answers = join_all((0..30).map(|_| world.redeem(&code))).await;
    let won = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .collect::<Vec<_>>();
    assert_eq!(won.len(), 1);
    for lost in answers.iter().filter(|answer| answer.status != 200) {
        refused(lost, 400, "invalid_grant");
    }
    let ended = world.userinfo(tokens(won[0]).text("access_token")).await;
    refused(&ended, 401, "invalid_token");
}

/// A code is worth nothing with another verifier, redirect URI or client; none of these tries spends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_code_is_bound_to_client_uri_and_verifier() {
    let world = World::start().await;
    let code = world
        .sign_in(&world.browser(), &ada())
        .await
        .parameter("code")
        .unwrap();
    let with = |name: &'static str, value: &'static str| {
        let mut fields = redeeming(&code);
        fields.retain(|(field, _)| *field != name);
        fields.push((name, value));
        fields
    };
    let wrong = [
        with(
            "code_verifier",
            "another-verifier-of-the-tests-0123456789-0123456789",
        ),
        with("code_verifier", ""),
        with("redirect_uri", "https://app.example.com/callback/"),
    ];
    for fields in wrong {
        refused(&world.token_request(&fields).await, 400, "invalid_grant");
    }
    refused(
        &world.token_request(&with("redirect_uri", "")).await,
        400,
        "invalid_request",
    );
    let other = register(&world, json!({})).await;
    let authorization = basic(other.client.id.as_str(), &other.secret);
    refused(
        &post(&world, "/oauth2/token", &redeeming(&code), Some(&authorization)).await,
        400,
        "invalid_grant",
    );
    assert_eq!(world.redeem(&code).await.status, 200);
    refused(
        &post(&world, "/oauth2/token", &redeeming(&code), Some(&authorization)).await,
        400,
        "invalid_grant",
    );
}

/// A code lives 60 seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_code_lives_a_minute() {
    let world = World::start().await;
    let code = world
        .sign_in(&world.browser(), &ada())
        .await
        .parameter("code")
        .unwrap();
    world.pass(TimeDelta::seconds(61));
    refused(&world.redeem(&code).await, 400, "invalid_grant");
}

/// Malformed, doubled and unknown token requests are refused by name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_token_requests_are_read_strictly() {
    let world = World::start().await;
    let code = "A".repeat(43);
    let own = [("redirect_uri", REDIRECT_URI), ("code_verifier", VERIFIER)];
    let ask = |first: &[(&'static str, &'static str)]| {
        let mut fields = first.to_vec();
        fields.extend(own);
        fields
    };
    refused(
        &world.token_request(&ask(&[("grant_type", "password")])).await,
        400,
        "unsupported_grant_type",
    );
    refused(&world.token_request(&ask(&[])).await, 400, "invalid_request");
    refused(
        &world
            .token_request(&ask(&[("grant_type", "authorization_code")]))
            .await,
        400,
        "invalid_request",
    );
    let other = ask(&[("grant_type", "authorization_code"), ("code", "none of ours")]);
    refused(&world.token_request(&other).await, 400, "invalid_grant");
    refused(&world.redeem(&code).await, 400, "invalid_grant");
    let twice = [redeeming(&code), vec![("code", "other")]].concat();
    refused(&world.token_request(&twice).await, 400, "invalid_request");
    let json = world
        .browser()
        .post_raw("/oauth2/token", "application/json", b"{}".to_vec())
        .await;
    refused(&json, 415, "invalid_request");
}
