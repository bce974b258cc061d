//! The event source mapping of the table's stream: what Lambda does between the stream and `outbox_relay`.
//!
//! Batches of new outbox items go to the same handler as in AWS, one batch at a time. A batch that fails comes again
//! from the first record that was named; how far it came is kept in a file, so that a restart goes on there.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use gatehouse::app::outbox_relay::Relay;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::aws::dynamodb::DynamoDb;
use crate::http_client::permissions::run_as;

/// Records of one batch, as the deployed mapping has it (`BatchSize`).
const BATCH: usize = 100;
/// Records read from the stream at once.
const READ: usize = 1_000;
/// Between two looks at a stream that has no more than one batch (`MaximumBatchingWindowInSeconds`, in small).
const WINDOW: Duration = Duration::from_millis(250);
/// How long a failed batch waits before it comes again.
const AFTER_FAILURE: Duration = Duration::from_secs(2);
/// A failed batch comes again so often before [`EventSource::drain`] gives up.
const MOST_FAILURES: usize = 10;

/// The mapping. Cheap to clone; clones share how far they have come.
#[derive(Clone)]
pub struct EventSource {
    dynamodb: DynamoDb,
    relay: Arc<Relay>,
    position: Position,
}

/// How far the stream was carried. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Position {
    file: Option<PathBuf>,
    came_to: Arc<Mutex<Option<String>>>,
}

impl Position {
    /// Where `file` says that an earlier process came to, else the stream's beginning.
    #[must_use]
    pub fn kept_in(file: Option<PathBuf>) -> Self {
        let came_to = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        Self {
            file,
            came_to: Arc::new(Mutex::new(came_to)),
        }
    }
}

/// How one step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The stream has nothing more.
    End,
    /// So many outbox items went through; whether the stream may have more already.
    Carried(usize, bool),
    /// So many went through before one that must come again.
    Failed(usize),
}

impl EventSource {
    /// A mapping that goes on from `position`.
    #[must_use]
    pub fn new(dynamodb: DynamoDb, relay: Arc<Relay>, position: Position) -> Self {
        Self {
            dynamodb,
            relay,
            position,
        }
    }

    /// Goes on until it is dropped.
    pub async fn run(self) {
        loop {
            let wait = match self.step().await {
                Ok(Step::Carried(_, true)) => continue,
                Ok(Step::Carried(_, false) | Step::End) => WINDOW,
                Ok(Step::Failed(_)) => AFTER_FAILURE,
                Err(error) => {
                    tracing::error!(%error, "the stream could not be relayed");
                    AFTER_FAILURE
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Carries all that the stream has now, and says how many outbox items that were.
    ///
    /// # Errors
    /// When the stream cannot be read, or a record fails again and again.
    pub async fn drain(&self) -> Result<usize, String> {
        let (mut carried, mut failures) = (0, 0);
        loop {
            match self.step().await? {
                Step::End => return Ok(carried),
                Step::Carried(count, _) => carried += count,
                Step::Failed(count) => {
                    carried += count;
                    failures += 1;
                    if failures == MOST_FAILURES {
                        return Err("a record of the stream fails again and again".to_owned());
                    }
                }
            }
        }
    }

    /// Hands one batch to the function, and remembers how far it came. Nobody else does so meanwhile.
    async fn step(&self) -> Result<Step, String> {
        let mut came_to = self.position.came_to.lock().await;
        let (dynamodb, after) = (self.dynamodb.clone(), came_to.clone());
        let read = tokio::task::spawn_blocking(move || dynamodb.stream_records(after.as_deref(), READ));
        let read = read.await.map_err(|error| error.to_string())?;
        let read = read.map_err(|error| error.to_string())?;
        let Some(mut last) = read.last().and_then(sequence_number).map(str::to_owned) else {
            return Ok(Step::End);
        };
        let more = read.len() == READ;
        let mut batch: Vec<Value> = Vec::new();
        for record in read {
            if batch.len() == BATCH {
                // The rest is read again, after the last of this batch.
                last = batch.last().and_then(sequence_number).map_or(last, str::to_owned);
                break;
            }
            if passes(&record) {
                batch.push(record);
            }
        }
        let step = if batch.is_empty() {
            Step::Carried(0, more)
        } else {
            let work = outbox_relay::handle(&self.relay, json!({ "Records": batch }));
            let answer = run_as("outbox_relay", work).await;
            match first_failure(&batch, &answer) {
                None => Step::Carried(batch.len(), more || batch.len() == BATCH),
                Some(0) => return Ok(Step::Failed(0)),
                Some(place) => {
                    let before = batch.get(place - 1).and_then(sequence_number);
                    last = before.map_or(last, str::to_owned);
                    Step::Failed(place)
                }
            }
        };
        if let Some(file) = &self.position.file {
            crate::data_dir::write_private(file, last.as_bytes()).map_err(|error| error.to_string())?;
        }
        *came_to = Some(last);
        Ok(step)
    }
}

fn sequence_number(record: &Value) -> Option<&str> {
    record.pointer("/dynamodb/SequenceNumber")?.as_str()
}

/// Place in the batch of the first record that the answer names.
fn first_failure(batch: &[Value], answer: &Value) -> Option<usize> {
    let named: Vec<&str> = answer
        .get("batchItemFailures")?
        .as_array()?
        .iter()
        .filter_map(|failure| failure.get("itemIdentifier")?.as_str())
        .collect();
    batch
        .iter()
        .position(|record| sequence_number(record).is_some_and(|number| named.contains(&number)))
}

static FILTER: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(outbox_relay::FILTER).unwrap_or_default());

/// What the mapping's filter says of a record: each list is an "or", each object an "and", over equal texts and prefixes.
fn passes(record: &Value) -> bool {
    fits(&FILTER, record)
}

fn fits(filter: &Value, value: &Value) -> bool {
    match filter {
        Value::Object(members) => members
            .iter()
            .all(|(name, wanted)| value.get(name).is_some_and(|value| fits(wanted, value))),
        Value::Array(any) => any
            .iter()
            .any(|one| match one.get("prefix").and_then(Value::as_str) {
                Some(prefix) => value.as_str().is_some_and(|text| text.starts_with(prefix)),
                None => one == value,
            }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => filter == value,
    }
}
