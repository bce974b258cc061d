//! Bodies and heads that are not as they should be: a clear refusal, nothing changed, nothing repeated.

use axum::body::Body;
use gatehouse_tests::{Api, Browser, problem};
use http::{Request, header};
use serde_json::json;

/// Garbage, other types, duplicates, unknown fields and long bodies are refused by status and code.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_read_strictly() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let browser = Browser::new(api.router.clone(), api.gatehouse.config.base_url.as_str());
    let long = format!("{{\"email\":\"{}\"}}", "a".repeat(300 * 1024));
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    for (kind, body, status, code) in [
        ("application/json", "hunter2", 400, "body_malformed"),
        ("application/json", "", 400, "body_malformed"),
        (
            "application/json",
            "{\"email\":\"a@b.example\",\"email\":\"hunter2@b.example\"}",
            400,
            "body_malformed",
        ),
        (
            "application/json",
            "{\"email\":\"a@b.example\",\"\\u0065mail\":\"hunter2@b.example\"}",
            400,
            "body_malformed",
        ),
        (
            "application/json",
            "{\"email\":\"a@b.example\",\"admin\":true}",
            400,
            "body_malformed",
        ),
        (
            "application/json",
            "{\"email\":[\"hunter2\"]}",
            400,
            "body_malformed",
        ),
        ("application/json", deep.as_str(), 400, "body_malformed"),
        ("application/json", long.as_str(), 413, "body_too_large"),
        (
            "text/plain",
            "{\"email\":\"a@b.example\"}",
            415,
            "content_type_unsupported",
        ),
        (
            "application/x-www-form-urlencoded",
            "email=a%40b.example",
            415,
            "content_type_unsupported",
        ),
    ] {
        let request = Request::post("/owner/v1/members")
            .header(header::CONTENT_TYPE, kind)
            .header(header::AUTHORIZATION, format!("Bearer {}", acme.key))
            .body(Body::from(body.to_owned()))
            .unwrap();
        let answer = browser.send_request(request).await;
        assert_eq!(
            answer.problem(),
            problem(status, code),
            "{kind} {}",
            &body[..body.len().min(60)]
        );
        assert!(!answer.body.contains("hunter2"), "{}", answer.body);
    }
    assert_eq!(
        api.owner(&acme).get("/owner/v1/members").await.json()["items"],
        json!([])
    );
    // A patch, of which no field is left out by who reads it: twice is no field's last word.
    let read = api.owner(&acme).get("/owner/v1/tenant").await;
    let twice = "{\"default_role\":\"MEMBER\",\"default_role\":\"OWNER\"}";
    let request = Request::patch("/owner/v1/tenant/settings")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", acme.key))
        .header(header::IF_MATCH, &read.headers["etag"])
        .body(Body::from(twice))
        .unwrap();
    let answer = browser.send_request(request).await;
    assert_eq!(
        answer.problem(),
        problem(400, "body_malformed"),
        "{}",
        answer.body
    );
    assert_eq!(api.owner(&acme).get("/owner/v1/tenant").await.json(), read.json());
}

/// A token counts once, as a bearer token, in the Authorization header; the method and the address must be right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_are_read_strictly() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let browser = Browser::new(api.router.clone(), api.gatehouse.config.base_url.as_str());
    for value in [
        format!("Basic {}", acme.key),
        format!("Bearer{}", acme.key),
        "Bearer ".to_owned(),
        format!("Bearer {} {}", acme.key, acme.key),
        format!("Bearer {}", "a".repeat(5_000)),
        acme.key.clone(),
    ] {
        let request = Request::get("/owner/v1/tenant").header(header::AUTHORIZATION, &value);
        let answer = browser.send_request(request.body(Body::empty()).unwrap()).await;
        assert_eq!(
            answer.problem(),
            problem(401, "token_missing"),
            "{}",
            &value[..value.len().min(20)]
        );
    }
    let in_query = Request::get(format!("/owner/v1/tenant?access_token={}", acme.key));
    let answer = browser.send_request(in_query.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.problem(), problem(401, "token_missing"));
    let lower =
        Request::get("/owner/v1/tenant").header(header::AUTHORIZATION, format!("bearer {}", acme.key));
    assert_eq!(
        browser
            .send_request(lower.body(Body::empty()).unwrap())
            .await
            .status,
        200
    );
    assert_eq!(
        api.owner(&acme).delete("/owner/v1/tenant").await.problem(),
        problem(405, "method_not_allowed")
    );
}
