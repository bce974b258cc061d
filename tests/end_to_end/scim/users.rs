//! The life of a user: made, read, replaced, changed, switched off and on, deleted, brought back.

use chrono::TimeDelta;
use gatehouse_tests::scim::{ENTERPRISE, USER};
use gatehouse_tests::{World, scim_error};
use http::{Method, header};
use serde_json::{Value, json};

/// SE-25, RFC 7644, sections 3.3 to 3.6: a user is made with Location, ETag and every attribute that was sent, read as
/// made, replaced, changed and deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_a_user_is_made_read_replaced_changed_and_deleted() {
    let world = World::start().await;
    let scim = world.scim().await;
    let body = json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": "701984",
        "userName": "bjensen@acme.com",
        "name": { "formatted": "Ms. Barbara J Jensen", "familyName": "Jensen", "givenName": "Barbara" },
        "displayName": "Babs",
        "title": "Tour Guide",
        "active": true,
        "emails": [
            { "value": "bjensen@acme.com", "type": "work", "primary": true },
            { "value": "babs@jensen.org", "type": "home" }
        ],
        "addresses": [{ "type": "work", "postalCode": "91608" }],
        ENTERPRISE: { "department": "Tours", "manager": { "value": "26118915" } },
    });
    let made = scim.post("/Users", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let user = made.json();
    let id = user["id"].as_str().unwrap();
    let path = format!("/Users/{id}");
    let location = format!("{}{path}", scim.url);
    assert_eq!(made.headers[header::LOCATION], location.as_str());
    assert_eq!(user["meta"]["location"], location);
    assert_eq!(
        made.headers[header::ETAG],
        user["meta"]["version"].as_str().unwrap()
    );
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(user[name], *value, "{name}");
    }
    let read = scim.get(&path).await;
    assert_eq!((read.status.as_u16(), read.json()), (200, user.clone()));
    assert_eq!(read.headers[header::ETAG], made.headers[header::ETAG]);

    let replaced = json!({ "schemas": [USER], "userName": "bjensen@acme.com", "title": "Guide" });
    let put = scim.put(&path, &replaced).await.json();
    assert_eq!(put["title"], "Guide");
    assert!(
        put.get("emails").is_none() && put.get(ENTERPRISE).is_none(),
        "{put}"
    );
    assert_eq!(put["active"], true);

    let patched = scim.patch(
        &path,
        json!([{ "op": "replace", "path": "nickName", "value": "Babs" }]),
    );
    let patched = patched.await;
    assert_eq!(
        (patched.status.as_u16(), &patched.json()["nickName"]),
        (200, &json!("Babs"))
    );

    assert_eq!(scim.delete(&path).await.status, 204);
    assert_eq!(scim.get(&path).await.scim_error(), scim_error(404, ""));
    assert_eq!(scim.delete(&path).await.scim_error(), scim_error(404, ""));
    let list = scim.get("/Users").await.json();
    assert_eq!(list["totalResults"], 0, "{list}");
}

/// O-9: an active user's name is taken, whatever its case: 409 `uniqueness`. E-19: a change of case alone is allowed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_09_and_e_19_a_name_is_one_users_whatever_its_case() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = scim.user("Ada@acme.com", json!({})).await;
    let grace = scim.user("grace@acme.com", json!({})).await;
    for name in ["Ada@acme.com", "ADA@ACME.COM"] {
        let again = json!({ "schemas": [USER], "userName": name, "title": "Another" });
        assert_eq!(
            scim.post("/Users", &again).await.scim_error(),
            scim_error(409, "uniqueness")
        );
    }
    let path = format!("/Users/{}", grace["id"].as_str().unwrap());
    let taken = scim.patch(
        &path,
        json!([{ "op": "replace", "path": "userName", "value": "ADA@acme.com" }]),
    );
    assert_eq!(taken.await.scim_error(), scim_error(409, "uniqueness"));
    assert_eq!(
        scim.get(&path).await.json(),
        grace,
        "a refused change leaves nothing behind"
    );

    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    let renamed = scim.patch(
        &path,
        json!([{ "op": "Replace", "path": "userName", "value": "ADA@acme.com" }]),
    );
    assert_eq!(renamed.await.json()["userName"], "ADA@acme.com");
    let found = scim.filter("/Users", "userName eq \"ada@ACME.com\"").await.json();
    assert_eq!(found["totalResults"], 1);
    // A name that was given up is free.
    let moved = scim.patch(
        &path,
        json!([{ "op": "replace", "path": "userName", "value": "lovelace@acme.com" }]),
    );
    assert_eq!(moved.await.status, 200);
    scim.user("ada@acme.com", json!({})).await;
}

/// E-13: a POST whose answer was lost is sent again: the same body within ten minutes is answered 201 with the same id;
/// another body, or later, 409.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_13_a_retried_post_converges() {
    let world = World::start().await;
    let scim = world.scim().await;
    let body = json!({ "schemas": [USER], "userName": "ada@acme.com", "externalId": "ada" });
    let first = scim.post("/Users", &body).await;
    let second = scim.post("/Users", &body).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.json(), second.json());
    assert_eq!(scim.get("/Users").await.json()["totalResults"], 1);
    let other = json!({ "schemas": [USER], "userName": "ada@acme.com", "externalId": "other" });
    assert_eq!(
        scim.post("/Users", &other).await.scim_error(),
        scim_error(409, "uniqueness")
    );
    world.pass(TimeDelta::minutes(10));
    assert_eq!(
        scim.post("/Users", &body).await.scim_error(),
        scim_error(409, "uniqueness")
    );
}

/// O-10: a person who is assigned again after deactivation comes by POST, and is the same user again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_10_reassigned_after_deactivation_keeps_the_id() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = scim
        .user(
            "ada@acme.com",
            json!({ "externalId": "00u1", "title": "Countess" }),
        )
        .await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    scim.patch(&path, json!([{ "op": "replace", "value": { "active": false } }]))
        .await;
    let again = scim.user("ADA@acme.com", json!({ "externalId": "00u1" })).await;
    assert_eq!(again["id"], ada["id"]);
    assert_eq!((&again["active"], again.get("title")), (&json!(true), None));
    assert_eq!(again["meta"]["created"], ada["meta"]["created"]);
}

/// E-18, GW-7: deleted at most 30 days ago, a person gets the same id again, with nothing left of before; later, a new
/// one. DELETE works on active and on suspended users alike.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gw_07_and_e_18_deleted_people_come_back_under_the_same_id_for_thirty_days() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = scim
        .user("ada@acme.com", json!({ "title": "Countess", "externalId": "1" }))
        .await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    assert_eq!(scim.delete(&path).await.status, 204);
    world.pass(TimeDelta::days(29));
    let again = scim.user("ada@acme.com", json!({})).await;
    assert_eq!(again["id"], ada["id"]);
    assert!(again.get("title").is_none() && again.get("externalId").is_none());
    assert_eq!(
        scim.filter("/Users", "externalId eq \"1\"").await.json()["totalResults"],
        0
    );

    scim.patch(
        &path,
        json!([{ "op": "Replace", "path": "active", "value": "False" }]),
    )
    .await;
    world.pass(TimeDelta::days(40));
    assert_eq!(scim.delete(&path).await.status, 204, "long after the suspension");
    world.pass(TimeDelta::days(31));
    let new = scim.user("ada@acme.com", json!({})).await;
    assert_ne!(new["id"], ada["id"]);
    assert_eq!(scim.get("/Users").await.json()["totalResults"], 1);
}

/// RFC 7644, section 3.14: If-Match with another version is 412 and changes nothing; If-None-Match with this one is 304.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_etags_guard_changes_and_save_reading() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = scim.user("ada@acme.com", json!({})).await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    let old = ada["meta"]["version"].as_str().unwrap();
    let changed = scim
        .patch(&path, json!([{ "op": "add", "path": "title", "value": "Dr" }]))
        .await
        .json();
    let new = changed["meta"]["version"].as_str().unwrap();
    assert_ne!(old, new);
    let body = json!({ "schemas": [USER], "userName": "ada@acme.com" })
        .to_string()
        .into_bytes();
    let kind = ("content-type", "application/scim+json");
    for method in [Method::PUT, Method::DELETE] {
        let stale = scim
            .send(method, &path, &[("if-match", old), kind], body.clone())
            .await;
        assert_eq!(stale.scim_error(), scim_error(412, ""));
    }
    assert_eq!(scim.get(&path).await.json(), changed);
    let known = scim
        .send(Method::GET, &path, &[("if-none-match", new)], Vec::new())
        .await;
    assert_eq!((known.status.as_u16(), known.body.as_str()), (304, ""));
    let read = scim
        .send(Method::GET, &path, &[("if-none-match", old)], Vec::new())
        .await;
    assert_eq!(read.status, 200);
    let good = scim
        .send(Method::PUT, &path, &[("if-match", new), kind], body)
        .await;
    assert_eq!(good.status, 200);
    // What changes nothing changes no version (RFC 7644, section 3.5.2.1).
    let version = good.json()["meta"]["version"].clone();
    let same = scim
        .patch(
            &path,
            json!([{ "op": "replace", "path": "active", "value": true }]),
        )
        .await;
    assert_eq!(
        (same.status.as_u16(), &same.json()["meta"]["version"]),
        (200, &version)
    );
}

/// AQ-34: a password is neither stored nor returned, whatever brings it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_34_a_password_is_neither_stored_nor_returned() {
    let world = World::start().await;
    let scim = world.scim().await;
    let secret = "t1meMa$heen-never-kept";
    let ada = scim.user("ada@acme.com", json!({ "password": secret })).await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    let body = json!({ "schemas": [USER], "userName": "ada@acme.com", "password": secret });
    let answers = [
        scim.put(&path, &body).await,
        scim.patch(
            &path,
            json!([{ "op": "replace", "path": "password", "value": secret }]),
        )
        .await,
        scim.patch(
            &path,
            json!([{ "op": "replace", "value": { "password": secret } }]),
        )
        .await,
        scim.get(&format!("{path}?attributes=password")).await,
        scim.get("/Schemas").await,
    ];
    for answer in answers {
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(
            !answer.body.contains("\"password\"") && !answer.body.contains(secret),
            "{}",
            answer.body
        );
    }
    let filtered = scim.filter("/Users", "password sw \"t\"").await;
    assert!(
        filtered.status != 200 || filtered.json()["totalResults"] == 0,
        "{}",
        filtered.body
    );
    let stream = world.local.dynamodb().stream_records(None, 1_000).unwrap();
    assert!(!stream.is_empty() && !Value::Array(stream).to_string().contains(secret));
}

/// AQ-46: the phone number is the primary one, else that of type work, else the first; only where that one is empty, the
/// mobile one, else the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_46_which_phone_number_counts() {
    let world = World::start().await;
    let scim = world.scim().await;
    let cases = [
        (
            json!([{ "value": "+49221111111", "type": "work" }, { "value": "+49221222222", "type": "mobile", "primary": true }]),
            Some("+49221222222"),
        ),
        (
            json!([{ "value": "+49221111111", "type": "mobile" }, { "value": "tel:+49-221-222222", "type": "work" }]),
            Some("+49221222222"),
        ),
        (
            json!([{ "value": "+49221111111", "type": "home" }, { "value": "+49221222222", "type": "mobile" }]),
            Some("+49221111111"),
        ),
        (
            json!([{ "value": "", "primary": true }, { "value": "1", "type": "home" }, { "value": "+49221222222", "type": "mobile" }]),
            Some("+49221222222"),
        ),
        (
            json!([{ "value": "", "primary": true }, { "value": "12 34", "type": "home" }]),
            Some("12 34"),
        ),
        (json!([]), None),
    ];
    let ada = scim.user("ada@acme.com", json!({})).await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    for (numbers, wanted) in cases {
        let body = json!({ "schemas": [USER], "userName": "ada@acme.com", "phoneNumbers": numbers });
        let put = scim.put(&path, &body).await;
        assert_eq!(put.status, 200, "{}", put.body);
        let found = world.users().await.remove(0).details.mobile;
        assert_eq!(found.as_deref(), wanted, "{numbers}");
    }
}

/// IL-06: without a free seat nobody is made and nobody comes back; whom to ask is said. Whoever leaves frees a seat.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_06_scim_takes_no_more_seats_than_are_booked() {
    let mut world = World::start().await;
    world
        .set_tenant(|tenant| {
            tenant.seats = Some(1);
            tenant.settings.admin_contact = Some("Grace Hopper".to_owned());
        })
        .await;
    let scim = world.scim().await;
    let ada = scim.user("ada@acme.com", json!({})).await;
    let grace = json!({ "schemas": [USER], "userName": "grace@acme.com" });
    let full = scim.post("/Users", &grace).await;
    assert_eq!(full.scim_error(), scim_error(403, ""));
    assert!(full.body.contains("Grace Hopper"), "{}", full.body);
    assert_eq!(
        scim.get("/Users").await.json()["totalResults"],
        1,
        "never a half-made user"
    );
    let idle = scim.user("idle@acme.com", json!({ "active": false })).await;
    let path = |user: &Value| format!("/Users/{}", user["id"].as_str().unwrap());
    let on = json!([{ "op": "replace", "path": "active", "value": true }]);
    assert_eq!(
        scim.patch(&path(&idle), on.clone()).await.scim_error(),
        scim_error(403, "")
    );
    assert_eq!(scim.delete(&path(&ada)).await.status, 204);
    assert_eq!(scim.patch(&path(&idle), on).await.status, 200);
    assert_eq!(
        scim.post("/Users", &grace).await.scim_error(),
        scim_error(403, "")
    );
}
