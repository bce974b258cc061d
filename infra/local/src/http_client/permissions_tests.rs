//! Requests as IAM sees them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::{Value, json};

use super::super::traffic::Service;
use super::{Permission, of};

fn all(service: Service, operation: &str, body: &Value) -> Vec<(String, String, String)> {
    of(service, operation, body)
        .into_iter()
        .map(
            |Permission {
                 action,
                 resource,
                 key,
             }| (action, resource, key),
        )
        .collect()
}

fn wanted(action: &str, resource: &str, key: &str) -> (String, String, String) {
    (action.to_owned(), resource.to_owned(), key.to_owned())
}

fn key(pk: &str) -> Value {
    json!({ "pk": { "S": pk }, "sk": { "S": "." } })
}

#[test]
fn a_transaction_needs_the_action_of_each_of_its_items() {
    let body = json!({ "TransactItems": [
        { "Put": { "TableName": "Directory", "Item": key("U#t#u") } },
        { "ConditionCheck": { "TableName": "Directory", "Key": key("C#c") } },
        { "Delete": { "TableName": "Ephemeral", "Key": key("A#hash") } },
        { "Update": { "TableName": "Directory", "Key": key("CT#t") } },
    ] });
    assert_eq!(
        all(Service::DynamoDb, "TransactWriteItems", &body),
        [
            wanted("dynamodb:PutItem", "table/Directory", "U#*"),
            wanted("dynamodb:ConditionCheckItem", "table/Directory", "C#*"),
            wanted("dynamodb:DeleteItem", "table/Ephemeral", "A#*"),
            wanted("dynamodb:UpdateItem", "table/Directory", "CT#*"),
        ]
    );
}

#[test]
fn a_list_partition_without_parts_is_named_whole() {
    let body = json!({
        "TableName": "Directory",
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": { ":pk": { "S": "TS" } },
    });
    assert_eq!(
        all(Service::DynamoDb, "Query", &body),
        [wanted("dynamodb:Query", "table/Directory", "TS")]
    );
}

#[test]
fn a_query_of_an_index_is_one_of_the_index() {
    let body = json!({
        "TableName": "Directory",
        "IndexName": "LastModified",
        "KeyConditionExpression": "lm_pk = :pk",
        "ExpressionAttributeValues": { ":pk": { "S": "LU#t" } },
    });
    assert_eq!(
        all(Service::DynamoDb, "Query", &body),
        [wanted(
            "dynamodb:Query",
            "table/Directory/index/LastModified",
            "LU#*"
        )]
    );
}

#[test]
fn secrets_are_told_apart_by_kind_and_not_by_id() {
    let read = json!({ "SecretId": "gatehouse/local/connection/0e5b/sp-signing" });
    assert_eq!(
        all(Service::SecretsManager, "GetSecretValue", &read),
        [wanted(
            "secretsmanager:GetSecretValue",
            "secret/connection/*/sp-signing",
            ""
        )]
    );
    let made = json!({ "Name": "gatehouse/local/op/signing-keys" });
    assert_eq!(
        all(Service::SecretsManager, "CreateSecret", &made),
        [wanted(
            "secretsmanager:CreateSecret",
            "secret/op/signing-keys",
            ""
        )]
    );
}

/// IAM sees all keys of a request at once: each table's statement must allow the other's keys too.
#[test]
fn a_batch_over_two_tables_needs_all_its_keys_on_both() {
    let body = json!({ "RequestItems": {
        "Directory": { "Keys": [key("U#t#u")] },
        "Ephemeral": { "Keys": [key("S#t#u"), key("R#t#u")] },
    } });
    let mut found = all(Service::DynamoDb, "BatchGetItem", &body);
    found.sort();
    let on = |table: &str| ["R#*", "S#*", "U#*"].map(|key| wanted("dynamodb:BatchGetItem", table, key));
    assert_eq!(found, [on("table/Directory"), on("table/Ephemeral")].concat());
    let one = json!({ "RequestItems": { "Directory": { "Keys": [key("U#t#u"), key("D#acme.com")] } } });
    assert_eq!(
        all(Service::DynamoDb, "BatchGetItem", &one),
        [
            wanted("dynamodb:BatchGetItem", "table/Directory", "U#*"),
            wanted("dynamodb:BatchGetItem", "table/Directory", "D#*"),
        ]
    );
}
