//! The same requests by both ways: straight to the engine, and over its port.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::{DirectHttpClient, execute};
use crate::{Local, Options};

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// A client that asks the engine, and one that asks its port.
fn both(local: &Local) -> [Client; 2] {
    let wire = Builder::new().build_http();
    let direct = DirectHttpClient::new(local.dynamodb().engine(), wire.clone());
    let over = |client: SharedHttpClient| {
        let config = local.sdk_config().to_builder().http_client(client);
        Client::new(&config.build())
    };
    [over(SharedHttpClient::new(direct)), over(wire)]
}

/// Puts an item under a condition; the error's code and message, and whether the item that is there came with it.
async fn refusal(client: &Client, table: &str, condition: &str) -> (String, String, bool) {
    let put = client
        .put_item()
        .table_name(table)
        .item("pk", text("T#1"))
        .item("sk", text("."))
        .condition_expression(condition)
        .return_values_on_condition_check_failure("ALL_OLD".into());
    let error = put.send().await.unwrap_err().into_service_error();
    let seen = matches!(&error, PutItemError::ConditionalCheckFailedException(e) if e.item().is_some());
    let word = |word: Option<&str>| word.unwrap_or_default().to_owned();
    (word(error.code()), word(error.message()), seen)
}

#[tokio::test]
async fn what_is_refused_is_refused_in_the_same_words() {
    let local = Local::start(&Options::in_memory()).unwrap();
    let [direct, wire] = both(&local);
    let put = direct.put_item().table_name("Directory").item("pk", text("T#1"));
    put.item("sk", text(".")).send().await.unwrap();
    for (table, condition, code, seen) in [
        (
            "Directory",
            "attribute_not_exists(pk)",
            "ConditionalCheckFailedException",
            true,
        ),
        ("Directory", "no condition (", "ValidationException", false),
        (
            "Elsewhere",
            "attribute_not_exists(pk)",
            "ResourceNotFoundException",
            false,
        ),
    ] {
        let refused = refusal(&direct, table, condition).await;
        assert_eq!((refused.0.as_str(), refused.2), (code, seen), "{}", refused.1);
        assert_eq!(refused, refusal(&wire, table, condition).await);
    }
}

#[tokio::test]
async fn a_transaction_that_is_cancelled_says_for_which_item() {
    let local = Local::start(&Options::in_memory()).unwrap();
    for client in both(&local) {
        let put = |sk: &str| {
            let put = Put::builder().table_name("Directory").item("pk", text("T#1"));
            let put = put
                .item("sk", text(sk))
                .condition_expression("attribute_not_exists(pk)");
            TransactWriteItem::builder().put(put.build().unwrap()).build()
        };
        let _ = client
            .transact_write_items()
            .transact_items(put("."))
            .send()
            .await;
        let cancelled = client.transact_write_items().transact_items(put("new"));
        let error = cancelled.transact_items(put(".")).send().await.unwrap_err();
        let error = error.into_service_error();
        let TransactWriteItemsError::TransactionCanceledException(error) = error else {
            panic!("{error:?}");
        };
        let reasons = error.cancellation_reasons();
        let codes: Vec<_> = reasons.iter().filter_map(|reason| reason.code()).collect();
        assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    }
}

/// A first attempt was not answered before. One that follows may be the same transaction that the port has done, and is
/// answered and not done again.
#[tokio::test]
async fn only_a_repeated_attempt_needs_its_token() {
    let local = Local::start(&Options::in_memory()).unwrap();
    let [client, wire] = both(&local);
    let database = local.dynamodb().engine().database().unwrap();
    let key = serde_json::json!({ "pk": { "S": "T#1" }, "sk": { "S": "." } });
    let add = |token: &str| {
        let update = serde_json::json!({
            "TableName": "Directory", "Key": key, "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": { ":one": { "N": "1" } },
        });
        let body =
            serde_json::json!({ "TransactItems": [{ "Update": update }], "ClientRequestToken": token });
        body.to_string().into_bytes()
    };
    let done = |token: &str, attempt| {
        let answer = execute(&database, ("TransactWriteItems", attempt), &add(token)).unwrap();
        assert_eq!(answer.status, 200);
    };
    let count = async || {
        let item = client.get_item().table_name("Directory").key("pk", text("T#1"));
        let item = item.key("sk", text(".")).send().await.unwrap().item.unwrap();
        item["n"].as_n().unwrap().clone()
    };
    done("first", 1);
    assert_eq!(count().await, "1");
    done("again", 2);
    done("again", 2);
    done("again", 3);
    assert_eq!(count().await, "2");
    let update = aws_sdk_dynamodb::types::Update::builder()
        .table_name("Directory")
        .key("pk", text("T#1"))
        .key("sk", text("."))
        .update_expression("ADD n :one")
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
    let update = TransactWriteItem::builder()
        .update(update.build().unwrap())
        .build();
    let by_port = wire.transact_write_items().transact_items(update);
    by_port.client_request_token("port").send().await.unwrap();
    assert_eq!(count().await, "3");
    done("port", 2);
    assert_eq!(count().await, "3", "what the port has done is not done again");
}

#[tokio::test]
async fn a_client_keeps_nothing_running() {
    let local = Local::start(&Options::in_memory()).unwrap();
    let [direct, _] = both(&local);
    local.stop().await;
    let asked = direct
        .get_item()
        .table_name("Directory")
        .key("pk", text("T#1"))
        .key("sk", text("."));
    let error = asked.send().await.unwrap_err();
    assert!(error.as_service_error().is_none(), "{error:?}");
}
