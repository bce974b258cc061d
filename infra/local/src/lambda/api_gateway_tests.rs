//! Requests and answers in payload format 2.0.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use axum::http::{Request, header};
use bytes::Bytes;
use serde_json::json;

use super::{Context, event, response};

const DOMAIN: &str = "login.example.com";

fn context(route: &str) -> Context {
    Context {
        route: route.to_owned(),
        principal: None,
        domain: DOMAIN.to_owned(),
    }
}

#[test]
fn a_form_is_in_base64_and_the_query_stays_raw() {
    let request = Request::post("/saml/c1/acs?a=%2F&b=1&b=2")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, "a=1; b=2")
        .header("x-forwarded-for", "192.0.2.1")
        .header("x-two", "1")
        .header("x-two", "2")
        .body(Bytes::from("SAMLResponse=x"))
        .unwrap();
    let event = event(&context("ANY /saml/{connection}/acs"), &request);
    assert_eq!(event["rawQueryString"], "a=%2F&b=1&b=2");
    assert_eq!(event["queryStringParameters"], json!({ "a": "/", "b": "1,2" }));
    assert_eq!(event["pathParameters"], json!({ "connection": "c1" }));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["headers"]["x-two"], "1,2");
    assert_eq!(event["headers"].get("cookie"), None);
    assert_eq!(event["headers"]["host"], DOMAIN);
    assert_eq!(event["headers"]["x-forwarded-for"], "192.0.2.1, 127.0.0.1");
    assert_eq!(event["requestContext"]["domainName"], DOMAIN);
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("U0FNTFJlc3BvbnNlPXg="), &json!(true))
    );
    assert_eq!(event["requestContext"].get("authorizer"), None);
}

#[test]
fn json_stays_text_and_the_principal_is_iams() {
    let request = Request::post("/operator/v1/tenants")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Bytes::from("{}"))
        .unwrap();
    let context = Context {
        route: "ANY /operator/v1/tenants".to_owned(),
        principal: Some("arn:aws:iam::000000000000:user/anna".to_owned()),
        domain: DOMAIN.to_owned(),
    };
    let event = event(&context, &request);
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("{}"), &json!(false))
    );
    let arn = &event["requestContext"]["authorizer"]["iam"]["userArn"];
    assert_eq!(arn, "arn:aws:iam::000000000000:user/anna");
}

#[test]
fn an_answer_has_its_cookies_apart() {
    let answer = response(&json!({
        "statusCode": 303,
        "headers": { "location": "/x" },
        "cookies": ["a=1; Secure", "b=2; Secure"],
        "body": "",
        "isBase64Encoded": false,
    }));
    assert_eq!(answer.status(), 303);
    assert_eq!(answer.headers()[header::LOCATION], "/x");
    let cookies: Vec<_> = answer.headers().get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies, ["a=1; Secure", "b=2; Secure"]);
}

#[test]
fn what_is_no_answer_is_an_error() {
    assert_eq!(response(&json!({ "body": "x" })).status(), 500);
    assert_eq!(
        response(&json!({ "statusCode": 200, "body": "%", "isBase64Encoded": true })).status(),
        500
    );
}
