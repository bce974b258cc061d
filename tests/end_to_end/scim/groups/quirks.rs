//! What identity providers really send about groups.

use gatehouse_tests::scim_error;
use http::Method;
use serde_json::{Value, json};

use super::{Setup, group_body, id, members_in, refs};

/// E-2, E-7: Entra ID's operations are capitalised; `Remove` names members by `value`, and takes those alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_02_and_e_07_capitalised_operations_and_remove_by_value() {
    let setup = Setup::start().await;
    let users = setup.users(3).await;
    let group = id(&setup.group("Staff", &[]).await);
    let add = json!([{ "op": "Add", "path": "members", "value": refs(&users) }]);
    assert!(setup.patch(&group, add).await.status.is_success());
    assert_eq!(setup.members(&group).await, users);
    let remove = json!([{ "op": "Remove", "path": "members", "value": [{ "value": users[1] }] }]);
    assert!(setup.patch(&group, remove).await.status.is_success());
    assert_eq!(setup.members(&group).await, [users[0].clone(), users[2].clone()]);
    setup.assert_consistent(&group, &users).await;
    let rename = json!([{ "op": "Replace", "path": "displayName", "value": "All staff" }]);
    assert!(setup.patch(&group, rename).await.status.is_success());
    assert_eq!(setup.read(&group).await["displayName"], "All staff");
}

/// E-7: with its newer flag Entra ID names the member in the path; `remove` without value and filter empties the group.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_07_remove_by_path_and_of_all() {
    let setup = Setup::start().await;
    let users = setup.users(3).await;
    let group = id(&setup.group("Staff", &users).await);
    let path = format!("members[value eq \"{}\"]", users[0]);
    let one = setup
        .patch(&group, json!([{ "op": "Remove", "path": path }]))
        .await;
    assert!(one.status.is_success(), "{}", one.body);
    assert_eq!(setup.members(&group).await, &users[1..]);
    let nobody = json!([{ "op": "Remove", "path": "members", "value": [] }]);
    assert!(setup.patch(&group, nobody).await.status.is_success());
    assert_eq!(
        setup.members(&group).await,
        &users[1..],
        "an empty list never empties a group"
    );
    let all = json!([{ "op": "Remove", "path": "members" }]);
    assert!(setup.patch(&group, all).await.status.is_success());
    assert!(setup.members(&group).await.is_empty());
    setup.assert_consistent(&group, &users).await;
}

/// E-8, E-10, OL-1: a group is made with `members: []`, under Microsoft's schema or SCIM 1's, and filled by PATCH.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_08_e_10_and_ol_1_groups_made_empty_under_foreign_schemas() {
    let setup = Setup::start().await;
    let users = setup.users(1).await;
    let microsoft = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
    let schemas = [
        json!([gatehouse_tests::scim::GROUP, microsoft]),
        json!(["urn:scim:schemas:core:2.0"]),
        json!(["urn:scim:schemas:core:1.0"]),
    ];
    for (n, schemas) in schemas.into_iter().enumerate() {
        let body = group_body(
            &format!("Group {n}"),
            json!({ "schemas": schemas, "members": [] }),
        );
        let made = setup.scim.post("/Groups", &body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let group = made.json();
        assert_eq!(group["schemas"], json!([gatehouse_tests::scim::GROUP]));
        let add = json!([{ "op": "Add", "path": "members", "value": refs(&users) }]);
        assert!(setup.patch(&id(&group), add).await.status.is_success());
        assert_eq!(setup.members(&id(&group)).await, users);
    }
    assert_eq!(setup.groups_of(&users[0]).await.len(), 3);
}

/// E-17: `externalId` of a group is replaced, added and removed, and found by it afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_17_external_id_of_a_group_is_replaced() {
    let setup = Setup::start().await;
    let body = group_body("Staff", json!({ "externalId": "old" }));
    let group = id(&setup.scim.post("/Groups", &body).await.json());
    let replace = json!([{ "op": "Replace", "path": "externalId", "value": "new" }]);
    let changed = setup.patch(&group, replace).await;
    assert_eq!(changed.json()["externalId"], "new");
    let by = |external: &'static str| {
        let store = setup.store();
        async move { store.groups_by_external_id(external).await.unwrap() }
    };
    assert!(by("old").await.is_empty());
    assert_eq!(by("new").await[0].as_str(), group);
    let remove = json!([{ "op": "Remove", "path": "externalId" }]);
    assert_eq!(setup.patch(&group, remove).await.json().get("externalId"), None);
    assert!(by("new").await.is_empty());
}

/// E-20: the operations of one PATCH are done together or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_20_a_patch_of_several_operations_is_atomic() {
    let setup = Setup::start().await;
    let users = setup.users(2).await;
    let group = setup.group("Staff", &users[..1]).await;
    for last in [
        json!({ "op": "Replace", "path": "active", "value": true }),
        json!({ "op": "Remove", "path": "displayName" }),
        json!({ "op": "Add", "path": "members", "value": [{ "value": "6ba7b810-9dad-11d1-80b4-00c04fd430c8" }] }),
        json!({ "op": "Move", "path": "displayName", "value": "x" }),
    ] {
        let refused = setup
            .patch(
                &id(&group),
                json!([
                    { "op": "Replace", "path": "displayName", "value": "Other" },
                    { "op": "Add", "path": "members", "value": refs(&users) },
                    last,
                ]),
            )
            .await;
        assert_eq!(refused.scim_error().0, 400, "{}", refused.body);
        assert_eq!(setup.read(&id(&group)).await, group, "nothing of it is done");
    }
}

/// O-5: Okta adds and removes by path in one PATCH, up to 256 members, and replaces all by PUT.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_05_mixed_operations_large_pushes_and_put() {
    let setup = Setup::start().await;
    let users = setup.users(260).await;
    let group = id(&setup.group("Staff", &users[..2]).await);
    let path = format!("members[value eq \"{}\"]", users[0]);
    let mixed = json!([
        { "op": "remove", "path": path },
        { "op": "add", "path": "members", "value": [{ "value": users[2], "display": "u2@acme.com" }] },
    ]);
    assert!(setup.patch(&group, mixed).await.status.is_success());
    assert_eq!(setup.members(&group).await, &users[1..3]);
    let push = json!([{ "op": "add", "path": "members", "value": refs(&users[4..260]) }]);
    let pushed = setup.patch(&group, push).await;
    assert_eq!(pushed.status, 204, "a large group is not read to show it");
    assert_eq!(setup.members(&group).await.len(), 258);
    let body = group_body("Staff", json!({ "id": group, "members": refs(&users[10..100]) }));
    let put = setup.scim.put(&format!("/Groups/{group}"), &body).await;
    assert_eq!(put.status, 200, "{}", put.body);
    assert_eq!(members_in(&put.json()), &users[10..100]);
    assert_eq!(setup.members(&group).await, &users[10..100]);
    setup.assert_consistent(&group, &users).await;
}

/// O-6, J-2: a group is renamed by an object without path, with its own id or without; another id is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_06_and_j_2_rename_without_path() {
    let setup = Setup::start().await;
    let group = id(&setup.group("Staff", &[]).await);
    let okta = json!([{ "op": "replace", "value": { "id": group, "displayName": "Crew" } }]);
    assert_eq!(setup.patch(&group, okta).await.json()["displayName"], "Crew");
    let jumpcloud = json!([{ "op": "replace", "value": { "displayName": "Team" } }]);
    assert_eq!(setup.patch(&group, jumpcloud).await.json()["displayName"], "Team");
    let foreign = json!([{ "op": "replace", "value": { "id": "other", "displayName": "No" } }]);
    let refused = setup.patch(&group, foreign).await;
    assert_eq!(refused.scim_error(), scim_error(400, "mutability"));
    assert_eq!(setup.read(&group).await["displayName"], "Team");
}

/// O-7, J-3, and Entra ID's `$ref: null`: members come without type, with display, in lower case, as one object, as bare
/// ids, or without path.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_07_and_j_3_members_in_every_form() {
    let setup = Setup::start().await;
    let users = setup.users(1).await;
    let user = &users[0];
    let forms = [
        json!({ "op": "add", "path": "members", "value": [{ "value": user, "display": "u0@acme.com" }] }),
        json!({ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": user }] }),
        json!({ "op": "add", "path": "members", "value": { "value": user, "type": "User" } }),
        json!({ "op": "add", "path": "members", "value": [user] }),
        json!({ "op": "add", "value": { "members": [{ "value": user }] } }),
        json!({ "op": "replace", "path": "members", "value": [{ "value": user }] }),
        json!({ "op": "add", "path": format!("{}:members", gatehouse_tests::scim::GROUP), "value": [{ "value": user }] }),
    ];
    for (n, form) in forms.into_iter().enumerate() {
        let group = id(&setup.group(&format!("Group {n}"), &[]).await);
        let changed = setup.patch(&group, json!([form])).await;
        assert_eq!(changed.status, 200, "{form} {}", changed.body);
        let member = &changed.json()["members"][0];
        assert_eq!(member["value"], *user, "{form}");
        assert_eq!(member["type"], "User");
        assert_eq!(member["$ref"], format!("{}/Users/{user}", setup.scim.url));
    }
}

/// OL-4, OL-6: OneLogin patches groups as `application/json`, with a trailing `&` behind the `?`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ol_4_and_ol_6_patch_as_plain_json() {
    let setup = Setup::start().await;
    let users = setup.users(1).await;
    let group = id(&setup.group("Staff", &[]).await);
    let body = json!({
        "schemas": [gatehouse_tests::scim::PATCH],
        "Operations": [{ "op": "add", "path": "members", "value": refs(&users) }],
    });
    let headers = [
        ("content-type", "application/json"),
        ("accept", "application/json"),
    ];
    let path = format!("/Groups/{group}?&");
    let changed = setup
        .scim
        .send(Method::PATCH, &path, &headers, body.to_string().into_bytes())
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let kind = changed.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/json"), "{kind}");
    assert_eq!(members_in(&changed.json()), users);
}

/// E-9: Entra ID asks without members, and then they are not read, neither for one group nor after a change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_09_members_that_are_not_asked_for_are_not_read() {
    let setup = Setup::start().await;
    let users = setup.users(2).await;
    let group = id(&setup.group("Staff", &users).await);
    let traffic = setup.world.local.traffic();
    traffic.clear();
    let path = format!("/Groups/{group}?excludedAttributes=members");
    let found = setup.scim.get(&path).await.json();
    assert_eq!(found.get("members"), None);
    assert_eq!(found["displayName"], "Staff");
    assert_eq!(traffic.count("Query"), 0);
    assert_eq!(traffic.calls().len(), 1);
    let only = setup
        .scim
        .get(&format!("/Groups/{group}?attributes=displayName"))
        .await
        .json();
    let keys: Vec<&String> = only.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["schemas", "id", "displayName"]);
    let refs: Value = setup
        .scim
        .get(&format!("/Groups/{group}?attributes=members.value"))
        .await
        .json();
    assert_eq!(refs["members"][1], json!({ "value": users[1] }));
}
