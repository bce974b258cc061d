//! end_session: the app's own hint ends the session, everybody else's link asks first.

use gatehouse_tests::{Browser, World};

use super::support::{ada, refused, silent_error};

const BYE: &str = "https://app.example.com/bye";

fn path(fields: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    format!("/oauth2/end_session?{query}")
}

async fn is_signed_in(world: &World, browser: &Browser) -> bool {
    silent_error(world, browser, &[]).await.is_empty()
}

/// With its hint the app ends session and tokens at once; the browser goes to the registered URI with `state`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_the_apps_hint_ends_session_and_tokens() {
    let world = World::start().await;
    let (browser, other) = (world.browser(), world.browser());
    let tokens = world.tokens(&browser, &ada()).await;
    let elsewhere = world.tokens(&other, &ada()).await;
    let hint = tokens.text("id_token");
    world.pass(chrono::TimeDelta::minutes(6));
    let tokens = gatehouse_tests::app::tokens(&world.refresh(tokens.text("refresh_token")).await);
    let fields = [
        ("id_token_hint", hint),
        ("post_logout_redirect_uri", BYE),
        ("state", "s 1"),
    ];
    let answer = browser.get(&path(&fields)).await;
    assert_eq!(answer.raw_location(), format!("{BYE}?state=s+1"));
    assert!(browser.cookie("gatehouse_session").is_none());
    assert!(!is_signed_in(&world, &browser).await);
    refused(
        &world.userinfo(tokens.text("access_token")).await,
        401,
        "invalid_token",
    );
    refused(
        &world.refresh(tokens.text("refresh_token")).await,
        400,
        "invalid_grant",
    );
    assert!(
        is_signed_in(&world, &other).await,
        "the other browser's session stays"
    );
    assert_eq!(world.refresh(elsewhere.text("refresh_token")).await.status, 200);
}

/// Without a hint, or with one of another session, tampered or of the wrong kind, the person is asked; the button ends
/// it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_without_the_sessions_own_hint_the_person_is_asked() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = world.tokens(&browser, &ada()).await;
    let elsewhere = world.tokens(&world.browser(), &ada()).await;
    let (head, _) = tokens.text("id_token").rsplit_once('.').unwrap();
    let unsigned = format!("{head}.");
    let hints = [
        "",
        elsewhere.text("id_token"),
        unsigned.as_str(),
        tokens.text("access_token"),
        "garbage",
    ];
    for hint in hints {
        let asked = browser.get(&path(&[("id_token_hint", hint)])).await;
        assert_eq!(asked.status, 200, "{}", asked.body);
        assert!(
            asked.body.contains("action=\"/oauth2/end_session\""),
            "{}",
            asked.body
        );
        assert!(is_signed_in(&world, &browser).await, "{hint}");
    }
    let id = world.client.id.as_str();
    let fields = [("client_id", id), ("post_logout_redirect_uri", BYE)];
    let asked = browser.get(&path(&fields)).await;
    assert_eq!(asked.hidden("post_logout_redirect_uri"), BYE);
    let done = browser.post("/oauth2/end_session", &fields).await;
    assert_eq!(done.raw_location(), BYE);
    assert!(!is_signed_in(&world, &browser).await);
}

/// A form from another site ends nothing and clears no cookie: it becomes a navigation, and that asks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_form_from_another_site_signs_nobody_out() {
    for world in [World::start().await, World::deployed().await] {
        let browser = world.browser();
        let tokens = world.tokens(&browser, &ada()).await;
        let huge = "x".repeat(7_000);
        for fields in [
            vec![],
            vec![
                ("post_logout_redirect_uri", BYE),
                ("client_id", world.client.id.as_str()),
            ],
        ] {
            let sent = browser.post_cross_site("/oauth2/end_session", &fields).await;
            assert!(sent.headers.get("set-cookie").is_none(), "{:?}", sent.headers);
            assert!(
                sent.raw_location().starts_with("/oauth2/end_session"),
                "{}",
                sent.raw_location()
            );
            let asked = browser.get(&sent.raw_location()).await;
            assert_eq!(asked.status, 200);
            assert!(asked.body.contains("<form"), "{}", asked.body);
        }
        let sent = browser
            .post_cross_site("/oauth2/end_session", &[("ui_locales", huge.as_str())])
            .await;
        assert!(sent.headers.get("set-cookie").is_none());
        assert!(is_signed_in(&world, &browser).await);
        let hint = [
            ("id_token_hint", tokens.text("id_token")),
            ("post_logout_redirect_uri", BYE),
        ];
        let sent = browser.post_cross_site("/oauth2/end_session", &hint).await;
        assert_eq!(
            browser.get(&sent.raw_location()).await.raw_location(),
            BYE,
            "the app's own form still works"
        );
        assert!(!is_signed_in(&world, &browser).await);
    }
}

/// Only a registered URI is gone to; another one, or one of another app than the hint's, is refused and ends nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_sign_out_leads_to_registered_uris_only() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = world.tokens(&browser, &ada()).await;
    let hint = ("id_token_hint", tokens.text("id_token"));
    let other = super::support::register_public(&world).await;
    let bad = [
        vec![hint, ("post_logout_redirect_uri", "https://evil.example/")],
        vec![hint, ("post_logout_redirect_uri", "https://app.example.com/bye/")],
        vec![
            hint,
            ("post_logout_redirect_uri", "https://app.example.com/callback"),
        ],
        vec![hint, ("client_id", other.client.id.as_str())],
        vec![("post_logout_redirect_uri", BYE)],
        vec![hint, ("state", "a"), ("state", "b")],
    ];
    for fields in bad {
        let answer = browser.get(&path(&fields)).await;
        assert_eq!(answer.status, 400, "{fields:?}");
        assert!(answer.headers.get("location").is_none());
        assert!(is_signed_in(&world, &browser).await);
    }
}
