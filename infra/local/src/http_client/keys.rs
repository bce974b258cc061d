//! Which items a DynamoDB request names: the kinds of their keys, never the keys themselves.

use serde_json::Value;

/// An item, or a partition of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRef {
    /// The table's name.
    pub table: String,
    /// What stands before the first `#` of the partition key: `U` for `U#T#uid`. Empty for a scan.
    pub pk_kind: String,
    /// The partition key as IAM's `dynamodb:LeadingKeys` would match it: `U#*`; a key without parts, such as `TS`,
    /// stands whole. Empty for a scan.
    pub partition: String,
    /// Likewise for the sort key; `.` and `#` stand for themselves, empty for a query without one.
    pub sk_kind: String,
    /// Size of what the request holds of the item, near to how DynamoDB counts it: all of one that is put, else its key.
    pub bytes: usize,
}

/// Every item that the request of `operation` names.
pub fn items(operation: &str, body: &Value) -> Vec<ItemRef> {
    match operation {
        "GetItem" | "DeleteItem" | "UpdateItem" => one(body, "Key").into_iter().collect(),
        "PutItem" => one(body, "Item").into_iter().collect(),
        "Query" => query(body).into_iter().collect(),
        "Scan" => {
            vec![ItemRef {
                table: text(body, "TableName"),
                pk_kind: String::new(),
                partition: String::new(),
                sk_kind: String::new(),
                bytes: 0,
            }]
        }
        "BatchGetItem" => batch(body, |request| array(request, "Keys").cloned().collect()),
        "BatchWriteItem" => batch(body, |requests| {
            let requests = requests.as_array().map(Vec::as_slice).unwrap_or_default();
            requests
                .iter()
                .filter_map(|request| {
                    request
                        .pointer("/PutRequest/Item")
                        .or_else(|| request.pointer("/DeleteRequest/Key"))
                })
                .cloned()
                .collect()
        }),
        "TransactWriteItems" | "TransactGetItems" => {
            array(body, "TransactItems").filter_map(in_transaction).collect()
        }
        _ => Vec::new(),
    }
}

fn one(request: &Value, field: &str) -> Option<ItemRef> {
    Some(item_ref(&text(request, "TableName"), request.get(field)?))
}

fn in_transaction(item: &Value) -> Option<ItemRef> {
    item.get("Put").and_then(|put| one(put, "Item")).or_else(|| {
        ["Get", "Update", "Delete", "ConditionCheck"]
            .iter()
            .find_map(|kind| item.get(kind))
            .and_then(|request| one(request, "Key"))
    })
}

fn batch(body: &Value, keys: impl Fn(&Value) -> Vec<Value>) -> Vec<ItemRef> {
    let tables = body.get("RequestItems").and_then(Value::as_object);
    tables
        .into_iter()
        .flatten()
        .flat_map(|(table, request)| keys(request).into_iter().map(|key| item_ref(table, &key)))
        .collect()
}

/// The partition of a query: the value that its key condition sets equal to the first key.
fn query(body: &Value) -> Option<ItemRef> {
    let condition = text(body, "KeyConditionExpression");
    let mut values = condition
        .split(|c: char| !(c.is_alphanumeric() || c == ':' || c == '_' || c == '#'))
        .filter_map(|word| {
            let value = body
                .get("ExpressionAttributeValues")?
                .get(word.starts_with(':').then_some(word)?)?;
            value.get("S")?.as_str()
        });
    let partition = values.next()?;
    Some(ItemRef {
        table: text(body, "TableName"),
        pk_kind: kind(partition),
        partition: pattern(partition),
        sk_kind: values.next().map(kind).unwrap_or_default(),
        bytes: 0,
    })
}

fn item_ref(table: &str, key: &Value) -> ItemRef {
    let part = |name: &str| {
        key.get(name)
            .and_then(|value| value.get("S"))
            .and_then(Value::as_str)
    };
    ItemRef {
        table: table.to_owned(),
        pk_kind: part("pk").map(kind).unwrap_or_default(),
        partition: part("pk").map(pattern).unwrap_or_default(),
        sk_kind: part("sk").map(kind).unwrap_or_default(),
        bytes: size(key),
    }
}

/// Of all names and values in `{"name": {"S": "value"}}`; a bare key is two of them.
fn size(item: &Value) -> usize {
    let attributes = item.as_object().into_iter().flatten();
    let sizes = attributes.map(|(name, value)| {
        let value = value.as_object().and_then(|typed| typed.values().next());
        let value = value.map_or(0, |value| match value {
            Value::String(text) => text.len(),
            other => other.to_string().len(),
        });
        name.len() + value
    });
    sizes.sum()
}

/// `U#T#uid` → `U`; `#` and `.` stay; an opaque id without `#` → `id`.
fn kind(key: &str) -> String {
    match key.split_once('#') {
        Some(("", _)) => "#".to_owned(),
        Some((kind, _)) => kind.to_owned(),
        None if key == "." => key.to_owned(),
        None => "id".to_owned(),
    }
}

/// `U#T#uid` → `U#*`; what has no parts stays.
fn pattern(key: &str) -> String {
    match key.split_once('#') {
        Some((kind, _)) => format!("{kind}#*"),
        None => key.to_owned(),
    }
}

fn text(value: &Value, field: &str) -> String {
    value
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn array<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value.get(field).and_then(Value::as_array).into_iter().flatten()
}
