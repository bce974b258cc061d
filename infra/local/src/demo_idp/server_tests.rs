use gatehouse::redacted::Secret;
use serde_json::Value;
use url::Url;

use super::*;
use crate::demo_idp::{IdpKeys, OidcClient};
use crate::test_browser::Browser;
use crate::{Local, Options};

const BACK: &str = "http://localhost:1/signin-oidc";

fn start() -> (Local, DemoIdp) {
    let local = Local::start(&Options::in_memory()).unwrap();
    let idp = DemoIdp::new(local.demo_idp_url(), IdpKeys::generate().unwrap(), local.clock());
    idp.register(OidcClient {
        id: "gatehouse".to_owned(),
        secret: Secret::new("s/ecret+1"),
        redirect_uris: vec![BACK.to_owned()],
    });
    local.serve_demo_idp(router(idp.clone()));
    (local, idp)
}

fn authorize(idp: &DemoIdp, more: &[(&str, &str)]) -> String {
    let mut url = Url::parse(&format!("{}/oidc/authorize", idp.url())).unwrap();
    let usual = [
        ("response_type", "code"),
        ("client_id", "gatehouse"),
        ("redirect_uri", BACK),
        ("scope", "openid email profile"),
        ("state", "state-1"),
        ("nonce", "nonce-1"),
    ];
    for (name, value) in usual {
        if !more.iter().any(|(other, _)| *other == name) {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    url.query_pairs_mut().extend_pairs(more);
    url.to_string()
}

fn answer(location: &Url, name: &str) -> Option<String> {
    location
        .query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

async fn redeem(idp: &DemoIdp, secret: &str, code: &str, verifier: Option<&str>) -> (u16, Value) {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
        ("client_id", "gatehouse"),
        ("client_secret", secret),
    ];
    form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
    let page = Browser::default()
        .post(&format!("{}/oidc/token", idp.url()), &form)
        .await;
    (page.status.as_u16(), serde_json::from_str(&page.body).unwrap())
}

#[tokio::test]
async fn a_person_logs_in_and_the_code_is_redeemed_once() {
    let (_local, idp) = start();
    let mut browser = Browser::default();
    let page = browser
        .get(&authorize(&idp, &[("login_hint", "grace@acme.example")]))
        .await;
    assert!(
        page.body.contains("value=\"grace@acme.example\""),
        "the hint fills the form"
    );
    let done = browser
        .post(&page.form("/log-in/"), &[("known", "grace@acme.example")])
        .await;
    let location = done.location.unwrap();
    assert!(location.as_str().starts_with(BACK));
    assert_eq!(answer(&location, "state").as_deref(), Some("state-1"));
    assert_eq!(answer(&location, "iss").as_deref(), Some(idp.url()));
    let code = answer(&location, "code").unwrap();
    assert_eq!(
        redeem(&idp, "wrong", &code, None).await,
        (401, serde_json::json!({ "error": "invalid_client" }))
    );
    let (status, tokens) = redeem(&idp, "s/ecret+1", &code, None).await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(
        redeem(&idp, "s/ecret+1", &code, None).await.1["error"],
        "invalid_grant"
    );
    let request = http::Request::get(format!("{}/oidc/userinfo", idp.url())).header(
        "authorization",
        format!("Bearer {}", tokens["access_token"].as_str().unwrap()),
    );
    let userinfo = crate::loopback_client::send(request.body(Vec::new()).unwrap())
        .await
        .unwrap();
    let userinfo: Value = serde_json::from_slice(userinfo.body()).unwrap();
    assert_eq!(userinfo["email"], "grace@acme.example");
    assert_eq!(userinfo["department"], "Operations");
}

#[tokio::test]
async fn a_session_answers_silently_until_asked_for_a_new_log_in() {
    let (local, idp) = start();
    let mut browser = Browser::default();
    let silent = authorize(&idp, &[("prompt", "none")]);
    let error = browser.get(&silent).await.location.unwrap();
    assert_eq!(answer(&error, "error").as_deref(), Some("login_required"));
    let page = browser.get(&format!("{}/log-in", idp.url())).await;
    let form = [
        ("email", "new@acme.example"),
        ("first_name", "New"),
        ("attributes", "department=Sales\nx = y"),
    ];
    browser.post(&page.form("/log-in/"), &form).await;
    assert!(browser.get(idp.url()).await.body.contains("new@acme.example"));
    assert!(answer(&browser.get(&silent).await.location.unwrap(), "code").is_some());
    for fresh in [("prompt", "login"), ("max_age", "60")] {
        local.clock().advance(chrono::TimeDelta::seconds(90));
        assert!(
            browser.get(&authorize(&idp, &[fresh])).await.location.is_none(),
            "{fresh:?}"
        );
    }
    browser.post(&format!("{}/log-out", idp.url()), &[]).await;
    assert!(answer(&browser.get(&silent).await.location.unwrap(), "error").is_some());
}

#[tokio::test]
async fn pkce_is_checked_when_it_was_sent() {
    let (_local, idp) = start();
    let mut browser = Browser::default();
    // RFC 7636, appendix B.
    let challenge = [
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let page = browser.get(&authorize(&idp, &challenge)).await;
    let first = browser
        .post(&page.form("/log-in/"), &[("known", "ada@acme.example")])
        .await
        .location
        .unwrap();
    assert_eq!(
        redeem(&idp, "s/ecret+1", &answer(&first, "code").unwrap(), Some("wrong"))
            .await
            .0,
        400
    );
    let second = browser.get(&authorize(&idp, &challenge)).await.location.unwrap();
    let verifier = Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_eq!(
        redeem(&idp, "s/ecret+1", &answer(&second, "code").unwrap(), verifier)
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn attack_an_unregistered_redirect_uri_gets_a_page_not_a_redirect() {
    let (_local, idp) = start();
    let mut browser = Browser::default();
    for wrong in [
        ("redirect_uri", "http://evil.example/"),
        ("client_id", "<script>"),
    ] {
        let page = browser.get(&authorize(&idp, &[wrong])).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert!(page.location.is_none() && !page.body.contains("<script>"));
    }
}

#[test]
fn keys_are_kept_and_the_certificate_is_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demo-idp.json");
    let made = IdpKeys::open(Some(&file)).unwrap();
    let kept = IdpKeys::open(Some(&file)).unwrap();
    assert_eq!(
        (made.certificate(), made.pkcs8()),
        (kept.certificate(), kept.pkcs8())
    );
    std::fs::write(&file, "{}").unwrap();
    assert!(IdpKeys::open(Some(&file)).is_err());
}
