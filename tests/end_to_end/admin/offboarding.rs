//! A tenant goes, with everything of it.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use gatehouse::app::onboarding::offboarding;
use gatehouse::domain::ids::{ConnectionId, TenantId};
use gatehouse::secrets::{SecretName, Stage};
use gatehouse::store::AuditRecord;
use gatehouse_local::http_client::permissions::run_as;
use gatehouse_local::http_client::{Fault, When};
use gatehouse_tests::admin::Caller;
use gatehouse_tests::dump::{dump, holding, without};
use gatehouse_tests::{Answer, Api, problem};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::filled::Filled;
use super::people::People;

const OFFBOARDINGS: &str = "/operator/v1/offboardings";

/// Where the deployment itself keeps that a tenant was taken away.
fn of_deployment(item: &str) -> bool {
    ["T#deployment", "AU#deployment", "F#deployment", "\"Y#"]
        .iter()
        .any(|place| item.contains(place))
}

/// Whether whose item this is can be told, and it may not stay when its tenant goes.
fn is_traced(item: &str) -> bool {
    !of_deployment(item) && !opaque(item)
}

/// What is left of whom these name.
fn left_of<'a>(dump: &'a [String], names: &[&str]) -> Vec<&'a String> {
    let mut left = holding(dump, names);
    left.retain(|item| is_traced(item));
    left
}

/// The report of a filled tenant's offboarding, however often its work was begun.
fn assert_counted_once(report: &Value) {
    let removed = &report["removed"];
    assert_eq!(
        (
            &removed["tenants"],
            &removed["users"],
            &removed["groups"],
            &removed["connections"]
        ),
        (&json!(1), &json!(65), &json!(2), &json!(3)),
        "{report}"
    );
}

impl People {
    fn wanted(&self) -> Value {
        json!({ "tenant": self.acme.id, "name": "Acme" })
    }

    fn report(&self) -> String {
        format!("{OFFBOARDINGS}/{}", self.acme.id)
    }

    async fn offboard(&self) -> Value {
        let asked = self.operator.post(OFFBOARDINGS, &self.wanted()).await;
        assert_eq!(asked.status, 201, "{}", asked.body);
        self.world.relay().await;
        self.operator.get(&self.report()).await.json()
    }

    fn tenant(&self) -> TenantId {
        TenantId::parse(&self.acme.id).unwrap()
    }

    /// Goes on with the offboarding as the relay does.
    async fn go_on_offboarding(&self, within: Duration) -> bool {
        let (tenant, until) = (self.tenant(), Instant::now() + within);
        let process = self.world.gatehouse.apart();
        let done = offboarding::go_on(&process, &tenant, until);
        run_as("outbox_relay", done).await.unwrap_or(false)
    }

    async fn secrets_of(&self, connection: &str) -> usize {
        let id = ConnectionId::parse(connection).unwrap();
        let names = [
            SecretName::SpSigning(id.clone()),
            SecretName::SpDecryption(id.clone()),
            SecretName::ClientSecret(id),
        ];
        let mut found = 0;
        for name in names {
            let secret = self
                .world
                .gatehouse
                .secrets
                .get_stage(&name, Stage::Current)
                .await;
            found += usize::from(secret.unwrap().is_some());
        }
        found
    }
}

/// What names the tenant: its id, and the ids of what it owns that lie beside it.
async fn names(filled: &Filled) -> Vec<String> {
    let mut names = vec![filled.people.acme.id.clone()];
    for (list, field) in [("connections", "id"), ("members", "id")] {
        let path = format!("{}/{list}", filled.people.acme.path);
        let items = filled.walk(&path, 100).await;
        names.extend(items.iter().map(|item| item[field].as_str().unwrap().to_owned()));
    }
    names
}

/// A second tenant, with people and secrets of its own; gives its path and its connection.
async fn other_tenant(people: &People) -> (String, String) {
    let other = json!({ "name": "Other", "entitlements": Api::everything() });
    let other = people.operator.post("/operator/v1/tenants", &other).await.json();
    let path = format!("/operator/v1/tenants/{}", other["id"].as_str().unwrap());
    for email in ["ada@acme.com", "root@other.com"] {
        let asked = json!({ "email": email });
        let made = people.operator.post(&format!("{path}/members"), &asked).await;
        assert_eq!(made.status, 201);
    }
    let (_, connection) = people.operator.connection(&path, "Other IdP").await;
    let domain = json!({ "domain": "other.com" });
    let made = people.operator.post(&format!("{path}/domains"), &domain).await;
    assert_eq!(made.status, 201);
    (path, connection["id"].as_str().unwrap().to_owned())
}

/// AQ-01: an offboarded tenant leaves nothing in either table nor in Secrets Manager, but the report, which says what
/// went; what belongs to others is as it was, to the letter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_01_an_offboarded_tenant_leaves_nothing() {
    let filled = Filled::start().await;
    let people = &filled.people;
    let (other, others) = other_tenant(people).await;
    people.world.relay().await;
    let names = names(&filled).await;
    let names = names.iter().map(String::as_str).collect::<Vec<_>>();
    let saml = people.world.connection.id.to_string();
    assert_eq!(people.secrets_of(&saml).await, 2);
    assert_eq!(people.secrets_of(&filled.github).await, 1);
    let before = dump(&people.world.local);
    assert!(holding(&before, &names).len() > 300);

    let report = people.offboard().await;
    assert_eq!(
        (&report["state"], &report["name"], &report["tenant"]),
        (&json!("done"), &json!("Acme"), &json!(people.acme.id))
    );
    let removed = &report["removed"];
    for (kind, least) in [
        ("tenants", 1),
        ("connections", 3),
        ("domains", 3),
        ("users", 64),
        ("identities", 1),
        ("sessions", 1),
        ("grants", 1),
        ("groups", 2),
        ("group_memberships", 57),
        ("teams", 1),
        ("team_memberships", 1),
        ("api_keys", 4),
        ("break_glass_addresses", 2),
        ("member_imports", 2),
        ("deadlines", 3),
        ("events", 60),
        ("audit_entries", 60),
        ("secrets", 5),
    ] {
        assert!(removed[kind].as_u64() >= Some(least), "{kind}: {report}");
    }
    let after = dump(&people.world.local);
    assert_eq!(left_of(&after, &names), Vec::<&String>::new());
    assert_eq!(people.secrets_of(&saml).await, 0);
    assert_eq!(people.secrets_of(&filled.github).await, 0);

    let others_items = |dump: &[String]| {
        let items = without(dump, &names).into_iter().cloned();
        let untouched = items.filter(|item| is_traced(item));
        untouched.collect::<BTreeSet<_>>()
    };
    let (before, after) = (others_items(&before), others_items(&after));
    assert_eq!(
        before.difference(&after).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert_eq!(
        after.difference(&before).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert_eq!(people.secrets_of(&others).await, 2);
    let members = people.operator.get(&format!("{other}/members")).await.json();
    assert_eq!(members["items"].as_array().unwrap().len(), 2);
    let gone = people.world.on_the_bus("tenant.deleted");
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0]["subject"], people.acme.id);
}

/// What lies under a hash alone and ends by itself: attempts, parked results, codes, one-time ids, links, paging memory.
fn opaque(item: &str) -> bool {
    ["\"A#", "\"PK#", "\"K#", "\"I#", "\"L#", "\"W#", "\"Y#"]
        .iter()
        .any(|place| item.contains(place))
}

fn nameless(answer: &Answer) -> (StatusCode, String) {
    let body = serde_json::from_str::<Value>(&answer.body);
    let body = body.map(|mut body| {
        if let Some(fields) = body.as_object_mut() {
            fields.remove("reference");
        }
        body.to_string()
    });
    (answer.status, body.unwrap_or_default())
}

/// AQ-01: with the answer, and when all is done, every way in answers as if the tenant had never been: keys, set-up links,
/// sessions of owners and of members, tokens, SCIM, metadata, discovery, the operator's own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_01_an_offboarded_tenant_is_unknown_everywhere() {
    let filled = Filled::start().await;
    let people = &filled.people;
    let asked = people.operator.post(OFFBOARDINGS, &people.wanted()).await;
    assert_eq!(asked.status, 201, "{}", asked.body);
    unknown_everywhere(&filled).await;
    people.world.relay().await;
    unknown_everywhere(&filled).await;
    // What an identity provider stored for years leads nowhere.
    let saml = &people.world.connection.id;
    let browser = people.world.browser();
    for path in [format!("/saml/{saml}/metadata"), format!("/login/{saml}")] {
        let never = path.replace(saml.as_str(), "0b5c0a53-7a4e-4b3a-9f3f-6f6f1a2b3c4d");
        let (theirs, never) = (browser.get(&path).await, browser.get(&never).await);
        assert_eq!(theirs.status, never.status, "{path}");
    }
    // The domain is free at once.
    let (other, _) = other_tenant(people).await;
    let asked = json!({ "domain": "acme.com" });
    let taken = people.operator.post(&format!("{other}/domains"), &asked).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
    assert_eq!(taken.json()["state"], "proven");
}

async fn unknown_everywhere(filled: &Filled) {
    let people = &filled.people;
    let id = people.acme.id.as_str();
    let never = "0b5c0a53-7a4e-4b3a-9f3f-6f6f1a2b3c4d";
    for path in ["", "/members", "/connections", "/audit", "/export"] {
        let theirs = people
            .operator
            .get(&format!("/operator/v1/tenants/{id}{path}"))
            .await;
        let unknown = people
            .operator
            .get(&format!("/operator/v1/tenants/{never}{path}"))
            .await;
        assert_eq!(theirs.status, 404);
        assert_eq!(nameless(&theirs), nameless(&unknown), "{path}");
    }
    let base = people.world.gatehouse.config.base_url.as_str();
    let session = Caller::on(&people.world.router, base, Some(&filled.session));
    assert_eq!(session.get("/owner/v1/tenant").await.status, 401);
    let link = json!({ "setup_link": filled.setup_link });
    assert_eq!(session.post("/owner/v1/session", &link).await.status, 404);
    let browser = people.world.browser();
    let silent = [("prompt", "none"), ("organization", id)];
    let silent = browser.get(&people.world.authorize_path(&silent)).await;
    assert_eq!(silent.parameter("code"), None);
    assert_ne!(
        people
            .world
            .userinfo(filled.tokens.text("access_token"))
            .await
            .status,
        200
    );
    let refreshed = people.world.refresh(filled.tokens.text("refresh_token")).await;
    assert_eq!(
        (refreshed.status.as_u16(), &refreshed.json()["error"]),
        (400, &json!("invalid_grant"))
    );
    let scim = filled.scim.get("/Users").await;
    assert_eq!(scim.status, 401, "{}", scim.body);
    let discovered = people
        .world
        .app_json("/sign-in/discover", &json!({ "email": "ada@acme.com" }))
        .await;
    let nobody = people
        .world
        .app_json("/sign-in/discover", &json!({ "email": "ada@never-heard-of.com" }))
        .await;
    assert_eq!(nameless(&discovered), nameless(&nobody));
    let owner = people.owner.get("/owner/v1/tenant").await;
    assert_eq!(owner.status, 401, "{}", owner.body);
}

/// AQ-01: only the operator takes a tenant away, and only by its name; the report is the operator's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_01_a_tenant_goes_only_by_its_name() {
    let people = People::start().await;
    for (wanted, refusal) in [
        (
            json!({ "tenant": people.acme.id, "name": "acme" }),
            (422, "setting_invalid"),
        ),
        (
            json!({ "tenant": people.acme.id, "name": "" }),
            (422, "setting_invalid"),
        ),
        (
            json!({ "tenant": "nobody", "name": "Acme" }),
            (404, "tenant_not_found"),
        ),
        (
            json!({ "tenant": "deployment", "name": "Acme" }),
            (404, "tenant_not_found"),
        ),
        (
            json!({ "tenant": "no id", "name": "Acme" }),
            (404, "tenant_not_found"),
        ),
    ] {
        let asked = people.operator.post(OFFBOARDINGS, &wanted).await;
        assert_eq!(asked.problem(), problem(refusal.0, refusal.1), "{wanted}");
    }
    let asked = people.owner.post(OFFBOARDINGS, &people.wanted()).await;
    assert_eq!(asked.status, 401);
    assert_eq!(
        people.operator.get(&people.report()).await.problem(),
        problem(404, "offboarding_not_found")
    );
    assert_eq!(people.operator.get(&people.acme.path).await.status, 200);
    let report = people.offboard().await;
    let other_name = json!({ "tenant": people.acme.id, "name": "Other" });
    let asked = people.operator.post(OFFBOARDINGS, &other_name).await;
    assert_eq!(asked.problem(), problem(422, "setting_invalid"));
    let again = people.operator.post(OFFBOARDINGS, &people.wanted()).await;
    assert_eq!((again.status.as_u16(), again.json()), (201, report.clone()));
    let listed = people.operator.get(OFFBOARDINGS).await.json();
    assert_eq!(listed["items"], json!([report]));
    let trail = people.operator.get("/operator/v1/audit").await.json();
    assert!(trail["items"].as_array().unwrap().iter().any(|entry| {
        entry["action"] == "tenant.offboarded" && entry["data"]["tenant"] == people.acme.id.as_str()
    }));
}

/// AQ-01: several who ask at once, and several that do the work at once, take everything away once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn aq_01_offboardings_at_once_are_one() {
    let filled = Filled::start().await;
    let people = &filled.people;
    let wanted = people.wanted();
    let asked = [(); 6].map(|()| people.operator.post(OFFBOARDINGS, &wanted));
    for answer in futures_util::future::join_all(asked).await {
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    let within = Duration::from_secs(60);
    let all = [(); 4].map(|()| people.go_on_offboarding(within));
    futures_util::future::join_all(all).await;
    people.world.relay().await;
    let report = people.operator.get(&people.report()).await.json();
    assert_eq!(report["state"], "done", "{report}");
    assert_counted_once(&report);
    assert_eq!(people.events("tenant.deleted").len(), 1);
}

/// AQ-01: wherever the work is cut it goes on, and the report counts everything once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_01_an_offboarding_that_is_cut_goes_on() {
    let filled = Filled::start().await;
    let people = &filled.people;
    let asked = people.operator.post(OFFBOARDINGS, &people.wanted()).await;
    assert_eq!(asked.status, 201, "{}", asked.body);
    let mut cuts = 0;
    loop {
        // Each time it gets a little further before it is cut.
        let fault = people
            .world
            .local
            .faults()
            .inject(When::any().after(60 + cuts * 17 % 50), Fault::DropConnection);
        let done = people.go_on_offboarding(Duration::from_secs(60)).await;
        fault.withdraw();
        if done {
            break;
        }
        cuts += 1;
        assert!(cuts < 500, "no end");
    }
    assert!(cuts > 3, "{cuts}");
    let report = people.operator.get(&people.report()).await.json();
    assert_counted_once(&report);
    let after = dump(&people.world.local);
    assert_eq!(left_of(&after, &[people.acme.id.as_str()]), Vec::<&String>::new());
}

/// AQ-01: what a request that was under way wrote after the purge had passed is swept up by the upkeep.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_01_what_comes_late_is_swept_up() {
    let people = People::start().await;
    let before = people.offboard().await;
    assert_eq!(before["swept_at"], Value::Null);
    let handle = people.world.gatehouse.store.tenant(&people.tenant());
    let now = people.world.gatehouse.clock.now();
    let late = AuditRecord::new(now, "member.updated", json!({})).unwrap();
    handle.write_audit(&[late]).await.unwrap();
    people.world.add_user("late@acme.com", |_| {}).await;
    let upkeep = async || {
        let done = gatehouse_tests::scheduled::upkeep(&people.world.gatehouse).await;
        done.unwrap().work_resumed
    };
    assert_eq!(upkeep().await, 0);
    people.world.pass(TimeDelta::hours(2));
    assert_eq!(upkeep().await, 1);
    people.world.relay().await;
    let report = people.operator.get(&people.report()).await.json();
    assert!(report["swept_at"].is_string(), "{report}");
    let count = |report: &Value| report["removed"]["users"].as_u64().unwrap_or(0);
    assert_eq!(count(&report), count(&before) + 1);
    let after = dump(&people.world.local);
    assert_eq!(left_of(&after, &[people.acme.id.as_str()]), Vec::<&String>::new());
    assert_eq!(upkeep().await, 0);
}
