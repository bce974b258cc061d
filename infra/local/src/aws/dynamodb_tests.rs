//! The real SDK against the local DynamoDB.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;

use super::*;
use crate::{Local, Options};

type Item = HashMap<String, AttributeValue>;

fn item(pk: &str, sk: &str, ttl: Option<i64>) -> Item {
    let mut item: Item = [("pk", pk), ("sk", sk)]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
        .collect();
    if let Some(ttl) = ttl {
        item.insert("ttl".to_owned(), AttributeValue::N(ttl.to_string()));
    }
    item
}

async fn put(local: &Local, table: &str, item: Item) {
    let client = aws_sdk_dynamodb::Client::new(local.sdk_config());
    client
        .put_item()
        .table_name(table)
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
}

async fn exists(local: &Local, table: &str, pk: &str, sk: &str) -> bool {
    let client = aws_sdk_dynamodb::Client::new(local.sdk_config());
    let found = client
        .get_item()
        .table_name(table)
        .set_key(Some(item(pk, sk, None)))
        .send()
        .await
        .unwrap();
    found.item.is_some()
}

#[tokio::test]
async fn both_tables_are_as_the_design_says() {
    let local = Local::start(&Options::in_memory()).unwrap();
    let client = aws_sdk_dynamodb::Client::new(local.sdk_config());
    let directory = client
        .describe_table()
        .table_name("Directory")
        .send()
        .await
        .unwrap()
        .table
        .unwrap();
    assert_eq!(
        directory
            .stream_specification()
            .unwrap()
            .stream_view_type()
            .unwrap()
            .as_str(),
        "NEW_IMAGE"
    );
    let index = &directory.global_secondary_indexes()[0];
    assert_eq!(index.index_name(), Some("LastModified"));
    assert_eq!(
        index.projection().unwrap().projection_type().unwrap().as_str(),
        "KEYS_ONLY"
    );
    let ephemeral = client
        .describe_table()
        .table_name("Ephemeral")
        .send()
        .await
        .unwrap()
        .table
        .unwrap();
    assert!(
        ephemeral
            .stream_specification()
            .is_none_or(|stream| !stream.stream_enabled())
    );
    for table in ["Directory", "Ephemeral"] {
        let ttl = client
            .describe_time_to_live()
            .table_name(table)
            .send()
            .await
            .unwrap();
        let ttl = ttl.time_to_live_description.unwrap();
        assert_eq!(ttl.attribute_name(), Some("ttl"));
        assert_eq!(ttl.time_to_live_status().unwrap().as_str(), "ENABLED");
    }
}

async fn sweeps_by_the_harness_clock(local: Local) {
    let in_an_hour = (local.clock().now() + TimeDelta::hours(1)).timestamp();
    put(&local, "Ephemeral", item("A#1", ".", Some(in_an_hour))).await;
    put(&local, "Ephemeral", item("A#2", ".", None)).await;
    let dynamodb = local.dynamodb().clone();
    assert_eq!(
        tokio::task::spawn_blocking(move || dynamodb.sweep_ttl())
            .await
            .unwrap()
            .unwrap(),
        0
    );
    local.clock().advance(TimeDelta::hours(2));
    let dynamodb = local.dynamodb().clone();
    assert_eq!(
        tokio::task::spawn_blocking(move || dynamodb.sweep_ttl())
            .await
            .unwrap()
            .unwrap(),
        1
    );
    assert!(!exists(&local, "Ephemeral", "A#1", ".").await);
    assert!(exists(&local, "Ephemeral", "A#2", ".").await);
    // The engine still takes writes after another connection wrote to its file.
    put(&local, "Ephemeral", item("A#3", ".", None)).await;
    assert!(exists(&local, "Ephemeral", "A#3", ".").await);
}

#[tokio::test]
async fn the_sweep_goes_by_the_harness_clock_in_memory() {
    sweeps_by_the_harness_clock(Local::start(&Options::in_memory()).unwrap()).await;
}

#[tokio::test]
async fn the_sweep_goes_by_the_harness_clock_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    sweeps_by_the_harness_clock(Local::start(&Options::in_folder(folder.path())).unwrap()).await;
}

#[tokio::test]
async fn the_stream_tells_inserts_in_order_and_resumes() {
    let local = Local::start(&Options::in_memory()).unwrap();
    for number in 1..=3 {
        put(&local, "Directory", item("U#T#1", &format!("O#{number}"), None)).await;
    }
    put(&local, "Ephemeral", item("S#T#1", "x", None)).await;
    let all = local.dynamodb().stream_records(None, 100).unwrap();
    assert_eq!(all.len(), 3, "Ephemeral has no stream");
    let sk = |record: &Value| {
        record
            .pointer("/dynamodb/NewImage/sk/S")
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(all.iter().map(sk).collect::<Vec<_>>(), ["O#1", "O#2", "O#3"]);
    assert_eq!(all[0]["eventName"], "INSERT");
    assert!(
        all[0]["eventSourceARN"]
            .as_str()
            .unwrap()
            .contains("table/Directory/stream/")
    );
    let second = all[1]
        .pointer("/dynamodb/SequenceNumber")
        .unwrap()
        .as_str()
        .unwrap();
    let rest = local.dynamodb().stream_records(Some(second), 100).unwrap();
    assert_eq!(rest.iter().map(sk).collect::<Vec<_>>(), ["O#3"]);
}

#[tokio::test]
async fn acknowledged_writes_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(&Options::in_folder(folder.path())).unwrap();
    put(&local, "Directory", item("T#1", ".", None)).await;
    local.stop().await;
    let local = Local::start(&Options::in_folder(folder.path())).unwrap();
    assert!(exists(&local, "Directory", "T#1", ".").await);
}

fn refused(path: &Path) -> DynamoDbError {
    DynamoDb::start(Backing::File(path.to_owned()), &Clock::system()).unwrap_err()
}

#[test]
fn a_file_that_is_no_database_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatehouse.db");
    std::fs::write(&path, "this is a shopping list, not a database ".repeat(200)).unwrap();
    let error = refused(&path);
    assert_eq!(error.code(), "database_damaged");
    let line = error.to_string();
    assert!(
        !line.contains('\n') && line.contains("gatehouse.db") && line.contains("--fresh"),
        "{line}"
    );
}

#[tokio::test]
async fn a_database_with_a_damaged_page_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(&Options::in_folder(folder.path())).unwrap();
    for number in 0..200 {
        put(&local, "Directory", item(&format!("T#{number}"), ".", None)).await;
    }
    local.stop().await;
    let path = folder.path().join("gatehouse.db");
    let mut bytes = std::fs::read(&path).unwrap();
    // The middle half of the file: header and schema stay whole.
    let length = bytes.len();
    bytes[length / 4..length * 3 / 4].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();
    let error = refused(&path);
    assert_eq!(error.code(), "database_damaged");
    assert!(!error.to_string().contains('\n'));
}

/// Without the index, the engine reads all stream records of the table at every write.
#[test]
fn the_engine_finds_its_next_sequence_number_by_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("template.db");
    std::fs::write(&path, empty_tables().unwrap()).unwrap();
    let storage = Storage::new(&path.to_string_lossy()).unwrap();
    let plan: String = storage
        .conn()
        .query_row(
            "EXPLAIN QUERY PLAN SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 \
             FROM _stream_records WHERE table_name = 'Directory'",
            [],
            |row| row.get(3),
        )
        .unwrap();
    assert!(plan.contains("gatehouse_stream_sequence"), "{plan}");
    let indexed_in_memory = {
        let database = open_memory(&Arc::new(HarnessClock(Clock::system()))).unwrap();
        let copy = folder.path().join("copy.db");
        database.vacuum_into(&copy.to_string_lossy()).unwrap();
        let count: i64 = Storage::new(&copy.to_string_lossy())
            .unwrap()
            .conn()
            .query_row(
                "SELECT count(*) FROM sqlite_master WHERE name = 'gatehouse_stream_sequence'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        count
    };
    assert_eq!(indexed_in_memory, 1);
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing_and_its_token_makes_it_one() {
    use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
    let local = Local::start(&Options::in_memory()).unwrap();
    let client = aws_sdk_dynamodb::Client::new(local.sdk_config());
    let put_if_absent = |pk: &str| {
        let put = Put::builder()
            .table_name("Directory")
            .set_item(Some(item(pk, ".", None)))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    for _ in 0..2 {
        let same = client
            .transact_write_items()
            .client_request_token("token-1")
            .transact_items(put_if_absent("UN#a"));
        same.send().await.unwrap();
    }
    let half = client
        .transact_write_items()
        .transact_items(put_if_absent("UN#b"))
        .transact_items(put_if_absent("UN#a"));
    let error = half.send().await.unwrap_err().into_service_error();
    assert!(error.is_transaction_canceled_exception());
    assert!(!exists(&local, "Directory", "UN#b", ".").await);
}

#[cfg(unix)]
#[test]
fn a_new_database_file_is_whole_and_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatehouse.db");
    // What a process killed at the wrong moment may leave.
    std::fs::write(&path, "").unwrap();
    std::fs::write(folder.path().join("gatehouse.db-wal"), "left over").unwrap();
    drop(DynamoDb::start(Backing::File(path.clone()), &Clock::system()).unwrap());
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(DynamoDb::start(Backing::File(path), &Clock::system()).is_ok());
}
