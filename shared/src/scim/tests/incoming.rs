//! POST and PUT bodies.

use serde_json::{Value, json};

use super::{ENTERPRISE, group_body, meta, read_user, rendered, user_body, written};
use crate::scim::normalize;
use crate::scim::{ResourceKind, ScimError, resource};

fn refused(more: Value) -> ScimError {
    read_user(more).unwrap_err()
}

fn read(body: &Value) -> Result<Value, ScimError> {
    normalize::resource(ResourceKind::User, body).map(|incoming| Value::Object(incoming.attributes))
}

#[test]
fn names_and_order_become_the_schemas() {
    let user = read_user(json!({
        ENTERPRISE.to_uppercase(): { "DEPARTMENT": "D", "employeenumber": "7" },
        "EMAILS": [{ "PRIMARY": true, "Type": "work", "VALUE": "a@x" }],
        "Name": { "familyname": "F", "Formatted": "G F" },
        "externalid": "e",
    }))
    .unwrap();
    let text = Value::Object(user).to_string();
    assert_eq!(
        text,
        format!(
            r#"{{"externalId":"e","userName":"bjensen","name":{{"formatted":"G F","familyName":"F"}},"emails":[{{"value":"a@x","type":"work","primary":true}}],"{ENTERPRISE}":{{"employeeNumber":"7","department":"D"}}}}"#
        )
    );
}

#[test]
fn e_01_truth_values_as_strings() {
    let user =
        read_user(json!({ "active": "False", "emails": [{ "value": "a@x", "primary": "True" }] })).unwrap();
    assert_eq!(
        (&user["active"], &user["emails"][0]["primary"]),
        (&json!(false), &json!(true))
    );
}

#[test]
fn e_06_manager_in_every_form() {
    for form in [
        json!("m"),
        json!({ "value": "m" }),
        json!([{ "value": "m" }]),
        json!({ "value": "m", "$ref": null }),
    ] {
        let user = read_user(json!({ ENTERPRISE: { "manager": form } })).unwrap();
        assert_eq!(user[ENTERPRISE]["manager"], json!({ "value": "m" }), "{form}");
    }
    for nothing in [json!(""), json!(null), json!([]), json!({})] {
        let user = read_user(json!({ ENTERPRISE: { "manager": nothing } })).unwrap();
        assert!(!user.contains_key(ENTERPRISE));
    }
    assert_eq!(
        refused(json!({ ENTERPRISE: { "manager": ["a", "b"] } })).scim_type(),
        Some("invalidValue")
    );
    assert_eq!(
        refused(json!({ ENTERPRISE: { "manager": [[["a"]]] } })).scim_type(),
        Some("invalidValue")
    );
}

#[test]
fn ol_01_short_schema_urns() {
    for urn in ["urn:scim:schemas:core:2.0", "urn:scim:schemas:core:1.0"] {
        let body = user_body(
            json!({ "schemas": [urn], "urn:scim:schemas:extension:enterprise:1.0": { "division": "D" } }),
        );
        assert_eq!(read(&body).unwrap()[ENTERPRISE], json!({ "division": "D" }));
    }
    let foreign = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:acme:ext"], "urn:acme:ext": {} });
    assert!(
        read(&user_body(foreign)).is_ok(),
        "a foreign URN without data is nothing lost"
    );
}

#[test]
fn data_that_has_no_place_is_refused() {
    for (more, message) in [
        (json!({ "shoeSize": 45 }), "unknown attribute shoeSize of User"),
        (
            json!({ "department": "D" }),
            "unknown attribute department of User: department belongs into the object \
             urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ),
        (
            json!({ "urn:acme:ext": { "a": 1 } }),
            "unknown attribute urn:acme:ext of User",
        ),
        (
            json!({ ENTERPRISE: { "shoeSize": "45" } }),
            format!("unknown attribute shoeSize of {ENTERPRISE}").leak() as &str,
        ),
        (
            json!({ "name": { "nick": "x" } }),
            "unknown sub-attribute nick of name",
        ),
        (
            json!({ "emails": [{ "value": "a", "shoe": "x" }] }),
            "unknown sub-attribute shoe of emails",
        ),
        (
            json!({ "username": "other" }),
            "userName is given more than once, in different spellings",
        ),
        (
            json!({ "name": { "givenName": "a", "GIVENNAME": "b" } }),
            "name.givenName is given more than once",
        ),
        (
            json!({ "schemas": [] }),
            "schemas: wanted urn:ietf:params:scim:schemas:core:2.0:User among them",
        ),
        (
            json!({ "schemas": "x" }),
            "schemas: wanted urn:ietf:params:scim:schemas:core:2.0:User among them",
        ),
        (json!({ "schemas": [5] }), "schemas: wanted a list of URNs"),
        (
            json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"] }),
            "schemas: wanted urn:ietf:params:scim:schemas:core:2.0:User, got urn:ietf:params:scim:schemas:core:2.0:Group",
        ),
    ] {
        let error = refused(more.clone());
        assert_eq!(error.to_string(), message, "{more}");
        assert_eq!(error.scim_type(), Some("invalidSyntax"), "{more}");
    }
    assert_eq!(read(&json!("x")).unwrap_err().scim_type(), Some("invalidSyntax"));
    assert_eq!(
        read(&json!({ "not": "a scim resource" })).unwrap_err().status(),
        400
    );
}

#[test]
fn values_of_a_wrong_type_are_refused() {
    for (more, message) in [
        (json!({ "title": 5 }), "title: wanted a string, got a number"),
        (json!({ "title": ["x"] }), "title: wanted a string, got a list"),
        (
            json!({ "active": 1 }),
            "active: wanted true or false, got a number",
        ),
        (
            json!({ "name": "Barbara" }),
            "name: wanted an object, got another string",
        ),
        (
            json!({ "emails": [5] }),
            "emails: wanted a list of objects, got a number",
        ),
        (
            json!({ "emails": [{ "value": 5 }] }),
            "emails.value: wanted a string, got a number",
        ),
        (
            json!({ "addresses": ["x"] }),
            "addresses: wanted a list of objects, got another string",
        ),
        (
            json!({ "x509Certificates": [{ "value": "***" }] }),
            "x509Certificates.value: wanted Base64, got another string",
        ),
        (
            json!({ "userName": "" }),
            "userName is required and must not be blank",
        ),
        (
            json!({ "userName": null }),
            "userName is required and must not be blank",
        ),
        (
            json!({ "userName": "x".repeat(513) }),
            "userName: wanted at most 512 bytes, got 513",
        ),
        (
            json!({ "userName": "a\u{0}b" }),
            "userName: wanted text without NUL characters",
        ),
        (
            json!({ ENTERPRISE: "x" }),
            format!("{ENTERPRISE}: wanted an object").leak() as &str,
        ),
        (
            json!({ "emails": [{ "value": "a", "primary": true }, { "value": "b", "primary": true }] }),
            "emails: wanted at most one primary value, got several",
        ),
    ] {
        let error = refused(more.clone());
        assert_eq!(error.to_string(), message, "{more}");
        assert_eq!(error.scim_type(), Some("invalidValue"));
    }
}

#[test]
fn what_the_server_owns_is_dropped() {
    let user = read_user(json!({
        "id": "forged", "meta": { "version": "W/\"9\"" }, "groups": [{ "value": "g" }], "title": null, "roles": [],
        "name": {}, "emails": [{ "type": "work", "value": null }],
    }))
    .unwrap();
    assert_eq!(Value::Object(user), json!({ "userName": "bjensen" }));
}

#[test]
fn aq_34_a_password_is_neither_kept_nor_shown() {
    for password in [json!("s3cret"), json!(5), json!({ "x": "s3cret" })] {
        let user = read_user(json!({ "password": password })).unwrap();
        assert!(!format!("{user:?}").contains("password"));
    }
}

#[test]
fn several_values_may_come_as_one_and_as_strings() {
    let user =
        read_user(json!({ "emails": { "value": "a" }, "roles": ["admin", "admin", { "value": "b" }] }))
            .unwrap();
    assert_eq!(user["emails"], json!([{ "value": "a" }]));
    assert_eq!(user["roles"], json!([{ "value": "admin" }, { "value": "b" }]));
}

#[test]
fn an_answer_has_schemas_id_and_meta() {
    let attributes = read_user(json!({ ENTERPRISE: { "department": "D" } })).unwrap();
    let answer = resource::render(
        ResourceKind::User,
        "https://x.test/scim/v2/T",
        &meta(),
        attributes,
    );
    assert_eq!(
        Value::Object(answer),
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
            "id": "u1",
            "userName": "bjensen",
            ENTERPRISE: { "department": "D" },
            "meta": {
                "resourceType": "User",
                "created": "2024-05-01T10:00:00.000Z",
                "lastModified": "2024-06-01T10:00:00.000Z",
                "location": "https://x.test/scim/v2/T/Users/u1",
                "version": "W/\"7\"",
            },
        })
    );
    assert_eq!(
        resource::member_values(
            "b",
            &[normalize::Member {
                id: "u".into(),
                kind: None
            }]
        ),
        json!([{ "value": "u", "$ref": "b/Users/u", "type": "User" }])
    );
    assert_eq!(
        resource::group_values("b", [("g", "G")]),
        json!([{ "value": "g", "$ref": "b/Groups/g", "display": "G", "type": "direct" }])
    );
}

#[test]
fn a_list_writes_what_is_stored_as_it_would_be_answered_alone() {
    let numbers = |values: &[&str]| json!({ "phoneNumbers": values.iter().map(|v| json!({ "value": v, "type": "work" })).collect::<Vec<_>>() });
    for more in [
        json!({}),
        json!({ "displayName": "\"É\\\n\u{1f600}", "name": { "formatted": "x" } }),
        json!({ "active": false, "emails": ["a@x"], ENTERPRISE: { "manager": "m" } }),
        numbers(&["1", ""]),
        numbers(&["1", "2"]),
        numbers(&[""]),
    ] {
        let answered = Value::Object(rendered(more.clone()));
        assert_eq!(written(read_user(more).unwrap()), answered.to_string());
    }
    assert!(
        !Value::Object(rendered(numbers(&[""])))
            .to_string()
            .contains("phoneNumbers")
    );
}

#[test]
fn an_answer_put_back_is_the_same_resource() {
    let attributes =
        read_user(json!({ "active": true, "emails": ["a@x"], ENTERPRISE: { "manager": "m" } })).unwrap();
    let answer = resource::render(
        ResourceKind::User,
        "https://x.test/scim/v2/T",
        &meta(),
        attributes.clone(),
    );
    assert_eq!(read(&Value::Object(answer)).unwrap(), Value::Object(attributes));
}

#[test]
fn aq_46_phone_number() {
    let phone = |numbers: Value| {
        let user = read_user(json!({})).unwrap();
        let mut user = user;
        user.insert("phoneNumbers".to_owned(), numbers);
        resource::phone_number(&user).map(str::to_owned)
    };
    let number = |value: &str, kind: &str| json!({ "value": value, "type": kind });
    assert_eq!(phone(json!([])), None);
    assert_eq!(
        phone(json!([number("1", "home"), number("2", "work")])),
        Some("2".into()),
        "work before the first"
    );
    assert_eq!(
        phone(json!([number("1", "home"), number("2", "mobile")])),
        Some("1".into()),
        "else the first"
    );
    let primary = json!({ "value": "3", "type": "home", "primary": true });
    assert_eq!(
        phone(json!([number("2", "work"), primary])),
        Some("3".into()),
        "primary before work"
    );
    let empty = json!({ "value": "", "primary": true });
    assert_eq!(
        phone(json!([number("1", "home"), number("2", "mobile"), empty])),
        Some("2".into()),
        "mobile if empty"
    );
    assert_eq!(
        phone(json!([empty, number("1", "home"), number("2", "fax")])),
        Some("1".into()),
        "else the next"
    );
}

#[test]
fn an_extension_may_repeat_its_urn() {
    let data = json!({ ENTERPRISE: { "schemas": [ENTERPRISE], "department": "D" } });
    assert_eq!(read_user(data).unwrap()[ENTERPRISE], json!({ "department": "D" }));
}

#[test]
fn aq_46_an_empty_number_that_counts_is_remembered_and_not_shown() {
    let numbers = json!([
        { "value": "", "type": "work" }, { "value": "1", "type": "home" }, { "value": "2", "type": "mobile" },
        { "value": "", "type": "fax" },
    ]);
    let user = read_user(json!({ "phoneNumbers": numbers })).unwrap();
    assert_eq!(user["phoneNumbers"].as_array().unwrap().len(), 3);
    assert_eq!(
        resource::phone_number(&user),
        Some("2"),
        "mobile, because work is empty"
    );
    let shown = rendered(json!({ "phoneNumbers": numbers }));
    assert_eq!(shown["phoneNumbers"].as_array().unwrap().len(), 2);
    let blank = json!({ "phoneNumbers": [{ "value": "", "primary": true }] });
    assert!(rendered(blank).get("phoneNumbers").is_none());
}

#[test]
fn the_email_address_is_primary_then_work_then_first_then_user_name() {
    let mail = |more: Value| resource::email_address(&read_user(more).unwrap()).map(str::to_owned);
    assert_eq!(mail(json!({})), None);
    assert_eq!(mail(json!({ "userName": "a@x" })), Some("a@x".into()));
    let all = json!({ "emails": [{ "value": "1" }, { "value": "2", "type": "work" }, { "value": "3", "primary": true }] });
    assert_eq!(mail(all), Some("3".into()));
    assert_eq!(
        mail(json!({ "emails": [{ "value": "1" }, { "value": "2", "type": "work" }] })),
        Some("2".into())
    );
}

#[test]
fn a_group_needs_a_name() {
    let error =
        normalize::resource(ResourceKind::Group, &group_body(json!({ "displayName": " " }))).unwrap_err();
    assert_eq!(error.scim_type(), Some("invalidValue"));
    let error =
        normalize::resource(ResourceKind::Group, &group_body(json!({ "userName": "x" }))).unwrap_err();
    assert_eq!(error.scim_type(), Some("invalidSyntax"));
}
