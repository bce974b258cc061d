//! The built tool against the built functions: its requests are signed, as API Gateway wants them.

use std::process::{Command, Output};

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use gatehouse_local::{Local, Options};
use gatehouse_tests::lambda::{Deployment, PRINCIPAL, program};
use gatehouse_tests::sigv4::is_signed;
use http::StatusCode;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::outputs;

/// What signs here.
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const FUNCTIONS: [&str; 3] = ["openid_provider", "operator_api", "sign_in"];

/// API Gateway before the operator's routes: without a right signature nothing reaches the function.
async fn iam(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/operator/") {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    if is_signed(&parts, &body, SECRET, ("eu-central-1", "execute-api")) {
        return next.run(Request::from_parts(parts, Body::from(body))).await;
    }
    (StatusCode::FORBIDDEN, r#"{"message":"Forbidden"}"#).into_response()
}

/// Runs the tool; gives what it printed.
async fn run(local: &Local, folder: &std::path::Path, arguments: &[&str], secret: &str) -> Output {
    let path = tokio::task::spawn_blocking(|| program("gatehouse"))
        .await
        .unwrap();
    let file = folder.join("outputs.json");
    std::fs::write(&file, outputs(local, "gatehouse/test").to_string()).unwrap();
    let (dynamodb, others) = local.endpoint_urls();
    let mut command = Command::new(path);
    command
        .env_clear()
        .arg("--outputs")
        .arg(&file)
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL_DYNAMODB", dynamodb)
        .env("AWS_ENDPOINT_URL", others);
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bootstrap_and_doctor_as_the_cloud_team_runs_them() {
    let local = Local::start(&Options::in_memory()).unwrap();
    let deployment = Deployment::start(&FUNCTIONS, &local, local.base_url())
        .await
        .unwrap();
    local.serve_functions([deployment.router(Some(PRINCIPAL)).layer(from_fn(iam))]);
    let folder = tempfile::tempdir().unwrap();
    let bootstrap = [
        "bootstrap",
        "--redirect-uri",
        "https://app.example.com/callback",
        "--tenant",
        "Acme & Söhne",
    ];

    // Whoever has another secret is no operator, and makes nothing.
    let refused = run(&local, folder.path(), &bootstrap, "another").await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("403 Forbidden"),
        "{}",
        text(&refused.stderr)
    );

    let made = run(&local, folder.path(), &bootstrap, SECRET).await;
    assert!(made.status.success(), "{}", text(&made.stderr));
    let shown: Value = serde_json::from_slice(&made.stdout).unwrap();
    let secret = shown["app_client"]["client_secret"].as_str().unwrap();
    assert!(secret.starts_with("ghcs_"), "the secret is shown, once");
    assert!(shown["tenant"]["owner_key"].is_string() && shown["tenant"]["id"].is_string());
    assert!(
        !text(&made.stdout).contains("PRIVATE") && made.stderr.is_empty(),
        "{}",
        text(&made.stderr)
    );

    let again = run(&local, folder.path(), &bootstrap, SECRET).await;
    assert!(again.status.success(), "{}", text(&again.stderr));
    let shown: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(shown, json!({ "app_client": null, "tenant": null }));

    // The functions that do not run here are missing; the tables of a trial are not protected.
    let doctor = run(&local, folder.path(), &["doctor"], SECRET).await;
    let said = text(&doctor.stdout);
    assert_eq!(doctor.status.code(), Some(1), "{said}{}", text(&doctor.stderr));
    for line in [
        "good  issuer: ",
        "good  signing keys: ",
        "good  operator API is closed: ",
        "good  operator API is open to you: ",
        "good  app client: 1 registered",
        "MEND  function scim_users: ",
        "MEND  table Directory: ",
        " to mend, ",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(!said.contains(secret));
}
