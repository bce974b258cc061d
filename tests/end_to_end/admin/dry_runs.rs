//! GH-06: a dry run of every change of a connection's mapping.

use chrono::TimeDelta;
use gatehouse_tests::{Answer, Visitor, problem};
use http::Method;
use serde_json::{Value, json};

use super::people::People;

struct Tried {
    people: People,
    /// The connection, in the owner's API.
    path: String,
}

impl Tried {
    async fn start() -> Self {
        let people = People::start().await;
        let path = format!("/owner/v1/connections/{}", people.world.connection.id);
        Self { people, path }
    }

    /// Signs in by a test sign-in; gives its id.
    async fn test(&self, visitor: &Visitor) -> String {
        let world = &self.people.world;
        let test = self
            .people
            .owner
            .act(&format!("{}/tests", self.path))
            .await
            .json();
        let browser = world.browser();
        let url = url::Url::parse(test["url"].as_str().unwrap()).unwrap();
        let sent = browser
            .get(&format!("{}?{}", url.path(), url.query().unwrap()))
            .await;
        let asked = world.idp.asked(&sent);
        let sp = self.people.owner.get(&self.path).await.json()["service_provider"].clone();
        let (acs, audience) = (sp["acs_url"].as_str().unwrap(), sp["entity_id"].as_str().unwrap());
        let now = world.gatehouse.clock.now();
        let issue = world.idp.answer((acs, audience), now, visitor, Some(&asked.id));
        let value = issue.form_value(&world.idp.key).unwrap();
        let fields = [
            ("SAMLResponse", value.as_str()),
            ("RelayState", asked.relay_state.as_str()),
        ];
        let page = browser
            .post_cross_site(url::Url::parse(acs).unwrap().path(), &fields)
            .await;
        assert_eq!(browser.get(&page.raw_location()).await.status, 200);
        test["id"].as_str().unwrap().to_owned()
    }

    async fn run(&self, change: Value) -> Value {
        let done = self.ask(json!({ "change": change })).await;
        assert_eq!(done.status, 200, "{}", done.body);
        done.json()
    }

    async fn ask(&self, body: Value) -> Answer {
        let path = format!("{}/dry-run", self.path);
        self.people.owner.post(&path, &body).await
    }

    async fn change(&self, change: &Value) -> Value {
        let etag = self.people.owner.get(&self.path).await.etag();
        let changed = self.people.owner.patch_at(&self.path, &etag, change).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        changed.json()
    }
}

fn visitor(email: &str) -> Visitor {
    Visitor::new(email)
        .with("firstName", "Ada")
        .with("givenName", "Augusta")
        .with("function", "ADMIN")
        .with("team", "Analysts")
        .with("contact", "contact@acme.com")
        .with("employee", "4711")
}

fn codes(run: &Value) -> Vec<&str> {
    let findings = run["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

/// GH-06: a dry run says what a newcomer would be made of what came with the last test sign-in, and writes nothing; the
/// change then makes exactly that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_a_dry_run_says_what_a_change_then_does() {
    let tried = Tried::start().await;
    let test = tried.test(&visitor("first@acme.com")).await;
    let (before, written) = (
        tried.people.owner.get(&tried.path).await,
        tried.people.events("connection.updated").len(),
    );
    let change =
        json!({ "attributes": { "first_name": "givenName", "role": "function", "team_name": "team" } });
    let run = tried.run(change.clone()).await;
    let after = tried.people.owner.get(&tried.path).await;
    assert_eq!((before.etag(), before.json()), (after.etag(), after.json()));
    assert_eq!(tried.people.events("connection.updated").len(), written);
    assert_eq!(
        (&run["state"], &run["unrecognized"]),
        (&json!("active"), &Value::Null)
    );
    assert_eq!(
        run["changes"],
        json!([
            { "field": "/attributes/first_name", "from": "firstName", "to": "givenName" },
            { "field": "/attributes/role", "from": "role", "to": "function" },
            { "field": "/attributes/team_name", "from": "teamName", "to": "team" },
        ])
    );
    let newcomer = &run["newcomer"];
    assert_eq!(newcomer["test"], test.as_str());
    let of = |person: &Value| ["first_name", "role", "team_name"].map(|name| person[name].clone());
    assert_eq!(
        of(&newcomer["before"]),
        [json!("Ada"), json!("GUEST"), Value::Null]
    );
    assert_eq!(
        of(&newcomer["after"]),
        [json!("Augusta"), json!("ADMIN"), json!("Analysts")]
    );
    assert!(codes(&run).is_empty(), "{run}");

    tried.change(&change).await;
    tried.people.world.pass(TimeDelta::seconds(61));
    let tokens = tried
        .people
        .world
        .tokens(&tried.people.world.browser(), &visitor("next@acme.com"))
        .await;
    assert_eq!(
        (&tokens.claims["role"], &tokens.claims["given_name"]),
        (&json!("ADMIN"), &json!("Augusta"))
    );
}

/// GH-06: members who would be known no more are counted, and a change of who vouches leads back to draft; a mapping that
/// reads nothing is said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_a_dry_run_says_who_would_be_known_no_more() {
    let tried = Tried::start().await;
    for name in ["ada", "bob", "cy"] {
        tried
            .people
            .sign_in(&tried.people.world.browser(), &format!("{name}@acme.com"))
            .await;
    }
    tried.people.add("hand@acme.com", "USER").await;
    tried.test(&visitor("first@acme.com")).await;
    let run = tried.run(json!({ "subject": { "attribute": "employee" } })).await;
    assert_eq!(
        run["unrecognized"],
        json!({ "looked_at": 4, "linked": 3, "complete": true })
    );
    assert_eq!(run["state"], "draft");
    assert_eq!(codes(&run), ["back_to_draft", "identities_lost"]);
    let run = tried
        .run(json!({ "subject": { "attribute": "badge" }, "attributes": { "role": "rank" } }))
        .await;
    assert_eq!(
        codes(&run),
        [
            "back_to_draft",
            "attribute_absent",
            "subject_missing",
            "identities_lost"
        ]
    );
    assert_eq!(run["newcomer"]["after"]["role"], "GUEST");
    let run = tried.run(json!({ "attributes": { "email": "contact" } })).await;
    assert_eq!(run["newcomer"]["after"]["email"], "contact@acme.com");
    assert_eq!(codes(&run), ["back_to_draft", "email_changes"]);
    assert_eq!(run["unrecognized"], Value::Null);
    // What is no address is none: the NameID stands in, as it does at a sign-in.
    let run = tried.run(json!({ "attributes": { "email": "team" } })).await;
    assert_eq!(run["newcomer"]["after"]["email"], "first@acme.com");
}

/// GH-06: a dry run refuses what the change would be refused for, and says when there is nothing to try it on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_a_dry_run_refuses_what_the_change_would() {
    let tried = Tried::start().await;
    let ask = async |body: Value| tried.ask(body).await.problem();
    assert_eq!(
        ask(json!({ "change": { "attributes": { "role": "" } } })).await,
        problem(422, "text_length")
    );
    assert_eq!(
        ask(json!({ "change": { "oidc": { "client_id": "x" } } })).await.0,
        422
    );
    assert_eq!(ask(json!({ "change": { "state": "active" } })).await.0, 400);
    assert_eq!(ask(json!({ "change": {}, "more": 1 })).await.0, 400);
    assert_eq!(
        ask(json!({ "change": {}, "test": "none" })).await,
        problem(404, "test_sign_in_not_found")
    );
    let test = tried.test(&visitor("first@acme.com")).await;
    let named = json!({ "change": {}, "test": test });
    assert_eq!(
        tried.ask(named.clone()).await.json()["newcomer"]["test"],
        test.as_str()
    );
    // Another connection's test is not this one's.
    let (other, _) = tried.people.owner.connection("/owner/v1", "Other IdP").await;
    let crossed = tried.people.owner.post(&format!("{other}/dry-run"), &named).await;
    assert_eq!(crossed.problem(), problem(404, "test_sign_in_not_found"));
    tried.people.world.pass(TimeDelta::minutes(61));
    let run = tried.run(json!({ "attributes": { "role": "function" } })).await;
    assert_eq!(
        (&run["newcomer"], codes(&run)),
        (&Value::Null, vec!["no_test_sign_in"])
    );
    let owner = &tried.people.owner;
    let other = owner
        .send(Method::POST, &format!("{}/dry-run", tried.path), None, None)
        .await;
    assert!(other.status.is_client_error(), "{}", other.body);
}
