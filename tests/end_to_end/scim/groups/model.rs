//! Random changes of a group against a model of a few lines.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::{Setup, group_body, id, members_in, refs};

/// Users who take part.
const USERS: usize = 70;

/// One operation of a PATCH; users by number.
#[derive(Clone, Debug)]
enum Step {
    Add(Vec<usize>),
    AddWithoutPath(Vec<usize>),
    Remove(Vec<usize>),
    RemoveByPath(usize),
    Replace(Vec<usize>),
    RemoveAll,
    Rename(String),
    External(Option<String>),
}

#[derive(Clone, Debug)]
enum Request {
    Patch(Vec<Step>),
    Put(String, Option<Vec<usize>>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Model {
    members: BTreeSet<usize>,
    name: String,
    external: Option<String>,
}

impl Model {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Add(users) | Step::AddWithoutPath(users) => self.members.extend(users),
            Step::Remove(users) => self.members.retain(|user| !users.contains(user)),
            Step::RemoveByPath(user) => drop(self.members.remove(user)),
            Step::Replace(users) => self.members = users.iter().copied().collect(),
            Step::RemoveAll => self.members.clear(),
            Step::Rename(name) => self.name.clone_from(name),
            Step::External(id) => self.external.clone_from(id),
        }
    }

    fn request(&mut self, request: &Request) {
        match request {
            Request::Patch(steps) => steps.iter().for_each(|step| self.step(step)),
            Request::Put(name, members) => {
                self.name.clone_from(name);
                self.external = None;
                if let Some(members) = members {
                    self.members = members.iter().copied().collect();
                }
            }
        }
    }
}

fn steps() -> impl Strategy<Value = Step> {
    let few = || prop::collection::vec(0..USERS, 0..4);
    let many = || prop::collection::vec(0..USERS, 0..USERS);
    let name = "[A-Za-z]{1,4}";
    prop_oneof![
        4 => few().prop_map(Step::Add),
        1 => many().prop_map(Step::Add),
        1 => few().prop_map(Step::AddWithoutPath),
        4 => few().prop_map(Step::Remove),
        1 => many().prop_map(Step::Remove),
        2 => (0..USERS).prop_map(Step::RemoveByPath),
        1 => many().prop_map(Step::Replace),
        1 => Just(Step::RemoveAll),
        1 => name.prop_map(Step::Rename),
        1 => prop::option::of(name).prop_map(Step::External),
    ]
}

fn requests() -> impl Strategy<Value = Request> {
    let put = (
        "[A-Za-z]{1,4}",
        prop::option::of(prop::collection::vec(0..USERS, 0..USERS)),
    );
    prop_oneof![
        5 => prop::collection::vec(steps(), 1..4).prop_map(Request::Patch),
        1 => put.prop_map(|(name, members)| Request::Put(name, members)),
    ]
}

fn operation(step: &Step, users: &[String]) -> Value {
    let named = |chosen: &[usize]| refs(&chosen.iter().map(|n| users[*n].clone()).collect::<Vec<_>>());
    match step {
        Step::Add(chosen) => json!({ "op": "add", "path": "members", "value": named(chosen) }),
        Step::AddWithoutPath(chosen) => json!({ "op": "Add", "value": { "members": named(chosen) } }),
        Step::Remove(chosen) => json!({ "op": "Remove", "path": "members", "value": named(chosen) }),
        Step::RemoveByPath(user) => {
            json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", users[*user]) })
        }
        Step::Replace(chosen) => json!({ "op": "replace", "path": "members", "value": named(chosen) }),
        Step::RemoveAll => json!({ "op": "remove", "path": "members" }),
        Step::Rename(name) => json!({ "op": "replace", "path": "displayName", "value": name }),
        Step::External(Some(id)) => json!({ "op": "replace", "path": "externalId", "value": id }),
        Step::External(None) => json!({ "op": "remove", "path": "externalId" }),
    }
}

async fn check(setup: &Setup, users: &[String], requests: &[Request]) {
    let group = id(&setup.group("start", &[]).await);
    let path = format!("/Groups/{group}");
    let mut model = Model {
        name: "start".to_owned(),
        ..Model::default()
    };
    for request in requests {
        let before = model.clone();
        let version = setup.read(&group).await["meta"]["version"].clone();
        model.request(request);
        let answer = match request {
            Request::Patch(steps) => {
                let operations: Value = steps.iter().map(|step| operation(step, users)).collect();
                setup.patch(&group, operations).await
            }
            Request::Put(name, members) => {
                let members = members
                    .as_ref()
                    .map(|chosen| refs(&chosen.iter().map(|n| users[*n].clone()).collect::<Vec<_>>()));
                let more = members.map_or(json!({}), |members| json!({ "members": members }));
                setup.scim.put(&path, &group_body(name, more)).await
            }
        };
        assert!(answer.status.is_success(), "{request:?} {}", answer.body);
        let found = setup.read(&group).await;
        let wanted: Vec<String> = model.members.iter().map(|n| users[*n].clone()).collect();
        assert_eq!(members_in(&found), wanted, "{request:?}");
        assert_eq!(found["displayName"], *model.name);
        assert_eq!(
            found.get("externalId").and_then(Value::as_str),
            model.external.as_deref()
        );
        assert_eq!(
            found["meta"]["version"] == version,
            before == model,
            "{request:?}"
        );
        if answer.status == 200 {
            assert_eq!(answer.json(), found, "the answer is the group as it is now");
        }
    }
    setup.assert_consistent(&group, users).await;
    assert_eq!(setup.scim.delete(&path).await.status, 204);
}

/// SE-25: any sequence of PATCH and PUT comes to what a naive set of members, a name and an external id come to; the
/// version changes exactly when something does.
#[test]
fn se_25_any_sequence_of_changes_equals_the_naive_model() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (setup, users) = runtime.block_on(async {
        let setup = Setup::start().await;
        let users = setup.users(USERS).await;
        (setup, users)
    });
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    let sequences = prop::collection::vec(requests(), 1..6);
    TestRunner::new(config)
        .run(&sequences, |requests| {
            runtime.block_on(check(&setup, &users, &requests));
            Ok(())
        })
        .unwrap();
}
