//! The OpenAPI documents: served, whole, and of one piece with the routes.

use std::collections::BTreeSet;

use gatehouse_tests::Api;
use serde_json::Value;

async fn document(path: &str) -> Value {
    let api = Api::start().await;
    let answer = api.caller(None).get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// Both documents are served; every reference leads somewhere, every operation has an id of its own, and every
/// placeholder is a parameter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documents_hold_together() {
    for path in ["/operator/v1/openapi.json", "/owner/v1/openapi.json"] {
        let document = document(path).await;
        assert_eq!(document["openapi"], "3.1.0");
        let mut ids = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let named = item["parameters"].as_array().unwrap();
            assert_eq!(named.len(), path.matches('{').count(), "{path}");
            for (verb, operation) in item.as_object().unwrap() {
                if verb == "parameters" {
                    continue;
                }
                let id = operation["operationId"].as_str().unwrap().to_owned();
                assert!(ids.insert(id.clone()), "{id} stands twice");
            }
        }
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{path}: {pointer}");
        }
    }
}
