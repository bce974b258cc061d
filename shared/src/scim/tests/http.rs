//! Errors, entity tags and media types.

use serde_json::json;

use crate::scim::ScimError;
use crate::scim::etag::{Tags, check_if_match, weak};
use crate::scim::media::{MediaType, check_content_type, negotiate};

#[test]
fn an_error_looks_as_the_rfc_says() {
    let error = ScimError::Uniqueness("userName is taken".to_owned());
    assert_eq!(
        error.body(),
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": "409", "scimType": "uniqueness", "detail": "userName is taken",
        })
    );
    let error = ScimError::NotFound("no such user".to_owned());
    assert_eq!(
        error.body(),
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404", "detail": "no such user",
        })
    );
    let error = ScimError::Unavailable {
        detail: "later".to_owned(),
        retry_after: 60,
    };
    assert_eq!(
        (error.status(), error.retry_after(), error.code()),
        (503, Some(60), "scim_unavailable")
    );
}

#[test]
fn tags_are_read_weak_strong_and_bare() {
    assert_eq!(weak(7), "W/\"7\"");
    for header in [
        "W/\"7\"",
        "\"7\"",
        "7",
        "w/\"7\"",
        "\"1\", W/\"7\"",
        " * ",
        "\"x\",\"7\"",
    ] {
        assert!(Tags::parse(header).unwrap().matches(7), "{header}");
        assert!(check_if_match(Some(header), 7).is_ok());
    }
    for header in ["W/\"8\"", "\"07\"", "\"+7\"", "\"x\"", "W/\"77\""] {
        let refused = check_if_match(Some(header), 7).unwrap_err();
        assert_eq!(refused.status(), 412, "{header}");
    }
    assert_eq!(check_if_match(Some(""), 7).unwrap_err().status(), 400);
    assert!(check_if_match(None, 7).is_ok());
}

#[test]
fn answers_are_scim_json_unless_only_json_is_wanted() {
    for accept in [
        None,
        Some("*/*"),
        Some("application/scim+json"),
        Some("application/scim+json, application/json"),
        Some("application/json, application/scim+json"),
        Some("application/json;q=0.8, application/scim+json"),
        Some("application/json, */*"),
        Some("text/html"),
    ] {
        assert_eq!(negotiate(accept), MediaType::Scim, "{accept:?}");
    }
    for accept in [
        "application/json",
        "APPLICATION/JSON; charset=utf-8",
        "application/json, */*;q=0.1",
    ] {
        assert_eq!(negotiate(Some(accept)), MediaType::Json, "{accept}");
    }
}

#[test]
fn o_13_and_ol_06_content_types() {
    for header in [
        None,
        Some(""),
        Some("application/scim+json"),
        Some("application/scim+json; charset=utf-8"),
        Some("application/json;charset=\"UTF-8\""),
        Some("Application/JSON"),
    ] {
        assert!(check_content_type(header).is_ok(), "{header:?}");
    }
    for header in [
        "text/plain",
        "application/xml",
        "application/json; charset=iso-8859-1",
        "json",
    ] {
        assert_eq!(
            check_content_type(Some(header)).unwrap_err().status(),
            415,
            "{header}"
        );
    }
}
