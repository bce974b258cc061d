//! A tenant that has something of everything.

use chrono::TimeDelta;
use gatehouse_tests::scim::GROUP;
use gatehouse_tests::{Answer, Caller, Scim, Tokens, Visitor};
use http::Method;
use serde_json::{Value, json};

use super::people::People;

/// What a tenant with something of everything can be got at by.
pub(super) struct Filled {
    pub people: People,
    pub scim: Scim,
    /// A member who signed in.
    pub tokens: Tokens,
    /// The connection to GitHub.
    pub github: String,
    /// A one-time link that nobody redeemed.
    pub setup_link: String,
    /// The session of a link that somebody redeemed.
    pub session: String,
}

#[track_caller]
fn good(answer: Answer) -> Value {
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.body);
    answer.json()
}

impl Filled {
    /// Connections, domains, people by hand, by sign-in and by SCIM, a large group, teams, keys with an end, an import,
    /// break-glass addresses, set-up links, deadlines, failures, people and groups that were deleted.
    pub async fn start() -> Self {
        let people = People::start().await;
        let scim = people.world.scim().await;
        let (github, setup_link, session) = administration(&people).await;
        let visitor = Visitor::new("ada@acme.com").with("teamName", "Analysts");
        let tokens = people.world.tokens(&people.world.browser(), &visitor).await;
        people_and_groups(&people, &scim).await;
        people.refused("stranger@elsewhere.example").await;
        people.world.relay().await;
        people.world.pass(TimeDelta::minutes(1));
        Self {
            people,
            scim,
            tokens,
            github,
            setup_link,
            session,
        }
    }

    /// A page after the other of a list, by the operator.
    pub async fn walk(&self, path: &str, limit: usize) -> Vec<Value> {
        Self::walk_by(&self.people.operator, path, limit).await
    }

    /// A page after the other of a list.
    pub async fn walk_by(caller: &Caller, path: &str, limit: usize) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        for _ in 0..2_000 {
            let page = good(caller.get(&format!("{path}?limit={limit}{cursor}")).await);
            let found = page["items"].as_array().unwrap();
            assert!(found.len() <= limit, "{path}");
            items.extend(found.iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
        panic!("{path} has no end");
    }
}

async fn administration(people: &People) -> (String, String, String) {
    let (owner, operator, acme) = (&people.owner, &people.operator, &people.acme.path);
    let asked = json!({ "protocol": "github", "name": "Acme at GitHub" });
    let made = operator.post(&format!("{acme}/connections"), &asked).await;
    let github = good(made)["id"].as_str().unwrap().to_owned();
    let path = format!("{acme}/connections/{github}");
    let etag = operator.get(&path).await.etag();
    let end = (people.world.gatehouse.clock.now() + TimeDelta::days(20)).to_rfc3339();
    let secret = json!({ "client_secret": "the secret of the connection", "expires_at": end });
    let path = format!("{path}/client-secret");
    good(
        operator
            .send(Method::PUT, &path, Some(&etag), Some(&secret))
            .await,
    );
    good(owner.connection_of("/owner/v1", "Second IdP").await);
    good(
        owner
            .post("/owner/v1/domains", &json!({ "domain": "eu.acme.com" }))
            .await,
    );
    good(operator.act(&format!("{acme}/domains/eu.acme.com/approve")).await);
    good(
        owner
            .post("/owner/v1/domains", &json!({ "domain": "acme.org" }))
            .await,
    );
    for address in ["night@acme.com", "day@acme.com"] {
        let asked = json!({ "email": address });
        good(operator.post(&format!("{acme}/break-glass"), &asked).await);
    }
    for name in ["robot", "second robot"] {
        let asked = json!({ "kind": "owner", "name": name, "expires_at": end });
        good(owner.post("/owner/v1/api-keys", &asked).await);
    }
    for _ in 0..2 {
        good(owner.act("/owner/v1/holds").await);
        let import = good(
            owner
                .post("/owner/v1/member-imports", &json!({ "parts": 2 }))
                .await,
        );
        let part = format!(
            "/owner/v1/member-imports/{}/parts/1",
            import["id"].as_str().unwrap()
        );
        good(owner.put_as(&part, "text/csv", "email\r\nno address\r\n").await);
    }
    people.world.remind().await;
    let links = format!("{acme}/setup-links");
    let link = async || {
        good(operator.act(&links).await)["setup_link"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (left, used) = (link().await, link().await);
    let session = owner
        .post("/owner/v1/session", &json!({ "setup_link": used }))
        .await;
    let session = good(session)["token"].as_str().unwrap().to_owned();
    (github, left, session)
}

async fn people_and_groups(people: &People, scim: &Scim) {
    for number in 0..3 {
        people.add(&format!("hand{number}@acme.com"), "USER").await;
    }
    let removed = people.add("removed@acme.com", "USER").await;
    assert_eq!(people.owner.delete(&People::path(&removed)).await.status, 204);
    let mut refs = Vec::new();
    for number in 0..60 {
        let more = json!({ "externalId": format!("ext-{number}") });
        let user = scim.user(&format!("push{number}@acme.com"), more).await;
        refs.push(json!({ "value": user["id"] }));
    }
    for (name, members) in [
        ("Guides", &refs[..55]),
        ("Scouts", &refs[..2]),
        ("Gone", &refs[..2]),
    ] {
        let group =
            json!({ "schemas": [GROUP], "displayName": name, "externalId": name, "members": members });
        let group = good(scim.post("/Groups", &group).await);
        if name == "Gone" {
            let path = format!("/Groups/{}", group["id"].as_str().unwrap());
            assert_eq!(scim.delete(&path).await.status, 204);
        }
    }
    let gone = refs[59]["value"].as_str().unwrap();
    assert_eq!(scim.delete(&format!("/Users/{gone}")).await.status, 204);
}
