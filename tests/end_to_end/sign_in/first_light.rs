//! From the app through the identity provider back to the app.

use gatehouse_tests::{Visitor, World};

/// A person whom nobody knew signs in, and the app learns who it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_person_signs_in_by_saml_and_the_app_gets_tokens() {
    let world = World::start().await;
    let visitor = Visitor::new("Ada.Lovelace@acme.com").with("role", "RESPONDER");
    let tokens = world.tokens(&world.browser(), &visitor).await;
    let claims = &tokens.claims;
    assert_eq!(claims["iss"], world.gatehouse.config.base_url.as_str());
    assert_eq!(claims["aud"][0], world.client.id.as_str());
    assert_eq!(claims["nonce"], "the-nonce");
    assert_eq!(claims["email"], "Ada.Lovelace@acme.com");
    assert_eq!(claims["email_verified"], true);
    assert_eq!(claims["given_name"], "Ada");
    assert_eq!(claims["family_name"], "Lovelace");
    assert_eq!(claims["organization"], world.tenant.id.as_str());
    assert_eq!(claims["role"], "RESPONDER");
    let users = world.users().await;
    assert_eq!(users.len(), 1);
    assert_eq!(claims["sub"], users[0].id.as_str());
    let info = world.userinfo(tokens.text("access_token")).await;
    assert_eq!(info.status, 200, "{}", info.body);
    assert_eq!(info.json()["sub"], claims["sub"]);
}

/// As deployed, the browser cookie is `SameSite=None`, so that the ACS POST shows it: no detour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x_08_deployed_the_acs_post_shows_the_browser_cookie() {
    let world = World::deployed().await;
    let browser = world.browser();
    let sent = world.begin(&browser, &world.by_connection()).await;
    let asked = world.idp.asked(&sent);
    let issue = world
        .idp
        .response(&world, &Visitor::new("ada@acme.com"), Some(&asked.id));
    let path = format!("/saml/{}/acs", world.connection.id);
    let value = issue.form_value(&world.idp.key).unwrap();
    let fields = [
        ("SAMLResponse", value.as_str()),
        ("RelayState", asked.relay_state.as_str()),
    ];
    let answer = browser.post_cross_site(&path, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(
        answer
            .raw_location()
            .starts_with("https://app.example.com/callback?code="),
        "{}",
        answer.raw_location()
    );
    assert_eq!(answer.parameter("state").as_deref(), Some("the-state"));
    let set = answer.headers.get("set-cookie").unwrap().to_str().unwrap();
    assert!(set.starts_with("__Host-gatehouse_session="), "{set}");
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(attribute), "{attribute} in {set}");
    }
}

/// A second sign-in of the same person makes no second user.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_34_a_plain_sign_in_creates_assigns_and_changes_nothing() {
    let world = World::start().await;
    let first = world
        .tokens(
            &world.browser(),
            &Visitor::new("ada@acme.com").with("department", "Sales"),
        )
        .await;
    let before = world.users().await;
    let again = Visitor::new("ada@acme.com")
        .with("department", "Other")
        .with("role", "ADMIN")
        .with("teamName", "New");
    let second = world.tokens(&world.browser(), &again).await;
    assert_eq!(first.claims["sub"], second.claims["sub"]);
    assert_eq!(world.users().await, before);
    assert!(
        world
            .gatehouse
            .store
            .tenant(&world.tenant.id)
            .teams()
            .await
            .unwrap()
            .is_empty()
    );
}

/// `prompt=none` never shows a page: without a session it is `login_required`, with one it is a code.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_07_a_session_answers_at_once_and_prompt_none_never_shows_a_page() {
    let world = World::start().await;
    let browser = world.browser();
    let silent = world.authorize_path(&[("prompt", "none")]);
    let none = browser.get(&silent).await;
    assert_eq!(none.parameter("error").as_deref(), Some("login_required"));
    assert_eq!(none.parameter("state").as_deref(), Some("the-state"));
    world.tokens(&browser, &Visitor::new("ada@acme.com")).await;
    let again = browser.get(&silent).await;
    let code = again.parameter("code").unwrap();
    assert_eq!(world.redeem(&code).await.status, 200);
    world.pass(chrono::TimeDelta::days(15));
    let over = browser.get(&silent).await;
    assert_eq!(over.parameter("error").as_deref(), Some("login_required"));
}
