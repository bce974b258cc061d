//! A tenant with users that SCIM pushed: what tests of the guard against mass deprovisioning stand on.

use chrono::TimeDelta;
use futures_util::future::join_all;
use gatehouse_tests::admin::MadeTenant;
use gatehouse_tests::scim::USER;
use gatehouse_tests::{Answer, Api, Caller, Scim};
use serde_json::{Value, json};

pub(super) struct Guarded {
    pub api: Api,
    pub acme: MadeTenant,
    pub owner: Caller,
    pub operator: Caller,
    pub scim: Scim,
    /// Paths of the users, in the order in which they were made.
    pub users: Vec<String>,
}

impl Guarded {
    /// A tenant with so many users, `user0@acme.com` and so on, and nobody else: they have been there for an hour.
    pub async fn with(users: usize) -> Self {
        let guarded = Self::fresh(users).await;
        guarded.api.pass(TimeDelta::minutes(61));
        guarded
    }

    /// As many who were made just now.
    pub async fn fresh(users: usize) -> Self {
        let api = Api::start().await;
        let acme = api.tenant("Acme", json!({})).await;
        let (owner, operator) = (api.owner(&acme), api.operator());
        let scim = api.scim(&acme).await;
        let mut guarded = Self {
            api,
            acme,
            owner,
            operator,
            scim,
            users: Vec::new(),
        };
        guarded.add(users).await;
        guarded
    }

    /// More users.
    pub async fn add(&mut self, users: usize) {
        let from = self.users.len();
        for number in from..from + users {
            let user = self.scim.user(&format!("user{number}@acme.com"), json!({})).await;
            self.users
                .push(format!("/Users/{}", user["id"].as_str().unwrap()));
        }
    }

    /// Deletes these users, one after the other; none of it is held.
    pub async fn delete(&self, users: std::ops::Range<usize>) {
        for path in &self.users[users] {
            let gone = self.scim.delete(path).await;
            assert_eq!(gone.status, 204, "{}", gone.body);
        }
    }

    /// Deletes these users, all at once.
    pub async fn delete_at_once(&self, users: std::ops::Range<usize>) -> Vec<Answer> {
        join_all(self.users[users].iter().map(|path| self.scim.delete(path))).await
    }

    /// Switches a user off.
    pub async fn off(&self, path: &str) -> Answer {
        let off = json!([{ "op": "replace", "path": "active", "value": false }]);
        self.scim.patch(path, off).await
    }

    /// Replaces a user by one who is switched off.
    pub async fn put_off(&self, path: &str) -> Answer {
        let name = self.scim.get(path).await.json()["userName"].clone();
        let body = json!({ "schemas": [USER], "userName": name, "active": false });
        self.scim.put(path, &body).await
    }

    /// The holds, newest first, as the owner sees them.
    pub async fn holds(&self) -> Vec<Value> {
        let listed = self.owner.get("/owner/v1/holds").await;
        assert_eq!(listed.status, 200, "{}", listed.body);
        listed.json()["items"].as_array().unwrap().clone()
    }

    /// The only hold.
    pub async fn hold(&self) -> Value {
        let holds = self.holds().await;
        assert_eq!(holds.len(), 1, "{holds:?}");
        holds[0].clone()
    }

    /// Users whom the organization still has, active.
    pub async fn active(&self) -> u64 {
        let listed = self.scim.filter("/Users", "active eq true").await;
        listed.json()["totalResults"].as_u64().unwrap()
    }
}

/// The change is held: nothing of it was done, and it may come again.
#[track_caller]
pub(super) fn assert_held(answer: &Answer) {
    assert_eq!(answer.scim_error(), (503, String::new()), "{}", answer.body);
    let after = answer.headers["retry-after"].to_str().unwrap();
    assert!(after.parse::<u32>().unwrap() >= 60, "{after}");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("release hold"), "{detail}");
}
