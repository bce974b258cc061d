//! Two organizations in one browser.

use axum::body::Body;
use gatehouse::domain::connection::Connection;
use gatehouse::domain::tenant::Tenant;
use gatehouse_tests::app::tokens;
use gatehouse_tests::world::{make_connection, make_tenant};
use gatehouse_tests::{Browser, Idp, Visitor, World};
use http::{Request, header};

use super::support::{ada, arrive, silent_code, silent_error};

/// Points the world at a second tenant; the first one is given back.
async fn move_to_second(world: &mut World) -> (Tenant, Connection) {
    let idp = Idp::new("https://idp.beta.org/metadata");
    let tenant = make_tenant(&world.gatehouse, "Beta", "beta.org").await;
    let connection = make_connection(&world.gatehouse, &tenant, &idp).await;
    world.idp = idp;
    (
        std::mem::replace(&mut world.tenant, tenant),
        std::mem::replace(&mut world.connection, connection),
    )
}

async fn sub_of(world: &World, browser: &Browser, more: &[(&str, &str)]) -> (String, String) {
    let code = silent_code(world, browser, more).await;
    let claims = tokens(&world.redeem(&code).await).claims;
    (
        claims["sub"].as_str().unwrap().to_owned(),
        claims["organization"].as_str().unwrap().to_owned(),
    )
}

/// A browser holds one session for each tenant; each code is for the tenant that was asked for, by id or by address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_one_browser_holds_a_session_for_each_tenant() {
    let mut world = World::start().await;
    let browser = world.browser();
    let first = world.tokens(&browser, &ada()).await;
    let (acme, _) = move_to_second(&mut world).await;
    let second = world.tokens(&browser, &Visitor::new("ada@beta.org")).await;
    assert_ne!(first.claims["sub"], second.claims["sub"]);
    let sub = |tokens: &gatehouse_tests::Tokens| tokens.claims["sub"].as_str().unwrap().to_owned();
    let in_acme = (sub(&first), acme.id.to_string());
    let in_beta = (sub(&second), world.tenant.id.to_string());
    assert_eq!(
        sub_of(&world, &browser, &[("organization", acme.id.as_str())]).await,
        in_acme
    );
    assert_eq!(
        sub_of(&world, &browser, &[("organization", world.tenant.id.as_str())]).await,
        in_beta
    );
    assert_eq!(
        sub_of(&world, &browser, &[("login_hint", "ada@acme.com")]).await,
        in_acme
    );
    assert_eq!(
        sub_of(&world, &browser, &[("login_hint", "ada@beta.org")]).await,
        in_beta
    );
    assert_eq!(
        sub_of(&world, &browser, &[("connection", world.connection.id.as_str())]).await,
        in_beta
    );
    let hint = first.text("id_token");
    assert_eq!(
        sub_of(&world, &browser, &[("id_token_hint", hint)]).await,
        in_acme
    );
    let crossed = [
        ("organization", acme.id.as_str()),
        ("connection", world.connection.id.as_str()),
    ];
    assert_eq!(silent_error(&world, &browser, &crossed).await, "invalid_request");
    let crossed = [
        ("organization", world.tenant.id.as_str()),
        ("id_token_hint", hint),
    ];
    assert_eq!(silent_error(&world, &browser, &crossed).await, "invalid_request");

    let out = browser
        .get(&format!("/oauth2/end_session?id_token_hint={hint}"))
        .await;
    assert_eq!(out.status, 200);
    assert_eq!(
        silent_error(&world, &browser, &[("organization", acme.id.as_str())]).await,
        "login_required"
    );
    assert_eq!(
        sub_of(&world, &browser, &[]).await,
        in_beta,
        "the other tenant's session stays"
    );
}

/// A second sign-in to the same tenant takes the first one's place in the browser.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_one_browser_holds_one_session_of_a_tenant() {
    let world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    let before = browser.cookie("gatehouse_session").unwrap();
    let choose = [("prompt", "select_account")];
    let answer = arrive(&world, &browser, &Visitor::new("bob@acme.com"), &choose, |_| {}).await;
    let second = tokens(&world.redeem(&answer.parameter("code").unwrap()).await);
    let after = browser.cookie("gatehouse_session").unwrap();
    assert_ne!(before, after);
    assert!(!after.contains('~'), "one tenant, one session");
    assert_eq!(
        sub_of(&world, &browser, &[]).await.0,
        second.claims["sub"].as_str().unwrap()
    );
    assert_eq!(
        silent_error(&world, &browser, &[("login_hint", "ada@acme.com")]).await,
        "login_required"
    );
}

/// The session cookie of tenant A opens nothing of tenant B, as it is or with B's ids written into it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_session_cookie_of_one_tenant_opens_nothing_of_another() {
    let mut world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    let cookie = browser.cookie("gatehouse_session").unwrap();
    move_to_second(&mut world).await;
    let victim = world
        .tokens(&world.browser(), &Visitor::new("bob@beta.org"))
        .await;
    let beta = world.tenant.id.as_str();
    assert_eq!(
        silent_error(&world, &browser, &[("organization", beta)]).await,
        "login_required"
    );
    let by_connection = [("connection", world.connection.id.as_str())];
    assert_eq!(
        silent_error(&world, &browser, &by_connection).await,
        "login_required"
    );
    assert_eq!(
        silent_error(&world, &browser, &[("login_hint", "bob@beta.org")]).await,
        "login_required"
    );
    let parts = cookie.split('.').collect::<Vec<_>>();
    let victim = victim.claims["sub"].as_str().unwrap();
    let forged = [
        format!("{beta}.{}.{}", parts[1], parts[2]),
        format!("{beta}.{victim}.{}", parts[2]),
        format!("{}.{victim}.{}", parts[0], parts[2]),
        format!("{beta}.{victim}.{}", "A".repeat(43)),
    ];
    for value in forged {
        for more in [
            vec![("prompt", "none")],
            vec![("prompt", "none"), ("organization", beta)],
        ] {
            let request = Request::get(world.authorize_path(&more));
            let request = request.header(header::COOKIE, format!("gatehouse_session={value}"));
            let answer = browser.send_request(request.body(Body::empty()).unwrap()).await;
            assert_eq!(
                answer.parameter("error").as_deref(),
                Some("login_required"),
                "{value}"
            );
        }
    }
}
