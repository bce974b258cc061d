//! The shapes of what is sent and answered. A test holds every answer of the API tests against them.

mod inputs;
mod records;

use serde_json::{Map, Value, json};

/// Every schema by its name.
pub(super) fn all() -> Value {
    let mut all = Map::new();
    all.insert("problem".to_owned(), problem());
    for (name, schema) in records::all().into_iter().chain(inputs::all()) {
        all.insert(name.to_owned(), schema);
    }
    Value::Object(all)
}

/// RFC 9457. Every problem is of type `about:blank`, which is said by leaving the type away (section 4.2.1).
fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["title", "status", "code"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "code": { "type": "string", "description": "Stable: decide by it." },
            "reference": { "type": "string", "description": "Names this request in the logs." },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field", "detail"],
                    "properties": { "field": { "type": "string" }, "detail": { "type": "string" } },
                },
            },
        },
    })
}

/// An answer: every property is always there.
fn record(properties: Value) -> Value {
    let required = properties
        .as_object()
        .map(|fields| fields.keys().cloned().collect::<Vec<_>>())
        .unwrap_or_default();
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}

/// What is sent: only these must be there, and nothing else may be.
fn input(required: &[&str], properties: Value) -> Value {
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn short(min: u32, max: u32) -> Value {
    json!({ "type": "string", "minLength": min, "maxLength": max })
}

fn perhaps_text() -> Value {
    json!({ "type": ["string", "null"] })
}

fn switch() -> Value {
    json!({ "type": "boolean" })
}

fn number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn instant() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn perhaps_instant() -> Value {
    json!({ "type": ["string", "null"], "format": "date-time" })
}

fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn any_object() -> Value {
    json!({ "type": "object" })
}

fn perhaps(schema: &Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

fn named(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}
