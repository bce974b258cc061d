//! Members who belong to teams and groups leave and come back, by whoever takes them away or back.

use gatehouse::domain::ids::{TeamId, TenantId, UserId};
use gatehouse::domain::team::{Source, Team, TeamMembership};
use gatehouse_local::http_client::{Fault, When};
use gatehouse_tests::admin::MadeTenant;
use gatehouse_tests::scim::GROUP;
use gatehouse_tests::{Api, Caller, Scim};
use serde_json::{Value, json};

/// Who takes somebody away or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Owner,
    Operator,
    Scim,
}

fn members(api: &Api, tenant: &MadeTenant, who: Who) -> (Caller, String) {
    match who {
        Who::Owner => (api.owner(tenant), "/owner/v1/members".to_owned()),
        Who::Operator | Who::Scim => (api.operator(), format!("{}/members", tenant.path)),
    }
}

/// Puts somebody into a new team.
async fn join_a_team(api: &Api, tenant: &MadeTenant, user: &str) {
    let handle = api.gatehouse.store.tenant(&TenantId::parse(&tenant.id).unwrap());
    let team = Team {
        id: TeamId::generate().unwrap(),
        name: "Night shift".to_owned(),
        source: Source::SignIn,
        created_at: api.gatehouse.clock.now(),
    };
    let membership = TeamMembership {
        team: team.id.clone(),
        team_name: team.name.clone(),
        role: "USER".to_owned(),
        source: Source::SignIn,
    };
    let mut tx = handle.begin();
    tx.create_team(&team);
    tx.add_team_member(&UserId::parse(user).unwrap(), &membership);
    tx.commit().await.unwrap();
}

/// CH-10: owner and operator remove a member, out of the team too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_owner_and_operator_remove_a_member_of_a_team() {
    for who in [Who::Owner, Who::Operator] {
        let api = Api::start().await;
        let acme = api.tenant("Acme", json!({})).await;
        let (caller, path) = members(&api, &acme, who);
        let made = caller.post(&path, &json!({ "email": "ada@acme.com" })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let id = made.json()["id"].as_str().unwrap().to_owned();
        join_a_team(&api, &acme, &id).await;
        let removed = caller.delete(&format!("{path}/{id}")).await;
        assert_eq!(removed.status, 204, "{who:?}: {}", removed.body);
        let items = api.local.dynamodb().items("Directory").unwrap();
        let left = items.iter().filter(|item| {
            let key = |name: &str| item[name]["S"].as_str().unwrap_or_default();
            key("sk").starts_with("TM#") || (key("pk").starts_with("TM#") && key("sk") == id)
        });
        assert_eq!(left.count(), 0, "{who:?}");
    }
}

fn refs(users: &[String]) -> Vec<Value> {
    users.iter().map(|id| json!({ "value": id })).collect()
}

async fn group(scim: &Scim, name: &str, users: &[String]) -> String {
    let body = json!({ "schemas": [GROUP], "displayName": name, "members": refs(users) });
    let made = scim.post("/Groups", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    format!("/Groups/{}", made.json()["id"].as_str().unwrap())
}

/// Whether committed work on groups waits.
fn waits(api: &Api) -> bool {
    let items = api.local.dynamodb().items("Directory").unwrap();
    items.iter().any(|item| {
        let key = |name: &str| item[name]["S"].as_str().unwrap_or_default();
        key("pk").starts_with("PW#") && key("sk").starts_with("G#")
    })
}

/// SE-25: whoever is taken back at once is first taken out of every group of the life before, by whoever takes the person
/// back: out of one that is there, out of one that is gone, and out of one whose large change was cut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_whoever_takes_a_person_back_clears_the_groups_before() {
    for who in [Who::Owner, Who::Operator, Who::Scim] {
        let api = Api::start().await;
        let acme = api.tenant("Acme", json!({})).await;
        let scim = api.scim(&acme).await;
        let mut users = Vec::new();
        for number in 0..60 {
            let user = scim.user(&format!("u{number}@acme.com"), json!({})).await;
            users.push(user["id"].as_str().unwrap().to_owned());
        }
        let plain = group(&scim, "Guides", &users[..2]).await;
        let gone = group(&scim, "Pilots", &users[..2]).await;
        let large = group(&scim, "Staff", &users[1..3]).await;
        assert_eq!(scim.delete(&gone).await.status, 204);
        let everybody = [&users[..1], &users[3..]].concat();
        let add = json!([{ "op": "add", "path": "members", "value": refs(&everybody) }]);
        for after in 0.. {
            let cut = When::any().after(after);
            let fault = api.local.faults().inject(cut, Fault::DropConnection);
            let done = scim.patch(&large, add.clone()).await.status.is_success();
            fault.withdraw();
            if waits(&api) {
                break;
            }
            assert!(!done, "the change was not cut after its commit");
        }
        assert_eq!(scim.delete(&format!("/Users/{}", users[0])).await.status, 204);
        let back = if who == Who::Scim {
            scim.user("u0@acme.com", json!({})).await
        } else {
            let (caller, path) = members(&api, &acme, who);
            let made = caller.post(&path, &json!({ "email": "u0@acme.com" })).await;
            assert_eq!(made.status, 201, "{who:?}: {}", made.body);
            made.json()
        };
        assert_eq!(back["id"], users[0].as_str(), "{who:?}");
        assert!(!waits(&api), "{who:?}");
        for (path, wanted) in [(&plain, 1), (&large, 59)] {
            let members = scim.get(path).await.json()["members"].clone();
            let members = members.as_array().unwrap();
            assert!(members.iter().all(|member| member["value"] != users[0].as_str()));
            assert_eq!(members.len(), wanted, "{who:?} {path}");
        }
    }
}
