//! A person signs in by an OpenID Provider.

use chrono::TimeDelta;
use gatehouse::domain::connection::{AskUserinfo, OidcPreset, RedirectUri};
use gatehouse::domain::user::User;
use gatehouse_local::http_client::Service;
use gatehouse_tests::provider::{Endpoint, Signing};
use gatehouse_tests::{Provider, World};
use serde_json::json;

/// A person whom nobody knew becomes a user named by the primary address at the provider; an existing user of that
/// address, in a proven domain, is the one who signs in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_people_are_mapped_by_their_primary_address() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let linus = world.add_user("linus@acme.com", |_| {}).await;
    let of = (&connection, &provider);
    let known = world
        .tokens_by_code(&world.browser(), of, &Provider::person("Linus@acme.com"))
        .await;
    assert_eq!(known.claims["sub"], linus.id.as_str());
    let ada = Provider::person("ada@acme.com");
    let new = world.tokens_by_code(&world.browser(), of, &ada).await;
    assert_eq!(new.claims["email"], "ada@acme.com");
    assert_eq!(new.claims["email_verified"], true);
    assert_eq!(new.claims["given_name"], "Ada");
    assert_eq!(new.claims["family_name"], "Lovelace");
    let mut moved = ada.clone();
    moved["email"] = json!("ada.king@acme.com");
    let again = world.tokens_by_code(&world.browser(), of, &moved).await;
    assert_eq!(again.claims["sub"], new.claims["sub"], "sub is what identifies");
    assert_eq!(again.claims["email"], "ada.king@acme.com");
    assert_eq!(world.users().await.len(), 2);
}

/// A warm repeat sign-in costs what one by SAML does: attempt and identity in parallel, then one transaction; neither
/// keys nor discovery nor a secret are asked for again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_a_warm_repeat_sign_in_takes_two_sequential_round_trips() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let ada = Provider::person("ada@acme.com");
    world
        .tokens_by_code(&world.browser(), (&connection, &provider), &ada)
        .await;
    let browser = world.browser();
    let sent = world.sent(&browser, &connection, &[]).await;
    let back = provider.authorize(&sent, &ada);
    world.local.traffic().clear();
    let answer = world.back(&browser, &back).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let traffic = world.local.traffic();
    assert_eq!(traffic.sequential_round_trips(Service::DynamoDb), 2);
    assert_eq!(traffic.calls().len(), 3, "attempt, identity, transaction");
    assert_eq!(provider.seen(Endpoint::Jwks).len(), 1);
    assert_eq!(provider.seen(Endpoint::Discovery).len(), 1);
    assert_eq!(provider.seen(Endpoint::Elsewhere).len(), 0);
}

/// The shared redirect URI serves every connection that is set to it: the answer leads to the connection that was asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_07_one_redirect_uri_serves_a_deployment() {
    let world = World::start().await;
    let one = Provider::start(&world.gatehouse.clock).await;
    let two = Provider::start(&world.gatehouse.clock).await;
    let shared = |settings: &mut gatehouse::domain::connection::OidcSettings| {
        settings.redirect_uri = RedirectUri::Shared;
    };
    let first = world.connect(&one, OidcPreset::Generic, shared).await;
    let second = world.connect(&two, OidcPreset::Generic, shared).await;
    for (connection, provider) in [(&first, &one), (&second, &two)] {
        let browser = world.browser();
        let sent = world.sent(&browser, connection, &[]).await;
        let wanted = world.gatehouse.config.base_url.at("/signin-oidc");
        assert!(
            sent.query_pairs()
                .any(|(name, value)| name == "redirect_uri" && value == wanted)
        );
        let ada = Provider::person("ada@acme.com");
        let answer = world.back(&browser, &provider.authorize(&sent, &ada)).await;
        if connection.id == first.id {
            world.tokens_of(&answer).await;
        } else {
            // The same person at another connection is linked by the proven address.
            assert_eq!(answer.status, 303, "{} {}", answer.code(), answer.body);
        }
        let silent = world.browser();
        let sent = world.sent(&silent, connection, &[]).await;
        provider.set(|b| b.sends_iss = false);
        let answer = world.back(&silent, &provider.authorize(&sent, &ada)).await;
        assert_eq!(answer.code(), "callback_issuer_missing");
        provider.set(|b| b.sends_iss = true);
    }
    assert_eq!(world.users().await.len(), 1);
}

/// Additional scopes are asked for beside openid, profile and email, each once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_22_additional_scopes_are_asked_for() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world
        .connect(&provider, OidcPreset::Okta, |settings| {
            settings.additional_scopes = vec!["groups".to_owned(), "email".to_owned(), "okta.x".to_owned()];
        })
        .await;
    let sent = world.sent(&world.browser(), &connection, &[]).await;
    let scope = sent.query_pairs().find(|(name, _)| name == "scope").unwrap().1;
    assert_eq!(scope, "openid profile email groups okta.x");
}

/// Userinfo is asked when claims are missing, under the ID token's own; it must speak of the same person.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_userinfo_is_asked_when_claims_are_missing() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let of = (&connection, &provider);
    let ada = Provider::person("ada@acme.com");
    world.tokens_by_code(&world.browser(), of, &ada).await;
    assert_eq!(provider.seen(Endpoint::Userinfo).len(), 0, "nothing was missing");
    provider.set(|b| {
        b.only_in_userinfo = vec!["email", "email_verified"];
        b.userinfo_patch = json!({ "name": "Somebody Else" });
    });
    let grace = Provider::person("grace@acme.com");
    let tokens = world.tokens_by_code(&world.browser(), of, &grace).await;
    assert_eq!(tokens.claims["email"], "grace@acme.com");
    assert_eq!(provider.seen(Endpoint::Userinfo).len(), 1);
    provider.set(|b| b.userinfo_patch = json!({ "sub": "another" }));
    let refused = world
        .by_code(&world.browser(), of, &Provider::person("eve@acme.com"))
        .await;
    assert_eq!(refused.code(), "userinfo_subject_mismatch");
    provider.set(|b| b.userinfo_patch = json!({ "sub": null }));
    let refused = world
        .by_code(&world.browser(), of, &Provider::person("eve@acme.com"))
        .await;
    assert_eq!(refused.code(), "userinfo_subject_mismatch");
    let never = world
        .connect(&provider, OidcPreset::Generic, |settings| {
            settings.userinfo = AskUserinfo::Never
        })
        .await;
    let refused = world.by_code(&world.browser(), (&never, &provider), &grace).await;
    assert_eq!(refused.code(), "email_missing");
}

/// A token by a key that is not known makes the keys be read anew, at most every half minute.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_09_keys_follow_the_provider_and_are_not_asked_for_at_will() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let of = (&connection, &provider);
    let ada = Provider::person("ada@acme.com");
    let only = |number: usize| {
        let all = Provider::honest_jwks();
        json!({ "keys": [all["keys"][number]] })
    };
    provider.set(|b| b.jwks = Some(only(0)));
    world.tokens_by_code(&world.browser(), of, &ada).await;
    provider.set(|b| {
        b.jwks = Some(only(1));
        b.signing = Signing::Key(1);
    });
    let early = world.by_code(&world.browser(), of, &ada).await;
    assert_eq!(early.code(), "id_token_unknown_key");
    assert_eq!(provider.seen(Endpoint::Jwks).len(), 1, "read a moment ago");
    world.pass(TimeDelta::seconds(31));
    world.tokens_by_code(&world.browser(), of, &ada).await;
    assert_eq!(provider.seen(Endpoint::Jwks).len(), 2);
    provider.set(|b| b.signing = Signing::Key(2));
    world.pass(TimeDelta::seconds(31));
    for _ in 0..3 {
        let refused = world.by_code(&world.browser(), of, &ada).await;
        assert_eq!(refused.code(), "id_token_unknown_key");
    }
    assert_eq!(provider.seen(Endpoint::Jwks).len(), 3, "three tokens, one look");
    world.pass(TimeDelta::hours(2));
    provider.set(|b| {
        b.jwks = None;
        b.signing = Signing::Key(0);
    });
    world.tokens_by_code(&world.browser(), of, &ada).await;
}

/// Several connections of one tenant: the person chooses, and comes in by the one that was chosen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_several_connections_are_offered() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let browser = world.browser();
    let page = world
        .begin(&browser, &[("organization", world.tenant.id.as_str())])
        .await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains(connection.id.as_str()) && page.body.contains(world.connection.id.as_str()));
    let attempt = page.hidden("attempt");
    let chosen = browser
        .post(
            "/sign-in/choose",
            &[("attempt", &attempt), ("connection", connection.id.as_str())],
        )
        .await;
    assert_eq!(chosen.status, 303, "{}", chosen.body);
    let back = provider.authorize(&chosen.location(), &Provider::person("ada@acme.com"));
    let answer = world.back(&browser, &back).await;
    world.tokens_of(&answer).await;
}

/// With offline access the provider's refresh token is kept, sealed: neither table nor stream shows it, and it opens for
/// the identity that it belongs to alone. A sign-in that brings none keeps the one before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_31_refresh_tokens_of_providers_are_kept_sealed() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world
        .connect(&provider, OidcPreset::Okta, |settings| {
            settings.offline_access = true
        })
        .await;
    let of = (&connection, &provider);
    for email in ["ada@acme.com", "grace@acme.com"] {
        world
            .tokens_by_code(&world.browser(), of, &Provider::person(email))
            .await;
    }
    let users = world.users().await;
    let kept = async |user: &User| {
        let handle = world.gatehouse.store.tenant(&world.tenant.id);
        let (at, subject) = handle.identities(&user.id).await.unwrap().remove(0);
        assert_eq!(at, connection.id);
        let identity = handle.identity(&connection.id, &subject).await.unwrap().unwrap();
        (subject, identity.upstream.unwrap())
    };
    let open = async |subject: &str, sealed| {
        let at = (&connection.id, subject);
        gatehouse::app::upstream::open(&world.gatehouse, &world.tenant.id, at, sealed)
            .await
            .unwrap()
    };
    let (first, sealed) = kept(&users[0]).await;
    let (second, _) = kept(&users[1]).await;
    let token = open(&first, &sealed).await.unwrap();
    assert!(token.expose().starts_with("refresh-"));
    assert!(open(&second, &sealed).await.is_none(), "another identity's");
    let mut stream = Vec::new();
    while let Ok(more) = world.local.dynamodb().stream_records(
        stream
            .last()
            .map(|record: &serde_json::Value| record["dynamodb"]["SequenceNumber"].as_str().unwrap()),
        1_000,
    ) {
        if more.is_empty() {
            break;
        }
        stream.extend(more);
    }
    assert!(!serde_json::to_string(&stream).unwrap().contains(token.expose()));
    provider.set(|b| b.token_patch = json!({ "refresh_token": null }));
    let person = Provider::person(users[0].email.as_ref().unwrap().as_str());
    world.tokens_by_code(&world.browser(), of, &person).await;
    assert_eq!(kept(&users[0]).await.1, sealed);
}
