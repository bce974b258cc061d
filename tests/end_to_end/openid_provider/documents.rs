//! Discovery, key set, and ID tokens held against them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use gatehouse::jose::signing::{KeyKind, generate_pkcs8};
use gatehouse::jose::{Algorithm, Jwk, Jws};
use gatehouse::openid_provider::digest::Digest;
use gatehouse::openid_provider::keys::{KeyRing, RotationPolicy};
use gatehouse::secrets::SecretName;
use gatehouse_tests::World;
use serde_json::{Value, json};

use super::support::{ada, bare, basic, post, redeeming, register, silent_code};

async fn served_keys(world: &World) -> (Value, Vec<Jwk>) {
    let answer = bare(world, "GET", "/oauth2/jwks", None).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["cache-control"], "public, max-age=3600");
    let document = answer.json();
    let keys = document["keys"].as_array().unwrap().iter();
    let keys = keys
        .map(|key| serde_json::from_value(key.clone()).unwrap())
        .collect();
    (document, keys)
}

fn verified(token: &str, keys: &[Jwk], alg: Algorithm) -> Value {
    let jws = Jws::parse(token).unwrap();
    serde_json::from_slice(jws.verify(keys, &[alg]).unwrap()).unwrap()
}

/// The discovery document names this issuer, code with S256 only, and endpoints that answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_discovery_says_what_is_served() {
    let world = World::start().await;
    let answer = bare(&world, "GET", "/.well-known/openid-configuration", None).await;
    assert_eq!(answer.status, 200);
    let document = answer.json();
    let base = world.gatehouse.config.base_url.as_str();
    assert_eq!(document["issuer"], base);
    assert_eq!(document["response_types_supported"], json!(["code"]));
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    assert_eq!(document["request_uri_parameter_supported"], false);
    let methods = [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "none",
    ];
    assert_eq!(document["token_endpoint_auth_methods_supported"], json!(methods));
    let endpoints = [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "revocation_endpoint",
        "end_session_endpoint",
    ];
    for name in endpoints {
        let url = document[name].as_str().unwrap();
        let path = url.strip_prefix(base).unwrap();
        let method = if matches!(name, "token_endpoint" | "revocation_endpoint") {
            "POST"
        } else {
            "GET"
        };
        let there = bare(&world, method, path, None).await;
        assert!(
            !matches!(there.status.as_u16(), 404 | 405) && there.status.as_u16() < 500,
            "{name}: {}",
            there.status
        );
    }
}

/// The key set holds a current and a next key of each algorithm, and nothing private.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_the_key_set_overlaps_and_holds_no_private_part() {
    let world = World::start().await;
    let (document, _) = served_keys(&world).await;
    let keys = document["keys"].as_array().unwrap();
    for alg in ["RS256", "ES256"] {
        assert_eq!(
            keys.iter().filter(|key| key["alg"] == alg).count(),
            2,
            "{document}"
        );
    }
    for key in keys {
        assert_eq!(key["use"], "sig");
        assert!(key["kid"].is_string());
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
    }
}

/// ID tokens verify by the served keys, RS256 by default and ES256 where the app chose it, with every promised claim.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_id_tokens_verify_by_the_served_keys() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = world.tokens(&browser, &ada()).await;
    let (_, keys) = served_keys(&world).await;
    let claims = verified(tokens.text("id_token"), &keys, Algorithm::Rs256);
    assert_eq!(claims["aud"], json!([world.client.id.as_str()]));
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        300
    );
    assert!(claims["sid"].is_string() && claims["auth_time"].is_i64());
    let hash = URL_SAFE_NO_PAD
        .decode(Digest::of(tokens.text("access_token").as_bytes()).to_string())
        .unwrap();
    assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&hash[..16]));

    let app = register(&world, json!({ "id_token_signed_response_alg": "ES256" })).await;
    let code = silent_code(&world, &browser, &[("client_id", app.client.id.as_str())]).await;
    let authorization = basic(app.client.id.as_str(), &app.secret);
    let answer = post(&world, "/oauth2/token", &redeeming(&code), Some(&authorization)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token = answer.json()["id_token"].as_str().unwrap().to_owned();
    assert_eq!(verified(&token, &keys, Algorithm::Es256)["sub"], claims["sub"]);
}

/// After a rotation the key that was published ahead signs, and tokens of the old one still verify.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_key_is_published_before_it_signs_and_after() {
    let world = World::start().await;
    let old = world.tokens(&world.browser(), &ada()).await;
    let (_, before) = served_keys(&world).await;
    let secrets = &world.gatehouse.secrets;
    let mut ring =
        KeyRing::from_json(&secrets.get_fresh(&SecretName::OpSigningKeys).await.unwrap().value).unwrap();
    world.pass(TimeDelta::days(91));
    let kinds = [KeyKind::Rsa2048, KeyKind::P256];
    let now = world.gatehouse.clock.now();
    assert!(
        ring.rotate(&kinds, &RotationPolicy::default(), now, generate_pkcs8)
            .unwrap()
    );
    secrets
        .put(&SecretName::OpSigningKeys, &ring.to_json().unwrap())
        .await
        .unwrap();
    let new = world.tokens(&world.browser(), &ada()).await;
    assert_ne!(kid(old.text("id_token")), kid(new.text("id_token")));
    verified(new.text("id_token"), &before, Algorithm::Rs256);
    let (_, after) = served_keys(&world).await;
    verified(old.text("id_token"), &after, Algorithm::Rs256);
}

fn kid(token: &str) -> String {
    Jws::parse(token).unwrap().kid().unwrap().to_owned()
}
