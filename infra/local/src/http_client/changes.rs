//! Changes of what a process may remember: connections, tenants, domains, app clients, keys, secrets.
//!
//! Deployed, each function believes what it has read for up to minutes. Tests do not wait for that: whoever remembers
//! such things is told when one changes, and forgets. So every function sees a change at once, and asks for it itself.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::Value;

use super::keys::{self, ItemRef};
use super::permissions;
use super::traffic::{Call, Service};

type Listener = Box<dyn Fn() + Send + Sync>;

/// Who is told of changes. Clones share it.
#[derive(Clone, Default)]
pub struct Changes(Arc<Inner>);

#[derive(Default)]
struct Inner {
    listeners: Mutex<Vec<Listener>>,
    unnoticed: AtomicBool,
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").finish_non_exhaustive()
    }
}

impl Changes {
    /// Calls `listener` after each change.
    pub fn listen(&self, listener: impl Fn() + Send + Sync + 'static) {
        let mut all = self.0.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Box::new(listener));
    }

    /// From now on nobody is told: each process believes what it has read for as long as it does when deployed.
    pub fn go_unnoticed(&self) {
        self.0.unnoticed.store(true, Ordering::SeqCst);
    }

    fn tell(&self) {
        if self.0.unnoticed.load(Ordering::SeqCst) {
            return;
        }
        let all = self.0.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().for_each(|listener| listener());
    }

    /// What tells of the change that the request makes, once it is answered, lost or given up; `None` when it makes none.
    pub(super) fn of(&self, call: &Call, request: &HttpRequest) -> Option<Change> {
        let body = || {
            let body = request.body().bytes().unwrap_or_default();
            serde_json::from_slice::<Value>(body).unwrap_or_default()
        };
        let changes = match call.service {
            Service::SecretsManager => {
                !matches!(call.operation.as_str(), "GetSecretValue" | "DescribeSecret")
            }
            Service::DynamoDb if writes(&call.operation) => touches_remembered(&call.operation, &body()),
            Service::DynamoDb | Service::Ses | Service::EventBridge | Service::Other => false,
        };
        changes.then(|| Change(self.clone()))
    }
}

/// A change under way.
pub(super) struct Change(Changes);

impl Drop for Change {
    fn drop(&mut self) {
        self.0.tell();
    }
}

fn writes(operation: &str) -> bool {
    matches!(
        operation,
        "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems"
    )
}

fn touches_remembered(operation: &str, body: &Value) -> bool {
    let actions = permissions::actions(operation, body);
    let items = keys::items(operation, body).into_iter().enumerate();
    let mut written =
        items.filter(|(place, _)| actions.get(*place).is_none_or(|of| *of != "ConditionCheckItem"));
    written.any(|(_, item)| is_remembered(&item))
}

/// Connections, domains, app clients and keys, and of a tenant's partition its record and the mirrors of these.
fn is_remembered(item: &ItemRef) -> bool {
    match item.pk_kind.as_str() {
        "C" | "D" | "CL" | "TOK" => true,
        "T" => matches!(item.sk_kind.as_str(), "." | "C" | "D" | "TOK"),
        _ => false,
    }
}

#[cfg(test)]
#[path = "changes_tests.rs"]
mod tests;
