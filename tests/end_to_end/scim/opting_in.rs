//! SCIM stands on single sign-on, and is opted into.

use gatehouse_tests::{Api, Visitor, World, problem, scim_error};
use http::Method;
use serde_json::{Value, json};

const KEYS: &str = "/owner/v1/api-keys";
const SETTINGS: &str = "/owner/v1/tenant/settings";

fn wanted() -> Value {
    json!({ "kind": "scim", "name": "Okta" })
}

/// AQ-28: without an active connection there is neither a SCIM key nor the switch, whoever asks; a draft does not
/// suffice, nor one that is suspended. What was opted into goes on when the connection rests, so that people can still
/// be switched off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_28_scim_needs_an_active_connection() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let (owner, operator) = (api.owner(&acme), api.operator());
    let refused = problem(409, "scim_without_connection");
    let on = json!({ "scim_enabled": true });
    let (connection, record) = owner.connection("/owner/v1", "Acme IdP").await;
    assert_eq!(
        owner
            .set_idp(&connection, &super::super::admin::by_hand())
            .await
            .status,
        200
    );
    let etag = owner.get("/owner/v1/tenant").await.etag();
    assert_eq!(owner.post(KEYS, &wanted()).await.problem(), refused);
    assert_eq!(owner.patch_at(SETTINGS, &etag, &on).await.problem(), refused);
    let keys = format!("{}/api-keys", acme.path);
    assert_eq!(operator.post(&keys, &wanted()).await.problem(), refused);
    let by_operator = json!({ "settings": on });
    assert_eq!(operator.patch(&acme.path, &by_operator).await.problem(), refused);
    let made = json!({ "name": "New", "entitlements": Api::everything(), "settings": on });
    assert_eq!(
        operator.post("/operator/v1/tenants", &made).await.problem(),
        refused
    );
    let listed = owner.get(KEYS).await.json();
    assert_eq!(
        listed["items"].as_array().unwrap().len(),
        1,
        "the owner's own alone"
    );

    let id = record["id"].as_str().unwrap();
    let activate = format!("{}/connections/{id}/activate", acme.path);
    let waived = json!({ "without_test": "imported" });
    assert_eq!(operator.post(&activate, &waived).await.status, 200);
    let scim = api.scim(&acme).await;
    let ada = scim.user("ada@acme.com", json!({})).await;
    assert_eq!(owner.act(&format!("{connection}/suspend")).await.status, 200);
    assert_eq!(owner.post(KEYS, &wanted()).await.problem(), refused);
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    assert_eq!(scim.patch(&path, off).await.json()["active"], false);
}

/// AQ-29: SCIM is opted into later, by the first key or by the owner's switch; switched off it answers 403 and says whom
/// to ask, and the same key is good again when it is switched on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_29_scim_is_opted_into_later() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    api.single_sign_on(&acme).await;
    let enabled = async || owner.get("/owner/v1/tenant").await.json()["scim_enabled"].clone();
    assert_eq!(enabled().await, false);
    let scim = api.scim(&acme).await;
    assert_eq!(enabled().await, true);
    scim.user("ada@acme.com", json!({})).await;
    assert_eq!(api.events("tenant.updated").len(), 1);
    let second = api.scim(&acme).await;
    assert_eq!(api.events("tenant.updated").len(), 1, "what is on stays on");

    for (on, status) in [(false, 403), (true, 200)] {
        let etag = owner.get("/owner/v1/tenant").await.etag();
        let set = owner
            .patch_at(SETTINGS, &etag, &json!({ "scim_enabled": on }))
            .await;
        assert_eq!(set.status, 200, "{}", set.body);
        for client in [&scim, &second] {
            for path in ["/Users", "/Groups", "/Schemas"] {
                let answer = client.get(path).await;
                assert_eq!(answer.status, status, "{path}: {}", answer.body);
                if !on {
                    assert_eq!(answer.scim_error(), scim_error(403, ""));
                    assert!(answer.body.contains("scim_not_enabled"), "{}", answer.body);
                }
            }
        }
        let nobody = scim.with_token("ghsk_unknown");
        let unknown = nobody.send(Method::GET, "/Users", &[], Vec::new()).await;
        assert_eq!(
            unknown.scim_error(),
            scim_error(401, ""),
            "said to key holders alone"
        );
    }
    assert_eq!(scim.get("/Users").await.json()["totalResults"], 1);
}

/// AQ-29: many first keys at once make as many keys, and switch SCIM on once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_29_first_keys_at_once_are_all_made() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    api.single_sign_on(&acme).await;
    let owner = api.owner(&acme);
    let made = futures_util::future::join_all((0..4).map(|_| {
        let owner = owner.clone();
        async move { owner.post(KEYS, &wanted()).await.status.as_u16() }
    }))
    .await;
    assert!(made.iter().all(|status| *status == 201), "{made:?}");
    assert_eq!(api.events("tenant.updated").len(), 1);
}

/// With SCIM in use nobody is made at sign-in, unless that is chosen beside it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_29_scim_ends_provisioning_at_sign_in_unless_both_are_chosen() {
    let mut world = World::start().await;
    let scim = world.scim().await;
    scim.user("ada@acme.com", json!({ "emails": [{ "value": "ada@acme.com" }] }))
        .await;
    for (beside, users) in [(false, 1), (true, 2)] {
        world
            .set_tenant(|tenant| tenant.settings.provision_beside_scim = beside)
            .await;
        for name in ["ada", "grace"] {
            let visitor = Visitor::new(&format!("{name}@acme.com"));
            world.sign_in(&world.browser(), &visitor).await;
        }
        assert_eq!(world.users().await.len(), users, "{beside}");
    }
}
