//! A fresh sign-in is asked for upstream, and the answer must be fresh.

use chrono::TimeDelta;
use gatehouse::domain::connection::OidcPreset;
use gatehouse_tests::{Provider, World};
use serde_json::json;

/// `prompt=login` and `max_age` go upstream; an answer from an old session, or one that does not say when the person was
/// asked, is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_a_fresh_sign_in_is_asked_for_and_must_be_fresh() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let ada = Provider::person("ada@acme.com");
    let parameter = |url: &url::Url, wanted: &str| {
        let found = url.query_pairs().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned())
    };
    let plain = world.sent(&world.browser(), &connection, &[]).await;
    assert_eq!(
        (parameter(&plain, "prompt"), parameter(&plain, "max_age")),
        (None, None)
    );
    for (asked, max_age) in [(("prompt", "login"), "0"), (("max_age", "60"), "60")] {
        let browser = world.browser();
        let sent = world.sent(&browser, &connection, &[asked]).await;
        assert_eq!(parameter(&sent, "prompt").as_deref(), Some("login"));
        assert_eq!(parameter(&sent, "max_age").as_deref(), Some(max_age));
        let old = world.gatehouse.clock.now() - TimeDelta::hours(1);
        provider.set(|b| b.claims_patch = json!({ "auth_time": old.timestamp() }));
        let refused = world.back(&browser, &provider.authorize(&sent, &ada)).await;
        assert_eq!(refused.code(), "sign_in_not_fresh");
        provider.set(|b| b.claims_patch = json!({ "auth_time": null }));
        let refused = world.back(&browser, &provider.authorize(&sent, &ada)).await;
        assert_eq!(
            refused.code(),
            "sign_in_not_fresh",
            "a provider that does not say when"
        );
        provider.set(|b| b.claims_patch = json!({}));
        let answer = world.back(&browser, &provider.authorize(&sent, &ada)).await;
        world.tokens_of(&answer).await;
    }
}

/// A session of which the provider did not say when the person was asked is never young enough for `max_age`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_an_unknown_auth_time_is_no_young_one() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    provider.set(|b| b.claims_patch = json!({ "auth_time": null }));
    let browser = world.browser();
    let ada = Provider::person("ada@acme.com");
    world
        .tokens_by_code(&browser, (&connection, &provider), &ada)
        .await;
    let silent = world.authorize_path(&[("prompt", "none")]);
    assert!(browser.get(&silent).await.parameter("code").is_some());
    let aged = world.authorize_path(&[("prompt", "none"), ("max_age", "600")]);
    let answer = browser.get(&aged).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("login_required"));
}
