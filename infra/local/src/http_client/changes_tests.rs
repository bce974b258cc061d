//! Who is told of what.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::{Value, json};

use super::{touches_remembered, writes};

fn key(pk: &str, sk: &str) -> Value {
    json!({ "pk": { "S": pk }, "sk": { "S": sk } })
}

#[test]
fn writes_to_what_processes_remember_are_changes() {
    for (pk, sk, wanted) in [
        ("C#id", ".", true),
        ("D#acme.com", "S#lab.acme.com", true),
        ("CL#id", ".", true),
        ("TOK#hash", ".", true),
        ("T#t", ".", true),
        ("T#t", "C#id", true),
        ("T#t", "D#acme.com", true),
        ("T#t", "TOK#id", true),
        ("T#t", "O#id", false),
        ("U#t#u", "#", false),
        ("S#t#u", "hash", false),
    ] {
        let put = json!({ "TableName": "Directory", "Item": key(pk, sk) });
        assert_eq!(touches_remembered("PutItem", &put), wanted, "{pk} {sk}");
        let item = json!({ "TableName": "Directory", "Item": key(pk, sk) });
        let with = |kind: &str| json!({ "TransactItems": [{ kind: item }] });
        assert_eq!(
            touches_remembered("TransactWriteItems", &with("Put")),
            wanted,
            "{pk} {sk}"
        );
    }
}

/// A condition on a connection changes nothing of it, and neither does a read.
#[test]
fn conditions_and_reads_are_no_changes() {
    let check = json!({ "ConditionCheck": { "TableName": "Directory", "Key": key("C#id", ".") } });
    let put = json!({ "Put": { "TableName": "Ephemeral", "Item": key("S#t#u", "hash") } });
    let body = json!({ "TransactItems": [check, put] });
    assert!(!touches_remembered("TransactWriteItems", &body));
    assert!(!writes("GetItem") && !writes("BatchGetItem") && !writes("Query"));
}
