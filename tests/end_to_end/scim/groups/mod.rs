//! Groups, as identity providers push them.

mod concurrency;
mod crashes;
mod departures;
mod large;
mod lists;
mod members;
mod model;
mod names;
mod quirks;
mod requests;
mod versions;

use std::collections::BTreeSet;

use futures_util::StreamExt;
use gatehouse::domain::ids::UserId;
use gatehouse::domain::team::Source;
use gatehouse::store::TenantStore;
use gatehouse_tests::{Answer, Scim, World};
use serde_json::{Value, json};

/// A deployment with a SCIM client.
struct Setup {
    world: World,
    scim: Scim,
}

impl Setup {
    async fn start() -> Self {
        let world = World::start().await;
        let scim = world.scim().await;
        Self { world, scim }
    }

    fn store(&self) -> TenantStore {
        self.world.gatehouse.store.tenant(&self.world.tenant.id)
    }

    /// So many users, their ids in order.
    async fn users(&self, count: usize) -> Vec<String> {
        let made = (0..count).map(|n| async move {
            let user = self
                .world
                .add_user(&format!("u{n}@acme.com"), |user| user.source = Source::Scim)
                .await;
            user.id.to_string()
        });
        let mut ids: Vec<String> = futures_util::stream::iter(made)
            .buffer_unordered(8)
            .collect()
            .await;
        ids.sort_unstable();
        ids
    }

    /// Makes a group and gives it as answered.
    async fn group(&self, name: &str, members: &[String]) -> Value {
        let body = group_body(name, json!({ "members": refs(members) }));
        let made = self.scim.post("/Groups", &body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.json()
    }

    /// A group as it is now.
    async fn read(&self, id: &str) -> Value {
        let found = self.scim.get(&format!("/Groups/{id}")).await;
        assert_eq!(found.status, 200, "{}", found.body);
        found.json()
    }

    /// The ids of a group's members, in order.
    async fn members(&self, id: &str) -> Vec<String> {
        members_in(&self.read(id).await)
    }

    /// The ids of the groups that a user is in, from the user's side.
    async fn groups_of(&self, user: &str) -> Vec<String> {
        let user = UserId::parse(user).unwrap();
        let groups = self.store().groups_of(&user).await.unwrap();
        groups
            .into_iter()
            .map(|found| found.group.id.to_string())
            .collect()
    }

    /// The ids of the groups that a user is shown to be in, alone and in a list.
    async fn shown_groups(&self, user: &str) -> [Vec<String>; 2] {
        let alone = self.scim.get(&format!("/Users/{user}")).await.json();
        let listed = format!("/Users?filter=id%20eq%20%22{user}%22&attributes=groups");
        let listed = self.scim.get(&listed).await.json()["Resources"][0].clone();
        [alone, listed].map(|user| {
            let groups = user["groups"].as_array().cloned().unwrap_or_default();
            let ids = groups
                .iter()
                .map(|group| group["value"].as_str().unwrap().to_owned());
            ids.collect()
        })
    }

    /// As a client does that is told to come again.
    async fn patch_until_done(&self, id: &str, operations: Value) -> Answer {
        loop {
            let answer = self.patch(id, operations.clone()).await;
            if answer.status != 429 && answer.status != 503 {
                return answer;
            }
        }
    }

    async fn patch(&self, id: &str, operations: Value) -> Answer {
        self.scim.patch(&format!("/Groups/{id}"), operations).await
    }

    /// Both sides of every membership say the same, and so does the count.
    async fn assert_consistent(&self, id: &str, users: &[String]) {
        let members: BTreeSet<String> = self.members(id).await.into_iter().collect();
        for user in users {
            let inside = self.groups_of(user).await.contains(&id.to_owned());
            assert_eq!(members.contains(user), inside, "{user}");
        }
        let counted = self
            .store()
            .group(&id.parse().unwrap())
            .await
            .unwrap()
            .unwrap()
            .members;
        assert_eq!(counted, u64::try_from(members.len()).unwrap());
    }
}

/// A group's body.
fn group_body(name: &str, more: Value) -> Value {
    let mut body = json!({ "schemas": [gatehouse_tests::scim::GROUP], "displayName": name });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Members as most clients name them.
fn refs(ids: &[String]) -> Value {
    ids.iter().map(|id| json!({ "value": id })).collect()
}

fn members_in(group: &Value) -> Vec<String> {
    let members = group["members"].as_array().unwrap();
    let ids = members
        .iter()
        .map(|member| member["value"].as_str().unwrap().to_owned());
    ids.collect()
}

fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}
