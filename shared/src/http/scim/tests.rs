//! Bodies and preconditions. Who is let in is tested end to end.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::json;

use super::Conditions;
use super::body::parse;
use crate::scim::ScimError;

#[test]
fn json_is_read_as_it_is() {
    let text = r#" {"b":[1,-2,1.5,true,null,"x"],"a":{"n":18446744073709551615}} "#;
    let value = parse(text.as_bytes()).unwrap();
    assert_eq!(value, serde_json::from_str::<serde_json::Value>(text).unwrap());
    assert_eq!(value.as_object().unwrap().keys().collect::<Vec<_>>(), ["b", "a"]);
}

#[test]
fn what_is_no_json_says_so_and_quotes_nothing() {
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    for (body, says) in [
        ("", "got nothing"),
        (" \n", "got nothing"),
        ("{\"userName\":", "not JSON"),
        ("{\"userName\":\"secret\"}x", "not JSON"),
        ("{\"a\":{\"secret\":1,\"secret\":2}}", "more than once"),
        (deep.as_str(), "nested deeper"),
    ] {
        let refused = parse(body.as_bytes()).unwrap_err();
        let ScimError::InvalidSyntax(detail) = &refused else {
            panic!("{refused:?}");
        };
        assert!(detail.contains(says), "{detail}");
        assert!(!detail.contains("secret"), "{detail}");
    }
    assert_eq!(parse(b"{\"a\":\"\xff\"}").unwrap_err().status(), 400);
}

#[test]
fn conditions_let_through_and_refuse() {
    let some = |tags: &str| Some(tags.to_owned());
    let conditions = Conditions {
        if_match: some("W/\"3\""),
        if_none_match: some("W/\"4\", \"5\""),
    };
    conditions.allow(3).unwrap();
    assert_eq!(conditions.allow(4).unwrap_err().status(), 412);
    assert!(conditions.is_known(5).unwrap());
    assert!(!conditions.is_known(3).unwrap());
    assert_eq!(json!(Conditions::default().is_known(1).unwrap()), json!(false));
    Conditions::default().allow(1).unwrap();
}
