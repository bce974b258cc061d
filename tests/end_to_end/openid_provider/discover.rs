//! What the app's server asks beside OpenID Connect: discovery by address, and verified identities that may register.

use chrono::TimeDelta;
use gatehouse::domain::connection::ConnectionState;
use gatehouse_tests::{Answer, Visitor, World};
use http::{Request, header};
use serde_json::{Value, json};

use super::support::{App, ada, arrive, basic, register, register_public};

async fn discover(world: &World, address: &str) -> Value {
    let answer = world
        .app_json("/sign-in/discover", &json!({ "email": address }))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.json()
}

async fn ask_as(world: &World, path: &str, body: &Value, authorization: Option<&str>) -> Answer {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    world
        .browser()
        .send_request(request.body(body.to_string().into()).unwrap())
        .await
}

/// An address of a registered domain is answered with single sign-on and where to go, alike for known and unknown
/// people; any other address with nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_07_discovery_answers_by_domain_alone() {
    let world = World::start().await;
    world.add_user("known@acme.com", |_| {}).await;
    let known = discover(&world, "known@acme.com").await;
    assert_eq!(known["sso"], true);
    assert_eq!(known["organization"], world.tenant.id.as_str());
    assert_eq!(
        known["connections"],
        json!([{ "id": world.connection.id.as_str(), "name": "Acme IdP" }])
    );
    assert_eq!(discover(&world, "nobody@ACME.com").await, known);
    for other in ["a@elsewhere.org", "a@sub.acme.com", "a@acme.com.evil.org"] {
        let nothing =
            json!({ "sso": false, "password_allowed": true, "organization": null, "connections": [] });
        assert_eq!(discover(&world, other).await, nothing, "{other}");
    }
    let answer = world
        .app_json("/sign-in/discover", &json!({ "email": "no address" }))
        .await;
    assert_eq!(answer.status, 422);
}

/// Discovery and registration are for confidential clients that prove themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_07_discovery_is_for_confidential_clients_only() {
    let world = World::start().await;
    let public = register_public(&world).await;
    let id = world.client.id.as_str();
    let tries = [
        None,
        Some(basic(id, "wrong")),
        Some(basic(id, "")),
        Some(basic(public.client.id.as_str(), "")),
        Some(basic("0b5c0a53-7a4e-4b3a-9f3f-6f6f1a2b3c4d", "any")),
        Some(format!("Bearer {}", world.client_secret.expose())),
    ];
    for authorization in tries {
        for (path, body) in [
            ("/sign-in/discover", json!({ "email": "ada@acme.com" })),
            ("/sign-in/registration", json!({ "code": "any" })),
        ] {
            let answer = ask_as(&world, path, &body, authorization.as_deref()).await;
            assert_eq!(answer.status, 401, "{path} {}", answer.body);
            assert!(answer.headers.contains_key("www-authenticate"));
            assert!(!answer.body.contains(world.tenant.id.as_str()));
        }
    }
}

/// With passwords switched off the app is told so, and neither a suspended connection nor a failing one takes it back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_07_enforcement_does_not_depend_on_a_working_connection() {
    let mut world = World::start().await;
    assert_eq!(discover(&world, "ada@acme.com").await["password_allowed"], true);
    world
        .set_tenant(|tenant| tenant.settings.allow_password = false)
        .await;
    let enforced = discover(&world, "ada@acme.com").await;
    assert_eq!(
        (&enforced["sso"], &enforced["password_allowed"]),
        (&json!(true), &json!(false))
    );
    world
        .set_connection(|connection| connection.state = ConnectionState::Suspended)
        .await;
    let suspended = discover(&world, "ada@acme.com").await;
    assert_eq!(
        (&suspended["sso"], &suspended["password_allowed"]),
        (&json!(false), &json!(false))
    );
}

/// A session of a connection that was suspended answers no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_suspended_connection_answers_no_request() {
    let mut world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    world
        .set_connection(|connection| connection.state = ConnectionState::Suspended)
        .await;
    world.pass(TimeDelta::seconds(61));
    assert_eq!(
        super::support::silent_error(&world, &browser, &[]).await,
        "login_required"
    );
}

async fn app_that_registers(world: &World) -> App {
    register(
        world,
        json!({ "registration_uri": "https://app.example.com/register?plan=a" }),
    )
    .await
}

async fn arrive_unknown(world: &World, app: &App) -> Answer {
    let visitor = Visitor::new("new@acme.com").with("department", "Sales");
    arrive(
        world,
        &world.browser(),
        &visitor,
        &[("client_id", app.client.id.as_str())],
        |_| {},
    )
    .await
}

/// An unknown person goes to the app's registration with a code that its own client redeems once; no user is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_08_an_unknown_person_registers_by_a_one_time_code() {
    let mut world = World::start().await;
    world
        .set_tenant(|tenant| tenant.settings.provision_on_sign_in = false)
        .await;
    let app = app_that_registers(&world).await;
    let answer = arrive_unknown(&world, &app).await;
    assert!(
        answer
            .raw_location()
            .starts_with("https://app.example.com/register?plan=a&code="),
        "{}",
        answer.body
    );
    assert!(
        !answer.raw_location().contains("acme.com"),
        "no personal data in the URL"
    );
    let body = json!({ "code": answer.parameter("code").unwrap() });
    let foreign = world.app_json("/sign-in/registration", &body).await;
    assert_eq!(foreign.status, 400);
    let own = basic(app.client.id.as_str(), &app.secret);
    let redeemed = ask_as(&world, "/sign-in/registration", &body, Some(&own)).await;
    assert_eq!(redeemed.status, 200, "{}", redeemed.body);
    let told = redeemed.json();
    assert_eq!(told["email"], "new@acme.com");
    assert_eq!(told["email_verified"], true);
    assert_eq!(told["organization"], world.tenant.id.as_str());
    assert_eq!(told["attributes"]["department"], json!(["Sales"]));
    let again = ask_as(&world, "/sign-in/registration", &body, Some(&own)).await;
    assert_eq!(
        (again.status, again.json()["code"].clone()),
        (foreign.status, foreign.json()["code"].clone())
    );
    assert!(world.users().await.is_empty());
}

/// A registration code ends after ten minutes, and a session or code of the provider is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_08_a_registration_code_ends() {
    let mut world = World::start().await;
    world
        .set_tenant(|tenant| tenant.settings.provision_on_sign_in = false)
        .await;
    let app = app_that_registers(&world).await;
    let code = arrive_unknown(&world, &app).await.parameter("code").unwrap();
    assert_eq!(
        world.redeem(&code).await.status,
        400,
        "it is no authorization code"
    );
    world.pass(TimeDelta::minutes(11));
    let own = basic(app.client.id.as_str(), &app.secret);
    let late = ask_as(
        &world,
        "/sign-in/registration",
        &json!({ "code": code }),
        Some(&own),
    )
    .await;
    assert_eq!(late.status, 400);
}

/// Without a registration URI the unknown person sees a page, and the app gets nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_08_without_a_registration_uri_there_is_a_page() {
    let mut world = World::start().await;
    world
        .set_tenant(|tenant| tenant.settings.provision_on_sign_in = false)
        .await;
    let answer = arrive(
        &world,
        &world.browser(),
        &Visitor::new("new@acme.com"),
        &[],
        |_| {},
    )
    .await;
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert!(world.users().await.is_empty());
}
