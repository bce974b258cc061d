//! The cloud team's own tool on a stack of the embedded services: what it makes, and what it finds.

mod bootstrap;
mod doctor;
mod program;

use std::sync::Arc;

use axum::Router;
use gatehouse::app::Gatehouse;
use gatehouse::redacted::Secret;
use gatehouse_cli::bootstrap::{BootstrapError, Made, Wanted, bootstrap};
use gatehouse_cli::client::Client;
use gatehouse_cli::doctor::{Finding, Outcome, examine};
use gatehouse_cli::signer::Signer;
use gatehouse_cli::stack::Stack;
use gatehouse_local::Local;
use gatehouse_local::functions::{self, Settings};
use gatehouse_local::seed::sha256_hex;
use gatehouse_tests::admin::OPERATOR_KEY;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A deployment with nothing in it, served over HTTP: no keys, no client, no tenant.
struct Fresh {
    local: Local,
    gatehouse: Arc<Gatehouse>,
    stack: Stack,
}

fn fresh() -> Fresh {
    let local = gatehouse_tests::local_at_noon();
    let settings = Settings {
        operator_key_sha256: Some(sha256_hex(OPERATOR_KEY)),
        ..Settings::default()
    };
    let gatehouse = functions::gatehouse(&local, &settings).unwrap();
    local.serve_functions(functions::routers(&gatehouse));
    let stack = Stack::from_outputs(&outputs(&local, "gatehouse/local").to_string()).unwrap();
    Fresh {
        local,
        gatehouse,
        stack,
    }
}

/// What `aws cloudformation describe-stacks --query 'Stacks[0].Outputs'` prints.
fn outputs(local: &Local, secrets: &str) -> Value {
    json!([
        { "OutputKey": "BaseUrl", "OutputValue": local.base_url(), "Description": "Where Gatehouse is reached." },
        { "OutputKey": "OperatorApiUrl", "OutputValue": local.base_url() },
        { "OutputKey": "ExecuteApiUrl", "OutputValue": "http://127.0.0.1:1" },
        { "OutputKey": "DirectoryTable", "OutputValue": "Directory" },
        { "OutputKey": "EphemeralTable", "OutputValue": "Ephemeral" },
        { "OutputKey": "EventBusName", "OutputValue": "gatehouse" },
        { "OutputKey": "SecretsPrefix", "OutputValue": secrets },
        { "OutputKey": "MailIdentity", "OutputValue": "gatehouse.example" },
        { "OutputKey": "Region", "OutputValue": "eu-central-1" },
        { "OutputKey": "Another", "OutputValue": "is of no concern" },
    ])
}

fn operator() -> Client {
    Client::new(Signer::LocalKey(Secret::new(OPERATOR_KEY))).unwrap()
}

fn wanted() -> Wanted {
    Wanted {
        redirect_uris: vec!["https://app.example.com/callback".to_owned()],
        client_name: "App".to_owned(),
        tenant: Some("Acme".to_owned()),
    }
}

impl Fresh {
    async fn bootstrap(&self, wanted: &Wanted) -> (Made, Result<(), BootstrapError>) {
        bootstrap(&self.gatehouse, &operator(), &self.stack.operator_url, wanted).await
    }

    async fn findings(&self) -> Vec<Finding> {
        examine(&self.stack, &operator(), self.local.sdk_config()).await
    }

    /// A list of the operator's API.
    async fn list(&self, path: &str) -> Vec<Value> {
        let url = format!("{}/operator/v1{path}", self.stack.operator_url);
        let answer = operator().operator_get(&url).await.unwrap();
        answer.json()["items"].as_array().unwrap().clone()
    }
}

/// Serves something on loopback until the test ends, and says where.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[track_caller]
fn of<'a>(findings: &'a [Finding], check: &str) -> &'a Outcome {
    let found = findings.iter().find(|finding| finding.check == check);
    &found
        .unwrap_or_else(|| panic!("no {check} in {findings:?}"))
        .outcome
}

#[track_caller]
fn good(findings: &[Finding], check: &str) {
    let outcome = of(findings, check);
    assert!(matches!(outcome, Outcome::Good(_)), "{check}: {outcome:?}");
}

#[track_caller]
fn says(findings: &[Finding], check: &str, wanted: &str) {
    match of(findings, check) {
        Outcome::Mend { mend, .. } => assert!(mend.contains(wanted), "{check}: {mend}"),
        other => panic!("{check}: {other:?}"),
    }
}
