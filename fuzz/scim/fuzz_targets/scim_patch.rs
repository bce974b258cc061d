//! PATCH, POST and `.search` bodies of arbitrary JSON: nothing panics, and a PATCH that is taken leaves a resource that
//! a PUT takes and does not change.
//!
//! `fuzz/run 180 scim_patch`
#![no_main]

use gatehouse_scim_fuzz::scim::list::ListQuery;
use gatehouse_scim_fuzz::scim::normalize;
use gatehouse_scim_fuzz::scim::patch;
use gatehouse_scim_fuzz::scim::schema::ResourceKind;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const USER: &str = r#"{
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "u", "active": true, "name": { "givenName": "G" },
    "emails": [{ "value": "a@x", "type": "work", "primary": true }, { "value": "b@x", "type": "home" }],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "D", "manager": "m" }
}"#;

fuzz_target!(|data: &[u8]| {
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let _ = ListQuery::from_search(&value);
    let body: Value = serde_json::from_str(USER).expect("the constant is JSON");
    let user = normalize::resource(ResourceKind::User, &body)
        .expect("the constant is a user")
        .attributes;
    // As a whole body, and as the operations of one.
    let wrapped = json!({ "schemas": [patch::PATCH_SCHEMA], "Operations": value.clone() });
    for body in [&value, &wrapped] {
        let _ = normalize::resource(ResourceKind::Group, body);
        if let Ok(plan) = patch::plan(ResourceKind::Group, "g", body) {
            let _ = plan.member_change();
        }
        let Ok(after) = patch::plan(ResourceKind::User, "u", body).and_then(|plan| plan.apply(&user)) else {
            continue;
        };
        let mut put = after.clone();
        put.insert(
            "schemas".to_owned(),
            json!(["urn:ietf:params:scim:schemas:core:2.0:User"]),
        );
        let again = normalize::resource(ResourceKind::User, &Value::Object(put));
        assert!(
            again.is_ok_and(|incoming| incoming.attributes == after),
            "a PUT would not take it as it is"
        );
    }
});
