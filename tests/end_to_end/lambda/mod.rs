//! The built programs, under Lambda's own protocol: what is tested here is what is deployed.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use chrono::TimeDelta;
use gatehouse::domain::connection::OidcPreset;
use gatehouse::domain::email::EmailAddress;
use gatehouse_local::lambda::api_gateway::{self, Context};
use gatehouse_local::lambda::{Program, ProgramError};
use gatehouse_local::{Local, Options};
use gatehouse_tests::lambda::{Deployment, PRINCIPAL, TlsFronts, environment_of, on_the_way, program};
use gatehouse_tests::scim::GROUP;
use gatehouse_tests::{Browser, Provider, Visitor, World};
use http::{Request, header};
use serde_json::{Value, json};

use super::relay::failures::put_deadlines;

/// The world of the other tests, deployed, with the built programs in the place of its routers.
async fn world(names: &[&str]) -> (World, Deployment) {
    through_programs(World::deployed_with_programs().await, names).await
}

async fn through_programs(mut world: World, names: &[&str]) -> (World, Deployment) {
    let base = world.gatehouse.config.base_url.as_str().to_owned();
    let deployment = Deployment::start(names, &world.local, &base).await.unwrap();
    world.router = deployment.router(Some(PRINCIPAL));
    (world, deployment)
}

/// From the app's authorization request through an identity provider with a form post to tokens, user information and
/// a refresh: four programs, `__Host-` cookies, forms in base64.
#[tokio::test]
async fn a_saml_sign_in_through_the_built_functions() {
    let (world, deployment) = world(&["sign_in", "saml_acs", "openid_provider", "outbox_relay"]).await;
    let browser = world.browser();
    let tokens = world.tokens(&browser, &Visitor::new("anna@acme.com")).await;
    assert_eq!(tokens.claims["email"], "anna@acme.com");
    assert!(browser.cookie("session").is_some_and(|cookie| !cookie.is_empty()));
    let info = world.userinfo(tokens.text("access_token")).await;
    assert_eq!(info.json()["sub"], tokens.claims["sub"]);
    let refreshed = world.refresh(tokens.text("refresh_token")).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);

    // The stream of all that, as the event source mapping hands it over.
    let records = world.local.dynamodb().stream_records(None, 1_000).unwrap();
    let outbox = |record: &&Value| {
        record["eventName"] == "INSERT"
            && record["dynamodb"]["Keys"]["sk"]["S"]
                .as_str()
                .is_some_and(|sk| sk.starts_with("O#"))
    };
    let batch: Vec<&Value> = records.iter().filter(outbox).collect();
    assert!(!batch.is_empty());
    let answer = deployment
        .invoke("outbox_relay", &json!({ "Records": batch }))
        .await
        .unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert!(!world.local.events().events().is_empty());
}

/// The start of a sign-in asks DynamoDB five times and Secrets Manager once, over one connection each: another one would
/// be another handshake at every cold start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_follow_one_another_share_a_connection() {
    let world = World::deployed_with_programs().await;
    let fronts = TlsFronts::start(&world.local).await;
    let base = world.gatehouse.config.base_url.as_str();
    let environment = fronts.environment_of("sign_in", &world.local, base);
    let path = tokio::task::spawn_blocking(|| program("sign_in")).await.unwrap();
    let started = Program::start("test-sign_in", &path, &environment).await.unwrap();
    let request = on_the_way(&world).await;
    let context = Context {
        route: "ANY /".to_owned(),
        principal: None,
        domain: "login.example.com".to_owned(),
    };
    let event = api_gateway::event(&context, &request);
    let answer = started.invoke(&event, Duration::from_secs(10)).await.unwrap();
    assert_eq!(answer["statusCode"], 303, "{answer}");
    assert_eq!(
        (fronts.dynamodb.connections(), fronts.others.connections()),
        (1, 1)
    );
}

/// From the app's authorization request through an OpenID Provider to tokens: discovery, code and key set are fetched by
/// the programs themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_oidc_sign_in_through_the_built_functions() {
    let world = World::start_with_programs().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| ()).await;
    let names = ["sign_in", "oidc_callback", "openid_provider"];
    let (world, _deployment) = through_programs(world, &names).await;
    let of = (&connection, &provider);
    let person = Provider::person("anna@acme.com");
    let tokens = world.tokens_by_code(&world.browser(), of, &person).await;
    assert_eq!(tokens.claims["email"], "anna@acme.com");
    let again = world.tokens_by_code(&world.browser(), of, &person).await;
    assert_eq!(again.claims["sub"], tokens.claims["sub"]);
}

/// A user and a group by SCIM: made, changed, found, deleted, by three programs under one base URL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scim_client_through_the_built_functions() {
    let (world, _deployment) = world(&["scim_users", "scim_groups", "scim_root"]).await;
    let scim = world.scim().await;
    let user = scim.user("anna@acme.com", json!({ "title": "Guide" })).await;
    let path = format!("/Users/{}", user["id"].as_str().unwrap());
    let change = json!([{ "op": "Replace", "path": "title", "value": "Tour guide" }]);
    let changed = scim.patch(&path, change).await;
    assert_eq!(
        (changed.status.as_u16(), &changed.json()["title"]),
        (200, &json!("Tour guide"))
    );
    let group = json!({ "schemas": [GROUP], "displayName": "Guides", "members": [{ "value": user["id"] }] });
    let made = scim.post("/Groups", &group).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let found = scim
        .filter("/Users", "userName eq \"ANNA@acme.com\"")
        .await
        .json();
    assert_eq!(found["totalResults"], 1, "{found}");
    assert_eq!(found["Resources"][0]["groups"][0]["display"], "Guides");
    let stranger = scim.with_token("ghsk_unknown").get(&path).await;
    assert_eq!(stranger.status, 401);
    assert_eq!(scim.delete(&path).await.status, 204);
    assert_eq!(scim.get(&path).await.status, 404);
    let types = scim.get("/ResourceTypes").await;
    assert_eq!(
        (types.status.as_u16(), &types.json()["totalResults"]),
        (200, &json!(2))
    );
}

/// The three that a schedule starts, with the event that EventBridge Scheduler sends. The reminder finds what has become
/// due since, and mails it once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schedules_start_the_built_functions() {
    let mut world = World::start_with_programs().await;
    let contact = EmailAddress::parse("it@acme.com").unwrap();
    world
        .set_tenant(|tenant| tenant.settings.contacts = vec![contact])
        .await;
    // The programs live now; what they find due was written ten days ago.
    world.pass(-TimeDelta::days(10));
    world.remind().await;
    put_deadlines(&world, 3).await;
    let names = ["secret_expiry_reminder", "connection_upkeep", "account_recheck"];
    let (world, deployment) = through_programs(world, &names).await;
    let event = json!({});
    let report = deployment.invoke("secret_expiry_reminder", &event).await.unwrap();
    assert_eq!(
        (&report["reminded"], &report["failed"]),
        (&json!(3), &json!(0)),
        "{report}"
    );
    assert_eq!(world.mails().len(), 3);
    let again = deployment.invoke("secret_expiry_reminder", &event).await.unwrap();
    assert_eq!(again["reminded"], 0, "{again}");
    let upkeep = deployment.invoke("connection_upkeep", &event).await.unwrap();
    assert_eq!(
        (&upkeep["tenants"], &upkeep["failed"]),
        (&json!(1), &json!(0)),
        "{upkeep}"
    );
    let rechecked = deployment.invoke("account_recheck", &event).await.unwrap();
    assert_eq!(rechecked["failed"], 0, "{rechecked}");
}

/// Rubbish is refused by the program with a page; a method that no route has, too.
#[tokio::test]
async fn what_a_program_refuses_reaches_the_browser_as_a_page() {
    let (world, _deployment) = world(&["saml_acs"]).await;
    let path = format!("/saml/{}/acs", world.connection.id);
    let refused = world
        .browser()
        .post_cross_site(&path, &[("SAMLResponse", "bm90IFhNTA==")])
        .await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let wrong = world.browser().get(&path).await;
    assert_eq!(
        wrong.status, 405,
        "another method is answered by the function, not by API Gateway"
    );
}

/// Deployed, IAM says who the operator is; a bearer token of any kind says nothing.
#[tokio::test]
async fn the_operators_program_believes_iam_alone() {
    let (world, deployment) = world(&["operator_api"]).await;
    let ask = |router: axum::Router| {
        let request = Request::post("/operator/v1/tenants")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, "Bearer anything");
        let body = json!({ "name": "Initech", "entitlements": { "sso": true, "scim": true, "jit": true } });
        let browser = Browser::new(router, world.gatehouse.config.base_url.as_str());
        async move {
            browser
                .send_request(request.body(Body::from(body.to_string())).unwrap())
                .await
        }
    };
    let made = ask(deployment.router(Some(PRINCIPAL))).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let refused = ask(deployment.router(None)).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["code"]),
        (401, &json!("signature_missing"))
    );
}

#[tokio::test]
async fn sp_metadata_and_scim_discovery_through_the_built_functions() {
    let (world, _deployment) = world(&["saml_metadata", "scim_root"]).await;
    let metadata = world
        .browser()
        .get(&format!("/saml/{}/metadata", world.connection.id))
        .await;
    assert_eq!(metadata.status, 200);
    assert!(metadata.body.contains("https://login.example.com/saml/"));
    let discovery = world
        .browser()
        .get(&format!("/scim/v2/{}/ServiceProviderConfig", world.tenant.id))
        .await;
    assert_eq!(discovery.status, 401, "no key: {}", discovery.body);
    let kind = discovery.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/scim+json"), "{kind}");
}

/// API Gateway hands on what a client typed: what is no URI is answered, and is no error of the function that an alarm
/// counts.
#[tokio::test]
async fn a_target_that_is_no_uri_is_answered() {
    let (world, deployment) = world(&["saml_metadata"]).await;
    let path = format!("/saml/{}/metadata", world.connection.id);
    let context = Context {
        route: "ANY /saml/{connection}/metadata".to_owned(),
        principal: None,
        domain: "login.example.com".to_owned(),
    };
    let request = Request::get(&path).body(Bytes::new()).unwrap();
    for (part, typed, status) in [
        ("rawQueryString", "", 200),
        ("rawQueryString", r#"a=<b>"{c}|\^`#d"#, 200),
        ("rawQueryString", "\u{e4}= \u{7f}&%zz", 200),
        ("rawPath", "/saml/<script>#/metadata", 404),
    ] {
        let mut event = api_gateway::event(&context, &request);
        event[part] = typed.into();
        let answer = deployment.invoke("saml_metadata", &event).await;
        let answer = answer.unwrap_or_else(|error| panic!("{typed}: {error}"));
        assert_eq!(answer["statusCode"], status, "{typed}: {answer}");
    }
}

/// A wrong environment is said at the start, and the program does not ask for work.
#[tokio::test]
async fn a_program_with_a_wrong_environment_does_not_start() {
    let local = Local::start(&Options::in_memory()).unwrap();
    let mut environment = environment_of("saml_metadata", &local, "https://login.example.com");
    environment.remove("GATEHOUSE_DIRECTORY_TABLE");
    let path = tokio::task::spawn_blocking(|| program("saml_metadata"))
        .await
        .unwrap();
    let started = Program::start("test-saml_metadata", &path, &environment).await;
    assert!(matches!(started, Err(ProgramError::Init { .. })), "it started");
}
