//! The app against a provider that is not Gatehouse: the demo identity provider's OpenID Connect side.

use http::StatusCode;

use super::*;
use crate::demo_idp::{self, DemoIdp, IdpKeys, OidcClient};
use crate::test_browser::Browser;
use crate::{Local, Options};

fn start() -> Local {
    let local = Local::start(&Options::in_memory()).unwrap();
    let registration = AppRegistration {
        issuer: local.demo_idp_url().to_owned(),
        client_id: "demo app".to_owned(),
        client_secret: Secret::new("s:ecret/+1"),
        app_url: local.demo_app_url().to_owned(),
    };
    let idp = DemoIdp::new(local.demo_idp_url(), IdpKeys::generate().unwrap(), local.clock());
    idp.register(OidcClient {
        id: registration.client_id.clone(),
        secret: registration.client_secret.clone(),
        redirect_uris: vec![registration.redirect_uri()],
    });
    local.serve_demo_idp(demo_idp::router(idp));
    local.serve_demo_app(router(registration, local.clock()));
    local
}

#[tokio::test]
async fn a_person_signs_in_sees_their_claims_and_signs_out() {
    let local = start();
    let mut browser = Browser::default();
    let page = browser.get(local.demo_app_url()).await;
    assert!(page.body.contains("action=\"/sign-in\""));
    let to_idp = browser
        .get(&format!(
            "{}/sign-in?email=grace%40acme.example",
            local.demo_app_url()
        ))
        .await;
    let log_in = browser.follow(to_idp).await;
    assert!(log_in.url.as_str().starts_with(local.demo_idp_url()));
    let back = browser
        .post(&log_in.form("/log-in/"), &[("known", "grace@acme.example")])
        .await;
    let callback = back.location.clone().unwrap();
    let home = browser.follow(back).await;
    assert_eq!(home.url.as_str(), format!("{}/", local.demo_app_url()));
    for shown in ["Hello, Grace Hopper", "demo|grace", "Night shift"] {
        assert!(home.body.contains(shown), "{shown} in {}", home.body);
    }
    let again = browser.get(callback.as_str()).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "an answer counts once");
    let out = browser
        .post(&format!("{}/sign-out", local.demo_app_url()), &[])
        .await;
    assert!(browser.follow(out).await.body.contains("You are signed out"));
    assert!(
        browser
            .get(local.demo_app_url())
            .await
            .body
            .contains("action=\"/sign-in\"")
    );
}

#[tokio::test]
async fn the_app_goes_by_the_harness_clock() {
    let local = start();
    local.clock().advance(chrono::TimeDelta::days(400));
    let mut browser = Browser::default();
    let to_idp = browser.get(&format!("{}/sign-in", local.demo_app_url())).await;
    let log_in = browser.follow(to_idp).await;
    let back = browser
        .post(&log_in.form("/log-in/"), &[("known", "ada@acme.example")])
        .await;
    assert!(browser.follow(back).await.body.contains("Hello, Ada Lovelace"));
}

#[tokio::test]
async fn a_third_party_may_start_a_sign_in_for_this_issuer_only() {
    let local = start();
    let mut browser = Browser::default();
    let ask = |iss: &str, target: &str| {
        let query = serde_urlencoded::to_string([
            ("iss", iss),
            ("login_hint", "opaque-1"),
            ("target_link_uri", target),
        ]);
        format!("{}/login?{}", local.demo_app_url(), query.unwrap())
    };
    let refused = browser.get(&ask("http://evil.example", "/")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let target = format!("{}/?from=portal", local.demo_app_url());
    let started = browser.get(&ask(local.demo_idp_url(), &target)).await;
    assert!(
        started
            .location
            .as_ref()
            .unwrap()
            .query()
            .unwrap()
            .contains("login_hint=opaque-1")
    );
    let log_in = browser.follow(started).await;
    let back = browser
        .post(&log_in.form("/log-in/"), &[("known", "ada@acme.example")])
        .await;
    assert_eq!(browser.follow(back).await.url.as_str(), target);
    let evil = browser
        .get(&ask(local.demo_idp_url(), "http://evil.example/"))
        .await;
    let home = browser.follow(evil).await;
    assert_eq!(
        home.url.as_str(),
        format!("{}/", local.demo_app_url()),
        "no open redirect"
    );
}

#[tokio::test]
async fn attack_an_answer_that_was_not_asked_for_signs_nobody_in() {
    let local = start();
    let mut browser = Browser::default();
    browser.get(&format!("{}/sign-in", local.demo_app_url())).await;
    for query in [
        "code=x&state=guessed",
        "code=x",
        "error=access_denied&state=guessed",
    ] {
        let page = browser
            .get(&format!("{}/callback?{query}", local.demo_app_url()))
            .await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{query}");
    }
    let started = browser.get(&format!("{}/sign-in", local.demo_app_url())).await;
    let state = started
        .location
        .unwrap()
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned();
    // Right state, code of nobody; and another issuer's answer (mix-up).
    let page = browser
        .get(&format!("{}/callback?code=x&state={state}", local.demo_app_url()))
        .await;
    assert!(page.status == StatusCode::BAD_REQUEST && page.body.contains("not accepted"));
    let started = browser.get(&format!("{}/sign-in", local.demo_app_url())).await;
    let state = started
        .location
        .unwrap()
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned();
    let mixed = format!(
        "{}/callback?code=x&state={state}&iss=http%3A%2F%2Fevil.example",
        local.demo_app_url()
    );
    assert!(browser.get(&mixed).await.body.contains("another issuer"));
}
