//! RP-initiated logout upstream: who signs out of the app is led to the identity provider, where its owner wants that, and
//! back to the app.

use gatehouse::app::onboarding::connections;
use gatehouse::domain::connection::{Connection, OidcPreset, Protocol};
use gatehouse_local::aws::tables::{DIRECTORY, EPHEMERAL};
use gatehouse_local::http_client::{Fault, When};
use gatehouse_tests::app::Tokens;
use gatehouse_tests::{Answer, Browser, Provider, World, world};
use serde_json::{Value, json};
use url::Url;

const BYE: &str = "https://app.example.com/bye";

fn end_session(fields: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    format!("/oauth2/end_session?{query}")
}

/// Somebody who is signed in by a provider whose connection leads to its logout.
struct Leaving {
    world: World,
    provider: Provider,
    connection: Connection,
    browser: Browser,
    tokens: Tokens,
}

impl Leaving {
    async fn new() -> Self {
        let world = World::start().await;
        let provider = Provider::start(&world.gatehouse.clock).await;
        let connection = wanted(&world, &provider).await;
        let browser = world.browser();
        let of = (&connection, &provider);
        let ada = Provider::person("ada@acme.com");
        let tokens = world.tokens_by_code(&browser, of, &ada).await;
        Self {
            world,
            provider,
            connection,
            browser,
            tokens,
        }
    }

    /// The app's own logout.
    async fn leaves(&self) -> Answer {
        let hint = self.tokens.text("id_token");
        let fields = [
            ("id_token_hint", hint),
            ("post_logout_redirect_uri", BYE),
            ("state", "s 1"),
        ];
        self.browser.get(&end_session(&fields)).await
    }

    async fn is_signed_in(&self) -> bool {
        let silent = [("connection", self.connection.id.as_str()), ("prompt", "none")];
        let answer = self.browser.get(&self.world.authorize_path(&silent)).await;
        answer.parameter("code").is_some()
    }
}

async fn wanted(world: &World, provider: &Provider) -> Connection {
    world
        .connect(provider, OidcPreset::Generic, |settings| {
            settings.upstream_logout = true
        })
        .await
}

/// A page of ours that leads nowhere.
fn is_our_page(answer: &Answer) -> bool {
    answer.status == 200 && !answer.headers.contains_key("location")
}

fn parameter(url: &Url, wanted: &str) -> Option<String> {
    let found = url.query_pairs().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.into_owned())
}

/// The app's logout ends the session here, leads to the provider's logout with the ID token of the sign-in, our client id
/// and a registered address to come back to, and from there to the app's own address with the app's `state`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_logout_goes_on_at_the_provider_and_comes_back_to_the_app() {
    let leaving = Leaving::new().await;
    let answer = leaving.leaves().await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let sent = answer.location();
    assert!(
        sent.as_str()
            .starts_with(&format!("{}/logout?", leaving.provider.url)),
        "{sent}"
    );
    assert_eq!(parameter(&sent, "client_id").as_deref(), Some("gatehouse-client"));
    let base = leaving.world.gatehouse.config.base_url.as_str();
    let back = format!("{base}/signin-oidc/{}/signed-out", leaving.connection.id);
    assert_eq!(
        parameter(&sent, "post_logout_redirect_uri").as_deref(),
        Some(back.as_str())
    );
    assert!(
        !leaving.is_signed_in().await,
        "ours is over before the provider is asked"
    );
    let refused = leaving.world.refresh(leaving.tokens.text("refresh_token")).await;
    assert_eq!(refused.json()["error"], "invalid_grant");
    let at_home = leaving.provider.sign_out(&sent);
    assert_eq!(
        at_home.subject.as_deref(),
        Some("provider|ada@acme.com"),
        "the hint is its own ID token"
    );
    let done = leaving.world.back(&leaving.browser, &at_home.back).await;
    assert_eq!(done.raw_location(), format!("{BYE}?state=s+1"));
    let again = leaving.world.back(&leaving.browser, &at_home.back).await;
    assert!(is_our_page(&again), "once");
}

/// Without the owner's wish, and for a provider that has no logout, people go to the app at once; and a wish that the
/// provider cannot meet is refused when it is set.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_logout_stays_here_unless_the_owner_wants_more() {
    let mut leaving = Leaving::new().await;
    let plain = leaving
        .world
        .connect(&leaving.provider, OidcPreset::Generic, |_| {})
        .await;
    let admin = leaving.world.admin().await;
    leaving.browser = leaving.world.browser();
    let of = (&plain, &leaving.provider);
    // Another connection of the provider: the same address, another person there.
    let grace = Provider::person("grace@acme.com");
    leaving.tokens = leaving.world.tokens_by_code(&leaving.browser, of, &grace).await;
    assert_eq!(leaving.leaves().await.raw_location(), format!("{BYE}?state=s+1"));
    let stored = serde_json::to_string(&leaving.world.local.dynamodb().items(EPHEMERAL).unwrap()).unwrap();
    assert_eq!(
        stored.matches("id_token_hint").count(),
        1,
        "kept where it is wanted alone"
    );
    leaving
        .provider
        .set(|b| b.discovery_patch = json!({ "end_session_endpoint": null }));
    let mut edit = connections::ConnectionEdit::of(&plain);
    edit.oidc.as_mut().unwrap().upstream_logout = true;
    let refused = connections::update(&admin, &plain, edit.clone())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "logout_not_supported");
    for address in [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://idp.example.com/logout",
    ] {
        leaving
            .provider
            .set(|b| b.discovery_patch = json!({ "end_session_endpoint": address }));
        let refused = connections::update(&admin, &plain, edit.clone())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "discovery_endpoint_refused", "{address}");
    }
    leaving.provider.set(|b| b.discovery_patch = json!({}));
    let changed = connections::update(&admin, &plain, edit).await.unwrap();
    assert_eq!(
        changed.state, plain.state,
        "a switch of ours is no reason for a new review"
    );
}

/// Nothing of the request that comes back decides where it leads: addresses in it, other states, other browsers, other
/// connections and things that are parked for something else all end on our own page, and the way stays for whom it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_forged_return_from_a_logout_leads_nowhere() {
    let leaving = Leaving::new().await;
    let world = &leaving.world;
    let other = wanted(world, &leaving.provider).await;
    let good = leaving.provider.sign_out(&leaving.leaves().await.location()).back;
    let state = parameter(&good, "state").unwrap();
    let path = format!("/signin-oidc/{}/signed-out", leaving.connection.id);
    let route = world.gatehouse.route_hint(&leaving.connection.id).await.unwrap();
    let route = route.rsplit_once("gatehouse-route.").unwrap().1.to_owned();
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let evil = encoded("https://evil.example/");
    for forged in [
        path.clone(),
        format!("{path}?state="),
        format!("{path}?state=made-up"),
        format!("{path}?state={route}"),
        format!("{path}?post_logout_redirect_uri={evil}&target={evil}&to={evil}"),
        format!("{path}?state={state}&state={state}"),
        format!("/signin-oidc/{}/signed-out?state={state}", other.id),
        format!("/signin-oidc/nobody/signed-out?state={state}"),
        format!("/signin-oidc/%00/signed-out?state={state}"),
    ] {
        let answer = leaving.browser.get(&forged).await;
        assert!(is_our_page(&answer), "{forged}");
        assert!(!answer.body.contains("evil.example"), "{forged}");
    }
    // The attacker's own logout, in the victim's browser.
    for stranger in [world.browser(), {
        let browser = world.browser();
        world.begin(&browser, &[]).await;
        browser
    }] {
        let answer = world.back(&stranger, &good).await;
        assert!(is_our_page(&answer));
    }
    let kept = world
        .gatehouse
        .take_route_hint(&format!("gatehouse-route.{route}"))
        .await
        .unwrap();
    assert!(kept.is_some(), "what is parked for something else is not spent");
    let mut more = good.clone();
    more.query_pairs_mut()
        .append_pair("post_logout_redirect_uri", "https://evil.example/");
    let done = world.back(&leaving.browser, &more).await;
    assert_eq!(done.raw_location(), format!("{BYE}?state=s+1"), "the genuine one");
}

/// A way back is good for ten minutes, and what lies in the table opens nothing: neither the ID token nor where it leads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_the_way_back_from_a_logout_is_short_and_sealed() {
    let leaving = Leaving::new().await;
    let world = &leaving.world;
    let stored = || {
        let tables = [DIRECTORY, EPHEMERAL].map(|table| world.local.dynamodb().items(table).unwrap());
        serde_json::to_string(&tables).unwrap()
    };
    assert!(stored().contains("id_token_hint"));
    assert!(!stored().contains("eyJ"), "no token lies in clear");
    let good = leaving.provider.sign_out(&leaving.leaves().await.location()).back;
    assert!(!stored().contains("eyJ") && !stored().contains("app.example.com/bye?"));
    world.pass(chrono::TimeDelta::minutes(11));
    let late = world.back(&leaving.browser, &good).await;
    assert!(is_our_page(&late));
}

/// A provider or a table in trouble strands nobody: the session is over, and the person goes to the app.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_logout_that_cannot_go_on_ends_at_the_app() {
    let leaving = Leaving::new().await;
    let world = &leaving.world;
    // The end of the session is the first transaction, the way back the second.
    let order = When::operation("TransactWriteItems").after(1);
    let cut = world.local.faults().inject(order, Fault::ServerError);
    let answer = leaving.leaves().await;
    assert!(cut.struck() > 0);
    cut.withdraw();
    assert_eq!(answer.raw_location(), format!("{BYE}?state=s+1"));
    assert!(!leaving.is_signed_in().await);

    // An address that was stored before it was looked at so closely.
    let leaving = Leaving::new().await;
    let world = &leaving.world;
    let handle = world.gatehouse.store.tenant(&world.tenant.id);
    let mut stored = handle.connection(&leaving.connection.id).await.unwrap().unwrap();
    stored.version += 1;
    let Protocol::Oidc(oidc) = &mut stored.protocol else {
        panic!("{stored:?}")
    };
    oidc.provider.as_mut().unwrap().end_session_endpoint = Some("javascript:alert(1)//".to_owned());
    let mut tx = handle.begin();
    tx.update_connection(&stored);
    tx.commit().await.unwrap();
    world.pass(chrono::TimeDelta::minutes(2));
    assert_eq!(leaving.leaves().await.raw_location(), format!("{BYE}?state=s+1"));
}

/// Somebody who is signed in to two organizations and presses the button is led to both providers, one after the other,
/// and without an app's address ends on our page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_logout_of_two_organizations_goes_to_both_providers() {
    let leaving = Leaving::new().await;
    let mut world = leaving.world;
    let second = Provider::start(&world.gatehouse.clock).await;
    let acme = world.tenant.clone();
    world.tenant = world::make_tenant(&world.gatehouse, "Beta", "beta.com").await;
    let there = wanted(&world, &second).await;
    let of = (&there, &second);
    let grace: Value = Provider::person("grace@beta.com");
    world.tokens_by_code(&leaving.browser, of, &grace).await;
    world.tenant = acme;
    let first = leaving.browser.post("/oauth2/end_session", &[]).await;
    let first = second.sign_out(&first.location());
    assert_eq!(
        first.subject.as_deref(),
        Some("provider|grace@beta.com"),
        "the newest first"
    );
    let next = world.back(&leaving.browser, &first.back).await;
    let last = leaving.provider.sign_out(&next.location());
    assert_eq!(last.subject.as_deref(), Some("provider|ada@acme.com"));
    let done = world.back(&leaving.browser, &last.back).await;
    assert!(is_our_page(&done));
    assert!(done.body.contains("You are signed out"));
}
