#![allow(clippy::unwrap_used, clippy::panic)]

use axum::routing::get;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tower_service::Service;

use super::*;

async fn page(reference: Reference) -> ([(HeaderName, &'static str); 2], String) {
    let own = [
        (header::CACHE_CONTROL, "max-age=300"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'self'"),
    ];
    (own, reference.to_string())
}

async fn broken() -> &'static str {
    panic!("a bug")
}

async fn refused() -> Problem {
    Problem::new(StatusCode::CONFLICT, "conflict", "Somebody else was faster.").retry_after(7)
}

fn router() -> Router {
    let router = Router::new()
        .route("/page/{id}", get(page))
        .route("/broken", get(broken))
        .route("/refused", get(refused));
    wrap(router, "test_function")
}

async fn ask(method: &str, path: &str) -> (Response<Body>, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .unwrap();
    let response = router().as_service::<Body>().call(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().now_or_never().unwrap().unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (Response::from_parts(parts, Body::empty()), text)
}

fn header_of(response: &Response<Body>, name: &str) -> String {
    let values: Vec<_> = response
        .headers()
        .get_all(name)
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    values.join(" | ")
}

#[tokio::test]
async fn every_answer_carries_the_headers_and_its_reference() {
    for path in ["/page/1", "/broken", "/refused"] {
        let (response, body) = ask("GET", path).await;
        let reference = header_of(&response, "x-gatehouse-reference");
        assert!(Reference::parse(&reference).is_some(), "{path}: {reference}");
        assert!(body.contains(&reference), "{path}: {body}");
        for (name, value) in [
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("strict-transport-security", "max-age=63072000"),
        ] {
            assert_eq!(header_of(&response, name), value, "{path}");
        }
    }
    let (response, _) = ask("GET", "/refused").await;
    assert_eq!(header_of(&response, "cache-control"), "no-store");
    assert_eq!(
        header_of(&response, "content-security-policy"),
        "default-src 'none'; frame-ancestors 'none'"
    );
}

#[tokio::test]
async fn a_handler_keeps_what_it_said_itself() {
    let (response, _) = ask("GET", "/page/1").await;
    assert_eq!(header_of(&response, "cache-control"), "max-age=300");
    assert_eq!(
        header_of(&response, "content-security-policy"),
        "default-src 'self'"
    );
}

#[tokio::test]
async fn a_problem_keeps_status_headers_and_shape() {
    let (response, body) = ask("GET", "/refused").await;
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert_eq!(header_of(&response, "content-type"), "application/problem+json");
    assert_eq!(header_of(&response, "retry-after"), "7");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let reference = header_of(&response, "x-gatehouse-reference");
    let expected = serde_json::json!({
        "title": "Conflict", "status": 409, "code": "conflict", "detail": "Somebody else was faster.",
        "reference": reference,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_panic_becomes_an_answer_that_says_nothing_of_it() {
    let (response, body) = ask("GET", "/broken").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("internal_error") && !body.contains("bug"), "{body}");
}

#[tokio::test]
async fn a_method_that_an_address_does_not_take_is_a_problem() {
    let (response, body) = ask("POST", "/refused?code=secret").await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(
        body.contains("method_not_allowed") && !body.contains("secret"),
        "{body}"
    );
    assert_eq!(header_of(&response, "allow"), "GET,HEAD");
}

#[test]
fn a_reference_survives_being_read_out() {
    let reference = Reference::new().unwrap();
    let spoken = reference.as_str().to_lowercase().replace('-', " ");
    assert_eq!(Reference::parse(&spoken), Some(reference));
    assert_eq!(
        Reference::parse("OIL0-0000-0000").unwrap().as_str(),
        "0110-0000-0000"
    );
    for text in [
        "",
        "7K3Q-M9XZ",
        "7K3Q-M9XZ-2PBW-1",
        "7K3Q-M9XZ-2PBU",
        "7K3Q-M9XZ-2PB\u{e9}",
    ] {
        assert_eq!(Reference::parse(text), None, "{text}");
    }
    assert_ne!(Reference::new().unwrap(), Reference::new().unwrap());
}
