//! Who is let in at a SCIM base URL.

use chrono::TimeDelta;
use gatehouse_tests::{Api, scim_error};
use http::{Method, header};
use serde_json::json;

/// AQ-30: each tenant has its own base URL, and several keys; no key, an unknown one, one that is over or revoked, an
/// owner's key and another tenant's key are all answered alike, whatever the path and the method.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_30_only_a_good_key_of_the_tenant_in_the_path_opens() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let other = api.tenant("Other", json!({})).await;
    let (scim, foreign) = (api.scim(&acme).await, api.scim(&other).await);
    let second = api.scim(&acme).await;
    for good in [&scim, &second] {
        let found = good.get("/ServiceProviderConfig").await;
        assert_eq!(found.status, 200, "{}", found.body);
        assert!(found.body.contains(&good.url), "its own base URL: {}", found.body);
    }
    let keys = [
        String::new(),
        "ghsk_unknown".to_owned(),
        acme.key.clone(),
        foreign.token.clone(),
    ];
    let mut answers = Vec::new();
    for key in &keys {
        let caller = scim.with_token(key);
        for path in ["/ServiceProviderConfig", "/Users", "/Users/x", "/nothing", "/Me"] {
            for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS] {
                let answer = caller.send(method, path, &[], Vec::new()).await;
                assert_eq!(answer.scim_error(), scim_error(401, ""));
                assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer realm=\"scim\"");
                answers.push(answer.body);
            }
        }
    }
    // The right key at a base URL that is not its own, or of nobody.
    for base in [
        foreign.base.as_str(),
        "/scim/v2/nobody",
        "/scim/v2/%ff",
        "/scim/v2/..",
    ] {
        let answer = scim.at(base).get("/ServiceProviderConfig").await;
        assert_eq!(answer.scim_error(), scim_error(401, ""), "{base}");
        answers.push(answer.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "one answer for every reason");
}

/// AQ-30: a key ends when its time is over, and when its owner revokes it; the others go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_30_a_key_ends_when_it_is_over_or_revoked() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let scim = api.scim(&acme).await;
    let keys = format!("{}/api-keys", acme.path);
    let end = api.gatehouse.clock.now() + TimeDelta::minutes(5);
    let asked = json!({ "kind": "scim", "name": "Short", "expires_at": end });
    let made = api.operator().post(&keys, &asked).await.json();
    let short = scim.with_token(made["token"].as_str().unwrap());
    let made = api
        .operator()
        .post(&keys, &json!({ "kind": "scim", "name": "Revoked" }))
        .await
        .json();
    let revoked = scim.with_token(made["token"].as_str().unwrap());
    for caller in [&short, &revoked] {
        assert_eq!(caller.get("/Schemas").await.status, 200);
    }
    let path = format!("{keys}/{}", made["id"].as_str().unwrap());
    assert_eq!(api.operator().delete(&path).await.status, 204);
    assert_eq!(revoked.get("/Schemas").await.scim_error(), scim_error(401, ""));
    assert_eq!(short.get("/Schemas").await.status, 200);
    api.pass(TimeDelta::minutes(5));
    assert_eq!(short.get("/Schemas").await.scim_error(), scim_error(401, ""));
    assert_eq!(scim.get("/Schemas").await.status, 200);
}

/// AQ-01: where SCIM is not included, a good key is answered 403 `not_entitled`, at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_01_scim_that_is_not_included_is_refused() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let scim = api.scim(&acme).await;
    assert_eq!(scim.get("/Schemas").await.status, 200);
    let without = json!({ "entitlements": { "scim": false } });
    let changed = api.operator().patch(&acme.path, &without).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let refused = scim.get("/Schemas").await;
    assert_eq!(refused.scim_error(), scim_error(403, ""));
    assert!(refused.body.contains("not_entitled"));
}

/// A second Authorization header, other schemes and tokens in the query open nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_30_tricks_with_headers_open_nothing() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let scim = api.scim(&acme).await;
    let bearer = format!("Bearer {}", scim.token);
    let basic = format!("Basic {}", scim.token);
    let nobody = scim.with_token("");
    for headers in [
        vec![
            ("authorization", bearer.as_str()),
            ("authorization", bearer.as_str()),
        ],
        vec![("authorization", basic.as_str())],
        vec![("authorization", "Bearer")],
        vec![("x-authorization", bearer.as_str())],
        vec![("cookie", bearer.as_str())],
    ] {
        let answer = nobody.send(Method::GET, "/Schemas", &headers, Vec::new()).await;
        assert_eq!(answer.scim_error(), scim_error(401, ""), "{headers:?}");
    }
    let query = format!("/Schemas?access_token={}", scim.token);
    assert_eq!(nobody.get(&query).await.status, 401);
    let lower = bearer.replace("Bearer", "bearer");
    let headers = [("authorization", lower.as_str())];
    let good = nobody.send(Method::GET, "/Schemas", &headers, Vec::new()).await;
    assert_eq!(good.status, 200, "the scheme's case does not count (RFC 9110)");
}
