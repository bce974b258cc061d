//! DynamoDB on this machine: `dynoxide` (DynamoDB on SQLite) behind its own loopback port, thread and runtime.
//!
//! A write is acknowledged after SQLite's commit (write-ahead log, `synchronous = FULL`): neither a killed process nor
//! a power cut loses it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use dynoxide::storage::Storage;
use dynoxide::{Database, DynoxideError};
use gatehouse::clock::Clock;
use serde_json::{Value, json};

use super::dynamodb_rows::Rows;
use super::server_thread::{self, ServerThread, Stop};
use super::tables;

/// How often expired items are removed without being asked (AWS promises "within a few days").
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// Up to this size the whole file is checked at start (≈ 0.1 s); above, only its header and schema.
const FULL_CHECK_UP_TO_BYTES: u64 = 64 * 1024 * 1024;
/// `dynoxide` asks for the greatest sequence number at every write and has no index for it: without this one, each
/// write reads every stream record ever written.
const STREAM_INDEX: &str = "CREATE INDEX IF NOT EXISTS gatehouse_stream_sequence \
     ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// Where the tables lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backing {
    /// In memory, gone at the end: for tests.
    Memory,
    /// In this SQLite file (and `-wal`, `-shm` beside it).
    File(PathBuf),
}

/// The local DynamoDB cannot start or answer.
#[derive(Debug, thiserror::Error)]
pub enum DynamoDbError {
    /// The file is no usable database.
    #[error("the database {path} is damaged or no database ({detail}): move it away, or start with --fresh")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// No loopback port, thread or temporary file could be had.
    #[error("the local DynamoDB cannot start: {0}")]
    System(#[from] std::io::Error),
    /// The engine refused a request of ours.
    #[error("the local DynamoDB failed: {0}")]
    Engine(String),
}

impl DynamoDbError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Damaged { .. } => "database_damaged",
            Self::System(_) => "database_not_started",
            Self::Engine(_) => "database_failed",
        }
    }
}

fn engine(error: DynoxideError) -> DynamoDbError {
    DynamoDbError::Engine(error.to_string())
}

/// A running local DynamoDB with both tables. Cheap to clone; stops when the last clone is dropped.
#[derive(Clone)]
pub struct DynamoDb {
    inner: Arc<Inner>,
}

struct Inner {
    tables: Tables,
    endpoint_url: String,
    _server: ServerThread,
}

impl fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDb")
            .field("endpoint_url", &self.inner.endpoint_url)
            .field("backing", &self.inner.tables.backing)
            .finish()
    }
}

impl DynamoDb {
    /// Opens or creates the tables and serves them. `clock` decides what the sweep finds expired.
    ///
    /// # Errors
    /// [`DynamoDbError`] when the file is damaged or no port can be had.
    pub fn start(backing: Backing, clock: &Clock) -> Result<Self, DynamoDbError> {
        let tables = Tables::open(backing, clock)?;
        let (listener, address) = server_thread::listen()?;
        let served = tables.clone();
        let server = ServerThread::spawn("dynamodb", move |stop| serve(listener, served, stop))?;
        let endpoint_url = format!("http://{address}");
        Ok(Self {
            inner: Arc::new(Inner {
                tables,
                endpoint_url,
                _server: server,
            }),
        })
    }

    /// What the SDK's `endpoint_url` must be.
    #[must_use]
    pub fn endpoint_url(&self) -> &str {
        &self.inner.endpoint_url
    }

    /// For requests of this process.
    #[must_use]
    pub fn engine(&self) -> Engine {
        Engine(Arc::downgrade(&self.inner))
    }

    /// Removes every item whose `ttl` has passed by the harness clock; returns how many. Blocks.
    ///
    /// # Errors
    /// [`DynamoDbError::Engine`] when SQLite fails.
    pub fn sweep_ttl(&self) -> Result<usize, DynamoDbError> {
        self.inner.tables.sweep()
    }

    /// Every item of a table, with its attribute types: for tests of what must not be there. Blocks.
    ///
    /// # Errors
    /// [`DynamoDbError::Engine`] when SQLite fails.
    pub fn items(&self, table: &str) -> Result<Vec<Value>, DynamoDbError> {
        self.inner.tables.items(table)
    }

    /// Stream records of [`tables::DIRECTORY`] after a sequence number (from the first without one), at most `limit`
    /// (≤ 1,000), oldest first, each in the shape that Lambda's event source mapping hands to a function. Blocks.
    ///
    /// # Errors
    /// [`DynamoDbError::Engine`] for a sequence number that was never issued.
    pub fn stream_records(&self, after: Option<&str>, limit: usize) -> Result<Vec<Value>, DynamoDbError> {
        self.inner.tables.stream_records(after, limit)
    }
}

/// The engine behind a [`DynamoDb`], as long as that runs. Cheap to clone; keeps nothing running.
#[derive(Clone, Debug)]
pub struct Engine(Weak<Inner>);

impl Engine {
    /// The engine's own interface; `None` once the last [`DynamoDb`] is gone.
    pub(super) fn database(&self) -> Option<Database> {
        Some(self.0.upgrade()?.tables.database.clone())
    }

    /// Its file's rows; `None` in memory, and once the last [`DynamoDb`] is gone.
    pub(super) fn rows(&self) -> Option<Arc<Rows>> {
        self.0.upgrade()?.tables.rows.clone()
    }
}

async fn serve(listener: std::net::TcpListener, tables: Tables, mut stop: Stop) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the local DynamoDB cannot listen");
            return;
        }
    };
    let (stopping, told) = tokio::sync::oneshot::channel();
    let server = async {
        let shutdown = async {
            let _ = told.await;
        };
        if let Err(error) =
            dynoxide::server::serve_with_shutdown(listener, tables.database.clone(), shutdown).await
        {
            tracing::error!(%error, "the local DynamoDB ended");
        }
    };
    let sweeps = sweep_regularly(tables.clone());
    let stop = async {
        tokio::select! {
            _ = &mut stop => {}
            () = sweeps => {}
        }
        let _ = stopping.send(());
    };
    ServerThread::until_stopped(server, stop).await;
}

/// Never returns.
async fn sweep_regularly(tables: Tables) {
    let mut timer = tokio::time::interval(SWEEP_EVERY);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    timer.tick().await;
    loop {
        timer.tick().await;
        let tables = tables.clone();
        match tokio::task::spawn_blocking(move || tables.sweep()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(removed)) => tracing::debug!(removed, "expired items removed"),
            Ok(Err(error)) => tracing::warn!(%error, "expired items not removed"),
            Err(error) => tracing::warn!(%error, "the sweep did not finish"),
        }
    }
}

/// The engine with both tables, without a server.
#[derive(Clone)]
struct Tables {
    database: Database,
    /// The file's rows, for batches; none in memory.
    rows: Option<Arc<Rows>>,
    backing: Backing,
    clock: Arc<HarnessClock>,
}

impl Tables {
    fn open(backing: Backing, clock: &Clock) -> Result<Self, DynamoDbError> {
        let clock = Arc::new(HarnessClock(clock.clone()));
        let (database, rows) = match &backing {
            Backing::Memory => (open_memory(&clock)?, None),
            Backing::File(path) => (
                open_file(path)?,
                Some(Arc::new(Rows::open(path).map_err(engine)?)),
            ),
        };
        Ok(Self {
            database,
            rows,
            backing,
            clock,
        })
    }

    fn sweep(&self) -> Result<usize, DynamoDbError> {
        match &self.backing {
            Backing::Memory => self.database.sweep_ttl().map_err(engine),
            // A file database always has the system's clock, so the sweep takes a connection of its own with ours.
            Backing::File(path) => {
                let storage = Storage::new(&path.to_string_lossy())
                    .map_err(engine)?
                    .with_clock(self.clock.clone());
                let runtime = tokio::runtime::Builder::new_current_thread().build()?;
                runtime
                    .block_on(dynoxide::ttl::sweep_expired_items(&storage))
                    .map_err(engine)
            }
        }
    }

    fn items(&self, table: &str) -> Result<Vec<Value>, DynamoDbError> {
        use dynoxide::actions::scan::ScanRequest;
        let failed = |error: serde_json::Error| DynamoDbError::Engine(error.to_string());
        let mut items = Vec::new();
        let mut start = Value::Null;
        loop {
            let mut request = json!({ "TableName": table, "ConsistentRead": true });
            if let (false, Some(request)) = (start.is_null(), request.as_object_mut()) {
                request.insert("ExclusiveStartKey".to_owned(), start);
            }
            let request: ScanRequest = serde_json::from_value(request).map_err(failed)?;
            let answer = self.database.scan(request).map_err(engine)?;
            let answer = serde_json::to_value(&answer).map_err(failed)?;
            items.extend(
                answer
                    .get("Items")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
            match answer.get("LastEvaluatedKey") {
                None | Some(Value::Null) => return Ok(items),
                Some(next) => start = next.clone(),
            }
        }
    }

    fn stream_records(&self, after: Option<&str>, limit: usize) -> Result<Vec<Value>, DynamoDbError> {
        use dynoxide::actions::{
            get_records::GetRecordsRequest, get_shard_iterator::GetShardIteratorRequest,
        };
        let stream_arn = dynoxide::streams::stream_arn(tables::DIRECTORY, "local");
        let iterator_type = if after.is_some() {
            "AFTER_SEQUENCE_NUMBER"
        } else {
            "TRIM_HORIZON"
        };
        let iterator = self
            .database
            .get_shard_iterator(GetShardIteratorRequest {
                stream_arn: stream_arn.clone(),
                shard_id: dynoxide::streams::shard_id(tables::DIRECTORY),
                shard_iterator_type: iterator_type.to_owned(),
                sequence_number: after.map(str::to_owned),
            })
            .map_err(engine)?;
        let request = GetRecordsRequest {
            shard_iterator: iterator.shard_iterator.unwrap_or_default(),
            limit: Some(limit),
        };
        let records = self.database.get_records(request).map_err(engine)?.records;
        records
            .iter()
            .map(|record| with_source(record, &stream_arn))
            .collect()
    }
}

/// Lambda adds the stream's ARN to each record.
fn with_source(record: &impl serde::Serialize, stream_arn: &str) -> Result<Value, DynamoDbError> {
    let mut record =
        serde_json::to_value(record).map_err(|error| DynamoDbError::Engine(error.to_string()))?;
    if let Some(record) = record.as_object_mut() {
        record.insert("eventSourceARN".to_owned(), json!(stream_arn));
    }
    Ok(record)
}

/// The engine makes a table in several steps, and a process killed between two of them leaves a file that answers
/// nothing. So a new file is put in place whole.
fn open_file(path: &Path) -> Result<Database, DynamoDbError> {
    if std::fs::metadata(path).map_or(0, |found| found.len()) == 0 {
        for ending in ["db-wal", "db-shm"] {
            let _ = std::fs::remove_file(path.with_extension(ending));
        }
        crate::data_dir::write_private(path, &empty_tables()?)?;
    }
    open_or_create(path)
}

fn open_or_create(path: &Path) -> Result<Database, DynamoDbError> {
    let damaged = |detail: String| DynamoDbError::Damaged {
        path: path.to_owned(),
        detail,
    };
    let described = |error: DynoxideError| {
        damaged(match error {
            DynoxideError::InternalServerError(_) => {
                "file is not a database this version can read".to_owned()
            }
            other => other.to_string(),
        })
    };
    let name = path.to_string_lossy();
    let size = std::fs::metadata(path).map(|found| found.len()).unwrap_or(0);
    {
        let storage = Storage::new(&name).map_err(described)?;
        if size <= FULL_CHECK_UP_TO_BYTES {
            let verdict: String = storage
                .conn()
                .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
                .map_err(|error| damaged(error.to_string()))?;
            if verdict != "ok" {
                return Err(damaged(verdict.replace('\n', " ")));
            }
        }
        storage
            .conn()
            .execute_batch(STREAM_INDEX)
            .map_err(|error| damaged(error.to_string()))?;
    }
    let database = Database::new(&name).map_err(described)?;
    make_tables(&database).map_err(engine)?;
    Ok(database)
}

fn open_memory(clock: &Arc<HarnessClock>) -> Result<Database, DynamoDbError> {
    let database = Database::memory_with_clock(clock.clone()).map_err(engine)?;
    let folder = TemporaryFolder::new()?;
    let file = folder.0.join("template.db");
    std::fs::write(&file, empty_tables()?)?;
    database.restore_from(&file.to_string_lossy()).map_err(engine)?;
    Ok(database)
}

/// A database file with both tables and the index, made once a process: restoring it is the only way to get the index
/// into a database in memory.
fn empty_tables() -> Result<Arc<[u8]>, DynamoDbError> {
    static MADE: Mutex<Option<Arc<[u8]>>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(bytes) = made.as_ref() {
        return Ok(bytes.clone());
    }
    let folder = TemporaryFolder::new()?;
    let file = folder.0.join("empty.db");
    // Closing the last connection folds the write-ahead log into the file.
    drop(open_or_create(&file)?);
    let bytes: Arc<[u8]> = std::fs::read(&file)?.into();
    *made = Some(bytes.clone());
    Ok(bytes)
}

/// Removed with everything in it when dropped.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new() -> Result<Self, DynamoDbError> {
        let name = gatehouse::random::uuid().map_err(std::io::Error::other)?;
        let path = std::env::temp_dir().join(format!("gatehouse-{name}"));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes what is missing.
fn make_tables(database: &Database) -> Result<(), DynoxideError> {
    let typed = |error: serde_json::Error| DynoxideError::InternalServerError(error.to_string());
    for (name, definition) in [
        (tables::DIRECTORY, tables::directory()),
        (tables::EPHEMERAL, tables::ephemeral()),
    ] {
        if database.get_table_metadata(name)?.is_none() {
            database.create_table(serde_json::from_value(definition).map_err(typed)?)?;
        }
        if !database
            .get_table_metadata(name)?
            .is_some_and(|table| table.ttl_enabled)
        {
            let request = json!({
                "TableName": name,
                "TimeToLiveSpecification": { "Enabled": true, "AttributeName": tables::TTL_ATTRIBUTE },
            });
            database.update_time_to_live(serde_json::from_value(request).map_err(typed)?)?;
        }
    }
    Ok(())
}

/// The engine's view of the harness clock.
struct HarnessClock(Clock);

impl dynoxide::storage_backend::Clock for HarnessClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.now().timestamp()).unwrap_or(0)
    }

    // Microseconds since 1970 fit the 53 bits of an f64 until 2255.
    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().timestamp_micros() as f64 / 1_000_000.0
    }
}

#[cfg(test)]
#[path = "dynamodb_tests.rs"]
mod tests;
