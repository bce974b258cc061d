//! The two tables, as `infra/data.yaml` defines them for CloudFormation.

use serde_json::{Value, json};

/// What must outlive everything: tenants, users, groups, connections. Stream, TTL, index [`LAST_MODIFIED`].
pub const DIRECTORY: &str = "Directory";
/// What must never be restored: sessions, codes, attempts. TTL only.
pub const EPHEMERAL: &str = "Ephemeral";
/// The index that a `lastModified` filter reads (`LM` in DESIGN; AWS wants at least three characters).
pub const LAST_MODIFIED: &str = "LastModified";
/// The attribute that holds an item's end, in seconds since 1970.
pub const TTL_ATTRIBUTE: &str = "ttl";

/// `CreateTable` of [`DIRECTORY`].
#[must_use]
pub fn directory() -> Value {
    json!({
        "TableName": DIRECTORY,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": key_schema("pk", "sk"),
        "AttributeDefinitions": string_attributes(&["pk", "sk", "lm_pk", "lm_sk"]),
        "GlobalSecondaryIndexes": [{
            "IndexName": LAST_MODIFIED,
            "KeySchema": key_schema("lm_pk", "lm_sk"),
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        }],
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" },
    })
}

/// `CreateTable` of [`EPHEMERAL`].
#[must_use]
pub fn ephemeral() -> Value {
    json!({
        "TableName": EPHEMERAL,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": key_schema("pk", "sk"),
        "AttributeDefinitions": string_attributes(&["pk", "sk"]),
    })
}

fn key_schema(partition: &str, sort: &str) -> Value {
    json!([
        { "AttributeName": partition, "KeyType": "HASH" },
        { "AttributeName": sort, "KeyType": "RANGE" },
    ])
}

fn string_attributes(names: &[&str]) -> Value {
    names
        .iter()
        .map(|name| json!({ "AttributeName": name, "AttributeType": "S" }))
        .collect()
}
