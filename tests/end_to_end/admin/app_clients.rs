//! App clients.

use gatehouse_tests::{Api, problem};
use http::Method;
use serde_json::{Value, json};

fn settings() -> Value {
    json!({
        "name": "App",
        "kind": "confidential",
        "redirect_uris": ["https://app.example.com/callback"],
        "default": true,
    })
}

/// GH-01: the operator registers the app, gives it secrets that are shown once, changes and deletes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_an_app_client_is_registered() {
    let api = Api::start().await;
    let operator = api.operator();
    let made = operator.post("/operator/v1/clients", &settings()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = format!(
        "/operator/v1/clients/{}",
        made.json()["client_id"].as_str().unwrap()
    );
    let secret = operator.post(&format!("{path}/secrets"), &json!({})).await.json();
    let text = secret["secret"].as_str().unwrap();
    let shown = operator.get(&path).await;
    assert_eq!(shown.json()["secrets"][0]["id"], secret["id"]);
    let table = serde_json::to_string(&api.stream()).unwrap();
    assert!(!shown.body.contains(&text[5..]) && !table.contains(&text[5..]));
    assert!(!shown.body.contains("digest"));

    let mut changed = settings();
    changed["redirect_uris"] = json!(["https://app.example.com/other"]);
    let without = operator.send(Method::PUT, &path, None, Some(&changed)).await;
    assert_eq!(without.problem(), problem(428, "if_match_missing"));
    let done = operator
        .send(Method::PUT, &path, Some(&shown.etag()), Some(&changed))
        .await;
    assert_eq!(
        done.json()["redirect_uris"],
        changed["redirect_uris"],
        "{}",
        done.body
    );
    assert_eq!(done.json()["secrets"][0]["id"], secret["id"], "secrets stay");
    let stale = operator
        .send(Method::PUT, &path, Some(&shown.etag()), Some(&changed))
        .await;
    assert_eq!(stale.problem(), problem(412, "version_mismatch"));

    let revoke = format!("{path}/secrets/{}", secret["id"].as_str().unwrap());
    assert_eq!(operator.delete(&revoke).await.status, 204);
    assert_eq!(
        operator.delete(&revoke).await.problem(),
        problem(404, "client_secret_not_found")
    );
    assert_eq!(operator.delete(&path).await.status, 204);
    assert_eq!(
        operator.delete(&path).await.problem(),
        problem(404, "client_not_found")
    );
    assert_eq!(
        operator.get("/operator/v1/clients").await.json()["items"],
        json!([])
    );
}

/// What cannot be registered is refused by name; one client is the default.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_what_cannot_be_registered_is_refused() {
    let api = Api::start().await;
    let operator = api.operator();
    for (field, value, status, code) in [
        ("redirect_uris", json!([]), 422, "client_no_redirect_uri"),
        ("name", json!(""), 422, "client_name"),
        ("scopes", json!(["profile"]), 422, "client_no_openid_scope"),
        ("secrets", json!([]), 400, "body_malformed"),
    ] {
        let mut asked = settings();
        asked[field] = value;
        let answer = operator.post("/operator/v1/clients", &asked).await;
        assert_eq!(answer.problem(), problem(status, code), "{field}");
    }
    assert_eq!(
        operator.post("/operator/v1/clients", &settings()).await.status,
        201
    );
    let second = operator.post("/operator/v1/clients", &settings()).await;
    assert_eq!(second.problem(), problem(409, "client_default_taken"));
}
