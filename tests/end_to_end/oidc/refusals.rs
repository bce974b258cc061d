//! What is refused, each by a code of its own, with nothing changed and the sign-in still open.

use gatehouse::domain::connection::{EmailProof, OidcPreset};
use gatehouse_tests::provider::{Behaviour, Endpoint, Reply, Signing};
use gatehouse_tests::{Provider, World};
use serde_json::{Value, json};
use url::Url;

type Change = fn(&mut Behaviour);
/// Parameters of a URL.
type Pairs = Vec<(String, String)>;

/// What a provider may do wrong, and what it is refused by.
fn wrongs() -> Vec<(&'static str, Change)> {
    vec![
        ("id_token_nonce", |b| {
            b.claims_patch = json!({ "nonce": "another" })
        }),
        ("id_token_nonce", |b| b.claims_patch = json!({ "nonce": null })),
        ("id_token_audience", |b| {
            b.claims_patch = json!({ "aud": "another-client" })
        }),
        ("id_token_audience", |b| b.claims_patch = json!({ "aud": null })),
        ("id_token_audience", |b| {
            b.claims_patch = json!({ "aud": ["gatehouse-client", 5] })
        }),
        ("id_token_issuer", |b| {
            b.claims_patch = json!({ "iss": "https://evil.example" })
        }),
        ("id_token_issuer", |b| b.claims_patch = json!({ "iss": null })),
        ("id_token_authorized_party", |b| {
            b.claims_patch = json!({ "azp": "another-client" })
        }),
        ("id_token_authorized_party", |b| {
            b.claims_patch = json!({ "aud": ["gatehouse-client", "another-client"] });
        }),
        ("id_token_access_hash", |b| {
            b.claims_patch = json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" })
        }),
        ("id_token_expired", |b| {
            b.claims_patch = json!({ "exp": 1_000_000_000 })
        }),
        ("id_token_expired", |b| b.claims_patch = json!({ "exp": null })),
        ("id_token_future", |b| {
            b.claims_patch = json!({ "iat": 4_000_000_000_i64 })
        }),
        ("id_token_future", |b| b.claims_patch = json!({ "iat": null })),
        ("id_token_future", |b| {
            b.claims_patch = json!({ "nbf": 4_000_000_000_i64 })
        }),
        ("id_token_subject", |b| b.claims_patch = json!({ "sub": null })),
        ("id_token_subject", |b| b.claims_patch = json!({ "sub": "" })),
        ("id_token_subject", |b| b.claims_patch = json!({ "sub": 7 })),
        ("id_token_unsigned", |b| b.signing = Signing::None),
        ("id_token_algorithm", |b| {
            b.signing = Signing::Hmac(b"the-client-secret".to_vec())
        }),
        ("id_token_signature", |b| b.signing = Signing::Broken),
        ("id_token_unknown_key", |b| b.signing = Signing::Key(2)),
        ("id_token_critical", |b| {
            b.header_patch = json!({ "crit": ["exp"] })
        }),
        ("id_token_embedded_key", |b| {
            b.header_patch = json!({ "jku": "https://evil.example/jwks" })
        }),
        ("id_token_embedded_key", |b| {
            b.header_patch = json!({ "x5u": "https://evil.example/cert" })
        }),
        ("id_token_embedded_key", |b| {
            b.header_patch = json!({ "jwk": { "kty": "RSA" } })
        }),
        ("id_token_missing", |b| {
            b.token_patch = json!({ "id_token": null })
        }),
        ("id_token_malformed", |b| {
            b.token_patch = json!({ "id_token": "a.b" })
        }),
        ("token_response_malformed", |b| {
            b.token_patch = json!({ "access_token": null })
        }),
        ("token_response_malformed", |b| {
            b.token_patch = json!({ "token_type": "mac" })
        }),
        ("token_response_malformed", |b| {
            b.replies
                .insert(Endpoint::Token, Reply::Raw("text/html", b"<html>".to_vec()));
        }),
        ("idp_code_refused", |b| {
            b.replies.insert(
                Endpoint::Token,
                Reply::Json(400, json!({ "error": "invalid_grant" })),
            );
        }),
        ("idp_unavailable", |b| {
            b.replies.insert(
                Endpoint::Token,
                Reply::Json(503, json!({ "error": "temporarily_unavailable" })),
            );
        }),
        ("idp_unreachable", |b| {
            b.replies.insert(
                Endpoint::Token,
                Reply::Redirect("https://evil.example/token".to_owned()),
            );
        }),
        ("email_unverified", |b| {
            b.claims_patch = json!({ "email_verified": false })
        }),
        ("email_unverified", |b| {
            b.claims_patch = json!({ "email_verified": "false" })
        }),
        ("foreign_address", |b| {
            b.claims_patch = json!({ "email": "eve@elsewhere.example" })
        }),
        ("email_missing", |b| {
            b.claims_patch =
                json!({ "email": null, "preferred_username": "eve@acme.com", "upn": "eve@acme.com" });
            b.userinfo_patch = json!({ "email": null });
        }),
    ]
}

/// Each wrong answer of a provider is refused by a stable code, recorded for the owner under the reference of the page;
/// nobody is made, and the same attempt still comes through when the provider answers rightly.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_a_wrong_answer_is_refused_by_name_and_changes_nothing() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let eve = Provider::person("eve@acme.com");
    let honest = std::sync::Mutex::new(None);
    provider.set(|b| *honest.lock().unwrap() = Some(b.clone()));
    let honest = honest.into_inner().unwrap().unwrap();
    for (number, (code, wrong)) in wrongs().into_iter().enumerate() {
        provider.set(|b| {
            *b = honest.clone();
            wrong(b);
        });
        world.pass(chrono::TimeDelta::minutes(2));
        let browser = world.browser();
        let sent = world.sent(&browser, &connection, &[]).await;
        let refused = world.back(&browser, &provider.authorize(&sent, &eve)).await;
        assert_eq!(refused.code(), code, "{number}: {}", refused.body);
        assert!(
            refused.status.is_client_error() || refused.status.is_server_error(),
            "{code}"
        );
        let reference = refused.headers["x-gatehouse-reference"]
            .to_str()
            .unwrap()
            .to_owned();
        let recorded = world.failures().await;
        let last = recorded
            .iter()
            .find(|record| record["reference"] == reference.as_str());
        let last = last.unwrap_or_else(|| panic!("{code} is not recorded"));
        assert_eq!(last["code"], code);
        assert!(!last["wanted"].as_str().unwrap().is_empty() && !last["got"].as_str().unwrap().is_empty());
    }
    assert!(world.users().await.is_empty());
    provider.set(|b| {
        *b = honest.clone();
        b.signing = Signing::Broken;
    });
    let browser = world.browser();
    let sent = world.sent(&browser, &connection, &[]).await;
    let refused = world.back(&browser, &provider.authorize(&sent, &eve)).await;
    assert_eq!(refused.code(), "id_token_signature");
    provider.set(|b| *b = honest.clone());
    let answer = world.back(&browser, &provider.authorize(&sent, &eve)).await;
    world.tokens_of(&answer).await;
}

/// What looks odd and is right: several audiences with azp, a clock two minutes off, a number with a fraction, no
/// at_hash, a foreign key beside the right one, keys without kid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_what_is_odd_and_right_comes_through() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let honest = Provider::honest_jwks();
    let mut foreign = vec![
        json!({ "kty": "EC", "crv": "secp256k1", "kid": "x", "x": "AA", "y": "AA" }),
        json!({ "kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB" }),
        json!({ "kty": "something-new" }),
        json!("no key at all"),
    ];
    foreign.extend(honest["keys"].as_array().unwrap().clone());
    let nameless = honest["keys"].as_array().unwrap().iter().map(|key| {
        let mut key = key.clone();
        key.as_object_mut().unwrap().remove("kid");
        key
    });
    let nameless = json!({ "keys": nameless.collect::<Vec<_>>() });
    let now = world.gatehouse.clock.now().timestamp();
    let right: Vec<(Value, Value, Option<Value>)> = vec![
        (
            json!({ "aud": ["other", "gatehouse-client"], "azp": "gatehouse-client" }),
            json!({}),
            None,
        ),
        (json!({ "aud": ["gatehouse-client"] }), json!({}), None),
        (json!({ "iat": now + 120, "nbf": now + 120 }), json!({}), None),
        (json!({ "exp": now - 120 }), json!({}), None),
        (
            json!({ "iat": f64::from(u32::try_from(now).unwrap()) + 0.5 }),
            json!({}),
            None,
        ),
        (
            json!({ "at_hash": null, "updated_at": "2026-01-01T00:00:00Z", "address": "one line" }),
            json!({}),
            None,
        ),
        (
            json!({ "email_verified": "true" }),
            json!({ "x5t": "abc", "typ": "jwt" }),
            None,
        ),
        (json!({}), json!({}), Some(json!({ "keys": foreign }))),
        (json!({}), json!({ "kid": null }), Some(nameless)),
    ];
    for (claims, header, jwks) in right {
        provider.set(|b| {
            b.claims_patch = claims.clone();
            b.header_patch = header.clone();
            b.jwks = jwks.clone();
        });
        let other = Provider::start(&world.gatehouse.clock).await;
        drop(other);
        let person = Provider::person("ada@acme.com");
        let answer = world
            .by_code(&world.browser(), (&connection, &provider), &person)
            .await;
        assert_eq!(
            answer.status,
            303,
            "{claims} {header}: {} {}",
            answer.code(),
            answer.body
        );
        world.pass(chrono::TimeDelta::seconds(1));
    }
}

/// A JWK set of thousands of keys is refused before any is looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_09_a_jwk_set_of_thousands_is_refused() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let one = Provider::honest_jwks()["keys"][1].clone();
    provider.set(|b| b.jwks = Some(json!({ "keys": vec![one; 3_000] })));
    let ada = Provider::person("ada@acme.com");
    let refused = world
        .by_code(&world.browser(), (&connection, &provider), &ada)
        .await;
    assert_eq!(refused.code(), "jwks_too_many_keys");
    assert_eq!(refused.status, 400);
}

/// `email_verified` where the connection asks for it, and where the owner vouches for the directory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_what_proves_an_address_is_the_owners_choice() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let proof = |proof| {
        move |settings: &mut gatehouse::domain::connection::OidcSettings| settings.email_proof = proof
    };
    let required = world
        .connect(&provider, OidcPreset::Generic, proof(EmailProof::Required))
        .await;
    let vouched = world
        .connect(&provider, OidcPreset::Generic, proof(EmailProof::OwnerVouches))
        .await;
    let mut ada = Provider::person("ada@acme.com");
    ada["email_verified"] = Value::Null;
    let answer = world
        .by_code(&world.browser(), (&required, &provider), &ada)
        .await;
    assert_eq!(answer.code(), "email_verified_missing");
    ada["email_verified"] = json!(false);
    let answer = world
        .by_code(&world.browser(), (&required, &provider), &ada)
        .await;
    assert_eq!(answer.code(), "email_unverified");
    assert!(world.users().await.is_empty());
    world
        .tokens_by_code(&world.browser(), (&vouched, &provider), &ada)
        .await;
}

/// The front channel: state of another browser or none, repeated and contradictory parameters, another issuer; in no case
/// is the code sent anywhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_a_tampered_callback_sends_nothing_anywhere() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let ada = Provider::person("ada@acme.com");
    let victim = world.browser();
    let sent = world.sent(&victim, &connection, &[]).await;
    let attacker = world.browser();
    let planted = provider.authorize(&world.sent(&attacker, &connection, &[]).await, &ada);
    // The attacker's own answer in the victim's browser.
    assert_eq!(world.back(&victim, &planted).await.code(), "state_mismatch");
    assert_eq!(
        world.back(&world.browser(), &planted).await.code(),
        "cookie_missing"
    );
    let good = provider.authorize(&sent, &ada);
    let edit = |change: &dyn Fn(Vec<(String, String)>) -> Pairs| {
        let mut url = good.clone();
        let pairs = change(good.query_pairs().into_owned().collect());
        url.query_pairs_mut().clear().extend_pairs(pairs);
        url
    };
    let with = |name: &'static str, value: &'static str| {
        move |mut pairs: Pairs| {
            pairs.push((name.to_owned(), value.to_owned()));
            pairs
        }
    };
    let without =
        |gone: &'static str| move |pairs: Pairs| pairs.into_iter().filter(|(name, _)| name != gone).collect();
    let replaced = |name: &'static str, value: &'static str| {
        move |pairs: Pairs| {
            let pairs = pairs.into_iter();
            pairs
                .map(|(key, old)| {
                    if key == name {
                        (key, value.to_owned())
                    } else {
                        (key, old)
                    }
                })
                .collect()
        }
    };
    let cases: Vec<(&str, Url)> = vec![
        ("callback_parameter_repeated", edit(&with("state", "another"))),
        ("callback_parameter_repeated", edit(&with("code", "another"))),
        ("callback_parameter_repeated", edit(&with("iss", "another"))),
        ("callback_ambiguous", edit(&with("error", "access_denied"))),
        ("callback_ambiguous", edit(&without("code"))),
        ("callback_malformed", edit(&without("state"))),
        ("state_mismatch", edit(&replaced("state", "another"))),
        ("state_mismatch", edit(&replaced("state", "a.b.c.d"))),
        (
            "callback_issuer_mismatch",
            edit(&replaced("iss", "https://evil.example")),
        ),
        ("callback_issuer_missing", edit(&without("iss"))),
    ];
    for (code, url) in cases {
        let refused = world.back(&victim, &url).await;
        // A state that names no connection of ours is answered as what it is: none.
        let same =
            refused.code() == code || (code == "state_mismatch" && refused.code() == "connection_unknown");
        assert!(same, "{url}: {} instead of {code}", refused.code());
    }
    assert!(provider.seen(Endpoint::Token).is_empty());
    world.tokens_of(&world.back(&victim, &good).await).await;
    let again = world.back(&victim, &good).await;
    assert_eq!(again.code(), "idp_code_refused", "a code is redeemed once");
    let second = provider.authorize(&sent, &ada);
    assert_eq!(
        world.back(&victim, &second).await.code(),
        "attempt_unknown",
        "and so is an attempt"
    );
    assert_eq!(world.users().await.len(), 1);
}

/// Mix-up: the honest provider's answer at another connection's redirect URI goes nowhere, least of all to the other
/// provider's token endpoint.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_07_an_answer_at_another_connections_redirect_uri_goes_nowhere() {
    let world = World::start().await;
    let honest = Provider::start(&world.gatehouse.clock).await;
    let evil = Provider::start(&world.gatehouse.clock).await;
    let good = world.connect(&honest, OidcPreset::Generic, |_| {}).await;
    let bad = world.connect(&evil, OidcPreset::Generic, |_| {}).await;
    let browser = world.browser();
    let ada = Provider::person("ada@acme.com");
    let back = honest.authorize(&world.sent(&browser, &good, &[]).await, &ada);
    let mut mixed = back.clone();
    mixed.set_path(&format!("/signin-oidc/{}", bad.id));
    assert_eq!(world.back(&browser, &mixed).await.code(), "connection_mismatch");
    mixed.set_path("/signin-oidc");
    assert_eq!(world.back(&browser, &mixed).await.code(), "connection_mismatch");
    // Asked at the evil connection, answered with the honest provider's code.
    let asked = world.sent(&browser, &bad, &[]).await;
    let state = asked
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned();
    let code = back
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let mut injected = back.clone();
    injected.set_path(&format!("/signin-oidc/{}", bad.id));
    injected
        .query_pairs_mut()
        .clear()
        .append_pair("code", &code)
        .append_pair("state", &state)
        .append_pair("iss", &honest.issuer());
    assert_eq!(
        world.back(&browser, &injected).await.code(),
        "callback_issuer_mismatch"
    );
    assert!(evil.seen(Endpoint::Token).is_empty() && honest.seen(Endpoint::Token).is_empty());
    assert!(world.users().await.is_empty());
}

/// The provider's own errors are shown as what they mean; a vendor's code reaches the owner, the description nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_errors_of_the_provider_are_shown_as_what_they_mean() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let browser = world.browser();
    let sent = world.sent(&browser, &connection, &[]).await;
    for (error, code, status) in [
        ("access_denied", "idp_access_denied", 403),
        ("login_required", "idp_interaction_needed", 400),
        ("temporarily_unavailable", "idp_unavailable", 503),
        ("server_error", "idp_unavailable", 503),
        ("invalid_scope", "idp_scope_refused", 400),
        ("unauthorized_client", "idp_refused_client", 400),
        ("something_else", "idp_error", 400),
    ] {
        let description = "AADSTS50105: user eve@acme.com is not assigned";
        let answer = world
            .back(&browser, &provider.refuse(&sent, error, Some(description)))
            .await;
        assert_eq!(
            (answer.code().as_str(), answer.status.as_u16()),
            (code, status),
            "{error}"
        );
        assert!(
            !answer.body.contains("eve@") && !answer.body.contains("AADSTS"),
            "{}",
            answer.body
        );
    }
    let recorded = serde_json::to_string(&world.failures().await).unwrap();
    assert!(recorded.contains("access_denied (AADSTS50105)"), "{recorded}");
    assert!(!recorded.contains("eve@acme.com"));
    // The attempt is open: a second try comes through.
    let answer = world
        .back(
            &browser,
            &provider.authorize(&sent, &Provider::person("ada@acme.com")),
        )
        .await;
    world.tokens_of(&answer).await;
}
