//! What these tests share: app clients of every kind, requests as programs make them, sign-ins with a twist.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse::app::onboarding::Administration;
use gatehouse::domain::ids::ClientId;
use gatehouse::openid_provider::clients::AppClient;
use gatehouse::random;
use gatehouse_local::demo_idp::issue::Issue;
use gatehouse_tests::app::{VERIFIER, tokens};
use gatehouse_tests::browser::encoded;
use gatehouse_tests::world::REDIRECT_URI;
use gatehouse_tests::{Answer, Browser, Tokens, Visitor, World};
use http::{Request, header};
use serde_json::{Value, json};

/// Somebody of the tenant.
pub fn ada() -> Visitor {
    Visitor::new("ada@acme.com")
}

/// An app client and its secret, if it has one.
pub struct App {
    pub client: AppClient,
    pub secret: String,
}

/// Registers another app client; `settings` go over the usual ones.
pub async fn register(world: &World, settings: Value) -> App {
    let mut all = json!({ "name": "Other", "kind": "confidential", "redirect_uris": [REDIRECT_URI] });
    for (name, value) in settings.as_object().unwrap() {
        all[name] = value.clone();
    }
    let now = world.gatehouse.clock.now();
    let settings = serde_json::from_value(all).unwrap();
    let mut client = AppClient::register(ClientId::generate().unwrap(), &settings, now).unwrap();
    let mut secret = String::new();
    if !client.is_public() && client.jwks.is_empty() {
        let made = client
            .add_secret(random::uuid().unwrap(), random::bytes().unwrap(), now, None)
            .unwrap();
        made.expose().clone_into(&mut secret);
    }
    world
        .gatehouse
        .store
        .front_door()
        .put_client(&client.id, &client, None)
        .await
        .unwrap();
    App { client, secret }
}

/// Registers a public client.
pub async fn register_public(world: &World) -> App {
    register(world, json!({ "kind": "public" })).await
}

/// A form as a program sends it.
pub async fn post(world: &World, path: &str, fields: &[(&str, &str)], authorization: Option<&str>) -> Answer {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    world
        .browser()
        .send_request(request.body(encoded(fields)).unwrap())
        .await
}

/// The value of a Basic header.
pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// The fields that redeem a code.
pub fn redeeming(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ]
}

/// A code from the browser's session, without a page; `more` goes into the request.
pub async fn silent_code(world: &World, browser: &Browser, more: &[(&str, &str)]) -> String {
    let mut all = vec![("prompt", "none")];
    all.extend_from_slice(more);
    let answer = browser.get(&world.authorize_path(&all)).await;
    answer
        .parameter("code")
        .unwrap_or_else(|| panic!("{} {}", answer.status, answer.raw_location()))
}

/// The error that a request without a page ends with; empty when it ends with a code.
pub async fn silent_error(world: &World, browser: &Browser, more: &[(&str, &str)]) -> String {
    let mut all = vec![("prompt", "none")];
    all.extend_from_slice(more);
    let answer = browser.get(&world.authorize_path(&all)).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.parameter("error").unwrap_or_default()
}

/// A sign-in whose response is changed before it is sent; the answer of the last step.
pub async fn arrive(
    world: &World,
    browser: &Browser,
    visitor: &Visitor,
    more: &[(&str, &str)],
    change: impl FnOnce(&mut Issue),
) -> Answer {
    let mut all = world.by_connection();
    all.extend_from_slice(more);
    let sent = world.begin(browser, &all).await;
    let asked = world.idp.asked(&sent);
    let mut issue = world.idp.response(world, visitor, Some(&asked.id));
    change(&mut issue);
    world.deliver(browser, &issue, Some(&asked.relay_state)).await
}

/// Signs in to tokens through a changed response.
pub async fn arrive_to_tokens(
    world: &World,
    browser: &Browser,
    visitor: &Visitor,
    change: impl FnOnce(&mut Issue),
) -> Tokens {
    let answer = arrive(world, browser, visitor, &[], change).await;
    let redeemed = world.redeem(&answer.parameter("code").unwrap()).await;
    assert_eq!(redeemed.status, 200, "{}", redeemed.body);
    tokens(&redeemed)
}

/// The operator's hand on the world's tenant.
pub async fn operator(world: &World) -> Administration {
    Administration::by_operator(world.gatehouse.clone(), &world.tenant.id, "test".to_owned())
        .await
        .unwrap()
}

/// Checks an error of the token endpoint.
#[track_caller]
pub fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.json()["error"], error, "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
}

/// Whether the answer goes on to the sign-in pages instead of to the app.
pub fn asks_idp(answer: &Answer) -> bool {
    answer.status == 303 && answer.raw_location().starts_with("/sign-in?attempt=")
}

/// A request without a body.
pub async fn bare(world: &World, method: &str, path: &str, authorization: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    world
        .browser()
        .send_request(request.body(Body::empty()).unwrap())
        .await
}
