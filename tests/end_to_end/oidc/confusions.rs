//! Attacks between browsers, tenants and providers that all behave well for themselves: injected codes, planted cookies,
//! one provider behind several tenants, keys that are asked for in somebody else's name. Each beside its genuine twin.

use axum_request::get;
use gatehouse::app::onboarding::connections::{self, ConnectionEdit, secret};
use gatehouse::domain::connection::{Connection, OidcPreset};
use gatehouse::redacted::Secret;
use gatehouse_tests::provider::{Endpoint, Reply, Signing};
use gatehouse_tests::{Answer, Provider, World, world};
use serde_json::json;
use url::Url;

/// Requests with a Cookie header as somebody else wrote it.
mod axum_request {
    use http::{Request, header};

    pub(super) fn get(path: &str, cookies: &str) -> Request<axum::body::Body> {
        let request = Request::get(path).header(header::COOKIE, cookies);
        request.body(axum::body::Body::empty()).unwrap()
    }
}

fn with(url: &Url, name: &str, value: &str) -> Url {
    let mut changed = url.clone();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let pairs = pairs.into_iter().map(|(key, old)| {
        let value = if key == name { value.to_owned() } else { old };
        (key, value)
    });
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    changed
}

fn parameter(url: &Url, wanted: &str) -> String {
    let found = url.query_pairs().find(|(name, _)| name == wanted);
    found.unwrap().1.into_owned()
}

fn path(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap())
}

/// Code injection: the attacker's code, from the attacker's own sign-in at the same provider, in the victim's answer; and
/// the victim's stolen code in the attacker's. PKCE refuses both; at a provider that knows nothing of PKCE the nonce does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_a_code_of_another_browser_is_worth_nothing() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    for (ignores_pkce, code) in [(false, "idp_code_refused"), (true, "id_token_nonce")] {
        provider.set(|b| b.ignores_pkce = ignores_pkce);
        let (victim, attacker) = (world.browser(), world.browser());
        let ada = provider.authorize(
            &world.sent(&victim, &connection, &[]).await,
            &Provider::person("ada@acme.com"),
        );
        let eve = provider.authorize(
            &world.sent(&attacker, &connection, &[]).await,
            &Provider::person("eve@acme.com"),
        );
        let injected = with(&ada, "code", &parameter(&eve, "code"));
        assert_eq!(
            world.back(&victim, &injected).await.code(),
            code,
            "login as somebody else"
        );
        let eve = provider.authorize(
            &world.sent(&attacker, &connection, &[]).await,
            &Provider::person("eve@acme.com"),
        );
        let stolen = with(&eve, "code", &parameter(&ada, "code"));
        assert_eq!(world.back(&attacker, &stolen).await.code(), code, "a stolen code");
        let twin = provider.authorize(
            &world.sent(&victim, &connection, &[]).await,
            &Provider::person("ada@acme.com"),
        );
        assert_eq!(world.back(&victim, &twin).await.status, 303);
    }
    assert_eq!(world.users().await.len(), 1, "the twins are one person");
}

/// PKCE is never left out, whatever the discovery document says that the provider knows; and a challenge that was taken
/// out or put down to `plain` on its way ends the sign-in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_pkce_is_not_talked_down() {
    let world = World::start().await;
    for offered in [json!(["plain"]), json!([]), json!(null)] {
        let provider = Provider::start(&world.gatehouse.clock).await;
        provider.set(|b| b.discovery_patch = json!({ "code_challenge_methods_supported": offered }));
        let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
        let sent = world.sent(&world.browser(), &connection, &[]).await;
        assert_eq!(parameter(&sent, "code_challenge_method"), "S256", "{offered}");
        assert_eq!(parameter(&sent, "code_challenge").len(), 43, "{offered}");
        let browser = world.browser();
        let sent = world.sent(&browser, &connection, &[]).await;
        let talked_down = with(
            &sent,
            "code_challenge",
            "what-the-attacker-knows-what-the-attacker-knows",
        );
        let ada = Provider::person("ada@acme.com");
        let refused = world
            .back(&browser, &provider.authorize(&talked_down, &ada))
            .await;
        assert_eq!(refused.code(), "idp_code_refused");
        let twin = world.back(&browser, &provider.authorize(&sent, &ada)).await;
        assert_eq!(twin.status, 303);
    }
}

/// Cookie tossing: a second cookie of the same name, planted from a neighbouring site, makes both count as none; deployed, a
/// planted cookie without the `__Host-` prefix is no cookie of ours. The attacker's own sign-in never opens in the victim's
/// browser.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_a_planted_cookie_signs_nobody_in() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let (victim, attacker) = (world.browser(), world.browser());
    world.sent(&victim, &connection, &[]).await;
    let planted = provider.authorize(
        &world.sent(&attacker, &connection, &[]).await,
        &Provider::person("eve@acme.com"),
    );
    let (own, theirs) = (
        victim.cookie("browser").unwrap(),
        attacker.cookie("browser").unwrap(),
    );
    for line in [
        format!("gatehouse_browser={own}; gatehouse_browser={theirs}"),
        format!("gatehouse_browser={theirs}; gatehouse_browser={own}"),
    ] {
        let answer = victim.send_request(get(&path(&planted), &line)).await;
        assert_eq!(answer.code(), "cookie_missing", "{line}");
    }
    assert!(
        provider.seen(Endpoint::Token).is_empty(),
        "nothing was sent anywhere"
    );
    let twin = attacker
        .send_request(get(&path(&planted), &format!("gatehouse_browser={theirs}")))
        .await;
    assert_eq!(twin.status, 303);

    let world = World::deployed().await;
    let browser = world.browser();
    world.begin(&browser, &[]).await;
    let own = browser.cookie("browser").unwrap();
    let attempt = world.begin(&browser, &[]).await.hidden("attempt");
    let ask = async |line: &str| -> Answer {
        browser
            .send_request(get(&format!("/sign-in?attempt={attempt}"), line))
            .await
    };
    assert_eq!(ask(&format!("__Host-gatehouse_browser={own}")).await.status, 200);
    for line in [
        format!("gatehouse_browser={own}"),
        format!("__host-gatehouse_browser={own}"),
        format!("__Host-gatehouse_browser={own}; __Host-gatehouse_browser={theirs}"),
    ] {
        assert_ne!(ask(&line).await.status, 200, "{line}");
    }
    let both = format!("gatehouse_browser={theirs}; __Host-gatehouse_browser={own}");
    assert_eq!(
        ask(&both).await.status,
        200,
        "a planted one beside it disturbs nobody"
    );
}

/// State fixation: the attacker begins, and makes the victim finish with the victim's own account there. Without the
/// attacker's cookie the answer is refused, also when the attacker's attempt is put into the victim's browser first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_an_attempt_of_another_browser_is_not_finished() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let (victim, attacker) = (world.browser(), world.browser());
    let sent = world.sent(&attacker, &connection, &[]).await;
    // The victim has a cookie of its own, and follows the attacker's link to the provider.
    world.begin(&victim, &[]).await;
    let ada = Provider::person("ada@acme.com");
    let back = provider.authorize(&sent, &ada);
    assert_eq!(world.back(&victim, &back).await.code(), "state_mismatch");
    assert_eq!(world.back(&world.browser(), &back).await.code(), "cookie_missing");
    let page = world
        .begin(&attacker, &[("organization", world.tenant.id.as_str())])
        .await;
    let attempt = page.hidden("attempt");
    let chosen = [
        ("attempt", attempt.as_str()),
        ("connection", connection.id.as_str()),
    ];
    let refused = victim.post("/sign-in/choose", &chosen).await;
    assert_ne!(refused.status, 303, "nor is it gone on with");
    assert!(provider.seen(Endpoint::Token).is_empty());
    world
        .tokens_by_code(&victim, (&connection, &provider), &ada)
        .await;
}

/// Two tenants behind one provider, with the same client there: the answer to one is none for the other, each has people of
/// its own, and nobody comes into a tenant by an address of the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_tenants_behind_one_provider_are_not_confused() {
    let mut world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let acme = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let first = world.tenant.clone();
    world.tenant = world::make_tenant(&world.gatehouse, "Beta", "beta.com").await;
    let beta = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let ada = Provider::person("ada@acme.com");
    let browser = world.browser();
    let refused = world.by_code(&browser, (&beta, &provider), &ada).await;
    assert_eq!(refused.code(), "foreign_address");
    assert!(world.users().await.is_empty());
    // The answer to Acme's request, brought to Beta's place, and with Beta's state.
    let to_acme = provider.authorize(&world.sent(&browser, &acme, &[]).await, &ada);
    let to_beta = provider.authorize(&world.sent(&browser, &beta, &[]).await, &ada);
    let mut crossed = to_acme.clone();
    crossed.set_path(to_beta.path());
    assert_eq!(world.back(&browser, &crossed).await.code(), "connection_mismatch");
    let swapped = with(&to_beta, "code", &parameter(&to_acme, "code"));
    assert_eq!(world.back(&browser, &swapped).await.code(), "idp_code_refused");
    let state = parameter(&to_acme, "state");
    let edited = state.replacen(acme.id.as_str(), beta.id.as_str(), 1);
    let mut edited = with(&to_acme, "state", &edited);
    edited.set_path(to_beta.path());
    assert_eq!(world.back(&browser, &edited).await.code(), "state_mismatch");
    // The twins: one subject at the provider, two people here.
    let at_acme = world.tokens_by_code(&browser, (&acme, &provider), &ada).await;
    let mut grace = Provider::person("grace@beta.com");
    grace["sub"] = ada["sub"].clone();
    let at_beta = world.tokens_by_code(&browser, (&beta, &provider), &grace).await;
    assert_ne!(at_acme.claims["sub"], at_beta.claims["sub"]);
    assert_eq!(world.users().await.len(), 1);
    world.tenant = first;
    assert_eq!(world.users().await.len(), 1);
}

/// Another tenant's connection that names a victim's keys, and tokens by nobody's key, make the keys be read anew, and no
/// more: what its own provider publishes is never believed for the victim, and a provider that does not answer then does
/// not make keys live longer that it took back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_09_keys_are_not_poisoned_by_another_connection() {
    let world = World::start().await;
    let honest = Provider::start(&world.gatehouse.clock).await;
    let evil = Provider::start(&world.gatehouse.clock).await;
    let good = world.connect(&honest, OidcPreset::Generic, |_| {}).await;
    let borrowed = format!("{}/jwks", honest.url);
    evil.set(|b| {
        b.discovery_patch = json!({ "jwks_uri": borrowed });
        b.jwks = Some(json!({ "keys": [] }));
        b.signing = Signing::Key(2);
    });
    let bad = world.connect(&evil, OidcPreset::Generic, |_| {}).await;
    let ada = Provider::person("ada@acme.com");
    let eve = Provider::person("eve@acme.com");
    world
        .tokens_by_code(&world.browser(), (&good, &honest), &ada)
        .await;
    for _ in 0..3 {
        world.pass(chrono::TimeDelta::seconds(31));
        let refused = world.by_code(&world.browser(), (&bad, &evil), &eve).await;
        assert_eq!(refused.code(), "id_token_unknown_key");
        world
            .tokens_by_code(&world.browser(), (&good, &honest), &ada)
            .await;
    }
    assert!(evil.seen(Endpoint::Jwks).is_empty());
    // The honest provider takes its key back, and its key set is out of order.
    honest.set(|b| drop(b.replies.insert(Endpoint::Jwks, Reply::Json(503, json!({})))));
    for _ in 0..5 {
        world.pass(chrono::TimeDelta::minutes(15));
        let refused = world.by_code(&world.browser(), (&bad, &evil), &eve).await;
        assert_ne!(refused.status, 303);
    }
    let late = world.by_code(&world.browser(), (&good, &honest), &ada).await;
    assert_eq!(
        late.code(),
        "idp_unreachable",
        "keys are believed for an hour, whoever asks"
    );
    honest.set(|b| b.replies.clear());
    world
        .tokens_by_code(&world.browser(), (&good, &honest), &ada)
        .await;
}

/// A provider that becomes another one after it was set up: whatever its discovery document says later moves nobody; an
/// owner who saves it anew is told whose it is now, and the endpoints stay as they were.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_09_discovery_of_another_issuer_moves_nothing() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let thief = Provider::start(&world.gatehouse.clock).await;
    let connection: Connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let stolen = json!({
        "issuer": thief.issuer(),
        "token_endpoint": format!("{}/token", thief.url),
        "jwks_uri": format!("{}/jwks", thief.url),
    });
    provider.set(|b| b.discovery_patch = stolen);
    let ada = Provider::person("ada@acme.com");
    world.pass(chrono::TimeDelta::hours(2));
    world
        .tokens_by_code(&world.browser(), (&connection, &provider), &ada)
        .await;
    let admin = world.admin().await;
    let mut edit = ConnectionEdit::of(&connection);
    edit.oidc.as_mut().unwrap().additional_scopes = vec!["groups".to_owned()];
    edit.oidc.as_mut().unwrap().signing_algorithms = vec!["RS256".to_owned()];
    let refused = connections::update(&admin, &connection, edit).await.unwrap_err();
    assert_eq!(refused.code(), "issuer_mismatch");
    let known = connections::read(&admin, &connection.id).await.unwrap();
    let written = |one: &Connection| (one.protocol.clone(), one.version, one.state);
    assert_eq!(written(&known), written(&connection), "nothing was written");
    secret::set(&admin, &known, &Secret::new("the-client-secret"))
        .await
        .unwrap();
    world
        .tokens_by_code(&world.browser(), (&connection, &provider), &ada)
        .await;
    for endpoint in [Endpoint::Token, Endpoint::Jwks, Endpoint::Userinfo] {
        assert!(thief.seen(endpoint).is_empty(), "{endpoint:?}");
    }
}
