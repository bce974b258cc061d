//! Lists: parameters, cursors, projection, bodies.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

use super::{ENTERPRISE, rendered};
use crate::scim::filter::Filter;
use crate::scim::list::{Cursor, CursorKey, ListQuery, Page, Paging, Position, Projection, parameters};
use crate::scim::{ResourceKind, ScimError};

const KINDS: &[ResourceKind] = &[ResourceKind::User];

fn paging(query: &str) -> Paging {
    ListQuery::from_query(query).unwrap().paging
}

fn shown(query: &str) -> Value {
    let user = rendered(json!({
        "title": "T",
        "emails": [{ "value": "a@x", "type": "work" }, { "value": "b@x" }],
        ENTERPRISE: { "department": "D", "costCenter": "C", "manager": { "value": "m", "$ref": "r" } },
    }));
    Value::Object(
        Projection::from_query(query)
            .unwrap()
            .apply(ResourceKind::User, user),
    )
}

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn o_01_first_page_of_two() {
    assert_eq!(
        paging("startIndex=1&count=2"),
        Paging::Index { start: 1, count: 2 }
    );
}

#[test]
fn index_paging_is_clamped_as_the_rfc_says() {
    for (query, start, count) in [
        ("", 1, 100),
        ("startIndex=0", 1, 100),
        ("startIndex=-5&count=-1", 1, 0),
        ("count=0", 1, 0),
        ("startIndex=101&count=100", 101, 100),
        ("count=100000", 1, 100),
        ("STARTINDEX=3&Count=4", 3, 4),
        ("startIndex=&count=", 1, 100),
        ("startIndex=99999999999999999999999", i64::MAX as u64, 100),
        ("count=-99999999999999999999999", 1, 0),
    ] {
        assert_eq!(paging(query), Paging::Index { start, count }, "{query}");
    }
    for query in [
        "startIndex=x",
        "count=1.5",
        "count=1&count=2",
        "startIndex=-",
        "count=1e3",
    ] {
        assert_eq!(
            ListQuery::from_query(query).unwrap_err().scim_type(),
            Some("invalidValue"),
            "{query}"
        );
    }
}

#[test]
fn cursor_paging_is_chosen_by_the_parameter() {
    assert_eq!(
        paging("cursor"),
        Paging::Cursor {
            cursor: None,
            count: 100
        }
    );
    assert_eq!(
        paging("cursor=&count=10"),
        Paging::Cursor {
            cursor: None,
            count: 10
        }
    );
    assert_eq!(
        paging("cursor=abc&count=0"),
        Paging::Cursor {
            cursor: Some("abc".into()),
            count: 0
        }
    );
    for query in ["cursor=&count=-1", "cursor=&count=101"] {
        assert_eq!(
            ListQuery::from_query(query).unwrap_err().scim_type(),
            Some("invalidCount"),
            "{query}"
        );
    }
    assert_eq!(
        ListQuery::from_query("cursor=&startIndex=1")
            .unwrap_err()
            .scim_type(),
        Some("invalidValue")
    );
}

#[test]
fn ol_02_trailing_ampersand_and_empty_query() {
    for query in ["", "?", "&", "?&", "count=2&", "?count=2&&"] {
        assert!(ListQuery::from_query(query).is_ok(), "{query}");
    }
    assert_eq!(paging("?count=2&"), Paging::Index { start: 1, count: 2 });
}

#[test]
fn e_01_query_flag_is_tolerated() {
    let query = ListQuery::from_query("aadOptscim062020&filter=userName+eq+%22a%22").unwrap();
    assert_eq!(query.filter.unwrap().to_string(), r#"userName eq "a""#);
}

#[test]
fn entra_plus_for_spaces_and_a_plus_in_an_address() {
    let filter = |query: &str| ListQuery::from_query(query).unwrap().filter.unwrap().to_string();
    assert_eq!(
        filter("filter=userName+eq+%22a%2Bb@x%22"),
        r#"userName eq "a+b@x""#
    );
    assert_eq!(
        filter("filter=userName%20eq%20%22a+b@x%22"),
        r#"userName eq "a+b@x""#
    );
    assert_eq!(
        parameters("a=b=c&d").unwrap(),
        [("a".into(), "b=c".into()), ("d".into(), String::new())]
    );
    assert_eq!(
        parameters("a=%FF").unwrap_err().scim_type(),
        Some("invalidSyntax")
    );
}

#[test]
fn e_09_list_without_members() {
    let query =
        ListQuery::from_query("excludedAttributes=members&filter=displayName%20eq%20%22x%22").unwrap();
    assert!(!query.projection.shows(ResourceKind::Group, "members"));
    assert!(query.projection.shows(ResourceKind::Group, "displayName"));
    assert!(!query.projection.shows(ResourceKind::User, "nope"));
}

#[test]
fn sorting_is_by_id_or_refused() {
    for query in [
        "sortBy=id",
        "sortBy=ID&sortOrder=ascending",
        "sortOrder=descending",
        "sortBy=",
    ] {
        assert!(ListQuery::from_query(query).is_ok(), "{query}");
    }
    for query in [
        "sortBy=userName",
        "sortBy=id&sortOrder=descending",
        "sortBy=meta.id",
    ] {
        assert_eq!(
            ListQuery::from_query(query).unwrap_err().scim_type(),
            Some("invalidValue"),
            "{query}"
        );
    }
}

#[test]
fn attributes_add_to_the_smallest_set() {
    assert_eq!(names(&shown("attributes=title")), ["schemas", "id", "title"]);
    assert_eq!(
        names(&shown("attributes=USERNAME,%20title")),
        ["schemas", "id", "userName", "title"]
    );
    assert_eq!(
        shown("attributes=emails.value")["emails"],
        json!([{ "value": "a@x" }, { "value": "b@x" }])
    );
    assert_eq!(
        shown("attributes=emails.type")["emails"],
        json!([{ "type": "work" }])
    );
    assert_eq!(
        shown("attributes=meta.version")["meta"],
        json!({ "version": "W/\"7\"" })
    );
    assert_eq!(names(&shown("attributes=nope")), ["schemas", "id"]);
    assert_eq!(names(&shown("attributes=password")), ["schemas", "id"]);
    assert_eq!(
        shown(&format!("attributes={ENTERPRISE}"))[ENTERPRISE]
            .as_object()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        shown(&format!("attributes={ENTERPRISE}:department"))[ENTERPRISE],
        json!({ "department": "D" })
    );
    assert_eq!(
        shown(&format!("attributes={ENTERPRISE}:manager.value"))[ENTERPRISE],
        json!({ "manager": { "value": "m" } })
    );
    assert_eq!(
        names(&shown("attributes=urn:ietf:params:scim:schemas:core:2.0:User")),
        ["schemas", "id", "userName", "title", "emails"]
    );
    assert_eq!(
        names(&shown(
            "attributes=urn:ietf:params:scim:schemas:core:2.0:User:title"
        )),
        ["schemas", "id", "title"]
    );
}

#[test]
fn excluded_attributes_leave_the_always_returned() {
    assert_eq!(
        names(&shown("excludedAttributes=id,schemas,title,meta")),
        ["schemas", "id", "userName", "emails", ENTERPRISE]
    );
    assert_eq!(
        shown("excludedAttributes=emails.type")["emails"],
        json!([{ "value": "a@x" }, { "value": "b@x" }])
    );
    assert!(
        shown(&format!("excludedAttributes={ENTERPRISE}"))
            .get(ENTERPRISE)
            .is_none()
    );
    assert_eq!(
        shown(&format!("excludedAttributes={ENTERPRISE}:manager"))[ENTERPRISE],
        json!({ "costCenter": "C", "department": "D" })
    );
    let both = Projection::from_query("attributes=title&excludedAttributes=meta").unwrap_err();
    assert_eq!(both.scim_type(), Some("invalidValue"));
    assert!(
        Projection::from_query("attributes=&excludedAttributes=meta").is_ok(),
        "an empty one is none"
    );
    // Each name is held against each attribute of each resource of a page.
    for parameter in ["attributes", "excludedAttributes"] {
        let many =
            |names: usize| Projection::from_query(&format!("{parameter}={}", vec!["title"; names].join(",")));
        assert!(many(256).is_ok());
        let refused = many(257).unwrap_err();
        assert_eq!(refused.scim_type(), Some("invalidValue"));
        assert!(
            refused.to_string().contains("at most 256 names, got 257"),
            "{refused}"
        );
    }
}

#[test]
fn a_search_body_says_the_same_as_a_query() {
    let schema = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
    let body = json!({
        "schemas": [schema], "filter": "title pr", "attributes": ["userName", "title"], "startIndex": 3, "count": 5,
    });
    assert_eq!(
        ListQuery::from_search(&body).unwrap(),
        ListQuery::from_query("filter=title%20pr&attributes=userName,title&startIndex=3&count=5").unwrap()
    );
    let cursor = json!({ "schemas": [schema], "cursor": "", "count": 5, "excludedAttributes": "meta" });
    assert_eq!(
        ListQuery::from_search(&cursor).unwrap(),
        ListQuery::from_query("cursor&count=5&excludedAttributes=meta").unwrap()
    );
    for (body, scim_type) in [
        (json!([]), "invalidSyntax"),
        (json!({ "filter": "title pr" }), "invalidSyntax"),
        (json!({ "schemas": [schema], "filter": 5 }), "invalidValue"),
        (json!({ "schemas": [schema], "filter": "title" }), "invalidFilter"),
        (json!({ "schemas": [schema], "count": "5" }), "invalidValue"),
        (json!({ "schemas": [schema], "attributes": [5] }), "invalidValue"),
        (
            json!({ "schemas": [schema], "attributes": vec!["title"; 257] }),
            "invalidValue",
        ),
        (
            json!({ "schemas": [schema], "sortBy": "userName" }),
            "invalidValue",
        ),
        (
            json!({ "schemas": [schema], "cursor": "", "count": 500 }),
            "invalidCount",
        ),
    ] {
        assert_eq!(
            ListQuery::from_search(&body).unwrap_err().scim_type(),
            Some(scim_type),
            "{body}"
        );
    }
}

#[test]
fn o_08_and_e_11_an_empty_list_has_numbers_and_resources() {
    let page = Page {
        total: Some(0),
        resources: Vec::new(),
        position: Position::Index(1),
    };
    assert_eq!(
        serde_json::to_value(&page).unwrap(),
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 0, "itemsPerPage": 0, "startIndex": 1, "Resources": [],
        })
    );
    let page = Page {
        total: Some(9),
        resources: vec![to_raw_value(&Map::new()).unwrap()],
        position: Position::Cursor(Some("n".into())),
    };
    assert_eq!(
        serde_json::to_value(&page).unwrap(),
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 9, "itemsPerPage": 1, "nextCursor": "n", "Resources": [{}],
        })
    );
}

fn now() -> DateTime<Utc> {
    "2024-06-01T10:00:00Z".parse().unwrap()
}

#[test]
fn a_cursor_is_good_for_its_query_and_no_other() {
    let key = CursorKey::derive(b"token");
    let filter = Filter::parse("title pr").unwrap();
    let cursor = Cursor {
        after: "u9".into(),
        given: 100,
        total: 250,
    };
    let text = cursor.encode(&key, "T", KINDS, Some(&filter), 100, now());
    assert!(
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)),
        "RFC 9865: unreserved only"
    );
    let read = |text: &str, key: &CursorKey, scope: &str, kinds, filter: Option<&Filter>, count, later| {
        Cursor::decode(
            text,
            key,
            scope,
            kinds,
            filter,
            count,
            now() + TimeDelta::seconds(later),
        )
        .map_err(|e: ScimError| e.scim_type().unwrap())
    };
    assert_eq!(
        read(&text, &key, "T", KINDS, Some(&filter), 100, 3600),
        Ok(cursor)
    );
    let other = Filter::parse("title eq \"x\"").unwrap();
    let invalid = Err("invalidCursor");
    assert_eq!(read(&text, &key, "T", KINDS, Some(&other), 100, 0), invalid);
    assert_eq!(read(&text, &key, "T", KINDS, None, 100, 0), invalid);
    assert_eq!(read(&text, &key, "T", KINDS, Some(&filter), 50, 0), invalid);
    assert_eq!(read(&text, &key, "U", KINDS, Some(&filter), 100, 0), invalid);
    assert_eq!(
        read(&text, &key, "T", &[ResourceKind::Group], Some(&filter), 100, 0),
        invalid
    );
    assert_eq!(
        read(
            &text,
            &CursorKey::derive(b"other"),
            "T",
            KINDS,
            Some(&filter),
            100,
            0
        ),
        invalid
    );
    assert_eq!(
        read(&text, &key, "T", KINDS, Some(&filter), 100, 3601),
        Err("expiredCursor")
    );
    assert!(!format!("{key:?}").contains("token"));
}

#[test]
fn a_forged_cursor_is_refused() {
    let key = CursorKey::derive(b"token");
    let text = Cursor {
        after: "u9".into(),
        given: 1,
        total: 2,
    }
    .encode(&key, "T", KINDS, None, 100, now());
    let refused = |text: &str| {
        Cursor::decode(text, &key, "T", KINDS, None, 100, now())
            .unwrap_err()
            .scim_type()
            == Some("invalidCursor")
    };
    for index in 0..text.len() {
        let mut forged = text.clone().into_bytes();
        forged[index] = if forged[index] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert!(refused(&forged), "one character changed at {index}");
    }
    for text in [
        "",
        "A",
        "AAAA",
        "not base64!",
        &text[..text.len() - 2],
        &"A".repeat(5000),
    ] {
        assert!(refused(text), "{text}");
    }
}
