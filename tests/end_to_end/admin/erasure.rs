//! A person is erased, audit included.

use std::time::Duration;

use chrono::TimeDelta;
use gatehouse::app::events;
use gatehouse::app::onboarding::{Administration, erasure};
use gatehouse::domain::ids::{TenantId, UserId};
use gatehouse::store::AuditRecord;
use gatehouse_local::http_client::permissions::run_as;
use gatehouse_local::http_client::{Fault, When};
use gatehouse_tests::dump::{dump, holding, without};
use gatehouse_tests::scim::GROUP;
use gatehouse_tests::{Api, Tokens, Visitor, problem};
use http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::people::People;

/// What Ada is known by.
const OF_ADA: [&str; 4] = ["ada.lovelace@acme.com", "lovelace", "+49221123123", "0221123123"];

fn ada() -> Visitor {
    Visitor::new("ada.lovelace@acme.com")
        .with("firstName", "Augusta")
        .with("lastName", "Lovelace")
        .with("mobileRegionCode", "DE")
        .with("mobileNumber", "0221 123 123")
        .with("teamName", "Analysts")
}

fn erasure_of(member: &str) -> String {
    format!("/owner/v1/members/{member}/erasure")
}

impl People {
    /// Ada comes in by herself; gives her id and her tokens.
    async fn ada_comes(&self, browser: &gatehouse_tests::Browser) -> (String, Tokens) {
        let tokens = self.world.tokens(browser, &ada()).await;
        (tokens.claims["sub"].as_str().unwrap().to_owned(), tokens)
    }

    /// Asks for an erasure, and has it done.
    async fn erase(&self, member: &str) -> Value {
        let asked = self.owner.act(&erasure_of(member)).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        self.world.relay().await;
        let report = self.owner.get(&erasure_of(member)).await;
        assert_eq!(report.status, 200, "{}", report.body);
        report.json()
    }
}

/// CH-10: whoever is erased is out with the answer; when it is done nothing in either table holds an address, a name or a
/// number of the person, events for replay and the audit trail included, and the report says what went. Another person,
/// and the same one at another organization, are as they were. Asked for again, the answer is the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_an_erased_person_is_nowhere() {
    let people = People::start().await;
    let other = json!({ "name": "Other", "entitlements": Api::everything() });
    let other = people.operator.post("/operator/v1/tenants", &other).await.json();
    let other = other["id"].as_str().unwrap().to_owned();
    let twin = json!({ "email": "ada.lovelace@acme.com", "family_name": "Lovelace" });
    let path = format!("/operator/v1/tenants/{other}/members");
    assert_eq!(people.operator.post(&path, &twin).await.status, 201);
    let browser = people.world.browser();
    let (id, tokens) = people.ada_comes(&browser).await;
    people
        .sign_in(&people.world.browser(), "ada.lovelace@acme.com")
        .await;
    people.sign_in(&people.world.browser(), "bob@acme.com").await;
    people.world.relay().await;
    let of_acme = [people.acme.id.as_str()];
    let before = dump(&people.world.local);
    assert!(holding(&before, &OF_ADA).len() > 5);
    assert!(people.is_in(&browser, &tokens).await);

    let asked = people.owner.act(&erasure_of(&id)).await;
    assert_eq!(
        (asked.status.as_u16(), &asked.json()["state"]),
        (202, &json!("under_way"))
    );
    assert!(!people.is_in(&browser, &tokens).await);
    assert_eq!(
        people
            .owner
            .get(&format!("/owner/v1/members/{id}"))
            .await
            .problem(),
        problem(404, "member_not_found")
    );
    let report = people.erase(&id).await;
    assert_eq!(
        (&report["state"], &report["member"]),
        (&json!("done"), &json!(id))
    );
    let removed = &report["removed"];
    assert_eq!(
        (
            &removed["records"],
            &removed["identities"],
            &removed["team_memberships"]
        ),
        (&json!(1), &json!(1), &json!(1)),
        "{report}"
    );
    assert!(removed["sessions"].as_u64() >= Some(2), "{report}");
    assert!(report["pseudonymized"]["events"].as_u64() >= Some(1), "{report}");

    let after = dump(&people.world.local);
    let left = holding(&after, &OF_ADA);
    let left = left.iter().filter(|item| !item.contains(&other));
    assert_eq!(left.collect::<Vec<_>>(), Vec::<&&String>::new());
    // The twin of the other organization, and everything else that is not Acme's, is as it was.
    let theirs = |dump| {
        let items = without(dump, &of_acme).into_iter().cloned();
        items
            .filter(|item: &String| item.contains(&other))
            .collect::<Vec<_>>()
    };
    assert_eq!(theirs(&before), theirs(&after));
    assert!(!holding(&after, &["bob@acme.com"]).is_empty());

    let again = people.owner.act(&erasure_of(&id)).await;
    assert_eq!((again.status.as_u16(), again.json()), (202, report.clone()));
    assert_eq!(people.events("user.erased").len(), 1);
    let listed = people.owner.get("/owner/v1/erasures").await.json();
    assert_eq!(listed["items"], json!([report]));
}

/// CH-10: what the audit trail and the events of the organization say of the person beside ids goes, in entries of other days
/// too; the entries stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_the_trail_of_others_says_nothing_of_an_erased_person() {
    let people = People::start().await;
    let ada = people.add("ada.lovelace@acme.com", "USER").await;
    let handle = people.world.gatehouse.store.tenant(&people.world.tenant.id);
    let now = people.world.gatehouse.clock.now();
    let told = json!({ "told": "ada.lovelace@acme.com" });
    for days in [0, 3] {
        let entry = AuditRecord::new(now - TimeDelta::days(days), "somebody.told", told.clone());
        handle.write_audit(&[entry.unwrap()]).await.unwrap();
    }
    let actor = json!({ "kind": "operator", "principal": told["told"] });
    let mut tx = handle.begin();
    tx.tenant_events(vec![events::tenant_updated(&people.world.tenant, now, &actor)]);
    tx.commit().await.unwrap();
    let report = people.erase(ada["id"].as_str().unwrap()).await;
    assert_eq!(report["state"], "done", "{report}");
    assert!(
        report["pseudonymized"]["audit_entries"].as_u64() >= Some(2),
        "{report}"
    );
    assert!(holding(&dump(&people.world.local), &OF_ADA[..1]).is_empty());
    for days in [0, 3] {
        let day = (now - TimeDelta::days(days)).date_naive();
        let trail = handle.audit_of(day, None, 100).await.unwrap();
        assert!(
            trail.iter().any(|entry| entry.action == "somebody.told"),
            "{days}"
        );
    }
}

/// CH-10: the events of an erased person stay in their order for replay, and say nothing of the person; the last one says
/// that the person was erased. The audit trail says who asked for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_a_replay_knows_the_erased_person_by_id_alone() {
    let people = People::start().await;
    let (id, _) = people.ada_comes(&people.world.browser()).await;
    people.erase(&id).await;
    let query = format!(
        "/sign-in/events?organization={}&subject={id}&after=0",
        people.acme.id
    );
    let replay = people.world.app_get(&query).await;
    assert_eq!(replay.status, 200, "{}", replay.body);
    let replay = replay.json();
    let events = replay["events"].as_array().unwrap();
    let kinds = events.iter().map(|event| event["type"].as_str().unwrap());
    let kinds = kinds.collect::<Vec<_>>();
    assert_eq!(kinds.first(), Some(&"user.created"));
    assert_eq!(kinds.last(), Some(&"user.erased"));
    assert_eq!(events[0]["data"]["user"]["user_name"], format!("erased {id}"));
    assert_eq!(events[0]["data"]["user"]["email"], Value::Null);
    assert!(!replay.to_string().to_lowercase().contains("lovelace"));
    let trail = people.owner.get("/owner/v1/audit").await.json();
    let entries = trail["items"].as_array().unwrap();
    let entry = entries
        .iter()
        .find(|entry| entry["action"] == "member.erased")
        .unwrap();
    assert_eq!(
        (&entry["data"]["member"], &entry["data"]["actor"]["kind"]),
        (&json!(id), &json!("owner"))
    );
}

/// CH-10: whoever was erased is not made anew by signing in for 30 days, also not under another address of the same
/// identity; an owner who adds the person again gets somebody new, who signs in as such.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_an_erased_person_is_not_made_anew_by_signing_in() {
    let people = People::start().await;
    let (id, _) = people.ada_comes(&people.world.browser()).await;
    people.erase(&id).await;
    assert_eq!(people.refused("ada.lovelace@acme.com").await, "user_deleted");
    people.world.pass(TimeDelta::days(29));
    assert_eq!(people.refused("ADA.lovelace@acme.com").await, "user_deleted");

    let added = people.add("ada.lovelace@acme.com", "USER").await;
    assert_ne!(added["id"], id);
    let tokens = people
        .sign_in(&people.world.browser(), "ada.lovelace@acme.com")
        .await;
    assert_eq!(tokens.claims["sub"], added["id"]);

    let tokens = people.sign_in(&people.world.browser(), "carl@acme.com").await;
    let carl = tokens.claims["sub"].as_str().unwrap().to_owned();
    people.erase(&carl).await;
    assert_eq!(people.refused("carl@acme.com").await, "user_deleted");
    people.world.pass(TimeDelta::days(31));
    let tokens = people.sign_in(&people.world.browser(), "carl@acme.com").await;
    assert_ne!(tokens.claims["sub"], carl);
}

/// CH-10: whom SCIM provisions is erased as well, out of every group; SCIM finds nobody of that id, and a POST of the same
/// name makes somebody new. Whoever was removed before is erased too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_whom_scim_pushes_and_whom_it_deleted_are_erased() {
    let people = People::start().await;
    let scim = people.world.scim().await;
    let more = json!({
        "externalId": "ext-4711",
        "name": { "givenName": "Augusta", "familyName": "Lovelace" },
        "emails": [{ "value": "ada.lovelace@acme.com", "primary": true }, { "value": "countess@lovelace.example" }],
        "phoneNumbers": [{ "value": "+49 221 123123", "type": "work" }],
    });
    let user = scim.user("ada.lovelace@acme.com", more.clone()).await;
    let id = user["id"].as_str().unwrap().to_owned();
    let bob = scim.user("bob@acme.com", json!({})).await;
    let members = [&user, &bob].map(|user| json!({ "value": user["id"] }));
    let group = json!({ "schemas": [GROUP], "displayName": "Guides", "members": members });
    let group = scim.post("/Groups", &group).await.json();
    people.world.relay().await;
    let report = people.erase(&id).await;
    assert_eq!(report["removed"]["group_memberships"], 1, "{report}");
    let known = ["lovelace", "ext-4711", "+49 221 123123"];
    assert_eq!(holding(&dump(&people.world.local), &known), Vec::<&String>::new());
    let path = format!("/Groups/{}", group["id"].as_str().unwrap());
    let members = scim.get(&path).await.json()["members"].clone();
    assert_eq!(members.as_array().unwrap().len(), 1, "{members}");
    assert_eq!(scim.get(&format!("/Users/{id}")).await.status, 404);
    let anew = scim.user("ada.lovelace@acme.com", more).await;
    assert_ne!(anew["id"], id.as_str());

    let anew = anew["id"].as_str().unwrap();
    assert_eq!(scim.delete(&format!("/Users/{anew}")).await.status, 204);
    assert!(!holding(&dump(&people.world.local), &["lovelace"]).is_empty());
    people.erase(anew).await;
    assert_eq!(holding(&dump(&people.world.local), &known), Vec::<&String>::new());
}

/// CH-10: who is needed is not erased: the creator of the organization, the last owner, and whoever is on the break-glass
/// list; nobody and another tenant's member are one answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_who_is_needed_is_not_erased() {
    let people = People::start().await;
    let root = people.add("root@acme.com", "ADMIN").await;
    let last = erasure_of(root["id"].as_str().unwrap());
    assert_eq!(
        people.owner.act(&last).await.problem(),
        problem(409, "member_is_last_owner")
    );
    people.add("second@acme.com", "ADMIN").await;
    let change = json!({ "root_user": root["id"] });
    assert_eq!(
        people.operator.patch(&people.acme.path, &change).await.status,
        200
    );
    assert_eq!(
        people.owner.act(&last).await.problem(),
        problem(409, "member_is_root_user")
    );
    let needed = people.add("night@acme.com", "USER").await;
    let listed = people
        .operator
        .post(
            &format!("{}/break-glass", people.acme.path),
            &json!({ "email": "night@acme.com" }),
        )
        .await;
    assert_eq!(listed.status, 201, "{}", listed.body);
    assert_eq!(
        people
            .owner
            .act(&erasure_of(needed["id"].as_str().unwrap()))
            .await
            .problem(),
        problem(409, "member_is_break_glass")
    );
    let nobody = erasure_of("0b5c0a53-7a4e-4b3a-9f3f-6f6f1a2b3c4d");
    assert_eq!(
        people.owner.act(&nobody).await.problem(),
        problem(404, "member_not_found")
    );
    assert_eq!(
        people.owner.get(&nobody).await.problem(),
        problem(404, "erasure_not_found")
    );
    assert_eq!(people.events("user.erased"), Vec::<Value>::new());
}

/// CH-10: mails to the person that were not sent yet are not sent any more, and whoever else they go to still gets them;
/// nobody is reminded of deadlines at the address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_no_mail_goes_to_an_erased_person() {
    let people = People::start().await;
    let ada = people.add("ada.lovelace@acme.com", "USER").await;
    let contacts = json!({ "contacts": ["ada.lovelace@acme.com", "it@acme.com"] });
    let etag = people.owner.get("/owner/v1/tenant").await.etag();
    let set = people
        .owner
        .patch_at("/owner/v1/tenant/settings", &etag, &contacts);
    assert_eq!(set.await.status, 200);
    let invited = people.owner.act(&format!("{}/invite", People::path(&ada))).await;
    assert_eq!(invited.status, 200, "{}", invited.body);
    let id = ada["id"].as_str().unwrap();
    assert_eq!(people.owner.act(&erasure_of(id)).await.status, 202);
    people.go_on(id, Duration::from_secs(20)).await;
    people.world.relay().await;
    let mails = people.world.mails();
    assert!(mails.iter().all(|mail| !format!("{mail:?}").contains("lovelace")));
    let tenant = people.owner.get("/owner/v1/tenant").await.json();
    assert_eq!(tenant["settings"]["contacts"], json!(["it@acme.com"]));
    let report = people.owner.get(&erasure_of(id)).await.json();
    assert_eq!(
        (&report["removed"]["mails"], &report["removed"]["contacts"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
}

impl People {
    /// Goes on with an erasure as the relay does.
    async fn go_on(&self, member: &str, within: Duration) -> bool {
        let tenant = TenantId::parse(&self.acme.id).unwrap();
        let admin = Administration::by_upkeep(self.world.gatehouse.apart(), &tenant);
        let user = UserId::parse(member).unwrap();
        let done = erasure::go_on(&admin, &user, Instant::now() + within);
        run_as("outbox_relay", done).await.unwrap_or(false)
    }
}

/// CH-10: wherever an erasure is cut, it is taken up; and several that go on with it at once count everything once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ch_10_an_erasure_that_is_cut_goes_on() {
    let people = People::start().await;
    let mut expected = None;
    // Everywhere at the beginning, then here and there on the way through the days of the trail.
    for cut in (0..40).step_by(3).chain([60, 10_000]) {
        let email = format!("p{cut:03}@acme.com");
        let tokens = people
            .world
            .tokens(
                &people.world.browser(),
                &Visitor::new(&email).with("teamName", "Analysts"),
            )
            .await;
        let id = tokens.claims["sub"].as_str().unwrap().to_owned();
        let path = format!("{}/members/{id}/erasure", people.acme.path);
        assert_eq!(people.operator.act(&path).await.status, 202);
        let fault = people
            .world
            .local
            .faults()
            .inject(When::any().after(cut), Fault::DropConnection);
        let within = Duration::from_secs(20);
        let uncut = people.go_on(&id, within).await;
        fault.withdraw();
        if cut % 2 == 0 {
            people.go_on(&id, within).await;
        } else {
            let all = [(); 4].map(|()| people.go_on(&id, within));
            futures_util::future::join_all(all).await;
        }
        let report = people.owner.get(&erasure_of(&id)).await.json();
        assert_eq!(report["state"], "done", "{report}");
        let counts = (report["removed"].clone(), report["pseudonymized"].clone());
        assert_eq!(*expected.get_or_insert(counts.clone()), counts, "cut at {cut}");
        assert_eq!(
            holding(&dump(&people.world.local), &[&email]),
            Vec::<&String>::new(),
            "cut at {cut}"
        );
        assert_eq!(uncut, cut == 10_000, "cut at {cut}");
    }
}

/// An erasure that the relay did not finish is given to it once more by the upkeep.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_the_upkeep_finds_an_erasure_that_nobody_does() {
    let people = People::start().await;
    let (id, _) = people.ada_comes(&people.world.browser()).await;
    assert_eq!(people.owner.act(&erasure_of(&id)).await.status, 202);
    let upkeep = async || {
        let done = gatehouse_tests::scheduled::upkeep(&people.world.gatehouse).await;
        done.unwrap().work_resumed
    };
    assert_eq!(upkeep().await, 0, "it may be on its way");
    people.world.pass(TimeDelta::hours(2));
    assert_eq!(upkeep().await, 1);
    people.world.relay().await;
    assert_eq!(people.owner.get(&erasure_of(&id)).await.json()["state"], "done");
    assert_eq!(upkeep().await, 0);
}

/// CH-10: owner and operator erase alike.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_operator_and_owner_erase_alike() {
    let people = People::start().await;
    for (caller, base) in [
        (&people.owner, "/owner/v1".to_owned()),
        (&people.operator, people.acme.path.clone()),
    ] {
        let member = people.add("ada@acme.com", "USER").await;
        let path = format!("{base}/members/{}/erasure", member["id"].as_str().unwrap());
        let asked = caller.send(Method::POST, &path, None, None).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        people.world.relay().await;
        assert_eq!(caller.get(&path).await.json()["state"], "done");
    }
}
