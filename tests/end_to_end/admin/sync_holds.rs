//! GH-06: what a held change does at once, who hears of it, and who decides.

use chrono::TimeDelta;
use gatehouse_tests::admin::events_of;
use gatehouse_tests::{Answer, problem};
use http::Method;
use serde_json::{Value, json};

use super::guarded::{Guarded, assert_held};
use super::people::People;

fn id_of(hold: &Value) -> &str {
    hold["id"].as_str().unwrap()
}

/// Switches a user off over this ETag.
async fn off_over(acme: &Guarded, path: &str, etag: &str) -> Answer {
    let body = json!({ "schemas": [gatehouse_tests::scim::PATCH],
        "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    let headers = [("content-type", "application/scim+json"), ("if-match", etag)];
    acme.scim
        .send(Method::PATCH, path, &headers, body.to_string().into_bytes())
        .await
}

/// GH-06: the sessions of whom a held change is about end at once, and once; the person stays, and may sign in as long as
/// the identity provider allows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_sessions_end_with_the_held_change() {
    let people = People::start().await;
    let scim = people.world.scim().await;
    let ada = scim
        .user("ada@acme.com", json!({ "emails": [{ "value": "ada@acme.com" }] }))
        .await;
    let path = format!("/Users/{}", id_of(&ada));
    let mut others = Vec::new();
    for number in 0..10 {
        let user = scim.user(&format!("user{number}@acme.com"), json!({})).await;
        others.push(format!("/Users/{}", id_of(&user)));
    }
    people.world.pass(TimeDelta::minutes(61));
    for other in &others {
        assert_eq!(scim.delete(other).await.status, 204);
    }
    let (browser, other) = (people.world.browser(), people.world.browser());
    let tokens = people.sign_in(&browser, "ada@acme.com").await;
    let on_phone = people.sign_in(&other, "ada@acme.com").await;
    assert!(people.is_in(&browser, &tokens).await);
    assert_held(&scim.delete(&path).await);
    assert!(!people.is_in(&browser, &tokens).await);
    assert!(!people.is_in(&other, &on_phone).await);
    let kept = scim.get(&path).await.json();
    assert_eq!(
        (&kept["active"], &kept["userName"]),
        (&json!(true), &json!("ada@acme.com"))
    );
    // Sent again, it ends nothing anew.
    let again = people.world.browser();
    let tokens = people.sign_in(&again, "ada@acme.com").await;
    assert_held(&scim.delete(&path).await);
    assert!(people.is_in(&again, &tokens).await);
    let revoked = people.events("session.revoked");
    assert_eq!(revoked.len(), 1, "{revoked:?}");
    assert_eq!(revoked[0]["subject"], ada["id"]);
    let hold = people.owner.get("/owner/v1/holds").await.json()["items"][0].clone();
    let release = format!("/owner/v1/holds/{}/release", id_of(&hold));
    assert_eq!(people.owner.act(&release).await.status, 200);
    assert_eq!(scim.delete(&path).await.status, 204);
    assert!(!people.is_in(&again, &tokens).await);
    assert_eq!(people.refused("ada@acme.com").await, "user_deleted");
}

/// GH-06: a hold is one event and one mail to each owner, however many changes join it; the next hold is another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_owners_and_app_hear_of_a_hold_once() {
    let acme = Guarded::with(40).await;
    for name in ["boss", "root"] {
        let asked = json!({ "email": format!("{name}@acme.com"), "role": "ADMIN" });
        assert_eq!(acme.owner.post("/owner/v1/members", &asked).await.status, 201);
    }
    acme.delete(0..10).await;
    for answer in acme.delete_at_once(10..30).await {
        assert_held(&answer);
    }
    acme.api.relay().await;
    let relayed_twice = acme.api.relay().await;
    assert_eq!(relayed_twice, 0);
    let events = acme.api.events("sync.held");
    assert_eq!(events.len(), 1, "{events:?}");
    let hold = acme.hold().await;
    let data = &events[0]["data"];
    assert_eq!(
        (
            &data["hold"],
            &data["users"],
            &data["operations"],
            &data["limit"],
            &events[0]["subject"]
        ),
        (
            &hold["id"],
            &json!(42),
            &json!(11),
            &json!(10),
            &json!(acme.acme.id)
        )
    );
    let mut told: Vec<_> = acme
        .api
        .mails()
        .into_iter()
        .filter(|mail| mail.subject.contains("held"))
        .collect();
    told.sort_by(|a, b| a.to.cmp(&b.to));
    assert_eq!(
        told.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(),
        ["boss@acme.com", "root@acme.com"]
    );
    let text = told[0].text.as_deref().unwrap();
    assert!(text.contains(id_of(&hold)) && text.contains("10 of 42"), "{text}");

    let dismiss = format!("/owner/v1/holds/{}/dismiss", id_of(&hold));
    assert_eq!(acme.owner.act(&dismiss).await.json()["state"], "dismissed");
    assert_held(&acme.scim.delete(&acme.users[10]).await);
    acme.api.relay().await;
    assert_eq!(acme.api.events("sync.held").len(), 2);
    assert_eq!(acme.api.events("sync.dismissed").len(), 1);
    assert_eq!(
        acme.api
            .mails()
            .iter()
            .filter(|mail| mail.subject.contains("held"))
            .count(),
        4
    );
}

/// GH-06: after the release by the owner what was held passes, and so does the rest of what the identity provider sends
/// within 48 hours; then the guard counts again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_released_by_the_owner_it_passes_for_two_days() {
    let acme = Guarded::with(60).await;
    acme.delete(0..12).await;
    for path in &acme.users[12..15] {
        assert_held(&acme.off(path).await);
    }
    let hold = acme.hold().await;
    let path = format!("/owner/v1/holds/{}", id_of(&hold));
    assert_eq!(acme.owner.get(&path).await.json(), hold);
    let (one, other) = (format!("{path}/release"), format!("{path}/release"));
    let (first, second) = tokio::join!(acme.owner.act(&one), acme.owner.act(&other));
    assert_eq!(
        (first.status.as_u16(), second.status.as_u16()),
        (200, 200),
        "{} {}",
        first.body,
        second.body
    );
    let released = first.json();
    assert_eq!(released, second.json());
    assert_eq!(
        (&released["state"], &released["decided_by"]),
        (&json!("released"), &json!("owner"))
    );
    acme.api.relay().await;
    assert_eq!(acme.api.events("sync.released").len(), 1);
    for path in &acme.users[12..15] {
        assert_eq!(acme.off(path).await.status, 200);
    }
    acme.delete(15..30).await;
    acme.api.pass(TimeDelta::hours(47));
    acme.delete(30..42).await;
    acme.api.pass(TimeDelta::minutes(61));
    // 18 are left: ten may go, since the two days are over.
    acme.delete(42..52).await;
    assert_held(&acme.scim.delete(&acme.users[52]).await);
    let otherwise = acme.owner.act(&format!("{path}/dismiss")).await;
    assert_eq!(otherwise.problem(), problem(409, "hold_decided"));
    let trail = acme.owner.get("/owner/v1/audit?limit=100").await.json();
    let entries = trail["items"].as_array().unwrap().iter();
    let released = entries
        .filter(|entry| entry["action"] == "sync.released")
        .collect::<Vec<_>>();
    assert_eq!(released.len(), 1, "{trail}");
    assert_eq!(released[0]["data"]["actor"]["kind"], "owner");
}

/// GH-06: the operator releases as well; another organization's owner does not learn of the hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_the_operator_releases_and_nobody_else() {
    let acme = Guarded::with(15).await;
    acme.delete(0..10).await;
    assert_held(&acme.scim.delete(&acme.users[10]).await);
    let hold = acme.hold().await;
    let other = acme.api.tenant("Other", json!({})).await;
    let other = acme.api.owner(&other);
    assert!(
        other.get("/owner/v1/holds").await.json()["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let by_scim = acme.api.caller(Some(&acme.scim.token));
    for step in ["release", "dismiss"] {
        let path = format!("/owner/v1/holds/{}/{step}", id_of(&hold));
        assert_eq!(other.act(&path).await.problem(), problem(404, "hold_not_found"));
        assert_eq!(by_scim.act(&path).await.status, 403);
    }
    let long = format!("/owner/v1/holds/{}/release", "h".repeat(2_000));
    assert_eq!(
        acme.owner.act(&long).await.problem(),
        problem(404, "hold_not_found")
    );
    assert_held(&acme.scim.delete(&acme.users[10]).await);
    let path = format!("{}/holds/{}/release", acme.acme.path, id_of(&hold));
    let released = acme.operator.act(&path).await;
    assert_eq!(released.json()["decided_by"], "operator", "{}", released.body);
    acme.delete(10..15).await;
}

/// GH-06: whoever plans to remove many says so first; while a sync is held, that one is released instead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_a_removal_of_many_can_be_announced() {
    let acme = Guarded::with(60).await;
    let announced = acme.owner.act("/owner/v1/holds").await;
    assert_eq!(announced.status, 201, "{}", announced.body);
    assert_eq!(announced.json()["state"], "released");
    acme.delete(0..30).await;
    acme.api.pass(TimeDelta::hours(49));
    acme.delete(30..40).await;
    assert_held(&acme.scim.delete(&acme.users[40]).await);
    let refused = acme.owner.act("/owner/v1/holds").await;
    assert_eq!(refused.problem(), problem(409, "hold_open"));
    let states: Vec<_> = acme
        .holds()
        .await
        .iter()
        .map(|hold| hold["state"].clone())
        .collect();
    assert_eq!(states, ["open", "released"]);
    acme.api.relay().await;
    assert_eq!(events_of(&acme.api.local, "sync.released").len(), 1);
}

/// GH-06: a precondition comes before the guard. The held change ended sessions, which made a version of the user: over
/// the version before it 412 is answered, over the new one 503, and after the release the same request passes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_a_precondition_comes_before_the_guard() {
    let acme = Guarded::with(15).await;
    acme.delete(0..10).await;
    let path = &acme.users[10];
    let old = acme.scim.get(path).await.etag();
    assert_eq!(off_over(&acme, path, "W/\"77\"").await.status, 412);
    assert_held(&off_over(&acme, path, &old).await);
    assert_eq!(off_over(&acme, path, &old).await.status, 412);
    let new = acme.scim.get(path).await.etag();
    for _ in 0..2 {
        assert_held(&off_over(&acme, path, &new).await);
    }
    assert_eq!(acme.scim.get(path).await.etag(), new);
    let hold = acme.hold().await;
    assert_eq!(hold["held"], 1);
    assert_eq!(
        acme.owner
            .act(&format!("/owner/v1/holds/{}/release", id_of(&hold)))
            .await
            .status,
        200
    );
    assert_eq!(off_over(&acme, path, &new).await.status, 200);
}

/// GH-06: who joins a hold and who decides it do not miss one another: each change is held before the decision, or passes
/// after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn gh_06_a_release_amid_changes_loses_none() {
    let acme = Guarded::with(40).await;
    acme.delete(0..10).await;
    assert_held(&acme.scim.delete(&acme.users[10]).await);
    let release = format!("/owner/v1/holds/{}/release", id_of(&acme.hold().await));
    let (changes, released) = tokio::join!(acme.delete_at_once(11..31), acme.owner.act(&release));
    assert_eq!(released.status, 200, "{}", released.body);
    let passed = changes.iter().filter(|answer| answer.status == 204).count();
    let held = changes.iter().filter(|answer| answer.status == 503).count();
    assert_eq!(passed + held, 20, "{changes:?}");
    let hold = acme.hold().await;
    assert_eq!(
        (&hold["state"], &hold["held"]),
        (&json!("released"), &json!(held + 1))
    );
    assert_eq!(acme.active().await, 30 - u64::try_from(passed).unwrap());
    for answer in acme.delete_at_once(10..31).await {
        assert!([204, 404].contains(&answer.status.as_u16()), "{}", answer.body);
    }
    assert_eq!(acme.active().await, 9);
}
