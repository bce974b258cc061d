//! GH-06: whom the guard against mass deprovisioning counts, and whom it holds.

use chrono::TimeDelta;
use gatehouse::app::Gatehouse;
use gatehouse_tests::scim::USER;
use serde_json::{Value, json};

use super::guarded::{Guarded, assert_held};

/// GH-06: ten may go within an hour, whatever the size; the eleventh is held, and stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_ten_may_go_of_a_small_organization() {
    let acme = Guarded::with(12).await;
    acme.delete(0..4).await;
    for path in &acme.users[4..7] {
        assert_eq!(acme.off(path).await.status, 200);
    }
    for path in &acme.users[7..10] {
        assert_eq!(acme.put_off(path).await.status, 200);
    }
    assert!(acme.holds().await.is_empty());
    assert_held(&acme.scim.delete(&acme.users[10]).await);
    assert_eq!(acme.scim.get(&acme.users[10]).await.json()["active"], true);
    let hold = acme.hold().await;
    assert_eq!(hold["state"], "open", "{hold}");
    assert_eq!(
        [&hold["users"], &hold["limit"], &hold["removed"], &hold["held"]],
        [12, 10, 10, 1].map(Value::from).each_ref(),
        "{hold}"
    );
    assert_eq!(
        format!("/Users/{}", hold["members"][0].as_str().unwrap()),
        acme.users[10]
    );
    // Three of eight are no mass.
    let small = Guarded::with(8).await;
    small.delete(0..3).await;
    assert_eq!(small.active().await, 5);
}

/// GH-06: a fifth of a hundred may go, exactly, however many are asked for at once; nobody is counted twice, and nobody is
/// let through beside another.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn gh_06_fifty_at_once_are_twenty_of_a_hundred() {
    let acme = Guarded::with(100).await;
    let answers = acme.delete_at_once(0..50).await;
    let of = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!(
        (of(204), of(503)),
        (20, 30),
        "{:?}",
        answers.iter().map(|a| a.status).collect::<Vec<_>>()
    );
    assert_eq!(acme.active().await, 80);
    let hold = acme.hold().await;
    assert_eq!(
        [&hold["users"], &hold["limit"], &hold["removed"], &hold["held"]],
        [100, 20, 20, 30].map(Value::from).each_ref(),
        "{hold}"
    );
    let mut members: Vec<_> = hold["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect();
    members.sort();
    members.dedup();
    assert_eq!(members.len(), 30);
    // Sent again, they are held again, and are not more.
    for answer in acme.delete_at_once(0..50).await {
        assert!([404, 503].contains(&answer.status.as_u16()), "{}", answer.body);
    }
    assert_eq!(acme.hold().await["held"], 30);
}

/// GH-06: somebody who went counts for exactly an hour, wherever the clock's hours begin.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_the_hour_glides() {
    let acme = Guarded::with(40).await;
    let pass = |time: TimeDelta| acme.api.pass(time);
    acme.delete(0..1).await;
    pass(TimeDelta::minutes(50));
    acme.delete(1..10).await;
    // The first one is an hour ago; the nine are not.
    pass(TimeDelta::minutes(10));
    acme.delete(10..11).await;
    assert_held(&acme.scim.delete(&acme.users[11]).await);
    // What is held waits for a decision, and not for the hour.
    pass(TimeDelta::hours(2));
    assert_held(&acme.scim.delete(&acme.users[11]).await);
    let quiet = Guarded::with(40).await;
    for of_the_hour in 0..3 {
        quiet.delete(of_the_hour * 10..of_the_hour * 10 + 10).await;
        quiet.api.pass(TimeDelta::minutes(61));
    }
    assert!(quiet.holds().await.is_empty());
}

/// GH-06: another process of the deployment counts with what is stored, not with what it remembers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_processes_count_together() {
    let acme = Guarded::with(24).await;
    let config = acme.api.gatehouse.config.clone();
    let (clock, sdk) = (acme.api.local.clock().clone(), acme.api.local.sdk_config());
    let routers = gatehouse_local::functions::routers(&Gatehouse::new(config, clock, sdk));
    let other = acme.scim.through(gatehouse_local::gateway::router(routers));
    for pair in acme.users[..10].chunks(2) {
        assert_eq!(acme.scim.delete(&pair[0]).await.status, 204);
        assert_eq!(other.delete(&pair[1]).await.status, 204);
    }
    assert_held(&other.delete(&acme.users[10]).await);
    assert_held(&acme.scim.delete(&acme.users[11]).await);
    assert_eq!(acme.hold().await["held"], 2);
    // Released in the one, it passes in the other.
    let id = acme.hold().await["id"].as_str().unwrap().to_owned();
    assert_eq!(
        acme.owner
            .act(&format!("/owner/v1/holds/{id}/release"))
            .await
            .status,
        200
    );
    assert_eq!(other.delete(&acme.users[10]).await.status, 204);
    assert_eq!(other.delete(&acme.users[12]).await.status, 204);
}

/// GH-06, the attack: no shape of a request passes by the guard, and neither does making room by making people.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_no_shape_of_a_request_dodges_the_guard() {
    let mut acme = Guarded::with(30).await;
    acme.delete(0..10).await;
    let replace = |value: Value| json!([{ "op": "Replace", "value": value }]);
    let at = |value: Value| json!([{ "op": "replace", "path": "active", "value": value }]);
    let core = format!("{USER}:active");
    let shapes = [
        at(json!(false)),
        at(json!("False")),
        at(json!("false")),
        replace(json!({ "active": false })),
        replace(json!({ "active": "False" })),
        replace(json!({ "ACTIVE": false, "title": "Gone" })),
        replace(json!({ core.clone(): false })),
        json!([{ "op": "add", "path": core, "value": false }]),
        json!([{ "op": "replace", "path": "title", "value": "Gone" },
               { "op": "replace", "path": "active", "value": [{ "value": "False" }] }]),
    ];
    for (shape, path) in shapes.into_iter().zip(&acme.users[10..]) {
        let before = acme.scim.get(path).await.json();
        let answer = acme.scim.patch(path, shape.clone()).await;
        let after = acme.scim.get(path).await.json();
        assert_eq!(
            (&after["active"], &after["title"]),
            (&json!(true), &before["title"]),
            "{shape}"
        );
        // One shape or the other may be none of this server's; what it understands it holds.
        if answer.status != 400 {
            assert_held(&answer);
        }
    }
    assert_held(&acme.put_off(&acme.users[20]).await);
    assert_held(&acme.scim.delete(&acme.users[21]).await);
    // Who went comes back, and going again is not going more often.
    let back = json!({ "schemas": [USER], "userName": "user0@acme.com" });
    assert_eq!(acme.scim.post("/Users", &back).await.status, 201);
    assert_held(&acme.scim.delete(&acme.users[22]).await);
    acme.add(30).await;
    assert_held(&acme.scim.delete(&acme.users[23]).await);
    assert_eq!(acme.holds().await.len(), 1);
}

/// GH-06: what takes nobody's access away is neither counted nor held, before a hold and during one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_what_takes_no_access_away_passes() {
    let mut acme = Guarded::with(26).await;
    acme.delete(0..9).await;
    for turn in 0..2 {
        for (number, path) in acme.users[10..25].iter().enumerate() {
            let rename = json!([{ "op": "replace", "path": "userName", "value": format!("{turn}-{number}@acme.org") }]);
            assert_eq!(acme.scim.patch(path, rename).await.status, 200);
        }
        acme.add(12).await;
        let off = json!({ "schemas": [USER], "userName": format!("{turn}@acme.com"), "active": false });
        let made = acme.scim.post("/Users", &off).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let path = format!("/Users/{}", made.json()["id"].as_str().unwrap());
        assert_eq!(acme.off(&path).await.status, 200);
        assert_eq!(acme.scim.delete(&path).await.status, 204);
        if turn == 0 {
            // The tenth goes and comes as often as it likes.
            let on = json!([{ "op": "replace", "path": "active", "value": true }]);
            for _ in 0..4 {
                assert_eq!(acme.off(&acme.users[9]).await.status, 200);
                assert_eq!(acme.off(&acme.users[9]).await.status, 200);
                assert_eq!(acme.scim.patch(&acme.users[9], on.clone()).await.status, 200);
            }
            assert_held(&acme.scim.delete(&acme.users[25]).await);
        }
    }
    assert_eq!(acme.hold().await["held"], 1);
}

/// GH-06: whom SCIM made within the hour it may delete again, however many; it may not switch so many off, and once the
/// hour is over they count like everybody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_a_creation_of_the_same_hour_is_taken_back() {
    let fresh = Guarded::fresh(36).await;
    fresh.delete(0..12).await;
    for path in &fresh.users[12..22] {
        assert_eq!(fresh.off(path).await.status, 200);
    }
    assert_held(&fresh.off(&fresh.users[22]).await);
    // Nobody who may be deleted waits for the hold.
    fresh.delete(23..25).await;
    assert_eq!(fresh.hold().await["held"], 1);
    fresh.api.pass(TimeDelta::minutes(61));
    assert_held(&fresh.scim.delete(&fresh.users[25]).await);
    // Made anew within the hour, somebody who was there before is no newcomer.
    let old = Guarded::with(12).await;
    old.delete(0..1).await;
    let back = json!({ "schemas": [USER], "userName": "user0@acme.com" });
    assert_eq!(old.scim.post("/Users", &back).await.status, 201);
    old.delete(1..10).await;
    assert_held(&old.scim.delete(&old.users[10]).await);
    assert_held(&old.scim.delete(&old.users[0]).await);
}

/// GH-06: what owner and operator do by hand is theirs to do, and is not counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_removals_by_hand_are_not_counted() {
    let acme = Guarded::with(12).await;
    for number in 0..12 {
        let asked = json!({ "email": format!("hand{number}@acme.com") });
        let made = acme.owner.post("/owner/v1/members", &asked).await;
        let id = made.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(
            acme.owner.delete(&format!("/owner/v1/members/{id}")).await.status,
            204
        );
    }
    acme.delete(0..10).await;
    let id = acme.users[10].strip_prefix("/Users/").unwrap();
    let erased = acme
        .operator
        .act(&format!("{}/members/{id}/erasure", acme.acme.path))
        .await;
    assert_eq!(erased.status, 202, "{}", erased.body);
    assert_held(&acme.off(&acme.users[11]).await);
}

/// GH-06, AQ-25: a POST that takes a person over and switches the person off takes the access away as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_06_taking_somebody_over_switched_off_is_counted() {
    let acme = Guarded::with(12).await;
    let made = acme
        .owner
        .post("/owner/v1/members", &json!({ "email": "hand@acme.com" }))
        .await;
    let id = made.json()["id"].clone();
    let chosen = json!({ "members": [id] });
    assert_eq!(
        acme.owner
            .post("/owner/v1/members/scim-takeover", &chosen)
            .await
            .status,
        200
    );
    acme.delete(0..10).await;
    let body = json!({ "schemas": [USER], "userName": "hand@acme.com", "active": false });
    assert_held(&acme.scim.post("/Users", &body).await);
    let member = acme
        .owner
        .get(&format!("/owner/v1/members/{}", id.as_str().unwrap()))
        .await
        .json();
    assert_eq!(member["active"], true, "{member}");
}
