//! API keys.

use chrono::TimeDelta;
use gatehouse_tests::{Api, problem};
use serde_json::json;

/// AQ-02, AQ-30: a key is shown once, listed without its token, and opens nothing once it is revoked or over; what is
/// stored of it is a hash.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_30_keys_are_named_shown_once_and_revocable() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    api.single_sign_on(&acme).await;
    let end = api.gatehouse.clock.now() + TimeDelta::days(1);
    let asked = json!({ "kind": "owner", "name": "Terraform", "expires_at": end });
    let made = owner.post("/owner/v1/api-keys", &asked).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let token = made.json()["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("ghok_"));
    let scim = owner
        .post("/owner/v1/api-keys", &json!({ "kind": "scim", "name": "Okta" }))
        .await
        .json();
    assert!(scim["token"].as_str().unwrap().starts_with("ghsk_"));
    let list = owner.get("/owner/v1/api-keys").await;
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 3);
    let table = serde_json::to_string(&api.stream()).unwrap();
    for text in [&list.body, &table] {
        assert!(!text.contains(&token[5..]), "the token is shown once");
    }
    assert!(!list.body.contains("hash"));

    let terraform = api.caller(Some(&token));
    assert_eq!(terraform.get("/owner/v1/tenant").await.json()["id"], acme.id);
    api.pass(TimeDelta::days(1));
    assert_eq!(
        terraform.get("/owner/v1/tenant").await.problem(),
        problem(401, "token_invalid")
    );
    let own = list.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["name"] == "tests")
        .unwrap()
        .clone();
    let path = format!("/owner/v1/api-keys/{}", own["id"].as_str().unwrap());
    assert_eq!(owner.delete(&path).await.status, 204);
    assert_eq!(
        owner.get("/owner/v1/tenant").await.problem(),
        problem(401, "token_invalid")
    );
    assert_eq!(api.events("api_key.created").len(), 3);
    assert_eq!(api.events("api_key.revoked").len(), 1);
}

/// A key that would be over at once, or has no name, is not made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_30_a_key_needs_a_name_and_a_future() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let now = api.gatehouse.clock.now();
    for (asked, code) in [
        (json!({ "kind": "owner", "name": " " }), "text_length"),
        (
            json!({ "kind": "owner", "name": "x", "expires_at": now }),
            "expiry_past",
        ),
    ] {
        assert_eq!(
            owner.post("/owner/v1/api-keys", &asked).await.problem(),
            problem(422, code)
        );
    }
    let other = json!({ "kind": "operator", "name": "x" });
    assert_eq!(
        owner.post("/owner/v1/api-keys", &other).await.problem(),
        problem(400, "body_malformed")
    );
}
