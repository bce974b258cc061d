//! PATCH of users: the deviations of identity providers.

use serde_json::{Value, json};

use super::{ENTERPRISE, operations, patched};
use crate::scim::{ResourceKind, ScimError, patch};

fn error(ops: Value) -> ScimError {
    patched(json!({ "emails": [{ "value": "a@x", "type": "work" }] }), ops).unwrap_err()
}

#[test]
fn e_01_active_as_string() {
    for (sent, wanted) in [("False", false), ("false", false), ("True", true), ("TRUE", true)] {
        let after = patched(
            json!({}),
            json!([{ "op": "Replace", "path": "active", "value": sent }]),
        )
        .unwrap();
        assert_eq!(after["active"], json!(wanted));
    }
    let refused = error(json!([{ "op": "replace", "path": "active", "value": "nope" }]));
    assert_eq!(
        refused.to_string(),
        "Operations[0]: active: wanted true or false, got another string"
    );
    assert_eq!(refused.scim_type(), Some("invalidValue"));
}

#[test]
fn e_01_roles_by_quoted_primary() {
    let op = json!([{ "op": "Add", "path": "roles[primary eq \"True\"].value", "value": "Admin" }]);
    let after = patched(json!({}), op.clone()).unwrap();
    assert_eq!(after["roles"], json!([{ "value": "Admin", "primary": true }]));
    let after = patched(json!({ "roles": [{ "value": "Guest", "primary": "True" }] }), op).unwrap();
    assert_eq!(after["roles"], json!([{ "value": "Admin", "primary": true }]));
}

#[test]
fn e_02_operations_capitalised() {
    let after = patched(
        json!({ "title": "x", "nickName": "y" }),
        json!([
            { "op": "Add", "path": "displayName", "value": "D" },
            { "op": "Replace", "path": "title", "value": "T" },
            { "op": "Remove", "path": "nickName" },
        ]),
    )
    .unwrap();
    assert_eq!(
        after,
        json!({ "userName": "bjensen", "displayName": "D", "title": "T" })
    );
}

#[test]
fn e_03_replace_of_a_missing_value_makes_it() {
    let after = patched(
        json!({ "emails": [{ "value": "h@x", "type": "home" }] }),
        json!([
            { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "w@x" },
        ]),
    )
    .unwrap();
    assert_eq!(
        after["emails"],
        json!([{ "value": "h@x", "type": "home" }, { "value": "w@x", "type": "work" }])
    );
    let after = patched(
        json!({}),
        json!([
            { "op": "Add", "path": "emails[type eq \"work\" and primary eq true].value", "value": "w@x" },
        ]),
    )
    .unwrap();
    assert_eq!(
        after["emails"],
        json!([{ "value": "w@x", "type": "work", "primary": true }])
    );
}

#[test]
fn e_03_a_filter_from_which_no_value_can_be_made_has_no_target() {
    for filter in [
        "value co \"zz\"",
        "type eq \"home\" or type eq \"other\"",
        "not (type eq \"work\")",
        "display pr",
    ] {
        let refused = error(json!([
            { "op": "replace", "path": format!("emails[{filter}].value"), "value": "w@x" },
        ]));
        assert_eq!(refused.scim_type(), Some("noTarget"), "{filter}");
    }
    // A label alone is no value: done silently, it would be a 2xx for nothing.
    let refused =
        error(json!([{ "op": "replace", "path": "emails[type eq \"home\"].primary", "value": true }]));
    assert_eq!(refused.scim_type(), Some("noTarget"));
    let refused =
        error(json!([{ "op": "replace", "path": "emails[type eq \"home\"]", "value": { "primary": true } }]));
    assert_eq!(refused.scim_type(), Some("noTarget"));
}

#[test]
fn e_04_phone_numbers_and_addresses_by_type() {
    let after = patched(
        json!({}),
        json!([
            { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1" },
            { "op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "+2" },
            { "op": "Add", "path": "addresses[type eq \"work\"].postalCode", "value": "8000" },
            { "op": "Add", "path": "addresses[type eq \"work\"].country", "value": "CH" },
            { "op": "Replace", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+3" },
        ]),
    )
    .unwrap();
    assert_eq!(
        after["phoneNumbers"],
        json!([{ "value": "+3", "type": "mobile" }, { "value": "+2", "type": "work" }])
    );
    assert_eq!(
        after["addresses"],
        json!([{ "postalCode": "8000", "country": "CH", "type": "work" }])
    );
}

#[test]
fn e_05_pathless_with_dotted_and_urn_keys() {
    let after = patched(
        json!({ "name": { "givenName": "A", "familyName": "B" } }),
        json!([{
            "op": "Replace",
            "value": {
                "name.givenName": "C",
                "displayName": "D",
                format!("{ENTERPRISE}:department"): "Sales",
                format!("{ENTERPRISE}:manager.value"): "m-1",
                "emails[type eq \"work\"].value": "w@x",
                ENTERPRISE: { "costCenter": "7" },
            },
        }]),
    )
    .unwrap();
    assert_eq!(
        after,
        json!({
            "userName": "bjensen",
            "name": { "familyName": "B", "givenName": "C" },
            "displayName": "D",
            "emails": [{ "value": "w@x", "type": "work" }],
            ENTERPRISE: { "costCenter": "7", "department": "Sales", "manager": { "value": "m-1" } },
        })
    );
}

#[test]
fn e_06_manager_in_every_form() {
    let path = format!("{ENTERPRISE}:manager");
    for (sent, wanted) in [
        (json!("m-2"), json!({ "value": "m-2" })),
        (json!({ "value": "m-2" }), json!({ "value": "m-2" })),
        (
            json!([{ "value": "m-2", "$ref": null }]),
            json!({ "value": "m-2" }),
        ),
        (json!(["m-2"]), json!({ "value": "m-2" })),
        (
            json!({ "value": "m-2", "displayName": "Boss" }),
            json!({ "value": "m-2" }),
        ),
        (json!(""), Value::Null),
        (json!(null), Value::Null),
        (json!([]), Value::Null),
        (json!({ "value": "" }), Value::Null),
        (json!([{ "value": "" }]), Value::Null),
    ] {
        for op in ["Add", "Replace"] {
            let user = json!({ ENTERPRISE: { "department": "X", "manager": { "value": "m-1", "$ref": "../Users/m-1" } } });
            let after = patched(user, json!([{ "op": op, "path": path, "value": sent }])).unwrap();
            assert_eq!(
                after[ENTERPRISE].get("manager").cloned().unwrap_or(Value::Null),
                wanted,
                "{op} {sent}"
            );
            assert_eq!(after[ENTERPRISE]["department"], json!("X"));
        }
    }
    let user = json!({ ENTERPRISE: { "manager": "m-1" } });
    for value in [json!("m-2"), json!(["m-2"])] {
        let after = patched(
            user.clone(),
            json!([{ "op": "replace", "path": format!("{path}.value"), "value": "m-2" }]),
        );
        assert_eq!(
            after.unwrap()[ENTERPRISE]["manager"]["value"],
            json!("m-2"),
            "{value}"
        );
    }
    let after = patched(user.clone(), json!([{ "op": "Remove", "path": path }])).unwrap();
    assert!(
        after.get(ENTERPRISE).is_none(),
        "nothing is left of the extension: {after}"
    );
    let refused = patched(
        user,
        json!([{ "op": "add", "path": format!("{path}.displayName"), "value": "B" }]),
    );
    assert_eq!(refused.unwrap_err().scim_type(), Some("mutability"));
}

#[test]
fn e_19_user_name_changes_its_case() {
    let after = patched(
        json!({}),
        json!([{ "op": "Replace", "path": "userName", "value": "BJensen" }]),
    )
    .unwrap();
    assert_eq!(after["userName"], json!("BJensen"));
}

#[test]
fn e_20_one_refused_operation_undoes_all() {
    let refused = error(json!([
        { "op": "Replace", "path": "displayName", "value": "D" },
        { "op": "Replace", "path": "title", "value": 5 },
    ]));
    assert_eq!(
        refused.to_string(),
        "Operations[1]: title: wanted a string, got a number"
    );
}

#[test]
fn o_04_deactivation_without_path() {
    let after = patched(
        json!({ "active": true }),
        json!([{ "op": "replace", "value": { "active": false } }]),
    )
    .unwrap();
    assert_eq!(after["active"], json!(false));
}

#[test]
fn aq_34_a_password_is_taken_and_dropped() {
    for op in [
        json!({ "op": "replace", "path": "password", "value": "s3cret" }),
        json!({ "op": "replace", "value": { "password": "s3cret" } }),
        json!({ "op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:User:password", "value": "s3cret" }),
    ] {
        assert_eq!(
            patched(json!({}), json!([op])).unwrap(),
            json!({ "userName": "bjensen" })
        );
    }
    let plan = patch::plan(
        ResourceKind::User,
        "u1",
        &operations(json!([
            { "op": "replace", "value": { "password": "s3cret", "title": "T" } },
        ])),
    )
    .unwrap();
    assert!(!format!("{plan:?}").contains("s3cret"));
}

#[test]
fn entra_single_values_wrapped_in_a_list() {
    let after = patched(
        json!({ "emails": [{ "value": "w@x", "type": "work" }] }),
        json!([
            { "op": "Replace", "path": "displayName", "value": [{ "$ref": null, "value": "D" }] },
            { "op": "Replace", "path": "active", "value": [{ "$ref": null, "value": "False" }] },
            { "op": "Replace", "path": "name.givenName", "value": ["G"] },
            { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": [{ "$ref": null, "value": "n@x" }] },
        ]),
    )
    .unwrap();
    assert_eq!(
        after,
        json!({
            "userName": "bjensen", "displayName": "D", "active": false, "name": { "givenName": "G" },
            "emails": [{ "value": "n@x", "type": "work" }],
        })
    );
    for value in [
        json!(["a", "b"]),
        json!([{ "value": "a", "type": "b" }]),
        json!([]),
    ] {
        let refused = patched(
            json!({}),
            json!([{ "op": "Replace", "path": "title", "value": value }]),
        );
        assert_eq!(refused.unwrap_err().scim_type(), Some("invalidValue"), "{value}");
    }
}
