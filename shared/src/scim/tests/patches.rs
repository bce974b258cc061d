//! PATCH of users.

use serde_json::{Value, json};

use super::{ENTERPRISE, operations, patched, read_user};
use crate::scim::{ResourceKind, ScimError, patch};

fn error(ops: Value) -> ScimError {
    patched(json!({ "emails": [{ "value": "a@x", "type": "work" }] }), ops).unwrap_err()
}

fn plan_error(body: &Value) -> ScimError {
    patch::plan(ResourceKind::User, "u1", body).unwrap_err()
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
fn names_are_taken_in_any_case() {
    let after = patched(json!({}), json!([
        { "OP": "ADD", "Path": "NAME.GIVENNAME", "VALUE": "G" },
        { "op": "add", "path": "EMAILS[TYPE EQ \"work\"].VALUE", "value": "w@x" },
        { "op": "add", "value": { "nickname": "Babs" } },
        { "op": "add", "path": "urn:ietf:params:scim:schemas:EXTENSION:enterprise:2.0:user:Department", "value": "X" },
    ]))
    .unwrap();
    assert_eq!(
        after,
        json!({
            "userName": "bjensen",
            "name": { "givenName": "G" },
            "nickName": "Babs",
            "emails": [{ "value": "w@x", "type": "work" }],
            ENTERPRISE: { "department": "X" },
        })
    );
}

#[test]
fn add_to_several_values_adds_once() {
    let user = json!({ "emails": [{ "value": "A@x", "type": "work", "primary": true }] });
    let add = |value: Value| {
        patched(
            user.clone(),
            json!([{ "op": "add", "path": "emails", "value": value }]),
        )
        .unwrap()
    };
    assert_eq!(
        add(json!([{ "value": "A@x", "type": "work", "primary": true }]))["emails"],
        user["emails"]
    );
    assert_eq!(
        add(json!([{ "value": "a@X" }]))["emails"]
            .as_array()
            .unwrap()
            .len(),
        1,
        "the same address"
    );
    assert_eq!(
        add(json!({ "value": "A@x", "type": "home" }))["emails"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        add(json!([{ "value": "b@x", "primary": "true" }]))["emails"],
        json!([{ "value": "A@x", "type": "work", "primary": false }, { "value": "b@x", "primary": true }]),
        "only one is primary"
    );
    assert_eq!(add(json!("b@x"))["emails"][1], json!({ "value": "b@x" }));
}

#[test]
fn two_new_primaries_are_refused() {
    for op in ["add", "replace"] {
        let refused = error(json!([{ "op": op, "path": "emails", "value": [
            { "value": "a", "primary": true }, { "value": "b", "primary": true },
        ] }]));
        assert_eq!(refused.scim_type(), Some("invalidValue"));
    }
}

#[test]
fn replace_of_chosen_values_replaces_them_whole() {
    let user = json!({ "emails": [
        { "value": "w@x", "type": "work", "display": "old" }, { "value": "h@x", "type": "home" },
    ] });
    let after = patched(
        user.clone(),
        json!([
            { "op": "replace", "path": "emails[type eq \"work\"]", "value": { "value": "n@x" } },
        ]),
    )
    .unwrap();
    assert_eq!(
        after["emails"],
        json!([{ "value": "n@x", "type": "work" }, { "value": "h@x", "type": "home" }])
    );
    let after = patched(
        user,
        json!([
            { "op": "add", "path": "emails[type eq \"work\"]", "value": { "primary": true } },
        ]),
    )
    .unwrap();
    assert_eq!(
        after["emails"][0],
        json!({ "value": "w@x", "display": "old", "type": "work", "primary": true })
    );
}

#[test]
fn remove_takes_what_is_named_and_no_more() {
    let user = json!({
        "title": "T",
        "name": { "givenName": "G", "familyName": "F" },
        "emails": [{ "value": "w@x", "type": "work" }, { "value": "h@x", "type": "home" }],
        "addresses": [{ "type": "work", "postalCode": "1", "country": "CH" }],
        ENTERPRISE: { "department": "D" },
    });
    let remove = |path: &str| patched(user.clone(), json!([{ "op": "remove", "path": path }])).unwrap();
    assert!(remove("title").get("title").is_none());
    assert_eq!(remove("name.givenName")["name"], json!({ "familyName": "F" }));
    assert!(remove("name").get("name").is_none());
    assert!(remove("emails").get("emails").is_none());
    assert_eq!(
        remove("emails[type eq \"work\"]")["emails"],
        json!([{ "value": "h@x", "type": "home" }])
    );
    assert_eq!(
        remove("emails[type eq \"work\"].value")["emails"],
        json!([{ "value": "h@x", "type": "home" }])
    );
    assert_eq!(
        remove("emails[type eq \"work\"].type")["emails"][0],
        json!({ "value": "w@x" })
    );
    assert_eq!(
        remove("addresses[type eq \"work\"].postalCode")["addresses"],
        json!([{ "country": "CH", "type": "work" }])
    );
    assert!(remove(ENTERPRISE).get(ENTERPRISE).is_none());
    assert!(
        remove(&format!("{ENTERPRISE}:department"))
            .get(ENTERPRISE)
            .is_none()
    );
    // Taking away what is not there leaves the state that was asked for.
    assert_eq!(remove("nickName"), remove("emails[type eq \"other\"]"));
}

#[test]
fn remove_of_given_values_leaves_the_others() {
    let user = json!({ "emails": [{ "value": "w@x", "type": "work" }, { "value": "h@x", "type": "home" }] });
    let after = patched(
        user,
        json!([{ "op": "remove", "path": "emails", "value": [{ "value": "W@X" }] }]),
    )
    .unwrap();
    assert_eq!(after["emails"], json!([{ "value": "h@x", "type": "home" }]));
}

#[test]
fn a_null_value_unassigns() {
    let user =
        json!({ "title": "T", "emails": [{ "value": "w@x", "type": "work" }], "name": { "givenName": "G" } });
    let after = patched(user, json!([
        { "op": "replace", "path": "title", "value": null },
        { "op": "replace", "value": { "emails": null, "name": { "givenName": null, "familyName": "F" } } },
    ]))
    .unwrap();
    assert_eq!(
        after,
        json!({ "userName": "bjensen", "name": { "familyName": "F" } })
    );
}

#[test]
fn what_the_server_owns_or_needs_stays() {
    for op in [
        json!({ "op": "replace", "path": "id", "value": "u2" }),
        json!({ "op": "replace", "value": { "id": "u2" } }),
        json!({ "op": "replace", "path": "meta.created", "value": "2020-01-01T00:00:00Z" }),
        json!({ "op": "add", "path": "groups", "value": [{ "value": "g" }] }),
        json!({ "op": "add", "value": { "groups": [{ "value": "g" }] } }),
        json!({ "op": "replace", "value": { "schemas": [], "meta": {} } }),
        json!({ "op": "replace", "value": {} }),
        json!({ "op": "remove", "path": "userName" }),
        json!({ "op": "replace", "path": "userName", "value": null }),
    ] {
        assert_eq!(error(json!([op])).scim_type(), Some("mutability"), "{op}");
    }
    let blank = error(json!([{ "op": "replace", "path": "userName", "value": " " }]));
    assert_eq!(blank.scim_type(), Some("invalidValue"));
    let tolerated =
        json!([{ "op": "replace", "value": { "id": "u1", "schemas": [], "meta": {}, "title": "T" } }]);
    assert_eq!(patched(json!({}), tolerated).unwrap()["title"], json!("T"));
}

#[test]
fn bad_paths_are_named() {
    for (path, message) in [
        ("nope", "Operations[0]: unknown attribute nope of User"),
        ("name.nope", "Operations[0]: unknown attribute name.nope of User"),
        (
            "department",
            "Operations[0]: unknown attribute department of User: did you mean \
             urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department?",
        ),
        (
            "urn:x:y:title",
            "Operations[0]: unknown attribute urn:x:y:title of User",
        ),
        (
            "emails[type eq",
            "Operations[0]: path \"emails…\": at character 15: wanted a value: a string in double quotes, a number, \
             true, false or null, got the end",
        ),
        (
            "emails[kind eq \"x\"].value",
            "Operations[0]: filter in the path: unknown attribute emails.kind",
        ),
        (
            "emails[type eq \"work\"].nope",
            "Operations[0]: unknown sub-attribute nope of emails",
        ),
        (
            "name[givenName eq \"x\"]",
            "Operations[0]: name has one value: no filter can choose among them",
        ),
        (
            "emails[0].value",
            "Operations[0]: path \"emails…\": at character 8: wanted an attribute such as userName, \
             name.givenName or urn:…:User:department, got \"0\"",
        ),
    ] {
        let refused = error(json!([{ "op": "replace", "path": path, "value": "x" }]));
        assert_eq!(refused.to_string(), message);
        assert_eq!(refused.scim_type(), Some("invalidPath"));
    }
}

#[test]
fn a_sub_attribute_of_several_values_must_be_chosen() {
    let user = json!({ "emails": [{ "value": "a" }, { "value": "b" }] });
    let refused = patched(
        user,
        json!([{ "op": "replace", "path": "emails.value", "value": "c" }]),
    )
    .unwrap_err();
    assert_eq!(refused.scim_type(), Some("invalidPath"));
    let after = patched(
        json!({}),
        json!([{ "op": "replace", "path": "emails.value", "value": "c" }]),
    )
    .unwrap();
    assert_eq!(after["emails"], json!([{ "value": "c" }]));
}

#[test]
fn malformed_bodies_are_refused() {
    let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    for (body, scim_type) in [
        (json!([]), "invalidSyntax"),
        (
            json!({ "Operations": [{ "op": "remove", "path": "title" }] }),
            "invalidSyntax",
        ),
        (json!({ "schemas": [schema] }), "invalidSyntax"),
        (json!({ "schemas": [schema], "Operations": [] }), "invalidSyntax"),
        (json!({ "schemas": [schema], "Operations": {} }), "invalidSyntax"),
        (operations(json!(["x"])), "invalidSyntax"),
        (
            operations(json!([{ "op": "move", "path": "title" }])),
            "invalidSyntax",
        ),
        (
            operations(json!([{ "path": "title", "value": "x" }])),
            "invalidSyntax",
        ),
        (
            operations(json!([{ "op": "add", "OP": "remove", "path": "title", "value": "x" }])),
            "invalidSyntax",
        ),
        (
            operations(json!([{ "op": "add", "path": "title" }])),
            "invalidValue",
        ),
        (operations(json!([{ "op": "add", "value": "x" }])), "invalidValue"),
        (
            operations(json!([{ "op": "add", "path": 5, "value": "x" }])),
            "invalidPath",
        ),
        (operations(json!([{ "op": "remove" }])), "noTarget"),
        (
            operations(json!([{ "op": "remove", "value": { "title": "x" } }])),
            "noTarget",
        ),
        (
            operations(json!([{ "op": "add", "path": ENTERPRISE, "value": "x" }])),
            "invalidValue",
        ),
        (
            operations(json!([{ "op": "add", "path": ENTERPRISE, "value": { "nope": "x" } }])),
            "invalidPath",
        ),
    ] {
        let refused = plan_error(&body);
        assert_eq!(
            (refused.status(), refused.scim_type()),
            (400, Some(scim_type)),
            "{body}"
        );
    }
}

#[test]
fn a_patch_that_changes_nothing_is_equal() {
    let user = read_user(json!({ "title": "T", "emails": [{ "value": "a", "type": "work" }] })).unwrap();
    let plan = patch::plan(
        ResourceKind::User,
        "u1",
        &operations(json!([
            { "op": "replace", "path": "title", "value": "T" },
            { "op": "add", "path": "emails", "value": [{ "type": "work", "value": "a" }] },
            { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "a" },
        ])),
    )
    .unwrap();
    assert_eq!(plan.apply(&user).unwrap(), user);
}

#[test]
fn a_resource_does_not_grow_without_bound() {
    let many: Vec<Value> = (0..200).map(|n| json!({ "value": format!("r{n}") })).collect();
    let more: Vec<Value> = (200..300).map(|n| json!({ "value": format!("r{n}") })).collect();
    let refused = error(json!([
        { "op": "add", "path": "roles", "value": many }, { "op": "add", "path": "roles", "value": more },
    ]));
    assert_eq!(
        refused.to_string(),
        "Operations[1]: roles: wanted at most 256 values, got 300"
    );
    let certificate = "A".repeat(30_000);
    let certificates: Vec<Value> = (0..5)
        .map(|n| json!({ "value": certificate, "type": n.to_string() }))
        .collect();
    let refused = error(json!([{ "op": "add", "path": "x509Certificates", "value": certificates }]));
    assert_eq!(refused.scim_type(), Some("invalidValue"));
}
