//! Every list comes in pages.

use chrono::TimeDelta;
use gatehouse::http::api::table::Operation;
use gatehouse_tests::{Caller, problem};
use serde_json::{Value, json};

use super::filled::Filled;
use super::people::People;

/// Lists that a tenant cannot easily have two things in.
const SHORT: [&str; 1] = ["identities"];

/// What stands in the placeholders of a list's path.
struct Places {
    tenant: String,
    member: String,
}

impl Places {
    fn fill(&self, path: &str) -> String {
        path.replace("{tenant}", &self.tenant)
            .replace("{member}", &self.member)
    }
}

/// More of what the deployment itself lists: tenants, app clients, offboardings; and of erasures and sessions.
async fn more(filled: &Filled) -> Places {
    let people = &filled.people;
    for name in ["Second", "Third"] {
        let made = people
            .operator
            .post("/operator/v1/tenants", &json!({ "name": name }))
            .await;
        let gone = json!({ "tenant": made.json()["id"], "name": name });
        let gone = people.operator.post("/operator/v1/offboardings", &gone).await;
        assert_eq!(gone.status, 201, "{}", gone.body);
        let made = people
            .operator
            .post("/operator/v1/tenants", &json!({ "name": name }))
            .await;
        assert_eq!(made.status, 201);
        let client =
            json!({ "name": name, "kind": "confidential", "redirect_uris": ["https://app.example.com/cb"] });
        let client = people.operator.post("/operator/v1/clients", &client).await;
        assert_eq!(client.status, 201, "{}", client.body);
        let member = people.add(&format!("{name}@acme.com"), "USER").await;
        let erased = people
            .owner
            .act(&format!("{}/erasure", People::path(&member)))
            .await;
        assert_eq!(erased.status, 202, "{}", erased.body);
        people.refused("stranger@elsewhere.example").await;
        people.sign_in(&people.world.browser(), "ada@acme.com").await;
    }
    people.world.relay().await;
    people.world.pass(TimeDelta::minutes(2));
    Places {
        tenant: people.acme.id.clone(),
        member: filled.tokens.claims["sub"].as_str().unwrap().to_owned(),
    }
}

/// AQ-02: every list of both APIs, by the tables that make the routes: pages of one are the same list as one page, nothing
/// twice and nothing left out; a limit out of bounds, a cursor that is none and an unknown parameter are refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_02_every_list_comes_in_pages() {
    let filled = Filled::start().await;
    let places = more(&filled).await;
    let people = &filled.people;
    let of = |operations: Vec<Operation>| {
        let lists = operations.into_iter().filter(|operation| operation.doc.is_list());
        lists.map(|operation| operation.path).collect::<Vec<_>>()
    };
    let (operators, owners) = (of(operator_api::operations()), of(owner_portal::operations()));
    assert!(
        operators.len() >= 17 && owners.len() >= 13,
        "{operators:?} {owners:?}"
    );
    let lists = operators
        .iter()
        .map(|path| (&people.operator, path))
        .chain(owners.iter().map(|path| (&people.owner, path)));
    for (caller, path) in lists {
        let path = places.fill(path);
        pages(caller, &path).await;
        refusals(caller, &path).await;
        // At most 1,200 requests of an organization in a minute.
        people.world.pass(TimeDelta::seconds(61));
    }
}

async fn pages(caller: &Caller, path: &str) {
    let whole = Filled::walk_by(caller, path, 100).await;
    let least = if SHORT.iter().any(|list| path.ends_with(list)) {
        1
    } else {
        2
    };
    assert!(whole.len() >= least, "{path}: {whole:?}");
    let ones = Filled::walk_by(caller, path, 1).await;
    assert_eq!(ones, whole, "{path}");
    let mut texts = ones.iter().map(Value::to_string).collect::<Vec<_>>();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), ones.len(), "{path}: something came twice");
}

async fn refusals(caller: &Caller, path: &str) {
    for (query, code) in [
        ("limit=0", "parameter_limit"),
        ("limit=101", "parameter_limit"),
        ("limit=many", "parameter_limit"),
        ("cursor=%21%21", "cursor_invalid"),
        ("page=2", "parameter_unknown"),
    ] {
        let answer = caller.get(&format!("{path}?{query}")).await;
        assert_eq!(answer.problem(), problem(400, code), "{path}?{query}");
    }
}
