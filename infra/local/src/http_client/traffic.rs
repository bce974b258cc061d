//! The record of what the SDK sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::{Value, json};

use super::capacity::Capacity;
use super::keys::{self, ItemRef};

/// An AWS service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// DynamoDB.
    DynamoDb,
    /// Secrets Manager.
    SecretsManager,
    /// SES v2.
    Ses,
    /// EventBridge.
    EventBridge,
    /// Anything else.
    Other,
}

impl Service {
    /// Name of its throttling error.
    #[must_use]
    pub fn throttling_error(self) -> &'static str {
        match self {
            Self::DynamoDb => "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            Self::Ses => "TooManyRequestsException",
            Self::SecretsManager | Self::EventBridge | Self::Other => "ThrottlingException",
        }
    }
}

/// One attempt, as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// To whom.
    pub service: Service,
    /// Operation name, such as `TransactWriteItems`.
    pub operation: String,
    /// DynamoDB only: the items it names.
    pub items: Vec<ItemRef>,
    /// DynamoDB only: `ConsistentRead` is set (for a batch: on every table).
    pub consistent: bool,
    /// 1 for the first try, 2 for the SDK's first retry …
    pub attempt: u32,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No answer yet.
    Pending,
    /// An HTTP status.
    Status(u16),
    /// The connection broke.
    NoAnswer,
}

#[derive(Clone, Debug)]
struct Entry {
    call: Call,
    outcome: Outcome,
    capacity: Capacity,
    begun: u64,
    ended: Option<u64>,
}

#[derive(Debug, Default)]
struct Log {
    /// Counts beginnings and ends: an order without a clock.
    tick: u64,
    entries: Vec<Entry>,
    /// Entries before this one were cleared; keeps tickets of calls in flight valid.
    cleared: usize,
    measures_capacity: bool,
}

/// Records every attempt. Cheap to clone; clones share the record.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    log: Arc<Mutex<Log>>,
}

/// Names an attempt in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket(usize);

impl Traffic {
    pub(super) fn begin(&self, call: Call) -> Ticket {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.tick += 1;
        let entry = Entry {
            call,
            outcome: Outcome::Pending,
            capacity: Capacity::default(),
            begun: log.tick,
            ended: None,
        };
        log.entries.push(entry);
        Ticket(log.cleared + log.entries.len() - 1)
    }

    pub(super) fn end(&self, ticket: Ticket, outcome: Outcome) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.tick += 1;
        let (tick, cleared) = (log.tick, log.cleared);
        if let Some(entry) = ticket
            .0
            .checked_sub(cleared)
            .and_then(|index| log.entries.get_mut(index))
        {
            entry.outcome = outcome;
            entry.ended = Some(tick);
        }
    }

    /// Asks DynamoDB from now on what each request consumes.
    pub fn measure_capacity(&self) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.measures_capacity = true;
    }

    pub(super) fn measures_capacity(&self) -> bool {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.measures_capacity
    }

    pub(super) fn consumed(&self, ticket: Ticket, capacity: Capacity) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let at = ticket.0.checked_sub(log.cleared);
        if let Some(entry) = at.and_then(|index| log.entries.get_mut(index)) {
            entry.capacity = capacity;
        }
    }

    /// What was consumed since the last [`Traffic::clear`], as far as it was measured.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let each = log.entries.iter().map(|entry| entry.capacity);
        each.fold(Capacity::default(), std::ops::Add::add)
    }

    /// Forgets what was sent so far.
    pub fn clear(&self) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.cleared += log.entries.len();
        log.entries.clear();
    }

    /// Every attempt since the last [`Traffic::clear`], in the order they were sent.
    #[must_use]
    pub fn calls(&self) -> Vec<(Call, Outcome)> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.entries
            .iter()
            .map(|entry| (entry.call.clone(), entry.outcome))
            .collect()
    }

    /// Attempts by service and operation.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<(Service, String), usize> {
        let mut counts = BTreeMap::new();
        for (call, _) in self.calls() {
            *counts.entry((call.service, call.operation)).or_default() += 1;
        }
        counts
    }

    /// Attempts of one operation.
    #[must_use]
    pub fn count(&self, operation: &str) -> usize {
        self.calls()
            .iter()
            .filter(|(call, _)| call.operation == operation)
            .count()
    }

    /// Round trips to `service` that had to wait for one another: the greatest number of attempts of which none
    /// began before the one before it had ended. Reads sent in parallel count once.
    #[must_use]
    pub fn sequential_round_trips(&self, service: Service) -> usize {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spans: Vec<(u64, u64)> = log
            .entries
            .iter()
            .filter(|entry| entry.call.service == service)
            .map(|entry| (entry.ended.unwrap_or(u64::MAX), entry.begun))
            .collect();
        spans.sort_unstable();
        let mut trips = 0;
        let mut last_end = 0;
        for (ended, begun) in spans {
            if begun > last_end {
                trips += 1;
                last_end = ended;
            }
        }
        trips
    }
}

impl Call {
    /// Reads a request of the SDK.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let (service, operation) = match target.split_once('.') {
            Some(("DynamoDB_20120810", operation)) => (Service::DynamoDb, operation),
            Some(("secretsmanager", operation)) => (Service::SecretsManager, operation),
            Some(("AWSEvents", operation)) => (Service::EventBridge, operation),
            Some((_, operation)) => (Service::Other, operation),
            None if request.uri().contains("/v2/email/outbound-emails") => (Service::Ses, "SendEmail"),
            None => (Service::Other, request.method()),
        };
        let body: Value = match (service, request.body().bytes()) {
            (Service::DynamoDb, Some(bytes)) => serde_json::from_slice(bytes).unwrap_or_default(),
            _ => Value::Null,
        };
        Self {
            service,
            operation: operation.to_owned(),
            items: keys::items(operation, &body),
            consistent: is_consistent(&body),
            attempt: attempt(request.headers().get("amz-sdk-request")),
        }
    }

    /// An error as this service words it.
    pub(super) fn error_body(&self, kind: &str, message: &str) -> String {
        json!({ "__type": kind, "message": message }).to_string()
    }

    /// DynamoDB's answer to a request that met a transaction.
    pub(super) fn conflict_body(&self) -> String {
        if self.operation != "TransactWriteItems" && self.operation != "TransactGetItems" {
            let kind = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";
            return self.error_body(kind, "Transaction is ongoing for the item");
        }
        let reason =
            json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" });
        let codes = vec!["TransactionConflict"; self.items.len()].join(", ");
        json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "message": format!(
                "Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
            ),
            "CancellationReasons": vec![reason; self.items.len()],
        })
        .to_string()
    }
}

fn is_consistent(body: &Value) -> bool {
    let flag = |value: &Value| {
        value
            .get("ConsistentRead")
            .and_then(Value::as_bool)
            .unwrap_or(false)
    };
    match body.get("RequestItems").and_then(Value::as_object) {
        Some(tables) => !tables.is_empty() && tables.values().all(flag),
        None => flag(body),
    }
}

/// Which attempt of its operation a request is, from 1, by its `amz-sdk-request` header: `attempt=2; max=4`.
pub(crate) fn attempt(header: Option<&str>) -> u32 {
    header
        .unwrap_or_default()
        .split(';')
        .find_map(|part| part.trim().strip_prefix("attempt=")?.parse().ok())
        .unwrap_or(1)
}
