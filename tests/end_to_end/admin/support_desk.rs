//! What support does: unlinks, merges, ends sessions. And what forces a member to link (SE-04).

use gatehouse::domain::ids::TenantId;
use gatehouse::domain::team::{Source, TeamMembership};
use gatehouse_tests::{Visitor, problem};
use http::Method;
use serde_json::{Value, json};

use super::people::People;

async fn identities(people: &People, member: &Value) -> Vec<Value> {
    let path = format!("{}/identities", people.support(member));
    let found = people.operator.get(&path).await;
    assert_eq!(found.status, 200, "{}", found.body);
    found.json()["items"].as_array().unwrap().clone()
}

/// SE-04: whoever was a member before single sign-on must link at the next access, although no mail was sent yet; the app
/// is told so, the next sign-in links, and then nobody is asked again. An unlinked identity ends every session, and the
/// member must link anew. A break-glass address never must, and strangers are told of nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_04_an_unlinked_member_must_link_at_the_next_access() {
    let people = People::start().await;
    let ada = people.add("ada@acme.com", "USER").await;
    assert!(people.world.mails().is_empty(), "no mail has reached anybody");
    let must = people.linking("ADA@acme.com").await;
    assert_eq!(
        must,
        json!({
            "must_link": true,
            "organization": people.acme.id,
            "connections": [people.world.connection.id.as_str()],
        })
    );
    let need_not = json!({ "must_link": false, "organization": null, "connections": [] });
    for stranger in ["nobody@acme.com", "ada@elsewhere.com", "ada@sub.acme.com"] {
        assert_eq!(people.linking(stranger).await, need_not, "{stranger}");
    }

    let browser = people.world.browser();
    let tokens = people.sign_in(&browser, "ada@acme.com").await;
    assert_eq!(tokens.claims["sub"], ada["id"]);
    assert_eq!(people.linking("ada@acme.com").await, need_not, "linked");

    let known = identities(&people, &ada).await;
    assert_eq!(known.len(), 1, "{known:?}");
    let path = format!(
        "{}/identities/{}",
        people.support(&ada),
        known[0]["id"].as_str().unwrap()
    );
    let unlinked = people.operator.delete(&path).await;
    assert_eq!(unlinked.status, 204, "{}", unlinked.body);
    assert!(!people.is_in(&browser, &tokens).await, "every session is over");
    assert_eq!(people.linking("ada@acme.com").await, must);
    assert_eq!(
        people.operator.delete(&path).await.problem(),
        problem(404, "identity_not_found")
    );
    assert_eq!(people.events("identity.unlinked").len(), 1);

    let again = people.sign_in(&people.world.browser(), "ada@acme.com").await;
    assert_eq!(again.claims["sub"], ada["id"]);
    assert_eq!(people.linking("ada@acme.com").await, need_not);

    people.add("root@acme.com", "ADMIN").await;
    assert_eq!(people.linking("root@acme.com").await["must_link"], true);
    let path = format!("{}/break-glass", people.acme.path);
    let listed = people
        .operator
        .post(&path, &json!({ "email": "root@acme.com" }))
        .await;
    assert_eq!(listed.status, 201, "{}", listed.body);
    assert_eq!(people.linking("root@acme.com").await, need_not);

    // Without an active connection there is nothing to link to.
    people.add("bob@acme.com", "USER").await;
    assert_eq!(people.linking("bob@acme.com").await["must_link"], true);
    let suspend = format!("/owner/v1/connections/{}/suspend", people.world.connection.id);
    assert_eq!(people.owner.act(&suspend).await.status, 200);
    assert_eq!(people.linking("bob@acme.com").await, need_not);
}

/// SE-04: unlinking is the operator's alone, and reaches neither another tenant's member nor another member's identity.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_04_attack_nobody_else_unlinks() {
    let people = People::start().await;
    let (ada, bob) = (
        people.add("ada@acme.com", "USER").await,
        people.add("bob@acme.com", "USER").await,
    );
    let browser = people.world.browser();
    let tokens = people.sign_in(&browser, "ada@acme.com").await;
    let known = identities(&people, &ada).await;
    let id = known[0]["id"].as_str().unwrap();
    let by_owner = format!("{}/identities/{id}", People::path(&ada));
    assert_eq!(
        people.owner.delete(&by_owner).await.status,
        404,
        "no such route for owners"
    );
    let of_bob = format!("{}/identities/{id}", people.support(&bob));
    assert_eq!(
        people.operator.delete(&of_bob).await.problem(),
        problem(404, "identity_not_found")
    );
    let other = json!({ "name": "Other", "entitlements": {} });
    let other = people.operator.post("/operator/v1/tenants", &other).await.json();
    let of_other = format!(
        "/operator/v1/tenants/{}/members/{}/identities/{id}",
        other["id"].as_str().unwrap(),
        ada["id"].as_str().unwrap()
    );
    assert_eq!(
        people.operator.delete(&of_other).await.problem(),
        problem(404, "member_not_found")
    );
    for wrong in ["none", "a.b", "%2e%2e", "."] {
        let path = format!("{}/identities/{wrong}", people.support(&ada));
        assert_eq!(people.operator.delete(&path).await.status, 404, "{wrong}");
    }
    assert!(
        people.is_in(&browser, &tokens).await,
        "nothing of it ended anything"
    );
}

/// SE-04: two records of one person become one: identities and teams move, the sessions of the record that goes are over,
/// its name and address are free, and signing in by its identity leads to the one that stayed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_04_support_merges_two_records_of_one_person() {
    let people = People::start().await;
    let stays = people.add("ada.lovelace@acme.com", "ADMIN").await;
    let browser = people.world.browser();
    let visitor = Visitor::new("ada@acme.com").with("teamName", "Engines");
    let tokens = people.world.tokens(&browser, &visitor).await;
    let goes = json!({ "id": tokens.claims["sub"] });
    let merge = format!("{}/merge", people.support(&stays));
    let merged = people.operator.post(&merge, &json!({ "from": goes["id"] })).await;
    assert_eq!(merged.status, 200, "{}", merged.body);
    assert_eq!(
        (&merged.json()["id"], &merged.json()["role"]),
        (&stays["id"], &json!("ADMIN"))
    );

    assert!(
        !people.is_in(&browser, &tokens).await,
        "the sessions of the record that went are over"
    );
    assert_eq!(people.owner.get(&People::path(&goes)).await.status, 404);
    let again = people
        .world
        .tokens(&people.world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    assert_eq!(
        (&again.claims["sub"], &again.claims["role"]),
        (&stays["id"], &json!("ADMIN"))
    );
    let handle = people
        .world
        .gatehouse
        .store
        .tenant(&TenantId::parse(&people.acme.id).unwrap());
    let user = stays["id"].as_str().unwrap().parse().unwrap();
    let teams: Vec<TeamMembership> = handle.teams_of(&user).await.unwrap();
    assert_eq!(teams.len(), 1, "the team came along");
    assert_eq!(identities(&people, &stays).await.len(), 1);
    assert_eq!(people.events("user.merged")[0]["data"]["into"], stays["id"]);
    assert_eq!(people.events("user.deleted").len(), 1);
    let free = people.add("ada@acme.com", "USER").await;
    assert_ne!(free["id"], goes["id"], "the address is another person's now");
}

/// SE-04: what a merge refuses, it leaves as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_04_attack_a_merge_takes_nothing_over_by_mistake() {
    let people = People::start().await;
    let (ada, bob) = (
        people.add("ada@acme.com", "USER").await,
        people.add("bob@acme.com", "USER").await,
    );
    let browser = people.world.browser();
    let tokens = people.sign_in(&browser, "ada@acme.com").await;
    people.sign_in(&people.world.browser(), "bob@acme.com").await;
    let into = |member: &Value| format!("{}/merge", people.support(member));
    let merge = async |member: &Value, from: &Value| {
        people
            .operator
            .post(&into(member), &json!({ "from": from["id"] }))
            .await
            .problem()
    };
    assert_eq!(merge(&ada, &bob).await, problem(409, "merge_connection_twice"));
    assert_eq!(merge(&ada, &ada).await, problem(422, "setting_invalid"));
    let unknown = json!({ "from": "0b5c0a53-7a4e-4b3a-9f3f-6f6f1a2b3c4d" });
    let unknown = people.operator.post(&into(&ada), &unknown).await;
    assert_eq!(unknown.problem(), problem(404, "member_not_found"));
    let by_owner = format!("{}/merge", People::path(&ada));
    assert_eq!(
        people
            .owner
            .post(&by_owner, &json!({ "from": bob["id"] }))
            .await
            .status,
        404
    );

    let off = people.add("off@acme.com", "USER").await;
    assert_eq!(
        people
            .owner
            .act(&format!("{}/deactivate", People::path(&off)))
            .await
            .status,
        200
    );
    assert_eq!(merge(&off, &ada).await, problem(409, "merge_into_inactive"));

    let pushed = people.add("pushed@acme.com", "USER").await;
    let pushed_id = pushed["id"].as_str().unwrap().parse().unwrap();
    people
        .world
        .change_user(&pushed_id, |user| user.source = Source::Scim)
        .await;
    assert_eq!(merge(&ada, &pushed).await, problem(409, "member_locked"));

    let root = people.add("creator@acme.com", "USER").await;
    let named = people
        .operator
        .patch(&people.acme.path, &json!({ "root_user": root["id"] }))
        .await;
    assert_eq!(named.status, 200, "{}", named.body);
    assert_eq!(merge(&ada, &root).await, problem(409, "member_is_root_user"));
    assert!(
        people.is_in(&browser, &tokens).await,
        "nothing of it ended anything"
    );
}

/// The sessions of a member are listed and ended one by one; another one goes on, and what ended opens nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_sessions_are_read_and_ended_one_by_one() {
    let people = People::start().await;
    let ada = people.add("ada@acme.com", "USER").await;
    let (laptop, phone) = (people.world.browser(), people.world.browser());
    let on_laptop = people.sign_in(&laptop, "ada@acme.com").await;
    let on_phone = people.sign_in(&phone, "ada@acme.com").await;
    let path = format!("{}/sessions", People::path(&ada));
    let first = people.owner.get(&format!("{path}?limit=1")).await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 1, "{first}");
    let next = format!("{path}?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = people.owner.get(&next).await.json();
    assert_eq!(second["next_cursor"], json!(null));
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
    assert_eq!(
        second["items"][0]["connection"],
        people.world.connection.id.as_str()
    );

    let ended = on_laptop.claims["sid"].as_str().unwrap();
    let end = people.owner.delete(&format!("{path}/{ended}")).await;
    assert_eq!(end.status, 204, "{}", end.body);
    assert!(!people.is_in(&laptop, &on_laptop).await);
    assert!(people.is_in(&phone, &on_phone).await);
    let again = people.owner.delete(&format!("{path}/{ended}")).await;
    assert_eq!(again.problem(), problem(404, "session_not_found"));
    let told = people.events("session.ended");
    assert_eq!(
        (&told[0]["subject"], &told[0]["data"]["reason"]),
        (&json!(ended), &json!("by_hand"))
    );

    // Another member's session is not this one's.
    let bob = people.add("bob@acme.com", "USER").await;
    let of_phone = on_phone.claims["sid"].as_str().unwrap();
    let through_bob = people
        .owner
        .delete(&format!("{}/sessions/{of_phone}", People::path(&bob)))
        .await;
    assert_eq!(through_bob.problem(), problem(404, "session_not_found"));
    let revoke = format!("{}/revoke-sessions", People::path(&ada));
    assert_eq!(
        people.owner.send(Method::POST, &revoke, None, None).await.status,
        200
    );
    assert_eq!(
        people.owner.get(&path).await.json()["items"],
        json!([]),
        "what is over is not shown"
    );
}
