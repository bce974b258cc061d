use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};

use super::*;
use crate::{Local, Options};

type Item = HashMap<String, AttributeValue>;

fn key(pk: &str, sk: &str) -> Item {
    [("pk", pk), ("sk", sk)]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
        .collect()
}

fn start() -> (Local, Client) {
    let local = Local::start(&Options::in_memory()).unwrap();
    let client = Client::new(local.sdk_config());
    (local, client)
}

fn kinds(call: &Call) -> Vec<(&str, &str)> {
    call.items
        .iter()
        .map(|item| (item.pk_kind.as_str(), item.sk_kind.as_str()))
        .collect()
}

#[tokio::test]
async fn calls_are_recorded_with_the_kinds_of_their_keys_and_never_the_keys() {
    let (local, client) = start();
    client
        .put_item()
        .table_name("Directory")
        .set_item(Some(key("U#T#ada", "#")))
        .send()
        .await
        .unwrap();
    client
        .get_item()
        .table_name("Ephemeral")
        .set_key(Some(key("A#1", ".")))
        .consistent_read(true)
        .send()
        .await
        .unwrap();
    client
        .query()
        .table_name("Directory")
        .key_condition_expression("#p = :owner AND begins_with(sk, :prefix)")
        .expression_attribute_names("#p", "pk")
        .expression_attribute_values(":owner", AttributeValue::S("M#T#gid".to_owned()))
        .expression_attribute_values(":prefix", AttributeValue::S("G#1".to_owned()))
        .send()
        .await
        .unwrap();
    let keys = KeysAndAttributes::builder()
        .keys(key("S#T#1", "hash"))
        .keys(key("R#T#1", "hash"))
        .build()
        .unwrap();
    client
        .batch_get_item()
        .request_items("Ephemeral", keys)
        .send()
        .await
        .unwrap();
    let calls = local.traffic().calls();
    let seen: Vec<_> = calls
        .iter()
        .map(|(call, _)| (call.operation.as_str(), kinds(call), call.consistent))
        .collect();
    assert_eq!(
        seen,
        [
            ("PutItem", vec![("U", "#")], false),
            ("GetItem", vec![("A", ".")], true),
            ("Query", vec![("M", "G")], false),
            ("BatchGetItem", vec![("S", "id"), ("R", "id")], false),
        ]
    );
    assert_eq!(calls[1].0.items[0].table, "Ephemeral");
    assert!(calls.iter().all(|(_, outcome)| *outcome == Outcome::Status(200)));
    assert!(!format!("{calls:?}").contains("ada"));
    local.traffic().clear();
    assert!(local.traffic().calls().is_empty());
}

#[tokio::test]
async fn parallel_reads_are_one_round_trip() {
    let (local, client) = start();
    let get = |pk: &str| {
        client
            .get_item()
            .table_name("Ephemeral")
            .set_key(Some(key(pk, ".")))
            .send()
    };
    // So that the two are surely under way together.
    local.faults().inject(
        When::operation("GetItem"),
        Fault::Delay(Duration::from_millis(50)),
    );
    let (one, two) = futures_util::future::join(get("A#1"), get("A#2")).await;
    one.unwrap();
    two.unwrap();
    assert_eq!(local.traffic().sequential_round_trips(Service::DynamoDb), 1);
    get("A#3").await.unwrap();
    assert_eq!(local.traffic().sequential_round_trips(Service::DynamoDb), 2);
    assert_eq!(local.traffic().count("GetItem"), 3);
    assert_eq!(
        local.traffic().counts()[&(Service::DynamoDb, "GetItem".to_owned())],
        3
    );
}

#[tokio::test]
async fn the_sdk_retries_what_it_should_and_each_attempt_is_recorded() {
    let (local, client) = start();
    for fault in [Fault::DropConnection, Fault::ServerError, Fault::Throttle] {
        local.traffic().clear();
        let order = local
            .faults()
            .inject(When::operation("PutItem").times(2), fault.clone());
        client
            .put_item()
            .table_name("Directory")
            .set_item(Some(key("T#1", ".")))
            .send()
            .await
            .unwrap();
        assert_eq!(order.struck(), 2, "{fault:?}");
        let attempts: Vec<u32> = local
            .traffic()
            .calls()
            .iter()
            .map(|(call, _)| call.attempt)
            .collect();
        assert_eq!(attempts, [1, 2, 3], "{fault:?}");
        order.withdraw();
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_the_write_done() {
    let (local, client) = start();
    let order = local
        .faults()
        .inject(When::operation("PutItem").times(1), Fault::LoseAnswer);
    // As DESIGN says: a conditional PutItem whose answer was lost fails its own condition.
    let put = client
        .put_item()
        .table_name("Directory")
        .set_item(Some(key("T#1", ".")))
        .condition_expression("attribute_not_exists(pk)");
    let error = put.send().await.unwrap_err().into_service_error();
    assert!(error.is_conditional_check_failed_exception());
    assert_eq!(order.struck(), 1);
    let outcomes: Vec<_> = local
        .traffic()
        .calls()
        .iter()
        .map(|(_, outcome)| *outcome)
        .collect();
    assert_eq!(outcomes, [Outcome::NoAnswer, Outcome::Status(400)]);
}

#[tokio::test]
async fn conflicts_come_as_dynamodb_words_them() {
    let (local, client) = start();
    let put = |pk: &str| {
        let put = Put::builder()
            .table_name("Directory")
            .set_item(Some(key(pk, ".")))
            .build()
            .unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    local
        .faults()
        .inject(When::any().touching("UN").times(1), Fault::TransactionConflict);
    let write = client
        .transact_write_items()
        .transact_items(put("T#1"))
        .transact_items(put("UN#1"));
    let error = write.send().await.unwrap_err().into_service_error();
    let reasons: Vec<_> = match &error {
        aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
            canceled,
        ) => canceled.cancellation_reasons().iter().map(|reason| reason.code().unwrap().to_owned()).collect(),
        other => panic!("{other:?}"),
    };
    assert_eq!(reasons, ["TransactionConflict", "TransactionConflict"]);
    let found = client
        .get_item()
        .table_name("Directory")
        .set_key(Some(key("T#1", ".")))
        .send()
        .await
        .unwrap();
    assert!(found.item.is_none(), "nothing was executed");
}

#[tokio::test]
async fn an_order_waits_for_its_turn() {
    let (local, client) = start();
    let order = local.faults().inject(
        When::operation("GetItem").of(Service::DynamoDb).after(1).times(1),
        Fault::Answer {
            status: 200,
            body: r#"{"Item":{"pk":{"S":"from the harness"}}}"#.to_owned(),
        },
    );
    let get = || {
        client
            .get_item()
            .table_name("Directory")
            .set_key(Some(key("T#1", ".")))
            .send()
    };
    assert!(get().await.unwrap().item.is_none());
    assert!(get().await.unwrap().item.is_some());
    assert!(get().await.unwrap().item.is_none());
    assert_eq!(order.struck(), 1);
    local.faults().clear();
    assert_eq!(order.struck(), 0);
}
