//! Tests of the protocol, by feature; a test of an identity provider's deviation carries its id.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod differential;
mod discovery;
mod filters;
mod filters_generated;
mod generate;
mod groups;
mod http;
mod incoming;
mod lists;
mod patch_rules;
mod patches;
mod patches_generated;

use serde_json::{Map, Value, json};

use super::normalize::{self, Incoming};
use super::resource::{Meta, WrittenMeta};
use super::schema::ResourceKind;
use super::{ScimError, patch, resource};
use crate::domain::scim_record::{ScimRecord, WrittenRecord};

pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A user's body with the core schema and a userName, and more.
pub fn user_body(more: Value) -> Value {
    let mut body =
        json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bjensen" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

pub fn group_body(more: Value) -> Value {
    let mut body =
        json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Staff" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

pub fn read_user(more: Value) -> Result<Map<String, Value>, ScimError> {
    normalize::resource(ResourceKind::User, &user_body(more)).map(|incoming| incoming.attributes)
}

pub fn read_group(more: Value) -> Result<Incoming, ScimError> {
    normalize::resource(ResourceKind::Group, &group_body(more))
}

pub fn operations(operations: Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

/// The user after a PATCH of these operations.
pub fn patched(user: Value, ops: Value) -> Result<Value, ScimError> {
    let user = read_user(user).unwrap();
    let before = user.clone();
    let after = patch::plan(ResourceKind::User, "u1", &operations(ops)).and_then(|plan| plan.apply(&user));
    assert_eq!(user, before, "the resource itself is never touched");
    after.map(Value::Object)
}

pub fn meta() -> Meta {
    Meta {
        id: "u1".to_owned(),
        created: "2024-05-01T10:00:00Z".parse().unwrap(),
        last_modified: "2024-06-01T10:00:00Z".parse().unwrap(),
        version: 7,
    }
}

/// The attributes as a list answers them: stored, and copied from there.
pub fn written(attributes: Map<String, Value>) -> String {
    let record = ScimRecord {
        attributes,
        made: None,
    };
    let stored = serde_json::to_string(&record).unwrap();
    let record: WrittenRecord<'_> = serde_json::from_str(&stored).unwrap();
    let base = "https://x.test/scim/v2/T";
    let Meta {
        id,
        version,
        created,
        last_modified,
    } = meta();
    let [created, last_modified] = [created, last_modified].map(|at| serde_json::to_value(at).unwrap());
    let meta = WrittenMeta {
        id: &id,
        created: created.as_str().unwrap(),
        last_modified: last_modified.as_str().unwrap(),
        version,
    };
    let written = resource::write(ResourceKind::User, base, &meta, &record.attributes.0);
    written.unwrap().get().to_owned()
}

/// The user as it is answered and filtered.
pub fn rendered(more: Value) -> Map<String, Value> {
    let attributes = read_user(more).unwrap();
    resource::render(
        ResourceKind::User,
        "https://x.test/scim/v2/T",
        &meta(),
        attributes,
    )
}
