//! PATCH of users: what the RFC asks for, and what is refused.

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

#[test]
fn debug_output_shows_no_values() {
    use crate::scim::filter::{Filter, Matcher, Scope, lookups};
    let secret = "s3cret@example.com";
    let filter = Filter::parse(&format!("userName eq \"{secret}\" and id eq {secret}")).unwrap();
    let matcher = Matcher::compile(&filter, ResourceKind::User, Scope::One).unwrap();
    let plan = patch::plan(
        ResourceKind::User,
        "u1",
        &operations(json!([
            { "op": "replace", "path": format!("emails[value eq \"{secret}\"].value"), "value": secret },
            { "op": "replace", "value": { "title": secret } },
        ])),
    )
    .unwrap();
    let body = super::user_body(json!({ "title": secret }));
    let incoming = crate::scim::normalize::resource(ResourceKind::User, &body).unwrap();
    let lookups = lookups(&filter, ResourceKind::User);
    let shown = format!("{filter:?} {matcher:?} {plan:?} {incoming:?} {lookups:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
}
