//! Clients that prove themselves by a signed assertion.

use chrono::TimeDelta;
use futures_util::future::join_all;
use gatehouse::jose::SigningKey;
use gatehouse::jose::jws::sign;
use gatehouse::jose::signing::{KeyKind, generate_pkcs8};
use gatehouse::random;
use gatehouse_tests::{Answer, World};
use serde_json::{Value, json};

use super::support::{App, ada, post, redeeming, refused, register, silent_code};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn new_key() -> SigningKey {
    SigningKey::from_pkcs8(KeyKind::P256, &generate_pkcs8(KeyKind::P256).unwrap()).unwrap()
}

async fn app_with(world: &World, key: &SigningKey) -> App {
    register(world, json!({ "jwks": { "keys": [key.public()] } })).await
}

/// The claims of a good assertion.
fn claims(world: &World, app: &App) -> Value {
    let now = world.gatehouse.clock.now();
    json!({
        "iss": app.client.id.as_str(),
        "sub": app.client.id.as_str(),
        "aud": world.gatehouse.config.base_url.at("/oauth2/token"),
        "exp": (now + TimeDelta::minutes(5)).timestamp(),
        "iat": now.timestamp(),
        "jti": random::uuid().unwrap().to_string(),
    })
}

async fn present(world: &World, code: &str, assertion: &str) -> Answer {
    let own = vec![("client_assertion_type", TYPE), ("client_assertion", assertion)];
    post(world, "/oauth2/token", &[redeeming(code), own].concat(), None).await
}

/// An assertion is taken once, also when it comes ten times at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_private_key_jwt_is_taken_once() {
    let world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    let key = new_key();
    let app = app_with(&world, &key).await;
    let by = [("client_id", app.client.id.as_str())];
    let assertion = sign(&key, "JWT", &claims(&world, &app).to_string()).unwrap();
    let code = silent_code(&world, &browser, &by).await;
    assert_eq!(present(&world, &code, &assertion).await.status, 200);
    let code = silent_code(&world, &browser, &by).await;
    refused(&present(&world, &code, &assertion).await, 401, "invalid_client");
    let fields = [
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion.as_str()),
        ("token", "any"),
    ];
    refused(
        &post(&world, "/oauth2/revoke", &fields, None).await,
        401,
        "invalid_client",
    );

    let assertion = sign(&key, "JWT", &claims(&world, &app).to_string()).unwrap();
    let answers = join_all((0..10).map(|_| present(&world, &code, &assertion))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 9);
}

/// An assertion for another audience, of another client, too long-lived, expired or by another key is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_private_key_jwt_is_checked_in_every_claim() {
    let world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    let key = new_key();
    let app = app_with(&world, &key).await;
    let code = silent_code(&world, &browser, &[("client_id", app.client.id.as_str())]).await;
    let now = world.gatehouse.clock.now();
    let at = |minutes: i64| json!((now + TimeDelta::minutes(minutes)).timestamp());
    let issuer = world.gatehouse.config.base_url.as_str();
    let wrong = [
        ("aud", json!("https://elsewhere.example/token")),
        ("aud", json!([issuer, "https://elsewhere.example"])),
        ("aud", json!([])),
        ("iss", json!(world.client.id.as_str())),
        ("sub", json!(world.client.id.as_str())),
        ("exp", at(-2)),
        ("exp", at(60)),
        ("exp", Value::Null),
        ("nbf", at(10)),
        ("iat", at(10)),
        ("jti", json!("")),
        ("jti", Value::Null),
    ];
    for (name, value) in wrong {
        let mut changed = claims(&world, &app);
        changed[name] = value.clone();
        let assertion = sign(&key, "JWT", &changed.to_string()).unwrap();
        refused(&present(&world, &code, &assertion).await, 401, "invalid_client");
    }
    let forged = sign(&new_key(), "JWT", &claims(&world, &app).to_string()).unwrap();
    refused(&present(&world, &code, &forged).await, 401, "invalid_client");
    let unsigned = forged.rsplit_once('.').unwrap().0.to_owned() + ".";
    refused(&present(&world, &code, &unsigned).await, 401, "invalid_client");
    let good = sign(&key, "JWT", &claims(&world, &app).to_string()).unwrap();
    assert_eq!(
        present(&world, &code, &good).await.status,
        200,
        "none of the tries spent the code"
    );
}

/// A client that registered keys has no secret: no text in its place opens it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_client_with_keys_takes_no_secret() {
    let world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    let app = app_with(&world, &new_key()).await;
    let id = app.client.id.as_str();
    let code = silent_code(&world, &browser, &[("client_id", id)]).await;
    for secret in ["", "any"] {
        let fields = [
            redeeming(&code),
            vec![("client_id", id), ("client_secret", secret)],
        ]
        .concat();
        refused(
            &post(&world, "/oauth2/token", &fields, None).await,
            401,
            "invalid_client",
        );
    }
}
