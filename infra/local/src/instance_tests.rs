//! The whole instance over real sockets: what a person does in a browser after `cargo run`.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::Options;
use crate::loopback_client::send;
use crate::test_browser::{Browser, Page};

async fn start() -> (Local, LocalJson) {
    let local = Local::start(&Options::in_memory()).unwrap();
    let seeded = serve(&local).await.unwrap();
    (local, seeded)
}

/// From the app's sign-in box to the identity provider's log-in page.
async fn to_log_in(seeded: &LocalJson, browser: &mut Browser, email: &str) -> Page {
    to_log_in_by(seeded, browser, email, "saml").await
}

/// The same by the connection of this kind, which the person chooses.
async fn to_log_in_by(seeded: &LocalJson, browser: &mut Browser, email: &str, kind: &str) -> Page {
    let begun = browser
        .get(&format!("{}/sign-in?email={email}", seeded.demo_app_url))
        .await;
    let chooser = browser.follow(begun).await;
    if !chooser.body.contains("/sign-in/choose") {
        // A session answered at once.
        return chooser;
    }
    let sent = choose(seeded, browser, &chooser, kind).await;
    browser.follow(sent).await
}

/// Chooses the connection of this kind on Gatehouse's page.
async fn choose(seeded: &LocalJson, browser: &mut Browser, chooser: &Page, kind: &str) -> Page {
    let connection = seeded
        .connections
        .iter()
        .find(|connection| connection.kind == kind);
    let connection = connection.expect("a connection of this kind");
    let mut fields = chooser.hidden_fields();
    fields.push(("connection".to_owned(), connection.id.clone()));
    let fields = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect::<Vec<_>>();
    let action = format!("{}/sign-in/choose", seeded.base_url);
    browser.post(&action, &fields).await
}

#[tokio::test]
async fn a_person_signs_in_by_openid_connect_too() {
    let (_local, seeded) = start().await;
    let mut browser = Browser::default();
    let log_in = to_log_in_by(&seeded, &mut browser, "grace@acme.example", "oidc").await;
    assert!(
        log_in.url.as_str().starts_with(&seeded.demo_idp_url),
        "{}",
        log_in.url
    );
    let sent_back = browser
        .post(&log_in.form("/log-in/"), &[("known", "grace@acme.example")])
        .await;
    let home = browser.follow(sent_back).await;
    assert!(
        home.body.contains("Hello, Grace Hopper"),
        "{} {}",
        home.url,
        home.body
    );
}

/// The response's page posts itself, across sites; then back to the app.
async fn back_to_app(browser: &mut Browser, posting: &Page) -> Page {
    assert!(posting.body.contains("SAMLResponse"), "{}", posting.body);
    let answer = browser.post_form_of(posting).await;
    browser.follow(answer).await
}

async fn api(
    method: &str,
    url: &str,
    key: &str,
    etag: Option<&str>,
    body: &Value,
) -> (StatusCode, String, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(url)
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json");
    if let Some(etag) = etag {
        request = request.header("if-match", etag);
    }
    let body = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    let answer = send(request.body(body).unwrap()).await.unwrap();
    let etag = answer
        .headers()
        .get("etag")
        .map(|etag| etag.to_str().unwrap().to_owned())
        .unwrap_or_default();
    let json = serde_json::from_slice(answer.body()).unwrap_or_default();
    (answer.status(), etag, json)
}

#[tokio::test]
async fn a_person_signs_in_from_the_app_through_the_identity_provider_and_out_again() {
    let (_local, seeded) = start().await;
    let mut browser = Browser::default();
    let log_in = to_log_in(&seeded, &mut browser, "grace@acme.example").await;
    assert!(
        log_in.url.as_str().starts_with(&seeded.demo_idp_url),
        "{}",
        log_in.url
    );
    let posting = browser
        .post(&log_in.form("/log-in/"), &[("known", "grace@acme.example")])
        .await;
    let home = back_to_app(&mut browser, &posting).await;
    assert!(
        home.url.as_str().starts_with(&seeded.demo_app_url),
        "{} {}",
        home.url,
        home.body
    );
    assert!(
        home.body.contains("Hello, Grace Hopper") && home.body.contains(&seeded.tenant.id),
        "{}",
        home.body
    );
    let refreshed = browser
        .post(&format!("{}/refresh", seeded.demo_app_url), &[])
        .await;
    assert!(
        browser
            .follow(refreshed)
            .await
            .body
            .contains("Hello, Grace Hopper")
    );
    // Somebody else's app session, the same browser: Gatehouse's session answers at once.
    let again = to_log_in(&seeded, &mut browser, "grace@acme.example").await;
    assert!(
        again.url.as_str().starts_with(&seeded.demo_app_url),
        "{}",
        again.url
    );
    let out = browser
        .post(&format!("{}/sign-out", seeded.demo_app_url), &[])
        .await;
    assert!(
        browser
            .follow(out)
            .await
            .url
            .as_str()
            .starts_with(&format!("{}/signed-out", seeded.demo_app_url))
    );
}

#[tokio::test]
async fn every_way_to_sign_and_to_encrypt_is_taken() {
    let (_local, seeded) = start().await;
    for (sign, encrypt) in [
        ("response", "no"),
        ("both", "aes128-gcm"),
        ("assertion", "aes256-gcm"),
        ("both", "aes128-cbc"),
        ("response", "aes256-cbc"),
    ] {
        let mut browser = Browser::default();
        let options = [("sign", sign), ("encrypt", encrypt)];
        browser
            .post(&format!("{}/saml/options", seeded.demo_idp_url), &options)
            .await;
        let log_in = to_log_in(&seeded, &mut browser, "ada@acme.example").await;
        let posting = browser
            .post(&log_in.form("/log-in/"), &[("known", "ada@acme.example")])
            .await;
        let home = back_to_app(&mut browser, &posting).await;
        assert!(
            home.body.contains("Hello, Ada Lovelace"),
            "{options:?}: {} {}",
            home.url,
            home.body
        );
    }
    let start_page = Browser::default().get(&seeded.demo_idp_url).await;
    assert!(
        start_page.body.contains("<option selected>aes256-cbc</option>"),
        "{}",
        start_page.body
    );
}

#[tokio::test]
async fn requests_by_post_are_answered_too() {
    let (_local, seeded) = start().await;
    let url = format!(
        "{}/owner/v1/connections/{}",
        seeded.base_url, seeded.connections[0].id
    );
    let (_, etag, _) = api("GET", &url, &seeded.owner_key, None, &Value::Null).await;
    let change = json!({ "saml": { "request_binding": "post" } });
    let (status, _, answer) = api("PATCH", &url, &seeded.owner_key, Some(&etag), &change).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let mut browser = Browser::default();
    let asking = to_log_in(&seeded, &mut browser, "ada@acme.example").await;
    assert!(
        asking.body.contains("SAMLRequest"),
        "{} {}",
        asking.url,
        asking.body
    );
    let log_in = browser.post_form_of(&asking).await;
    let posting = browser
        .post(&log_in.form("/log-in/"), &[("known", "ada@acme.example")])
        .await;
    let home = back_to_app(&mut browser, &posting).await;
    assert!(home.body.contains("Hello, Ada Lovelace"), "{}", home.body);
}

#[tokio::test]
async fn a_launch_at_the_identity_provider_ends_in_the_app() {
    let (_local, seeded) = start().await;
    let mut browser = Browser::default();
    let log_in = browser.get(&format!("{}/log-in", seeded.demo_idp_url)).await;
    browser
        .post(&log_in.form("/log-in/"), &[("known", "ada@acme.example")])
        .await;
    let start_page = browser.get(&seeded.demo_idp_url).await;
    let launch = start_page.form("/saml/launch");
    let fields = serde_urlencoded::to_string(start_page.hidden_fields()).unwrap();
    let posting = browser.get(&format!("{launch}?{fields}")).await;
    // The unsolicited response routes to the app, whose own request the identity provider answers silently.
    let asked_again = back_to_app(&mut browser, &posting).await;
    let home = back_to_app(&mut browser, &asked_again).await;
    assert!(
        home.body.contains("Hello, Ada Lovelace"),
        "{} {}",
        home.url,
        home.body
    );
}

/// Where the identity provider was sent to, as the browser was.
async fn request_url(seeded: &LocalJson) -> String {
    let mut browser = Browser::default();
    let mut page = browser
        .get(&format!(
            "{}/sign-in?email=ada%40acme.example",
            seeded.demo_app_url
        ))
        .await;
    loop {
        if page.location.is_none() {
            page = choose(seeded, &mut browser, &page, "saml").await;
        }
        let next = page
            .location
            .clone()
            .expect("a redirect to the identity provider");
        if next.as_str().starts_with(&seeded.demo_idp_url) {
            return next.to_string();
        }
        page = browser.get(next.as_str()).await;
    }
}

#[tokio::test]
async fn attack_a_changed_or_unsigned_request_is_not_answered() {
    let (_local, seeded) = start().await;
    let genuine = request_url(&seeded).await;
    let unsigned = genuine.split("&SigAlg=").next().unwrap().to_owned();
    let other_state = genuine.replace("&RelayState=", "&RelayState=x");
    let mut browser = Browser::default();
    assert_eq!(browser.get(&genuine).await.status, StatusCode::OK);
    for changed in [&unsigned, &other_state] {
        let page = browser.get(changed).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{changed}");
        assert!(page.body.contains("not answered"), "{}", page.body);
    }
}

#[tokio::test]
async fn attack_a_response_goes_to_no_other_address_than_the_metadata_names() {
    let (_local, seeded) = start().await;
    let mut browser = Browser::default();
    let audience = format!("{}/saml/{}/metadata", seeded.base_url, seeded.connections[0].id);
    let acs = format!("{}/saml/{}/acs", seeded.base_url, seeded.connections[0].id);
    let elsewhere = format!("{}/evil", seeded.demo_app_url);
    for (acs, audience) in [
        (elsewhere.as_str(), audience.as_str()),
        (acs.as_str(), "https://evil.example/metadata"),
        (acs.as_str(), seeded.demo_app_url.as_str()),
    ] {
        let query = serde_urlencoded::to_string([("acs", acs), ("audience", audience)]).unwrap();
        let page = browser
            .get(&format!("{}/saml/launch?{query}", seeded.demo_idp_url))
            .await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{acs} {audience}");
    }
}

#[tokio::test]
async fn keys_for_scripts_open_what_they_should() {
    let (_local, seeded) = start().await;
    let owner = format!("{}/owner/v1/connections", seeded.base_url);
    let operator = format!("{}/operator/v1/tenants", seeded.base_url);
    assert_eq!(
        api("GET", &owner, &seeded.owner_key, None, &Value::Null).await.0,
        StatusCode::OK
    );
    assert_eq!(
        api("GET", &operator, &seeded.operator_key, None, &Value::Null)
            .await
            .0,
        StatusCode::OK
    );
    assert_eq!(
        api("GET", &owner, &seeded.scim_key, None, &Value::Null).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        api("GET", &operator, &seeded.owner_key, None, &Value::Null)
            .await
            .0,
        StatusCode::UNAUTHORIZED
    );
}
