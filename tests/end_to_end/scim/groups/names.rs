//! Names of groups.

use futures_util::future::join_all;
use gatehouse_tests::scim_error;
use serde_json::json;

use super::{Setup, group_body, id};

/// O-9: a second group of one name is refused, whatever the case, unless its externalId differs: two groups of a
/// directory may share a name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_09_a_second_group_of_one_name_is_refused_unless_its_external_id_differs() {
    let setup = Setup::start().await;
    let post = |name: &'static str, more| {
        let scim = setup.scim.clone();
        async move { scim.post("/Groups", &group_body(name, more)).await }
    };
    assert_eq!(post("Staff", json!({})).await.status, 201);
    let twin = post("sTAFF", json!({})).await;
    assert_eq!(twin.scim_error(), scim_error(409, "uniqueness"));
    assert_eq!(post("Staff", json!({ "externalId": "a" })).await.status, 201);
    assert_eq!(post("Staff", json!({ "externalId": "b" })).await.status, 201);
    assert_eq!(post("Staff", json!({ "externalId": "." })).await.status, 201);
    let twin = post("STAFF", json!({ "externalId": "a" })).await;
    assert_eq!(twin.scim_error(), scim_error(409, "uniqueness"));
    // An external id of its own name is no name of another.
    assert_eq!(post("Staff#a", json!({})).await.status, 201);
    assert_eq!(post("Other", json!({ "externalId": "a" })).await.status, 201);
    assert_eq!(setup.store().groups_by_name("staff").await.unwrap().len(), 4);
    assert_eq!(setup.store().groups_by_external_id("a").await.unwrap().len(), 2);
}

/// A rename takes the new name and frees the old one; a taken name is refused and nothing changes; a change of case is a
/// rename like any other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_06_a_rename_moves_the_name() {
    let setup = Setup::start().await;
    let staff = setup.group("Staff", &[]).await;
    let crew = id(&setup.group("Crew", &[]).await);
    let rename = |to: &'static str| json!([{ "op": "replace", "value": { "displayName": to } }]);
    let taken = setup.patch(&id(&staff), rename("CREW")).await;
    assert_eq!(taken.scim_error(), scim_error(409, "uniqueness"));
    assert_eq!(setup.read(&id(&staff)).await, staff);
    let put = setup
        .scim
        .put(&format!("/Groups/{}", id(&staff)), &group_body("crew", json!({})))
        .await;
    assert_eq!(put.scim_error(), scim_error(409, "uniqueness"));
    let own_case = setup.patch(&crew, rename("crew")).await;
    assert_eq!(own_case.json()["displayName"], "crew");
    assert_eq!(setup.patch(&crew, rename("Sailors")).await.status, 200);
    assert_eq!(setup.patch(&id(&staff), rename("Crew")).await.status, 200);
    assert!(setup.store().groups_by_name("staff").await.unwrap().is_empty());
}

/// Fifty groups of one name at once: one is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn o_09_fifty_groups_of_one_name_at_once_make_one() {
    let setup = Setup::start().await;
    let body = group_body("Staff", json!({}));
    let answers = join_all((0..50).map(|_| setup.scim.post("/Groups", &body))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1);
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(refused.scim_error(), scim_error(409, "uniqueness"));
    }
}

/// Names of any length and script are names; blank ones are none, and what is larger than a resource may be is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_names_of_any_length_and_script() {
    let setup = Setup::start().await;
    let long = "n".repeat(511);
    let longer = format!("{long}m");
    for name in [
        "Führung",
        "管理者",
        "a#b",
        "🦀",
        "x'; DROP TABLE",
        long.as_str(),
        longer.as_str(),
    ] {
        let external = json!({ "externalId": name });
        let made = setup.scim.post("/Groups", &group_body(name, external)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(setup.read(&id(&made.json())).await["displayName"], name);
        let found = setup.store().groups_by_name(&name.to_uppercase()).await.unwrap();
        assert_eq!(found.len(), 1, "{name}");
    }
    let too_long = "n".repeat(513);
    for name in ["", "  ", too_long.as_str()] {
        let refused = setup.scim.post("/Groups", &group_body(name, json!({}))).await;
        assert_eq!(refused.scim_error(), scim_error(400, "invalidValue"));
    }
    let nameless = json!({ "schemas": [gatehouse_tests::scim::GROUP] });
    let refused = setup.scim.post("/Groups", &nameless).await;
    assert_eq!(refused.scim_error(), scim_error(400, "invalidValue"));
}
