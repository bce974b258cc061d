//! What the operator sells, and what a plan does not include.

use gatehouse_tests::{Api, problem};
use serde_json::json;

/// AQ-01: what the plan does not include answers 403 `not_entitled`, by name; the operator switches it on, and what was
/// set up before stays readable and can be switched off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_01_what_is_not_included_is_refused_by_name() {
    let api = Api::start().await;
    let none = json!({ "entitlements": { "sso": false, "scim": false, "jit": false } });
    let acme = api.tenant("Acme", none).await;
    let owner = api.owner(&acme);
    let connection = json!({ "protocol": "saml", "name": "Acme IdP" });
    let scim = json!({ "kind": "scim", "name": "provisioning" });
    let domain = json!({ "domain": "acme.com" });
    for (path, body) in [
        ("/owner/v1/connections", &connection),
        ("/owner/v1/domains", &domain),
        ("/owner/v1/api-keys", &scim),
    ] {
        let refused = owner.post(path, body).await;
        assert_eq!(refused.problem(), problem(403, "not_entitled"), "{path}");
    }
    let jit = owner.get("/owner/v1/tenant").await.etag();
    let jit = owner
        .patch_at(
            "/owner/v1/tenant/settings",
            &jit,
            &json!({ "provision_on_sign_in": true }),
        )
        .await;
    assert_eq!(jit.problem(), problem(403, "not_entitled"));

    // Switched on, it works; switched off again, nothing new is made and what is there can still be read and ended.
    let all = json!({ "entitlements": Api::everything() });
    assert_eq!(api.operator().patch(&acme.path, &all).await.status, 200);
    let (path, _) = owner.connection("/owner/v1", "Acme IdP").await;
    assert_eq!(owner.set_idp(&path, &super::idp::by_hand()).await.status, 200);
    let off = json!({ "entitlements": { "sso": false } });
    assert_eq!(api.operator().patch(&acme.path, &off).await.status, 200);
    assert_eq!(owner.get(&path).await.status, 200);
    for action in ["submit", "validate", "tests"] {
        let refused = owner.act(&format!("{path}/{action}")).await;
        assert_eq!(refused.problem(), problem(403, "not_entitled"), "{action}");
    }
    assert_eq!(owner.act(&format!("{path}/withdraw")).await.status, 200);
}
