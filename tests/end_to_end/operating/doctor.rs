//! What the doctor sees: a stack that is well, and stacks that were broken on purpose.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gatehouse::redacted::Secret;
use gatehouse_cli::client::Client;
use gatehouse_cli::doctor::{Finding, Outcome, Summary, examine};
use gatehouse_cli::signer::Signer;
use gatehouse_local::functions;
use gatehouse_local::http_client::{Fault, Service, When};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;

use super::{Fresh, fresh, good, of, operator, says, serve, wanted};

/// What is well in every stack here.
const WELL: [&str; 17] = [
    "issuer",
    "clock",
    "security headers",
    "signing keys",
    "one way in",
    "function sign_in",
    "function saml_acs",
    "function saml_metadata",
    "function saml_logout",
    "function oidc_callback",
    "function owner_portal",
    "function scim_users",
    "function scim_groups",
    "function scim_root",
    "operator API is closed",
    "operator API is open to you",
    "app client",
];

async fn bootstrapped() -> Fresh {
    let fresh = fresh();
    fresh.bootstrap(&wanted()).await.1.unwrap();
    fresh
}

/// The functions, with something before them, on another address.
fn behind(fresh: &Fresh) -> Router {
    gatehouse_local::gateway::router(functions::routers(&fresh.gatehouse))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_what_bootstrap_has_to_make_and_then_is_content() {
    let fresh = fresh();
    let before = fresh.findings().await;
    says(&before, "issuer", "gatehouse bootstrap");
    says(&before, "signing keys", "gatehouse bootstrap");
    says(&before, "app client", "gatehouse bootstrap");

    fresh.bootstrap(&wanted()).await.1.unwrap();
    let written = fresh.local.dynamodb().stream_records(None, 1_000).unwrap().len();
    let after = fresh.findings().await;
    for check in WELL {
        good(&after, check);
    }
    let now = fresh.local.dynamodb().stream_records(None, 1_000).unwrap().len();
    assert_eq!(now, written, "the doctor changes nothing");
    let summary = Summary::of(&after);
    assert_eq!(summary.good + summary.mend + summary.unknown, after.len());
    assert!(after.iter().all(|finding| !finding.to_string().contains("ghcs_")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_call_the_operators_api_is_told_of_the_policy() {
    let fresh = bootstrapped().await;
    let stranger = Client::new(Signer::LocalKey(Secret::new("wrong"))).unwrap();
    let findings = examine(&fresh.stack, &stranger, fresh.local.sdk_config()).await;
    says(&findings, "operator API is open to you", "OperatorPolicyArn");
    good(&findings, "operator API is closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operators_api_that_is_open_to_everybody_is_named() {
    let mut fresh = bootstrapped().await;
    let open = Router::new().route(
        "/operator/v1/tenants",
        get(async || axum::Json(json!({ "items": [] }))),
    );
    fresh.stack.operator_url = serve(open).await;
    says(&fresh.findings().await, "operator API is closed", "AWS_IAM");
}

/// A firewall's default rules: no large bodies, no programs without a User-Agent.
async fn firewall(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    if body.len() > 8_192 || !parts.headers.contains_key("user-agent") {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(Request::from_parts(parts, body.into())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_firewall_that_identity_providers_trip_over_is_named() {
    let mut fresh = bootstrapped().await;
    fresh.stack.base_url = serve(behind(&fresh).layer(from_fn(firewall))).await;
    let findings = fresh.findings().await;
    says(&findings, "function saml_acs", "NoUserAgent_HEADER");
    good(&findings, "function saml_metadata");
}

async fn without_headers(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    *answer.headers_mut() = HeaderMap::new();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_removes_headers_is_named() {
    let mut fresh = bootstrapped().await;
    fresh.stack.base_url = serve(behind(&fresh).layer(from_fn(without_headers))).await;
    says(&fresh.findings().await, "security headers", "CloudFront");
}

/// A function that cannot read its table: a role too narrow, a key that is disabled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_that_fail_are_named_with_their_log_groups() {
    let fresh = bootstrapped().await;
    let denied = Fault::Answer {
        status: 400,
        body: r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"no"}"#.to_owned(),
    };
    let everything = When::any().of(Service::DynamoDb);
    let fault = fresh.local.faults().inject(everything, denied);
    let findings = fresh.findings().await;
    fault.withdraw();
    for function in ["saml_metadata", "saml_acs", "scim_users", "owner_portal"] {
        let group = format!("/aws/lambda/local-{function}");
        says(&findings, &format!("function {function}"), &group);
    }
    says(
        &findings,
        "operator API is open to you",
        "/aws/lambda/local-operator_api",
    );
    good(&findings, "issuer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_leads_nowhere_or_to_another_stack_is_named() {
    let (mut fresh, other) = (bootstrapped().await, bootstrapped().await);
    let mut elsewhere = fresh.stack.clone();
    elsewhere.base_url = other.stack.base_url.replace("localhost", "127.0.0.1");
    let findings = examine(&elsewhere, &operator(), fresh.local.sdk_config()).await;
    says(&findings, "issuer", "another stack");

    fresh.stack.base_url = serve(Router::new()).await;
    let findings = fresh.findings().await;
    says(&findings, "issuer", "/aws/lambda/local-openid_provider");
    says(&findings, "function sign_in", "infra/public_routes.yaml");

    fresh.stack.base_url = "http://127.0.0.1:1".to_owned();
    let findings = fresh.findings().await;
    says(&findings, "address", "CustomDomainTarget");
    let unknown = |finding: &&Finding| matches!(finding.outcome, Outcome::Unknown(_));
    let functions = findings
        .iter()
        .filter(|finding| finding.check.starts_with("function"));
    assert_eq!(functions.filter(unknown).count(), 9, "{findings:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_way_in_is_named() {
    let mut fresh = bootstrapped().await;
    fresh.stack.execute_api_url = serve(behind(&fresh)).await;
    says(&fresh.findings().await, "one way in", "DisableExecuteApiEndpoint");
    fresh.stack.execute_api_url = fresh.stack.base_url.clone();
    says(&fresh.findings().await, "one way in", "DomainName");
}

/// The embedded tables stand for a trial's: nothing protects them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_looked_at() {
    let mut fresh = bootstrapped().await;
    let findings = fresh.findings().await;
    says(&findings, "table Directory", "DeletionProtection");
    good(&findings, "time to live of Directory");
    good(&findings, "time to live of Ephemeral");
    // The other table in its place has no stream: no event would leave.
    fresh.stack.directory_table = "Ephemeral".to_owned();
    says(&fresh.findings().await, "table Directory", "NEW_IMAGE");
    fresh.stack.directory_table = "Elsewhere".to_owned();
    let findings = fresh.findings().await;
    says(&findings, "table Directory", "RestoredDirectoryTable");
    assert!(matches!(of(&findings, "SES account"), Outcome::Unknown(_)));
}
