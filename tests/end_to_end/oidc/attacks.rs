//! A malicious provider, and whoever stands between: one table of attacks. Each is the genuine twin's sign-in with one
//! thing changed; the twin comes through in the same test. `refusals.rs` has the rules of the ID token one by one; here
//! are forgeries, confusions and floods, and what they leave behind.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gatehouse::domain::connection::{AskUserinfo, Connection, OidcPreset};
use gatehouse_local::aws::tables::{DIRECTORY, EPHEMERAL};
use gatehouse_tests::provider::{Behaviour, Endpoint, Reply, Signing};
use gatehouse_tests::{Provider, World};
use serde_json::{Value, json};

type Change = Box<dyn Fn(&mut Behaviour)>;

fn attack(code: &'static str, change: impl Fn(&mut Behaviour) + 'static) -> (&'static str, Change) {
    (code, Box::new(change))
}

/// DER of one value.
fn der(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[tag, 0x82, length[0], length[1]], body].concat()
}

/// Every form in which the provider's public key is lying about: what a confused verifier might take for a secret.
fn public_key_as_secret() -> Vec<Vec<u8>> {
    let jwk = Provider::honest_jwks()["keys"][0].clone();
    let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let (n, e) = (part("n"), part("e"));
    let integer = |octets: &[u8]| der(2, &[&[0], octets].concat());
    let key = der(0x30, &[integer(&n), integer(&e)].concat());
    let algorithm = der(0x30, b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00");
    let spki = der(
        0x30,
        &[algorithm, der(3, &[vec![0], key.clone()].concat())].concat(),
    );
    let pem = |name: &str, der: &[u8]| {
        let body = STANDARD.encode(der);
        let lines = body
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).unwrap());
        let lines = lines.collect::<Vec<_>>().join("\n");
        format!("-----BEGIN {name}-----\n{lines}\n-----END {name}-----\n").into_bytes()
    };
    vec![
        pem("PUBLIC KEY", &spki),
        pem("RSA PUBLIC KEY", &key),
        spki,
        key,
        jwk["n"].as_str().unwrap().as_bytes().to_vec(),
        n,
        jwk.to_string().into_bytes(),
        b"the-client-secret".to_vec(),
        Vec::new(),
    ]
}

/// Forged signatures and headers.
fn forgeries() -> Vec<(&'static str, Change)> {
    let mut all = vec![
        attack("id_token_unsigned", |b| {
            b.signing = Signing::None;
            b.header_patch = json!({ "alg": "none", "kid": "x" });
        }),
        attack("id_token_unsigned", |b| {
            b.signing = Signing::None;
            b.header_patch = json!({ "alg": "NonE" });
        }),
        attack("id_token_algorithm", |b| b.header_patch = json!({ "alg": "" })),
        attack("id_token_malformed", |b| b.header_patch = json!({ "alg": null })),
        attack("id_token_malformed", |b| {
            b.header_patch = json!({ "alg": ["RS256"] })
        }),
        // An RSA signature under a header that says otherwise, and the other way about.
        attack("id_token_unknown_key", |b| {
            b.header_patch = json!({ "alg": "ES256" })
        }),
        attack("id_token_unknown_key", |b| {
            b.header_patch = json!({ "alg": "RS512" })
        }),
        attack("id_token_algorithm", |b| b.header_patch = json!({ "alg": "RS1" })),
        attack("id_token_unknown_key", |b| {
            b.header_patch = json!({ "kid": "../../../dev/null" });
        }),
        attack("id_token_unknown_key", |b| {
            b.header_patch = json!({ "kid": "x' UNION SELECT 'key" });
        }),
        attack("id_token_embedded_key", |b| {
            b.signing = Signing::Key(2);
            b.header_patch = json!({ "jwk": Provider::honest_jwks()["keys"][1], "kid": null });
        }),
        // A chain beside the token is not looked at: the key counts, and nobody publishes this one.
        attack("id_token_unknown_key", |b| {
            b.signing = Signing::Key(2);
            b.header_patch = json!({ "x5c": ["AAAA"] });
        }),
        attack("id_token_critical", |b| {
            b.header_patch = json!({ "crit": ["b64"], "b64": false });
        }),
        attack("id_token_critical", |b| b.header_patch = json!({ "crit": [] })),
        // A provider, or who can write its JWK set, publishes an HMAC key: it verifies nothing.
        attack("id_token_algorithm", |b| {
            b.signing = Signing::Hmac(b"published".to_vec());
            b.header_patch = json!({ "kid": "hmac" });
            b.jwks = Some(json!({ "keys": [
                { "kty": "oct", "kid": "hmac", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode("published") },
            ]}));
        }),
    ];
    for secret in public_key_as_secret() {
        let forged = attack("id_token_algorithm", move |b| {
            b.signing = Signing::Hmac(secret.clone())
        });
        all.push(forged);
    }
    all
}

/// Claims that are almost right.
fn near_misses() -> Vec<(&'static str, Change)> {
    let patch = |code, claims: Value| attack(code, move |b: &mut Behaviour| b.claims_patch = claims.clone());
    vec![
        attack("id_token_issuer", |b| {
            b.claims_patch = json!({ "iss": format!("{}/", b.issuer) });
        }),
        attack("id_token_issuer", |b| {
            b.claims_patch = json!({ "iss": b.issuer.to_uppercase() });
        }),
        attack("id_token_issuer", |b| {
            b.claims_patch = json!({ "iss": [b.issuer] })
        }),
        patch("id_token_audience", json!({ "aud": "gatehouse-client " })),
        patch("id_token_audience", json!({ "aud": "Gatehouse-Client" })),
        patch("id_token_audience", json!({ "aud": [] })),
        patch(
            "id_token_audience",
            json!({ "aud": { "gatehouse-client": true } }),
        ),
        patch(
            "id_token_authorized_party",
            json!({ "azp": ["gatehouse-client"] }),
        ),
        patch("id_token_authorized_party", json!({ "azp": "" })),
        patch("id_token_nonce", json!({ "nonce": "" })),
        patch("id_token_nonce", json!({ "nonce": ["x"] })),
        patch("id_token_expired", json!({ "exp": "soon" })),
        patch("id_token_expired", json!({ "exp": -1 })),
        patch("id_token_future", json!({ "nbf": "tomorrow" })),
        patch("id_token_access_hash", json!({ "at_hash": "" })),
        patch("id_token_access_hash", json!({ "at_hash": 1 })),
        patch("id_token_subject", json!({ "sub": " " })),
        patch("id_token_subject", json!({ "sub": ["provider|ada@acme.com"] })),
        patch("id_token_subject", json!({ "sub": "x".repeat(256) })),
        patch("email_unverified", json!({ "email_verified": 0 })),
        patch("email_unverified", json!({ "email_verified": "no" })),
        patch("email_unverified", json!({ "email_verified": [true] })),
        // Addresses that look like the proven domain, or smuggle it in.
        patch("foreign_address", json!({ "email": "eve@acme.com.evil.example" })),
        patch("foreign_address", json!({ "email": "eve@xn--cme-7cd.com" })),
        patch("foreign_address", json!({ "email": "eve@notacme.com" })),
        patch("foreign_address", json!({ "email": "eve@sub.acme.com" })),
        patch("email_missing", json!({ "email": "eve@acme.com@evil.example" })),
        patch(
            "email_missing",
            json!({ "email": "eve@acme.com, eve@evil.example" }),
        ),
        patch(
            "email_missing",
            json!({ "email": "eve@acme.com\r\nBcc: eve@evil.example" }),
        ),
        patch(
            "email_missing",
            json!({ "email": ["eve@acme.com", "eve@evil.example"] }),
        ),
        patch("email_missing", json!({ "email": { "address": "eve@acme.com" } })),
    ]
}

/// Endpoints that do not answer as they should.
fn back_channel() -> Vec<(&'static str, Change)> {
    let token = |code, reply: Reply| {
        attack(code, move |b: &mut Behaviour| {
            b.replies.insert(Endpoint::Token, reply.clone());
        })
    };
    let userinfo = |code, reply: Reply| {
        attack(code, move |b: &mut Behaviour| {
            b.only_in_userinfo = vec!["email"];
            b.replies.insert(Endpoint::Userinfo, reply.clone());
        })
    };
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    vec![
        token("idp_code_refused", Reply::Json(500, json!({}))),
        token(
            "idp_unreachable",
            Reply::Json(302, json!({ "access_token": "x", "token_type": "Bearer" })),
        ),
        token("idp_unreachable", Reply::Huge(10 * 1024 * 1024)),
        token(
            "idp_unreachable",
            Reply::WithHeader("content-encoding", "gzip".to_owned()),
        ),
        token(
            "idp_unreachable",
            Reply::Redirect("https://evil.example/token".to_owned()),
        ),
        token(
            "token_response_malformed",
            Reply::Raw("application/json", deep.into_bytes()),
        ),
        token("token_response_malformed", Reply::Json(200, json!([]))),
        token(
            "idp_client_refused",
            Reply::Json(401, json!({ "error": "invalid_client" })),
        ),
        userinfo("userinfo_malformed", Reply::Raw("text/html", b"<html>".to_vec())),
        userinfo("userinfo_malformed", Reply::Json(401, json!({}))),
        userinfo("idp_unreachable", Reply::Huge(10 * 1024 * 1024)),
        userinfo(
            "idp_unreachable",
            Reply::Redirect("https://evil.example/".to_owned()),
        ),
        userinfo(
            "userinfo_subject_mismatch",
            Reply::Json(
                200,
                json!({ "sub": "provider|root@acme.com", "email": "root@acme.com", "email_verified": true }),
            ),
        ),
        userinfo(
            "userinfo_subject_mismatch",
            Reply::Json(200, json!({ "email": "root@acme.com", "email_verified": true })),
        ),
    ]
}

/// What a sign-in that succeeds would leave: people, identities, sessions, codes.
fn left_behind(world: &World) -> Vec<String> {
    let mut keys = Vec::new();
    for table in [DIRECTORY, EPHEMERAL] {
        for item in world.local.dynamodb().items(table).unwrap() {
            let pk = json!(item)["pk"]["S"].as_str().unwrap().to_owned();
            let kind = pk.split('#').next().unwrap().to_owned();
            if ["U", "UN", "EM", "ID", "S", "K", "R", "N"].contains(&kind.as_str()) {
                keys.push(pk);
            }
        }
    }
    keys.sort();
    keys
}

/// Each attack is refused by its code and leaves nothing behind; the attempt stays open, and the twin, which differs in
/// nothing else, comes through by it.
async fn every_attack_fails(attacks: Vec<(&'static str, Change)>) {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let mut honest = None;
    provider.set(|b| honest = Some(b.clone()));
    let honest = honest.unwrap();
    let mut before = left_behind(&world);
    let wanted = attacks.len();
    for (number, (code, change)) in attacks.into_iter().enumerate() {
        let browser = world.browser();
        // Somebody whom nobody knows yet: a known person may change to any address.
        let eve = Provider::person(&format!("eve-{number}@acme.com"));
        let sent = world.sent(&browser, &connection, &[]).await;
        provider.set(|b| change(b));
        let refused = world.back(&browser, &provider.authorize(&sent, &eve)).await;
        assert_eq!(refused.code(), code, "{number}: {}", refused.body);
        assert!(browser.cookie("session").is_none(), "{number}: a session cookie");
        assert_eq!(left_behind(&world), before, "{number} {code}");
        provider.set(|b| *b = honest.clone());
        // Keys that were read under attack are believed for half a minute at most.
        world.pass(chrono::TimeDelta::seconds(61));
        let twin = world.back(&browser, &provider.authorize(&sent, &eve)).await;
        assert_eq!(
            twin.status,
            303,
            "twin of {number}: {} {}",
            twin.code(),
            twin.body
        );
        assert!(twin.parameter("code").is_some(), "{number}");
        before = left_behind(&world);
    }
    assert_eq!(world.users().await.len(), wanted, "the twins, and nobody else");
}

/// Signatures by nothing, by public keys as secrets, by other keys or other algorithms than the header says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_forged_signatures_and_headers_are_refused() {
    every_attack_fails(forgeries()).await;
}

/// Claims of other types, other cases, other spellings; addresses that smuggle the proven domain in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_claims_that_are_almost_right_are_refused() {
    every_attack_fails(near_misses()).await;
}

/// Token and userinfo endpoints that answer 500, HTML, ten megabytes, gzip, redirects, depth, or about somebody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_a_back_channel_in_disorder_is_refused() {
    every_attack_fails(back_channel()).await;
}

async fn connected(world: &World, provider: &Provider, userinfo: AskUserinfo) -> Connection {
    world
        .connect(provider, OidcPreset::Generic, |settings| {
            settings.userinfo = userinfo
        })
        .await
}

/// A stall and a drip at each endpoint end after five seconds, and the person is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_09_a_stall_at_any_endpoint_ends_the_sign_in_in_time() {
    let world = World::start().await;
    let world = &world;
    let stalled = async |endpoint: Endpoint, reply: Reply| {
        let provider = Provider::start(&world.gatehouse.clock).await;
        let connection = connected(world, &provider, AskUserinfo::Always).await;
        let browser = world.browser();
        let sent = world.sent(&browser, &connection, &[]).await;
        provider.set(|b| drop(b.replies.insert(endpoint, reply)));
        let begun = Instant::now();
        let eve = Provider::person("eve@acme.com");
        let answer = world.back(&browser, &provider.authorize(&sent, &eve)).await;
        assert_eq!(answer.code(), "idp_unreachable", "{endpoint:?}");
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{endpoint:?}: {:?}",
            begun.elapsed()
        );
    };
    tokio::join!(
        stalled(Endpoint::Jwks, Reply::Stall),
        stalled(Endpoint::Token, Reply::Stall),
        stalled(Endpoint::Userinfo, Reply::Stall),
        stalled(Endpoint::Jwks, Reply::Drip),
        stalled(Endpoint::Token, Reply::Drip),
        stalled(Endpoint::Userinfo, Reply::Drip),
    );
    assert!(world.users().await.is_empty());
}

/// Client credentials, codes and access tokens reach the configured endpoints alone: a redirect to a thief carries
/// nothing, whatever its status and wherever the thief listens.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_13_credentials_do_not_follow_a_redirect() {
    let world = World::start().await;
    let thief = Provider::start(&world.gatehouse.clock).await;
    for endpoint in [Endpoint::Token, Endpoint::Userinfo] {
        let provider = Provider::start(&world.gatehouse.clock).await;
        let connection = connected(&world, &provider, AskUserinfo::Always).await;
        for place in ["token", "userinfo", "elsewhere"] {
            let to = format!("{}/{place}", thief.url);
            provider.set(|b| drop(b.replies.insert(endpoint, Reply::Redirect(to))));
            let eve = Provider::person("eve@acme.com");
            let answer = world
                .by_code(&world.browser(), (&connection, &provider), &eve)
                .await;
            assert_eq!(answer.code(), "idp_unreachable");
        }
    }
    for endpoint in [Endpoint::Token, Endpoint::Userinfo, Endpoint::Elsewhere] {
        assert!(thief.seen(endpoint).is_empty(), "{endpoint:?}");
    }
}

/// Tokens that name keys nobody has do not make us ask the provider again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_09_unknown_keys_do_not_flood_the_provider() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = connected(&world, &provider, AskUserinfo::Never).await;
    let of = (&connection, &provider);
    world
        .tokens_by_code(&world.browser(), of, &Provider::person("ada@acme.com"))
        .await;
    world.pass(chrono::TimeDelta::minutes(1));
    let eve = Provider::person("eve@acme.com");
    for round in 0..12 {
        provider.set(|b| b.header_patch = json!({ "kid": format!("unknown-{round}") }));
        let refused = world.by_code(&world.browser(), of, &eve).await;
        assert_eq!(refused.code(), "id_token_unknown_key");
    }
    assert_eq!(
        provider.seen(Endpoint::Jwks).len(),
        2,
        "once at first, once for all unknown keys"
    );
    provider.set(|b| b.header_patch = json!({}));
    world.tokens_by_code(&world.browser(), of, &eve).await;
}

/// The mix-up attack: a connection whose malicious provider sends people on to an honest one. The honest provider's
/// answer names its issuer, and its code never reaches the malicious token endpoint.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_07_mix_up_by_a_borrowed_authorization_endpoint() {
    let world = World::start().await;
    let honest = Provider::start(&world.gatehouse.clock).await;
    let evil = Provider::start(&world.gatehouse.clock).await;
    let borrowed = format!("{}/authorize", honest.url);
    evil.set(|b| b.discovery_patch = json!({ "authorization_endpoint": borrowed }));
    let good = connected(&world, &honest, AskUserinfo::Never).await;
    let bad = connected(&world, &evil, AskUserinfo::Never).await;
    let browser = world.browser();
    let sent = world.sent(&browser, &bad, &[]).await;
    assert!(sent.as_str().starts_with(&borrowed), "{sent}");
    let ada = Provider::person("ada@acme.com");
    let answer = world.back(&browser, &honest.authorize(&sent, &ada)).await;
    assert_eq!(answer.code(), "callback_issuer_mismatch");
    // Without `iss` the code goes to the malicious provider's registered place only if the honest one sends it there; the
    // honest connection's own redirect URI is another.
    assert!(
        sent.query_pairs()
            .any(|(name, value)| name == "redirect_uri" && value.ends_with(bad.id.as_str()))
    );
    assert!(evil.seen(Endpoint::Token).is_empty());
    world.tokens_by_code(&browser, (&good, &honest), &ada).await;
    assert_eq!(world.users().await.len(), 1);
}
