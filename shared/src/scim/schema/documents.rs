//! The discovery documents (RFC 7644, section 4). `base` is always the SCIM base URL without a trailing slash.

use serde_json::{Value, json};

use super::service::{RESOURCE_TYPE, SCHEMA, SERVICE_PROVIDER_CONFIG};
use super::{ENTERPRISE, GROUP, ResourceKind, Schema, USER};
use crate::scim::list::{CURSOR_TIMEOUT_SECONDS, DEFAULT_COUNT, MAX_COUNT};

/// Schema URN of a list answer.
pub const LIST_RESPONSE_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

const ALL: [Schema; 6] = [
    USER,
    ENTERPRISE,
    GROUP,
    SERVICE_PROVIDER_CONFIG,
    RESOURCE_TYPE,
    SCHEMA,
];

/// `/Schemas`: every schema, in one list.
#[must_use]
pub fn schemas(base: &str) -> Value {
    list(ALL.iter().map(|schema| schema.document(base)).collect())
}

/// `/Schemas/{urn}`, or nothing if there is no such schema.
#[must_use]
pub fn schema(base: &str, urn: &str) -> Option<Value> {
    ALL.iter()
        .find(|schema| schema.id.eq_ignore_ascii_case(urn))
        .map(|schema| schema.document(base))
}

/// `/ResourceTypes`: every type, in one list.
#[must_use]
pub fn resource_types(base: &str) -> Value {
    list(
        ResourceKind::ALL
            .iter()
            .map(|kind| type_document(*kind, base))
            .collect(),
    )
}

/// `/ResourceTypes/{name}`, or nothing if there is no such type.
#[must_use]
pub fn resource_type(base: &str, name: &str) -> Option<Value> {
    ResourceKind::ALL
        .into_iter()
        .find(|kind| kind.name().eq_ignore_ascii_case(name))
        .map(|kind| type_document(kind, base))
}

fn type_document(kind: ResourceKind, base: &str) -> Value {
    let mut doc = json!({
        "schemas": [RESOURCE_TYPE.id],
        "id": kind.name(),
        "name": kind.name(),
        "description": kind.schema().description,
        "endpoint": format!("/{}", kind.endpoint()),
        "schema": kind.schema().id,
    });
    let extensions: Vec<Value> = kind
        .extensions()
        .iter()
        .map(|extension| json!({ "schema": extension.id, "required": false }))
        .collect();
    if let Some(map) = doc.as_object_mut() {
        if !extensions.is_empty() {
            map.insert("schemaExtensions".to_owned(), extensions.into());
        }
        map.insert(
            "meta".to_owned(),
            json!({
                "resourceType": "ResourceType",
                "location": format!("{base}/ResourceTypes/{}", kind.name()),
            }),
        );
    }
    doc
}

/// `/ServiceProviderConfig`: PATCH, filters, entity tags and both ways of paging; neither Bulk nor passwords, and no
/// sorting, because lists come in the order of ids only.
#[must_use]
pub fn service_provider_config(base: &str) -> Value {
    json!({
        "schemas": [SERVICE_PROVIDER_CONFIG.id],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": MAX_COUNT },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_COUNT,
            "maxPageSize": MAX_COUNT,
            "cursorTimeout": CURSOR_TIMEOUT_SECONDS,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "A SCIM key of the organization, sent as a bearer token.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    })
}

/// A complete list on one page.
fn list(resources: Vec<Value>) -> Value {
    json!({
        "schemas": [LIST_RESPONSE_SCHEMA],
        "totalResults": resources.len(),
        "itemsPerPage": resources.len(),
        "startIndex": 1,
        "Resources": resources,
    })
}
