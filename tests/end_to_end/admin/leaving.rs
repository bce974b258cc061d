//! Members who are removed by hand.

use chrono::TimeDelta;
use gatehouse_tests::{Api, problem};
use serde_json::{Value, json};

use super::people::People;

/// CH-10: removing a member ends every access with the same write; the person is in no list, is not made anew by signing
/// in although provisioning is on, and comes back under the same id when added again, with nothing of the life before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_removing_a_member_ends_every_access() {
    let people = People::start().await;
    let ada = people.add("ada@acme.com", "USER").await;
    let browser = people.world.browser();
    let tokens = people.sign_in(&browser, "ada@acme.com").await;
    assert_eq!(tokens.claims["sub"], ada["id"]);

    let path = People::path(&ada);
    let removed = people.owner.delete(&path).await;
    assert_eq!(removed.status, 204, "{}", removed.body);
    assert!(!people.is_in(&browser, &tokens).await);
    assert_eq!(people.refused("ada@acme.com").await, "user_deleted");
    assert_eq!(
        people.owner.get(&path).await.problem(),
        problem(404, "member_not_found")
    );
    assert_eq!(
        people.owner.delete(&path).await.problem(),
        problem(404, "member_not_found")
    );
    let listed = people.owner.get("/owner/v1/members").await.body;
    assert!(!listed.contains("ada@acme.com"), "{listed}");
    let deleted = people.events("user.deleted");
    assert_eq!(deleted.len(), 1);
    assert_eq!(
        (&deleted[0]["subject"], &deleted[0]["data"]["user"]["active"]),
        (&ada["id"], &json!(false))
    );

    let back = people.add("ADA@acme.com", "GUEST").await;
    assert_eq!(
        (&back["id"], &back["role"], &back["active"]),
        (&ada["id"], &json!("GUEST"), &json!(true))
    );
    assert!(!people.is_in(&browser, &tokens).await, "what ended stays ended");
    let again = people.sign_in(&people.world.browser(), "ada@acme.com").await;
    assert_eq!(
        (&again.claims["sub"], &again.claims["role"]),
        (&ada["id"], &json!("GUEST"))
    );
    assert_eq!(
        people.events("user.created").last().unwrap()["subject"],
        ada["id"]
    );
}

/// CH-10: 30 days after the removal the person is nobody: the identity that was left is forgotten, and who signs in by it
/// is somebody new, once, also when coming in twice at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ch_10_thirty_days_later_the_person_is_somebody_new() {
    let people = People::start().await;
    let ada = people.add("ada@acme.com", "USER").await;
    people.sign_in(&people.world.browser(), "ada@acme.com").await;
    assert_eq!(people.owner.delete(&People::path(&ada)).await.status, 204);
    people.world.pass(TimeDelta::days(29));
    assert_eq!(people.refused("ada@acme.com").await, "user_deleted");
    people.world.pass(TimeDelta::days(2));
    let (one, two) = (people.world.browser(), people.world.browser());
    let (first, second) = tokio::join!(
        people.sign_in(&one, "ada@acme.com"),
        people.sign_in(&two, "ada@acme.com")
    );
    assert_ne!(first.claims["sub"], ada["id"]);
    assert_eq!(first.claims["sub"], second.claims["sub"]);
}

/// CH-10: the last owner cannot be removed, also not by two owners who remove each other at once; the creator of the
/// organization never; another tenant's member is nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ch_10_the_last_owner_stays() {
    let api = Api::start().await;
    let (acme, other) = (
        api.tenant("Acme", json!({})).await,
        api.tenant("Other", json!({})).await,
    );
    let owner = api.owner(&acme);
    let add = async |email: &str, role: &str| -> Value {
        let asked = json!({ "email": email, "role": role });
        owner.post("/owner/v1/members", &asked).await.json()
    };
    let ada = add("ada@acme.com", "ADMIN").await;
    add("bob@acme.com", "USER").await;
    let last = problem(409, "member_is_last_owner");
    assert_eq!(owner.delete(&People::path(&ada)).await.problem(), last);
    let by_operator = format!("{}/members/{}", acme.path, ada["id"].as_str().unwrap());
    assert_eq!(api.operator().delete(&by_operator).await.problem(), last);
    let theirs = api.owner(&other).delete(&People::path(&ada)).await;
    assert_eq!(theirs.problem(), problem(404, "member_not_found"));

    // Whoever is switched off looks after nothing.
    let eve = add("eve@acme.com", "ADMIN").await;
    let off = format!("{}/deactivate", People::path(&eve));
    assert_eq!(owner.act(&off).await.status, 200);
    assert_eq!(owner.delete(&People::path(&ada)).await.problem(), last);
    assert_eq!(
        owner.act(&off.replace("deactivate", "reactivate")).await.status,
        200
    );

    let (one, two) = (People::path(&ada), People::path(&eve));
    let (first, second) = tokio::join!(owner.delete(&one), owner.delete(&two));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409], "{} {}", first.body, second.body);

    let listed = owner.get("/owner/v1/members").await.json();
    let stays = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["role"] == "ADMIN")
        .unwrap();
    let creator = add("creator@acme.com", "GUEST").await;
    let root = json!({ "root_user": creator["id"] });
    assert_eq!(api.operator().patch(&acme.path, &root).await.status, 200);
    let kept = owner.delete(&People::path(&creator)).await;
    assert_eq!(kept.problem(), problem(409, "member_is_root_user"));
    let now_free = owner.delete(&People::path(stays)).await;
    assert_eq!(
        now_free.status, 204,
        "the creator is an owner too: {}",
        now_free.body
    );
}

/// Many owners: each of them hears of it once, the creator included, whatever the role.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_21_every_owner_hears_of_it() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let mut wanted = Vec::new();
    for part in 0..3 {
        let people = (0..70)
            .map(|nth| format!("owner-{part}-{nth}@acme.com"))
            .collect::<Vec<_>>();
        let members = people
            .iter()
            .map(|email| json!({ "email": email, "role": "ADMIN" }));
        let asked = json!({ "members": members.collect::<Vec<_>>() });
        assert_eq!(owner.post("/owner/v1/members/import", &asked).await.status, 200);
        wanted.extend(people);
    }
    let plain = json!({ "members": [{ "email": "user@acme.com" }, { "email": "creator@acme.com" }] });
    let made = owner.post("/owner/v1/members/import", &plain).await.json();
    let root = json!({ "root_user": made["results"][1]["id"] });
    assert_eq!(api.operator().patch(&acme.path, &root).await.status, 200);
    wanted.push("creator@acme.com".to_owned());
    let domain = json!({ "domain": "acme.com" });
    let path = format!("{}/domains", acme.path);
    assert_eq!(api.operator().post(&path, &domain).await.status, 201);
    api.relay().await;

    let address = json!({ "email": "root@acme.com" });
    let added = api
        .operator()
        .post(&format!("{}/break-glass", acme.path), &address)
        .await;
    assert_eq!(added.status, 201, "{}", added.body);
    while api.relay().await > 0 {}
    let mut told = api.mails().into_iter().map(|mail| mail.to).collect::<Vec<_>>();
    told.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(told, wanted);
}
