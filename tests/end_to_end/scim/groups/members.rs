//! Who can be in a group.

use gatehouse_tests::scim_error;
use serde_json::json;

use super::{Setup, group_body, id, members_in, refs};

/// SE-25: members are users of the tenant: ids that no user has, groups, and another tenant's users are refused with a
/// detail that says so, and nothing is changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_members_are_users_of_the_tenant() {
    let setup = Setup::start().await;
    let users = setup.users(1).await;
    let group = setup.group("Staff", &users).await;
    let inner = id(&setup.group("Inner", &[]).await);
    let other = gatehouse_tests::world::make_tenant(&setup.world.gatehouse, "Other", "other.com").await;
    let elsewhere = setup.world.gatehouse.store.tenant(&other.id);
    let mut foreign = setup.world.add_user("f@acme.com", |_| {}).await;
    foreign.id = gatehouse::domain::ids::UserId::generate().unwrap();
    foreign.tenant = other.id.clone();
    let mut transaction = elsewhere.begin();
    transaction.create_user(&foreign);
    transaction.commit().await.unwrap();
    for (member, detail) in [
        (
            json!({ "value": "6ba7b810-9dad-11d1-80b4-00c04fd430c8" }),
            "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        ),
        (json!({ "value": foreign.id }), "users of this organization"),
        (
            json!({ "value": foreign.id.to_string().to_uppercase() }),
            "users of this organization",
        ),
        (
            json!({ "value": "someone", "type": "Group" }),
            "groups within groups",
        ),
        (json!({ "value": inner }), "groups within groups"),
        (json!({ "value": inner, "type": "Group" }), "groups within groups"),
        (
            json!({ "value": users[0], "type": "Group" }),
            "groups within groups",
        ),
        (json!({ "value": id(&group) }), "groups within groups"),
    ] {
        let body = group_body("New", json!({ "members": [member] }));
        let add = json!([{ "op": "add", "path": "members", "value": [member] }]);
        let replace = json!([{ "op": "replace", "path": "members", "value": [member] }]);
        let answers = [
            setup.scim.post("/Groups", &body).await,
            setup.scim.put(&format!("/Groups/{}", id(&group)), &body).await,
            setup.patch(&id(&group), replace).await,
            // Adding who is in already says nothing new, whatever the type.
            setup.patch(&id(&group), add).await,
        ];
        for refused in answers {
            assert_eq!(refused.scim_error(), scim_error(400, "invalidValue"), "{member}");
            assert!(refused.body.contains(detail), "{} {detail}", refused.body);
        }
    }
    assert_eq!(setup.read(&id(&group)).await, group);
    assert!(setup.store().groups_by_name("New").await.unwrap().is_empty());
}

/// RFC 7643, section 2.3.7: what can be nobody's id is kept as it was sent, shown, found and taken away again, and is no
/// membership: the app hears of no member, and no count changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_values_that_are_no_ids_are_kept_and_are_no_members() {
    let setup = Setup::start().await;
    let users = setup.users(70).await;
    let kept = ["../../x", "U#x", "fake-member-id", "someone@example.com"];
    for members in [&users[..2], &users[..]] {
        let name = format!("Of {}", members.len());
        let group = id(&setup.group(&name, members).await);
        let shown = async || {
            let all = setup.read(&group).await["members"].clone();
            let of = |value: &&serde_json::Value| value.get("$ref").is_none();
            json!(all.as_array().unwrap().iter().filter(of).collect::<Vec<_>>())
        };
        let values = kept.map(|value| json!({ "value": value, "display": "not looked at" }));
        let before = setup.read(&group).await["meta"]["version"].clone();
        for _ in 0..2 {
            let add = json!([{ "op": "Add", "path": "members", "value": values }]);
            let added = setup.patch(&group, add).await;
            assert!([200, 204].contains(&added.status.as_u16()), "{}", added.body);
            assert_eq!(shown().await, json!(kept.map(|value| json!({ "value": value }))));
        }
        let after = setup.read(&group).await["meta"]["version"].clone();
        assert_ne!(before, after);
        assert_eq!(
            setup.members(&group).await.len(),
            members.len() + kept.len(),
            "beside the users"
        );
        let counted = setup
            .store()
            .group(&group.parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(counted.members, u64::try_from(members.len()).unwrap());
        for filter in ["members.value eq \"U#x\"", "members[value eq \"U#x\"]"] {
            let found = setup.scim.filter("/Groups", filter).await.json();
            assert_eq!(found["totalResults"], 1, "{filter}: {found}");
        }
        let none = setup.scim.filter("/Groups", "members.value eq \"nobody\"").await;
        assert_eq!(none.json()["totalResults"], 0);
        // One by its value, one by a filter, one by putting back what was read without it, the last with everybody.
        let one = json!([{ "op": "remove", "path": "members", "value": [{ "value": "U#x" }] }]);
        let other = json!([{ "op": "remove", "path": "members[value eq \"someone@example.com\"]" }]);
        for operations in [one, other] {
            assert!(setup.patch(&group, operations).await.status.is_success());
        }
        assert_eq!(
            shown().await,
            json!([{ "value": "../../x" }, { "value": "fake-member-id" }])
        );
        let mut read = setup.read(&group).await;
        let list = read["members"].as_array_mut().unwrap();
        list.retain(|member| member["value"] != "../../x");
        let put = setup.scim.put(&format!("/Groups/{group}"), &read).await;
        assert_eq!(put.status, 200, "{}", put.body);
        assert_eq!(shown().await, json!([{ "value": "fake-member-id" }]));
        let everybody = json!([{ "op": "remove", "path": "members" }]);
        assert!(setup.patch(&group, everybody).await.status.is_success());
        assert!(setup.members(&group).await.is_empty());
        assert_eq!(setup.scim.delete(&format!("/Groups/{group}")).await.status, 204);
    }
    setup.world.relay().await;
    let changes = setup.world.on_the_bus("group.members_changed");
    assert!(
        !serde_json::to_string(&changes)
            .unwrap()
            .contains("fake-member-id")
    );
}

/// Of values that can be nobody's id a group keeps 32 KiB; more are refused, and change nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_values_that_are_no_ids_are_bounded() {
    let setup = Setup::start().await;
    let group = id(&setup.group("Staff", &[]).await);
    let values = |count: usize| (0..count).map(|n| format!("{n:0>32}")).collect::<Vec<_>>();
    let add = |count| json!([{ "op": "add", "path": "members", "value": refs(&values(count)) }]);
    assert_eq!(setup.patch(&group, add(1024)).await.status, 200);
    let refused = setup.patch(&group, add(1025)).await;
    assert_eq!(refused.scim_error(), scim_error(400, "invalidValue"));
    let body = group_body("New", json!({ "members": refs(&values(1025)) }));
    let refused = setup.scim.post("/Groups", &body).await;
    assert_eq!(refused.scim_error(), scim_error(400, "invalidValue"));
    assert_eq!(setup.members(&group).await, values(1024));
}

/// AQ-03: the creator of the organization is nobody that a group can hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_03_the_root_user_is_no_member() {
    let mut setup = Setup::start().await;
    let users = setup.users(1).await;
    let root = users[0].parse().unwrap();
    setup
        .world
        .set_tenant(|tenant| tenant.root_user = Some(root))
        .await;
    let refused = setup
        .scim
        .post(
            "/Groups",
            &group_body("Staff", json!({ "members": refs(&users) })),
        )
        .await;
    assert_eq!(refused.scim_error(), scim_error(400, "invalidValue"));
}

/// RFC 7644, section 3.5.2.1: adding who is in and removing who is not changes nothing, neither version nor time, and
/// says nothing to the app.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_what_changes_nothing_leaves_the_version() {
    let setup = Setup::start().await;
    let users = setup.users(2).await;
    let group = setup.group("Staff", &users[..1]).await;
    setup.world.pass(chrono::TimeDelta::minutes(1));
    for nothing in [
        json!([{ "op": "add", "path": "members", "value": refs(&users[..1]) }]),
        json!([{ "op": "remove", "path": "members", "value": refs(&users[1..]) }]),
        json!([{ "op": "remove", "path": "members[value eq \"nobody@acme.com\"]" }]),
        json!([{ "op": "replace", "path": "members", "value": refs(&users[..1]) }]),
        json!([{ "op": "replace", "path": "displayName", "value": "Staff" }]),
        json!([
            { "op": "add", "path": "members", "value": refs(&users[1..]) },
            { "op": "remove", "path": "members", "value": refs(&users[1..]) },
        ]),
    ] {
        let answer = setup.patch(&id(&group), nothing.clone()).await;
        assert_eq!(answer.status, 200, "{nothing}");
        assert_eq!(answer.json(), group, "{nothing}");
    }
    assert_eq!(setup.read(&id(&group)).await, group);
}

/// PUT replaces name, external id and members; members that it says nothing of stay, an empty list lets everybody go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_put_replaces_a_group() {
    let setup = Setup::start().await;
    let users = setup.users(3).await;
    let body = group_body(
        "Staff",
        json!({ "externalId": "e-1", "members": refs(&users[..2]) }),
    );
    let group = id(&setup.scim.post("/Groups", &body).await.json());
    let path = format!("/Groups/{group}");
    let renamed = setup.scim.put(&path, &group_body("Crew", json!({}))).await.json();
    assert_eq!(renamed["displayName"], "Crew");
    assert_eq!(renamed.get("externalId"), None);
    assert_eq!(members_in(&renamed), &users[..2]);
    let other = group_body("Crew", json!({ "members": refs(&users[1..]) }));
    assert_eq!(
        members_in(&setup.scim.put(&path, &other).await.json()),
        &users[1..]
    );
    let nobody = group_body("Crew", json!({ "members": [] }));
    assert_eq!(members_in(&setup.scim.put(&path, &nobody).await.json()), [""; 0]);
    setup.assert_consistent(&group, &users).await;
    let absent = setup.scim.put("/Groups/none", &nobody).await;
    assert_eq!(absent.scim_error(), scim_error(404, ""));
}

/// A deleted group is gone at once, from both sides, and so is its name; what it left is cleared by the relay's work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_a_deleted_group_is_gone_from_both_sides() {
    let setup = Setup::start().await;
    let users = setup.users(70).await;
    let group = id(&setup.group("Staff", &users).await);
    let path = format!("/Groups/{group}");
    assert_eq!(setup.scim.delete(&path).await.status, 204);
    assert_eq!(setup.scim.get(&path).await.scim_error(), scim_error(404, ""));
    assert_eq!(setup.scim.delete(&path).await.scim_error(), scim_error(404, ""));
    let add = json!([{ "op": "add", "path": "members", "value": refs(&users[..1]) }]);
    assert_eq!(setup.patch(&group, add).await.scim_error(), scim_error(404, ""));
    assert!(setup.groups_of(&users[0]).await.is_empty());
    setup.group("staff", &[]).await;
    let user = users[0].parse().unwrap();
    assert_eq!(setup.store().groups_to_leave(&user).await.unwrap().len(), 1);
    super::crashes::relay(&setup).await;
    for user in &users {
        assert!(
            setup
                .store()
                .groups_to_leave(&user.parse().unwrap())
                .await
                .unwrap()
                .is_empty()
        );
    }
}
