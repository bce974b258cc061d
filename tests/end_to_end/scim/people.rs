//! SCIM beside other ways to come in: sign-in, by hand, the creator of the organization.

use gatehouse::domain::team::Source;
use gatehouse_tests::scim::USER;
use gatehouse_tests::{Api, Visitor, World, scim_error};
use serde_json::json;

/// AQ-03: the creator of the organization is neither listed nor found nor touched, and the name is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_03_the_creator_is_out_of_reach() {
    let mut world = World::start().await;
    let root = world.add_user("root@acme.com", |_| {}).await;
    let scim = world.scim().await;
    let mut made = Vec::new();
    for n in 0..7 {
        made.push(
            scim.user(&format!("user{n}"), json!({})).await["id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    world
        .set_tenant(|tenant| tenant.root_user = Some(root.id.clone()))
        .await;
    made.sort();
    let path = format!("/Users/{}", root.id);
    let list = scim.get("/Users").await.json();
    assert_eq!(list["totalResults"], 7);
    for start in 1..=7 {
        let page = scim
            .get(&format!("/Users?startIndex={start}&count=1"))
            .await
            .json();
        assert_eq!(
            (&page["Resources"][0]["id"], &page["totalResults"]),
            (&json!(made[start - 1]), &json!(7)),
            "{start}"
        );
    }
    for filter in [
        "userName eq \"root@acme.com\"",
        "emails eq \"root@acme.com\"",
        "userName sw \"root\"",
        "active eq true and userName co \"root\"",
    ] {
        assert_eq!(
            scim.filter("/Users", filter).await.json()["totalResults"],
            0,
            "{filter}"
        );
    }
    let by_id = format!("id eq \"{}\"", root.id);
    assert_eq!(scim.filter("/Users", &by_id).await.json()["totalResults"], 0);
    let body = json!({ "schemas": [USER], "userName": "ROOT@acme.com" });
    for refused in [
        scim.get(&path).await,
        scim.put(&path, &body).await,
        scim.patch(
            &path,
            json!([{ "op": "replace", "path": "active", "value": false }]),
        )
        .await,
        scim.delete(&path).await,
    ] {
        assert_eq!(refused.scim_error(), scim_error(404, ""));
    }
    assert_eq!(
        scim.post("/Users", &body).await.scim_error(),
        scim_error(409, "uniqueness")
    );
    let by_address =
        json!({ "schemas": [USER], "userName": "root", "emails": [{ "value": "root@acme.com" }] });
    assert_eq!(
        scim.post("/Users", &by_address).await.scim_error(),
        scim_error(409, "uniqueness")
    );
    let now = world
        .users()
        .await
        .into_iter()
        .find(|user| user.id == root.id)
        .unwrap();
    assert_eq!(now, root);
}

/// AQ-25, AQ-33: who came by sign-in is shown, and is SCIM's from its first change on, under the same id: by the same
/// name, or by the primary address in a proven domain.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_33_the_source_of_each_user_is_known_and_sign_in_is_taken_over() {
    let world = World::start().await;
    let scim = world.scim().await;
    for name in ["ada", "grace", "alan", "edsger"] {
        let visitor = Visitor::new(&format!("{name}@acme.com"));
        world.sign_in(&world.browser(), &visitor).await;
    }
    let users = world.users().await;
    assert!(users.iter().all(|user| user.source == Source::SignIn));
    let id = |name: &str| {
        users
            .iter()
            .find(|user| user.user_name.starts_with(name))
            .unwrap()
            .id
            .to_string()
    };
    let found = scim.filter("/Users", "userName eq \"ada@acme.com\"").await.json();
    assert_eq!(found["Resources"][0]["id"], id("ada"));
    let ada = scim.user("ADA@acme.com", json!({ "externalId": "1" })).await;
    assert_eq!(ada["id"], id("ada"));
    let grace = scim
        .user(
            "ghopper",
            json!({ "emails": [{ "value": "Grace@acme.com", "primary": true }] }),
        )
        .await;
    assert_eq!(
        (&grace["id"], &grace["userName"]),
        (&json!(id("grace")), &json!("ghopper"))
    );
    let path = format!("/Users/{}", id("alan"));
    let alan = scim
        .patch(&path, json!([{ "op": "Add", "path": "title", "value": "Dr" }]))
        .await
        .json();
    assert_eq!(
        alan["emails"][0]["value"], "alan@acme.com",
        "what was known stays"
    );
    for user in world.users().await {
        let wanted = if user.user_name.starts_with("edsger") {
            Source::SignIn
        } else {
            Source::Scim
        };
        assert_eq!(user.source, wanted, "{}", user.user_name);
    }
    assert_eq!(scim.get("/Users").await.json()["totalResults"], 4, "nobody twice");
}

/// AQ-25: a person made by hand is shown, and not touched: 409 that says so. The same address in no proven domain is no
/// proof, and makes a user of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_33_people_made_by_hand_are_not_taken_over() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = world.add_user("ada@acme.com", |_| {}).await;
    world.add_user("foreign@elsewhere.org", |_| {}).await;
    let path = format!("/Users/{}", ada.id);
    assert_eq!(scim.get(&path).await.status, 200);
    let same_name = json!({ "schemas": [USER], "userName": "ada@acme.com" });
    let same_address =
        json!({ "schemas": [USER], "userName": "ada", "emails": [{ "value": "ada@acme.com" }] });
    for refused in [
        scim.post("/Users", &same_name).await,
        scim.post("/Users", &same_address).await,
        scim.put(&path, &same_name).await,
        scim.patch(&path, json!([{ "op": "replace", "path": "title", "value": "x" }]))
            .await,
        scim.delete(&path).await,
    ] {
        assert_eq!(refused.scim_error(), scim_error(409, "uniqueness"));
        assert!(refused.body.contains("by hand"), "{}", refused.body);
    }
    let foreign = scim
        .user("f", json!({ "emails": [{ "value": "foreign@elsewhere.org" }] }))
        .await;
    assert_ne!(foreign["id"], json!(ada.id));
    assert_eq!(world.users().await.len(), 3);
}

/// Signing in leads nobody in by somebody's second address, and a person that SCIM deactivated or deleted is not made
/// anew by signing in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_scim_decides_who_may_sign_in() {
    let world = World::start().await;
    let scim = world.scim().await;
    let emails =
        json!([{ "value": "ada@acme.com", "primary": true }, { "value": "boss@acme.com", "type": "other" }]);
    let ada = scim.user("ada@acme.com", json!({ "emails": emails })).await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    world
        .sign_in(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    assert_eq!(world.users().await.len(), 1, "linked to the pushed user");
    world
        .sign_in(&world.browser(), &Visitor::new("boss@acme.com"))
        .await;
    assert_eq!(world.users().await.len(), 2, "a second address is no proof");

    for off in [true, false] {
        if off {
            scim.patch(
                &path,
                json!([{ "op": "replace", "path": "active", "value": false }]),
            )
            .await;
        } else {
            assert_eq!(scim.delete(&path).await.status, 204);
        }
        let refused = world
            .sign_in(&world.browser(), &Visitor::new("ada@acme.com"))
            .await;
        let wanted = if off { "user_inactive" } else { "user_deleted" };
        assert_eq!(refused.code(), wanted, "{}", refused.status);
    }
    assert!(
        world
            .users()
            .await
            .iter()
            .all(|user| user.user_name != "ada@acme.com")
    );
}

/// CH-13: deactivation ends every session, code and refresh token with the same write that raises the epoch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_13_deactivation_by_scim_ends_access_at_once() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = scim
        .user("ada@acme.com", json!({ "emails": [{ "value": "ada@acme.com" }] }))
        .await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    for end in ["deactivate", "delete"] {
        let browser = world.browser();
        let tokens = world.tokens(&browser, &Visitor::new("ada@acme.com")).await;
        assert_eq!(world.userinfo(tokens.text("access_token")).await.status, 200);
        if end == "delete" {
            assert_eq!(scim.delete(&path).await.status, 204);
        } else {
            scim.patch(
                &path,
                json!([{ "op": "Replace", "path": "active", "value": "False" }]),
            )
            .await;
        }
        assert_eq!(world.userinfo(tokens.text("access_token")).await.status, 401);
        assert_eq!(world.refresh(tokens.text("refresh_token")).await.status, 400);
        scim.patch(
            &path,
            json!([{ "op": "Replace", "path": "active", "value": "True" }]),
        )
        .await;
        assert_eq!(
            world.userinfo(tokens.text("access_token")).await.status,
            401,
            "what was ended stays ended"
        );
    }
}

/// AQ-33: the organization's owner sees where each member came from.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_33_the_owner_sees_the_source_of_each_member() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let by_hand = owner
        .post("/owner/v1/members", &json!({ "email": "linus@acme.com" }))
        .await;
    assert_eq!(by_hand.status, 201, "{}", by_hand.body);
    api.scim(&acme).await.user("ada@acme.com", json!({})).await;
    let list = owner.get("/owner/v1/members").await.json();
    let source = |name: &str| {
        let members = list["items"].as_array().unwrap();
        members.iter().find(|member| member["user_name"] == name).unwrap()["source"].clone()
    };
    assert_eq!(source("linus@acme.com"), "manual");
    assert_eq!(source("ada@acme.com"), "scim");
}

/// A list, which copies what is stored, shows each person as a request for that person alone does: whoever came by SCIM or
/// by sign-in, was changed since, or has nothing but a name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_a_list_shows_people_as_each_is_shown_alone() {
    let world = World::start().await;
    let scim = world.scim().await;
    world
        .sign_in(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let grace = json!({
        "externalId": "7", "name": { "givenName": "Grace \"G\"", "familyName": "Höpper\\" },
        "emails": [{ "value": "grace@acme.com", "primary": true }, { "value": "g@acme.com", "type": "home" }],
        "phoneNumbers": [{ "value": "", "type": "fax" }, { "value": "+49 221 123123", "type": "work" }],
        enterprise: { "department": "Compilers", "manager": { "value": "1" } },
    });
    scim.user("grace@acme.com", grace).await;
    scim.user("bare", json!({})).await;
    let gone = scim.user("gone@acme.com", json!({})).await;
    scim.delete(&format!("/Users/{}", gone["id"].as_str().unwrap()))
        .await;
    let changed = scim
        .user("changed", json!({ "phoneNumbers": [{ "value": "" }] }))
        .await;
    let path = format!("/Users/{}", changed["id"].as_str().unwrap());
    scim.patch(
        &path,
        json!([{ "op": "replace", "path": "title", "value": "Dr" }]),
    )
    .await;
    let mut seen = 0;
    for query in ["", "?cursor=&count=50", "?startIndex=1&count=50"] {
        let page = scim.get(&format!("/Users{query}")).await.json();
        for listed in page["Resources"].as_array().unwrap() {
            let path = format!("/Users/{}", listed["id"].as_str().unwrap());
            let alone = scim.get(&path).await.json();
            assert_eq!(listed.to_string(), alone.to_string());
            seen += 1;
        }
    }
    assert_eq!(seen, 3 * 4);
}
