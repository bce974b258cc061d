//! The OpenAPI 3.1 documents of the two APIs, made from the table that also makes the routes.

mod doc;
mod schemas;

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};

pub use doc::Doc;

use super::table::Operation;
use crate::config::BaseUrl;

/// Which of the two APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// `/operator/v1`.
    Operator,
    /// `/owner/v1`.
    Owner,
}

impl Audience {
    fn title(self) -> &'static str {
        match self {
            Self::Operator => "Gatehouse: the operator's API",
            Self::Owner => "Gatehouse: the owner's API",
        }
    }

    fn security(self) -> Value {
        match self {
            Self::Operator => json!({
                "type": "http",
                "scheme": "bearer",
                "description": "On one machine: the operator's key. Deployed: AWS Signature Version 4 (IAM) instead.",
            }),
            Self::Owner => json!({
                "type": "http",
                "scheme": "bearer",
                "description": "An API key of kind owner.",
            }),
        }
    }
}

/// The document of these operations, made when it is first asked for: a cold start does not wait for it.
#[must_use]
pub fn lazily(
    audience: Audience,
    base_url: &BaseUrl,
    operations: fn() -> Vec<Operation>,
) -> Arc<LazyLock<Value, impl FnOnce() -> Value + use<>>> {
    let base_url = base_url.as_str().to_owned();
    Arc::new(LazyLock::new(move || {
        document(audience, &base_url, &operations())
    }))
}

/// The document of these operations.
#[must_use]
pub fn document(audience: Audience, base_url: &str, operations: &[Operation]) -> Value {
    let mut paths = Map::new();
    for operation in operations {
        let item = paths.entry(operation.path.clone()).or_insert_with(|| {
            let parameters = placeholders(&operation.path);
            json!({ "parameters": parameters })
        });
        if let Some(fields) = item.as_object_mut() {
            let verb = operation.verb.as_str().to_ascii_lowercase();
            fields.insert(verb, operation.doc.to_value(&operation.path));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": audience.title(),
            "version": "1",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": base_url }],
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": audience.security() },
            "schemas": schemas::all(),
        },
    })
}

/// The ids of a path.
fn placeholders(path: &str) -> Vec<Value> {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let parameter = |name: &str| {
        json!({
            "name": name,
            "in": "path",
            "required": true,
            "schema": { "type": "string", "minLength": 1, "maxLength": 253 },
        })
    };
    names.map(parameter).collect()
}
