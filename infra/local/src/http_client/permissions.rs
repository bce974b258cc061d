//! What a function's role must allow: each request of the SDK as IAM sees it, recorded for the function that made it.
//!
//! The end-to-end tests hold [`Asked`] against the roles of `infra/roles.yaml` whenever a deployment of theirs ends. A
//! record for writing the roles anew is made when the variable `GATEHOUSE_CALLS` names a file; lines are appended, each
//! at most once for a process (`tests/roles`).

use std::collections::{BTreeSet, HashSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use serde_json::Value;

use super::keys;
use super::traffic::{Call, Service};

tokio::task_local! {
    static FUNCTION: &'static str;
}

/// A function's router, whose requests to AWS are recorded as that function's.
pub fn attributed(function: &'static str, router: Router) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| {
        FUNCTION.scope(function, next.run(request))
    }))
}

/// Runs what a schedule or a stream starts as that function.
pub async fn run_as<F: Future>(function: &'static str, work: F) -> F::Output {
    FUNCTION.scope(function, work).await
}

/// One permission: an action on a resource, and for DynamoDB the kind of the partition key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    /// Such as `dynamodb:GetItem`.
    pub action: String,
    /// `table/Directory`, `table/Directory/index/LastModified`, `secret/connection/*/sp-signing`, `identity`, `bus`.
    pub resource: String,
    /// `U#*`, or a whole key without parts such as `TS`; empty where there is none.
    pub key: String,
}

impl Permission {
    fn new(action: &str, resource: &str, key: &str) -> Self {
        Self {
            action: action.to_owned(),
            resource: resource.to_owned(),
            key: key.to_owned(),
        }
    }
}

/// What the functions of one deployment have asked of AWS. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Asked(Arc<Mutex<BTreeSet<(&'static str, Permission)>>>);

impl Asked {
    /// Each permission that a function needed, with the function's name.
    #[must_use]
    pub fn all(&self) -> BTreeSet<(&'static str, Permission)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether this run makes a record, and the roles are to be written anew from it.
#[must_use]
pub fn is_recording() -> bool {
    RECORDER.is_some()
}

/// Notes a request that a function made.
pub(super) fn record(asked: &Asked, call: &Call, request: &HttpRequest) {
    let Ok(function) = FUNCTION.try_with(|function| *function) else {
        return;
    };
    let body = request.body().bytes().unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    for permission in of(call.service, &call.operation, &body) {
        if let Some(recorder) = &*RECORDER {
            recorder.write(function, &permission);
        }
        let mut asked = asked.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert((function, permission));
    }
}

/// What a request needs.
#[must_use]
pub fn of(service: Service, operation: &str, body: &Value) -> Vec<Permission> {
    match service {
        Service::DynamoDb => on_tables(operation, body),
        Service::SecretsManager => {
            let secret = secret(body);
            vec![Permission::new(
                &format!("secretsmanager:{operation}"),
                &secret,
                "",
            )]
        }
        // SES v2 checks the older action too when the content is a raw message.
        Service::Ses => vec![
            Permission::new("ses:SendEmail", "identity", ""),
            Permission::new("ses:SendRawEmail", "identity", ""),
        ],
        Service::EventBridge => vec![Permission::new(&format!("events:{operation}"), "bus", "")],
        Service::Other => vec![Permission::new(operation, "other", "")],
    }
}

fn on_tables(operation: &str, body: &Value) -> Vec<Permission> {
    let index = body
        .get("IndexName")
        .and_then(Value::as_str)
        .map(|index| format!("/index/{index}"))
        .unwrap_or_default();
    let actions = actions(operation, body);
    let items = keys::items(operation, body);
    if operation == "BatchGetItem" {
        return of_a_batch(&items);
    }
    let with = |(place, item): (usize, keys::ItemRef)| {
        let action = actions.get(place).or_else(|| actions.first())?;
        let resource = format!("table/{}{index}", item.table);
        Some(Permission::new(
            &format!("dynamodb:{action}"),
            &resource,
            &item.partition,
        ))
    };
    items.into_iter().enumerate().filter_map(with).collect()
}

/// A batch over several tables is one request: `dynamodb:LeadingKeys` holds all its keys, whichever table is asked for.
fn of_a_batch(items: &[keys::ItemRef]) -> Vec<Permission> {
    let tables: BTreeSet<&str> = items.iter().map(|item| item.table.as_str()).collect();
    let of = |table| {
        let resource = format!("table/{table}");
        let each =
            move |item: &keys::ItemRef| Permission::new("dynamodb:BatchGetItem", &resource, &item.partition);
        items.iter().map(each)
    };
    tables.into_iter().flat_map(of).collect()
}

/// The action of each item: a transaction is allowed item by item.
pub(super) fn actions(operation: &str, body: &Value) -> Vec<&'static str> {
    let in_transaction = |item: &Value| {
        let kinds = [
            ("Put", "PutItem"),
            ("Update", "UpdateItem"),
            ("Delete", "DeleteItem"),
            ("ConditionCheck", "ConditionCheckItem"),
            ("Get", "GetItem"),
        ];
        let found = kinds.iter().find(|(kind, _)| item.get(kind).is_some());
        found.map_or("unknown", |(_, action)| *action)
    };
    match operation {
        "TransactWriteItems" | "TransactGetItems" => {
            let items = body.get("TransactItems").and_then(Value::as_array);
            items.into_iter().flatten().map(in_transaction).collect()
        }
        "GetItem" => vec!["GetItem"],
        "PutItem" => vec!["PutItem"],
        "UpdateItem" => vec!["UpdateItem"],
        "DeleteItem" => vec!["DeleteItem"],
        "Query" => vec!["Query"],
        "Scan" => vec!["Scan"],
        "BatchGetItem" => vec!["BatchGetItem"],
        "BatchWriteItem" => vec!["BatchWriteItem"],
        _ => vec!["unknown"],
    }
}

/// `gatehouse/local/connection/{id}/sp-signing` → `secret/connection/*/sp-signing`.
fn secret(body: &Value) -> String {
    let name = ["SecretId", "Name"]
        .iter()
        .find_map(|field| body.get(field)?.as_str())
        .unwrap_or_default();
    let parts: Vec<&str> = name.split('/').skip(2).collect();
    match parts.as_slice() {
        [kind, _, leaf] => format!("secret/{kind}/*/{leaf}"),
        [kind, leaf] => format!("secret/{kind}/{leaf}"),
        _ => "secret/unknown".to_owned(),
    }
}

struct Recorder {
    file: Mutex<(File, HashSet<String>)>,
}

static RECORDER: LazyLock<Option<Recorder>> = LazyLock::new(Recorder::from_environment);

impl Recorder {
    #[expect(
        clippy::disallowed_methods,
        reason = "a switch of the test harness, read once"
    )]
    fn from_environment() -> Option<Self> {
        let path = std::env::var_os("GATEHOUSE_CALLS")?;
        match OpenOptions::new().create(true).append(true).open(&path) {
            Ok(file) => Some(Self {
                file: Mutex::new((file, HashSet::new())),
            }),
            Err(error) => {
                tracing::error!(%error, "GATEHOUSE_CALLS cannot be written");
                None
            }
        }
    }

    fn write(&self, function: &str, permission: &Permission) {
        let Permission {
            action,
            resource,
            key,
        } = permission;
        let line = format!("{function}\t{action}\t{resource}\t{key}\n");
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // One write for a line, so that processes that share the file do not mix theirs.
        if file.1.insert(line.clone())
            && let Err(error) = file.0.write_all(line.as_bytes())
        {
            tracing::error!(%error, "GATEHOUSE_CALLS cannot be written");
        }
    }
}

#[cfg(test)]
#[path = "permissions_tests.rs"]
mod tests;
