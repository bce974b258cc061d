//! Members by hand.

use gatehouse::domain::ids::{TenantId, UserId};
use gatehouse::domain::team::Source;
use gatehouse_tests::admin::MadeTenant;
use gatehouse_tests::{Api, problem};
use serde_json::{Value, json};

async fn active(api: &Api, tenant: &MadeTenant) -> u64 {
    let id = TenantId::parse(&tenant.id).unwrap();
    api.gatehouse
        .store
        .tenant(&id)
        .count_seats()
        .await
        .unwrap()
        .active
}

fn id(member: &Value) -> &str {
    member["id"].as_str().unwrap()
}

/// CH-10: the owner makes members by hand, sees them, changes them, switches them off and on again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_members_are_made_and_removed_by_hand() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let asked =
        json!({ "email": "Ada@Acme.com", "given_name": "Ada", "family_name": "Lovelace", "role": "ADMIN" });
    let made = owner.post("/owner/v1/members", &asked).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let ada = made.json();
    assert_eq!(
        (&ada["source"], &ada["active"], &ada["role"]),
        (&json!("manual"), &json!(true), &json!("ADMIN"))
    );
    let path = format!("/owner/v1/members/{}", id(&ada));
    assert_eq!(owner.get(&path).await.json(), ada);
    let again = owner
        .post("/owner/v1/members", &json!({ "email": "ada@acme.COM" }))
        .await;
    assert_eq!(again.problem(), problem(409, "user_name_taken"));

    let changed = owner
        .patch(
            &path,
            &json!({ "role": "USER", "family_name": null, "position": "Countess" }),
        )
        .await;
    let changed = changed.json();
    assert_eq!(
        (&changed["role"], &changed["family_name"]),
        (&json!("USER"), &json!(null))
    );
    assert_eq!(
        (&changed["position"], &changed["given_name"]),
        (&json!("Countess"), &json!("Ada"))
    );
    for wrong in [json!({ "role": "EMPEROR" }), json!({ "email": "nobody" })] {
        assert_eq!(owner.patch(&path, &wrong).await.status, 422, "{wrong}");
    }
    for wrong in [
        json!({ "active": false }),
        json!({ "source": "scim" }),
        json!({ "epoch": 0 }),
    ] {
        assert_eq!(
            owner.patch(&path, &wrong).await.problem(),
            problem(400, "body_malformed"),
            "{wrong}"
        );
    }
    let off = owner.act(&format!("{path}/deactivate")).await;
    assert_eq!(off.json()["active"], false);
    assert_eq!(
        owner.act(&format!("{path}/deactivate")).await.json(),
        off.json(),
        "twice is once"
    );
    assert_eq!(
        owner.act(&format!("{path}/reactivate")).await.json()["active"],
        true
    );
    let kinds = ["user.created", "user.updated", "user.deactivated"].map(|kind| api.events(kind).len());
    assert_eq!(kinds, [1, 2, 1]);
}

/// A changed address takes the user name with it where it was one, and frees the old one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_a_changed_address_takes_the_user_name_with_it() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let ada = owner
        .post("/owner/v1/members", &json!({ "email": "ada@acme.com" }))
        .await
        .json();
    let bob = owner
        .post("/owner/v1/members", &json!({ "email": "bob@acme.com" }))
        .await
        .json();
    let path = format!("/owner/v1/members/{}", id(&ada));
    let taken = owner.patch(&path, &json!({ "email": "BOB@acme.com" })).await;
    assert_eq!(taken.problem(), problem(409, "user_name_taken"));
    let moved = owner
        .patch(&path, &json!({ "email": "ada.l@acme.com" }))
        .await
        .json();
    assert_eq!(
        (&moved["email"], &moved["user_name"]),
        (&json!("ada.l@acme.com"), &json!("ada.l@acme.com"))
    );
    let freed = owner
        .patch(
            &format!("/owner/v1/members/{}", id(&bob)),
            &json!({ "email": "ada@acme.com" }),
        )
        .await;
    assert_eq!(freed.status, 200, "{}", freed.body);
}

/// IL-06: booked seats hold for members made by hand, also when many are made at once, and for those switched on again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_06_seats_hold_for_members_made_by_hand() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({ "seats": 3 })).await;
    let owner = api.owner(&acme);
    let asked = (0..8)
        .map(|n| json!({ "email": format!("user{n}@acme.com") }))
        .collect::<Vec<_>>();
    let makes = asked.iter().map(|asked| owner.post("/owner/v1/members", asked));
    let answers = futures_util::future::join_all(makes).await;
    let made = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .collect::<Vec<_>>();
    assert!((1..=3).contains(&made.len()), "{answers:?}");
    while active(&api, &acme).await < 3 {
        let asked = json!({ "email": format!("more{}@acme.com", active(&api, &acme).await) });
        assert_eq!(owner.post("/owner/v1/members", &asked).await.status, 201);
    }
    let full = owner
        .post("/owner/v1/members", &json!({ "email": "late@acme.com" }))
        .await;
    assert_eq!(full.problem(), problem(409, "seats_used_up"));
    let path = format!("/owner/v1/members/{}", id(&made[0].json()));
    assert_eq!(owner.act(&format!("{path}/deactivate")).await.status, 200);
    assert_eq!(
        owner
            .post("/owner/v1/members", &json!({ "email": "late@acme.com" }))
            .await
            .status,
        201
    );
    let back = owner.act(&format!("{path}/reactivate")).await;
    assert_eq!(back.problem(), problem(409, "seats_used_up"));
    assert_eq!(active(&api, &acme).await, 3);
}

/// IL-06: booked seats hold for members whom the operator makes, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_06_seats_hold_for_members_made_by_the_operator() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({ "seats": 1 })).await;
    let (operator, members) = (api.operator(), format!("{}/members", acme.path));
    let made = operator.post(&members, &json!({ "email": "ada@acme.com" })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let full = operator
        .post(&members, &json!({ "email": "late@acme.com" }))
        .await;
    assert_eq!(full.problem(), problem(409, "seats_used_up"));
    assert_eq!(active(&api, &acme).await, 1);
}

/// Members are imported line by line: what is wrong is named, what is right is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_members_are_imported_line_by_line() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let list = json!({ "members": [
        { "email": "ada@acme.com" },
        { "email": "no address" },
        { "email": "ADA@acme.com" },
        { "email": "bob@acme.com", "role": "EMPEROR" },
        { "email": "cy@acme.com", "role": "GUEST" },
    ] });
    let done = api
        .operator()
        .post(&format!("{}/members/import", acme.path), &list)
        .await
        .json();
    let lines = done["results"].as_array().unwrap();
    let codes = lines
        .iter()
        .map(|line| line["code"].as_str().unwrap_or("created"))
        .collect::<Vec<_>>();
    assert_eq!(
        codes,
        [
            "created",
            "invalid_email",
            "user_name_taken",
            "role_unknown",
            "created"
        ]
    );
    assert!(
        !done.to_string().contains("no address"),
        "what came is not repeated"
    );
    let list = api.owner(&acme).get("/owner/v1/members?limit=1").await.json();
    let next = format!(
        "/owner/v1/members?limit=1&cursor={}",
        list["next_cursor"].as_str().unwrap()
    );
    let second = api.owner(&acme).get(&next).await.json();
    assert_ne!(list["items"][0]["id"], second["items"][0]["id"]);
    let many = (0..101)
        .map(|n| json!({ "email": format!("u{n}@acme.com") }))
        .collect::<Vec<_>>();
    let many = api
        .operator()
        .post(
            &format!("{}/members/import", acme.path),
            &json!({ "members": many }),
        )
        .await;
    assert_eq!(many.problem(), problem(409, "limit_reached"));
}

/// AQ-44, AQ-33: what SCIM provisions is not changed by hand; its sessions can be ended all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_44_what_scim_provisions_is_locked_by_hand() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let ada = owner
        .post("/owner/v1/members", &json!({ "email": "ada@acme.com" }))
        .await
        .json();
    let handle = api.gatehouse.store.tenant(&TenantId::parse(&acme.id).unwrap());
    let before = handle
        .user(&UserId::parse(id(&ada)).unwrap())
        .await
        .unwrap()
        .unwrap();
    let mut after = before.clone();
    (after.source, after.version) = (Source::Scim, 2);
    let mut tx = handle.begin();
    tx.update_user(&before, &after);
    tx.commit().await.unwrap();
    let path = format!("/owner/v1/members/{}", id(&ada));
    assert_eq!(owner.get(&path).await.json()["source"], "scim");
    let locked = problem(409, "member_locked");
    assert_eq!(
        owner.patch(&path, &json!({ "role": "ADMIN" })).await.problem(),
        locked
    );
    assert_eq!(owner.act(&format!("{path}/deactivate")).await.problem(), locked);
    assert_eq!(owner.act(&format!("{path}/revoke-sessions")).await.status, 200);
    let user = handle.user(&before.id).await.unwrap().unwrap();
    assert_eq!(
        (user.epoch, user.role.as_str()),
        (before.epoch + 1, before.role.as_str())
    );
    assert_eq!(api.events("session.revoked").len(), 1);
}
