//! Who is let in.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use gatehouse::app::Gatehouse;
use gatehouse::clock::Clock;
use gatehouse::config::Config;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use serde_json::{Value, json};
use tower::ServiceExt;

/// SHA-256 of `operator-key`.
fn key_hash() -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    digest(&SHA256, b"operator-key")
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A deployment whose AWS endpoints answer nothing: what is let in ends as 500, what is not as 401.
async fn gatehouse(local: bool) -> Arc<Gatehouse> {
    let base = if local {
        "http://localhost:8400"
    } else {
        "https://sign-in.example.com"
    };
    let mut variables = vec![
        ("GATEHOUSE_BASE_URL", base.to_owned()),
        ("GATEHOUSE_DIRECTORY_TABLE", "directory".to_owned()),
        ("GATEHOUSE_EPHEMERAL_TABLE", "ephemeral".to_owned()),
        ("GATEHOUSE_SECRETS_PREFIX", "gatehouse/test".to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1".to_owned()),
    ];
    if local {
        variables.push(("GATEHOUSE_LOCAL_OPERATOR_KEY_SHA256", key_hash()));
    }
    let config = Config::from_env(
        variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    )
    .unwrap();
    let sdk = gatehouse::aws::sdk_config(&config);
    Gatehouse::new(config, Clock::system(), &sdk)
}

fn context(authorizer: &Value) -> RequestContext {
    let context = json!({
        "accountId": "123456789012",
        "apiId": "api",
        "authorizer": authorizer,
        "http": { "method": "GET", "path": "/operator/v1/nothing" },
        "stage": "$default",
    });
    let context: ApiGatewayV2httpRequestContext = serde_json::from_value(context).unwrap();
    RequestContext::ApiGatewayV2(context)
}

async fn status(
    local: bool,
    authorization: Option<&str>,
    context: Option<RequestContext>,
) -> (StatusCode, Value) {
    // A client id that is none ends before the table is asked.
    let mut request = Request::get("/operator/v1/clients/no.id");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let mut request = request.body(Body::empty()).unwrap();
    if let Some(context) = context {
        request.extensions_mut().insert(context);
    }
    let response = crate::router(gatehouse(local).await)
        .oneshot(request)
        .await
        .unwrap();
    let status = response.status();
    let body = gatehouse::http::body::read(&Default::default(), response.into_body(), 10_000)
        .await
        .unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn locally_the_key_and_nothing_else_opens() {
    let (found, body) = status(true, Some("Bearer operator-key"), None).await;
    assert_eq!(
        (found, &body["code"]),
        (StatusCode::NOT_FOUND, &json!("client_not_found"))
    );
    for wrong in [
        None,
        Some("Bearer operator-kez"),
        Some("Basic operator-key"),
        Some("Bearer"),
        Some("operator-key"),
    ] {
        assert_eq!(
            status(true, wrong, None).await.0,
            StatusCode::UNAUTHORIZED,
            "{wrong:?}"
        );
    }
    // IAM's word is not asked where a key is set.
    let signed = context(&json!({ "iam": { "userArn": "arn:aws:iam::123456789012:user/anna" } }));
    assert_eq!(status(true, None, Some(signed)).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn deployed_only_a_caller_that_iam_names_is_let_in() {
    let signed =
        json!({ "iam": { "userArn": "arn:aws:iam::123456789012:user/anna", "accountId": "123456789012" } });
    assert_eq!(
        status(false, None, Some(context(&signed))).await.0,
        StatusCode::NOT_FOUND
    );
    let unsigned = [
        None,
        Some(context(&json!(null))),
        Some(context(&json!({}))),
        Some(context(&json!({ "iam": {} }))),
        Some(context(&json!({ "iam": { "userArn": "" } }))),
        Some(context(
            &json!({ "jwt": { "claims": { "sub": "arn:aws:iam::1:user/anna" }, "scopes": null } }),
        )),
        Some(context(
            &json!({ "lambda": { "userArn": "arn:aws:iam::1:user/anna" } }),
        )),
    ];
    for unsigned in unsigned {
        let (found, body) = status(false, Some("Bearer operator-key"), unsigned.clone()).await;
        assert_eq!(found, StatusCode::UNAUTHORIZED, "{unsigned:?}");
        assert_eq!(body["code"], "signature_missing");
    }
}
