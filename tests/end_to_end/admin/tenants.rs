//! Tenants: entitlements, settings, versions.

use gatehouse_tests::{Api, problem};
use http::Method;
use serde_json::json;

/// AQ-01: what the plan does not include answers 403 `not_entitled`; what is there can still be read and switched off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_01_what_is_not_included_answers_not_entitled() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let (path, _) = owner.connection("/owner/v1", "Acme IdP").await;
    let nothing = json!({ "entitlements": { "sso": false, "scim": false, "jit": false } });
    assert_eq!(api.operator().patch(&acme.path, &nothing).await.status, 200);

    let refused = problem(403, "not_entitled");
    let saml = json!({ "protocol": "saml", "name": "Second" });
    assert_eq!(
        owner.post("/owner/v1/connections", &saml).await.problem(),
        refused
    );
    assert_eq!(
        owner.patch(&path, &json!({ "name": "Other" })).await.problem(),
        refused
    );
    assert_eq!(
        owner
            .set_idp(&path, &json!({ "source": "metadata_xml", "xml": "<a/>" }))
            .await
            .problem(),
        refused
    );
    assert_eq!(
        owner
            .post("/owner/v1/domains", &json!({ "domain": "acme.com" }))
            .await
            .problem(),
        refused
    );
    let scim = json!({ "kind": "scim", "name": "Okta" });
    assert_eq!(owner.post("/owner/v1/api-keys", &scim).await.problem(), refused);
    let settings = "/owner/v1/tenant/settings";
    let etag = owner.get("/owner/v1/tenant").await.etag();
    let jit = json!({ "provision_on_sign_in": true });
    assert_eq!(owner.patch_at(settings, &etag, &jit).await.problem(), refused);

    assert_eq!(owner.get(&path).await.status, 200);
    let key = json!({ "kind": "owner", "name": "second" });
    assert_eq!(owner.post("/owner/v1/api-keys", &key).await.status, 201);
    let contact = json!({ "admin_contact": "Ada" });
    assert_eq!(owner.patch_at(settings, &etag, &contact).await.status, 200);
}

/// AQ-01: entitlements are the operator's word; the owner's settings hold none of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_01_only_the_operator_sets_entitlements_and_seats() {
    let api = Api::start().await;
    let acme = api
        .tenant("Acme", json!({ "entitlements": { "scim": false } }))
        .await;
    let owner = api.owner(&acme);
    let etag = owner.get("/owner/v1/tenant").await.etag();
    for change in [
        json!({ "entitlements": { "scim": true } }),
        json!({ "seats": 1000 }),
        json!({ "name": "Other" }),
    ] {
        let answer = owner.patch_at("/owner/v1/tenant/settings", &etag, &change).await;
        assert_eq!(answer.problem(), problem(400, "body_malformed"), "{change}");
    }
    assert_eq!(owner.get("/owner/v1/tenant").await.json(), acme.record);
}

/// CH-12, IL-05, SE-05: the owner changes the default role, to one of the catalogue that may stand beside the default
/// team role; anything else is refused by field.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_12_the_owner_changes_the_default_role_within_the_catalogue() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let settings = "/owner/v1/tenant/settings";
    let etag = owner.get("/owner/v1/tenant").await.etag();
    let unknown = owner
        .patch_at(settings, &etag, &json!({ "default_role": "EMPEROR" }))
        .await;
    assert_eq!(unknown.problem(), problem(422, "role_unknown"));
    assert_eq!(unknown.json()["errors"][0]["field"], "/settings/default_role");
    let pair = json!({ "default_role": "ADMIN", "default_team_role": "USER" });
    assert_eq!(
        owner.patch_at(settings, &etag, &pair).await.problem(),
        problem(422, "role_pair_forbidden")
    );
    let short = json!({ "access_seconds": 1 });
    assert_eq!(
        owner.patch_at(settings, &etag, &short).await.problem(),
        problem(422, "duration_out_of_range")
    );

    let changed = owner
        .patch_at(settings, &etag, &json!({ "default_role": "USER" }))
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.json()["settings"]["default_role"], "USER");
    let back = owner
        .patch_at(settings, &changed.etag(), &json!({ "default_role": null }))
        .await;
    assert_eq!(back.json()["settings"]["default_role"], json!(null));
    assert_eq!(api.events("tenant.updated").len(), 2);
}

/// A change needs the ETag that was read: 428 without, 412 with another; of two who read the same, one wins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_needs_the_version_that_was_read() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let operator = api.operator();
    let change = json!({ "name": "Acme Ltd" });
    let without = operator
        .send(Method::PATCH, &acme.path, None, Some(&change))
        .await;
    assert_eq!(without.problem(), problem(428, "if_match_missing"));
    for wrong in [
        "\"2\"",
        "W/\"1\"",
        "1",
        "*",
        "\"1\", \"2\"",
        "\"\"",
        "\"-1\"",
        "\"99999999999999999999999\"",
    ] {
        let answer = operator.patch_at(&acme.path, wrong, &change).await;
        assert_eq!(answer.problem(), problem(412, "version_mismatch"), "{wrong}");
    }
    let names = ["One", "Two", "Three", "Four"].map(|name| json!({ "name": name }));
    let writes = names
        .iter()
        .map(|name| operator.patch_at(&acme.path, "\"1\"", name));
    let answers = futures_util::future::join_all(writes).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    let lost = answers
        .iter()
        .filter(|answer| [409, 412].contains(&answer.status.as_u16()))
        .count();
    assert_eq!((won, lost), (1, 3), "{answers:?}");
    assert_eq!(operator.get(&acme.path).await.json()["version"], 2);
    assert_eq!(api.events("tenant.updated").len(), 1);
}

/// What changes nothing writes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_nothing_leaves_the_version() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let answer = api
        .operator()
        .patch(&acme.path, &json!({ "name": " Acme " }))
        .await;
    assert_eq!(answer.json(), acme.record);
    assert!(api.events("tenant.updated").is_empty());
}

/// IL-07, GH-07: passwords are not switched off while no connection signs anybody in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_07_passwords_stay_until_a_connection_is_active() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let enforce = json!({ "allow_password": false });
    let settings = "/owner/v1/tenant/settings";
    let etag = owner.get("/owner/v1/tenant").await.etag();
    let early = owner.patch_at(settings, &etag, &enforce).await;
    assert_eq!(early.problem(), problem(409, "enforcement_without_connection"));

    let (path, record) = owner.connection("/owner/v1", "Acme IdP").await;
    assert_eq!(owner.set_idp(&path, &super::idp::by_hand()).await.status, 200);
    let activate = format!(
        "{}/connections/{}/activate",
        acme.path,
        record["id"].as_str().unwrap()
    );
    let waived = json!({ "without_test": "imported" });
    assert_eq!(api.operator().post(&activate, &waived).await.status, 200);
    let untested = owner.patch_at(settings, &etag, &enforce).await;
    assert_eq!(untested.problem(), problem(409, "enforcement_without_test"));
}

/// AQ-03: the root user is an active member of the tenant, and cannot be switched off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_03_the_root_user_is_an_active_member_and_stays_one() {
    let api = Api::start().await;
    let (acme, other) = (
        api.tenant("Acme", json!({})).await,
        api.tenant("Other", json!({})).await,
    );
    let operator = api.operator();
    let ada = api
        .owner(&acme)
        .post("/owner/v1/members", &json!({ "email": "ada@acme.com" }))
        .await
        .json();
    let root = json!({ "root_user": ada["id"] });
    let foreign = operator.patch(&other.path, &root).await;
    assert_eq!(foreign.problem(), problem(422, "root_user_unknown"));
    assert_eq!(operator.patch(&acme.path, &root).await.status, 200);
    let member = format!("/owner/v1/members/{}", ada["id"].as_str().unwrap());
    let off = api.owner(&acme).act(&format!("{member}/deactivate")).await;
    assert_eq!(off.problem(), problem(409, "member_is_root_user"));
    let moved = api
        .owner(&acme)
        .patch(&member, &json!({ "email": "ada.lovelace@acme.com" }))
        .await;
    assert_eq!(moved.json()["email"], "ada.lovelace@acme.com", "{}", moved.body);
}

/// Tenants are listed in pages; each is there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_are_listed_in_pages() {
    let api = Api::start().await;
    let mut made = Vec::new();
    for name in ["A", "B", "C", "D", "E"] {
        made.push(api.tenant(name, json!({})).await.id);
    }
    made.sort();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for _ in 0..4 {
        let page = api
            .operator()
            .get(&format!("/operator/v1/tenants?limit=2{cursor}"))
            .await
            .json();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|t| t["id"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, made);
}
