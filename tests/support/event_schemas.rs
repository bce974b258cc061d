//! Every event that a test makes is held against its published schema (docs/events) when the test ends.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use gatehouse_local::Local;
use gatehouse_local::aws::dynamodb::DynamoDb;
use serde_json::{Value, json};

use crate::roles::RoleCheck;

struct Published {
    schemas: Schemas,
    by_kind: BTreeMap<String, (SchemaIndex, Value)>,
}

static PUBLISHED: LazyLock<Published> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events");
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.set_default_draft(Draft::V2020_12);
    compiler.enable_format_assertions();
    let mut by_kind = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(kind) = name.strip_suffix(".v1.json") else {
            continue;
        };
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let at = format!("http://schemas.invalid/{name}");
        compiler.add_resource(&at, schema.clone()).unwrap();
        let index = compiler
            .compile(&at, &mut schemas)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        by_kind.insert(kind.to_owned(), (index, schema));
    }
    Published { schemas, by_kind }
});

/// The types of event that have a published schema.
#[must_use]
pub fn published() -> Vec<&'static str> {
    PUBLISHED.by_kind.keys().map(String::as_str).collect()
}

/// What is wrong with an event, as consumers get it; `None` when nothing is.
#[must_use]
pub fn wrong_with(event: &Value) -> Option<String> {
    let kind = event["type"].as_str().unwrap_or("(no type)");
    let Some((index, schema)) = PUBLISHED.by_kind.get(kind) else {
        return Some(format!("{kind} has no schema in docs/events"));
    };
    if let Err(error) = PUBLISHED.schemas.validate(event, *index) {
        return Some(format!("{kind}: {error:#}: {event}"));
    }
    undeclared(schema, event, "").map(|member| format!("{kind}{member} is not in its schema"))
}

/// A member that the schema does not name: consumers would not know of it.
fn undeclared(schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let (Some(properties), Some(members)) = (schema["properties"].as_object(), value.as_object()) {
        for (name, member) in members {
            let at = format!("{at}/{name}");
            match properties.get(name) {
                None => return Some(at),
                Some(schema) => {
                    if let Some(found) = undeclared(schema, member, &at) {
                        return Some(found);
                    }
                }
            }
        }
    }
    let items = value.as_array().into_iter().flatten();
    items
        .filter_map(|item| undeclared(&schema["items"], item, &format!("{at}/…")))
        .next()
}

/// Holds what a deployment wrote to its outbox against the schemas, when it is dropped; and what its functions asked of
/// AWS against their roles.
#[derive(Debug)]
pub struct EventCheck(
    DynamoDb,
    #[expect(dead_code, reason = "checks when dropped")] RoleCheck,
);

impl EventCheck {
    /// For this deployment.
    #[must_use]
    pub fn of(local: &Local) -> Self {
        Self(local.dynamodb().clone(), RoleCheck::of(local))
    }
}

impl Drop for EventCheck {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let mut after: Option<String> = None;
        loop {
            let records = self.0.stream_records(after.as_deref(), 1_000).unwrap();
            let Some(last) = records.last() else { return };
            after = Some(last["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned());
            let documents = records
                .iter()
                .filter(|record| record["eventName"] == "INSERT")
                .filter_map(|record| record.pointer("/dynamodb/NewImage/doc/S")?.as_str());
            for document in documents {
                let document: Value = serde_json::from_str(document).unwrap();
                for event in document["events"].as_array().into_iter().flatten() {
                    let mut event = event.clone();
                    event["id"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
                    let wrong = wrong_with(&event);
                    assert!(wrong.is_none(), "{}", wrong.unwrap());
                }
            }
        }
    }
}
