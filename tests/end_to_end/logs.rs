//! What is logged: enough to find a request again, and nothing secret or personal.

use aho_corasick::AhoCorasick;
use gatehouse::domain::team::Source;
use gatehouse_tests::{Api, Visitor, World, recorder};
use serde_json::json;

/// A sign-in with everything that comes after it, and what goes wrong beside it.
async fn people_come_and_go() {
    let mut world = World::deployed().await;
    world
        .set_tenant(|tenant| tenant.settings.confirm_linking = true)
        .await;
    let browser = world.browser();
    let visitor = Visitor::new("log.reader@acme.com").with("mobileNumber", "0221 123 123");
    let tokens = world.tokens(&browser, &visitor).await;
    world.userinfo(tokens.text("access_token")).await;
    let refreshed = world.refresh(tokens.text("refresh_token")).await.json();
    world.refresh(tokens.text("refresh_token")).await;
    world.refresh(refreshed["refresh_token"].as_str().unwrap()).await;
    world.redeem("a-code-that-nobody-was-given-0123456789").await;
    world.userinfo("an-access-token-that-nobody-was-given").await;
    world
        .sign_in(&world.browser(), &Visitor::new("stranger@elsewhere.example"))
        .await;

    world
        .add_user("by.hand@acme.com", |user| user.source = Source::Manual)
        .await;
    let starting = world.browser();
    let asked = world.sign_in(&starting, &Visitor::new("by.hand@acme.com")).await;
    let token = asked.hidden("result");
    let wrong = [("result", &*token), ("code", "wrong-code-typed")];
    starting.post("/sign-in/link", &wrong).await;
    let answer = world
        .app_json("/sign-in/discover", &json!({ "email": "log.reader@acme.com" }))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let posted = [
        ("SAMLResponse", "not-a-response-at-all"),
        ("RelayState", "not-a-relay-state"),
    ];
    let acs = format!("/saml/{}/acs", world.connection.id);
    assert_eq!(starting.post_cross_site(&acs, &posted).await.status, 400);
}

/// An operator and an owner at work, and somebody who guesses keys.
async fn people_administer() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let member = json!({ "email": "new.member@acme.com" });
    assert_eq!(owner.post("/owner/v1/members", &member).await.status, 201);
    api.single_sign_on(&acme).await;
    let scim = json!({ "kind": "scim", "name": "Okta" });
    assert_eq!(owner.post("/owner/v1/api-keys", &scim).await.status, 201);
    let guess = api.caller(Some("a-key-that-was-guessed-0123456789"));
    assert_eq!(guess.get("/owner/v1/tenant").await.status, 401);
    assert_eq!(guess.get("/operator/v1/tenants").await.status, 401);
}

/// DESIGN section 9: of every secret, token and address that passed in this run (over all tests that ran so far), not one
/// stands in a line, even with everything logged that can be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_04_no_secret_token_or_address_of_a_run_is_in_the_logs() {
    people_come_and_go().await;
    people_administer().await;
    let recorded = recorder::recorded();
    let lines = recorder::lines();
    for kept in [
        "log.reader@acme.com",
        "new.member@acme.com",
        "not-a-response-at-all",
    ] {
        assert!(
            recorded.iter().any(|value| value == kept),
            "{kept} was not recorded"
        );
    }
    assert!(lines.lines().count() > 20, "{lines}");
    assert!(
        lines.contains("\"http.route\":\"/saml/{connection}/acs\""),
        "{lines}"
    );
    let found = AhoCorasick::new(&recorded).unwrap();
    let leaked: Vec<&str> = lines.lines().filter(|line| found.is_match(line)).collect();
    assert!(
        leaked.is_empty(),
        "{} lines, such as {:?}",
        leaked.len(),
        leaked.first()
    );
}
