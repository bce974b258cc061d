#![allow(clippy::unwrap_used)]

use axum::http::HeaderValue;
use proptest::prelude::*;
use serde::Deserialize;

use super::*;

fn typed(content_type: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))])
}

fn endless() -> Body {
    let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
    Body::from_stream(futures_util::stream::repeat(Ok::<_, std::convert::Infallible>(
        chunk,
    )))
}

#[tokio::test]
async fn a_body_is_read_up_to_the_limit_and_not_a_byte_further() {
    let none = HeaderMap::new();
    let read_of = |length: usize| read(&none, Body::from(vec![b'x'; length]), 100);
    assert_eq!(read_of(100).await.unwrap().len(), 100);
    let error = read_of(101).await.unwrap_err();
    assert_eq!(
        (error.code(), error.status()),
        ("body_too_large", StatusCode::PAYLOAD_TOO_LARGE)
    );
    assert_eq!(
        read(&none, endless(), 1_000_000).await.unwrap_err().code(),
        "body_too_large"
    );
}

#[tokio::test]
async fn a_declared_length_is_refused_before_anything_is_read() {
    let headers = HeaderMap::from_iter([(header::CONTENT_LENGTH, HeaderValue::from_static("10485760"))]);
    let unread = Body::from_stream(futures_util::stream::pending::<
        Result<Bytes, std::convert::Infallible>,
    >());
    assert_eq!(
        read(&headers, unread, SAML_FORM_LIMIT).await.unwrap_err().code(),
        "body_too_large"
    );
}

#[tokio::test]
async fn a_form_needs_its_content_type() {
    for content_type in [
        "text/plain",
        "multipart/form-data",
        "application/json",
        "application/x-www-form-urlencodedx",
    ] {
        let error = read_form(&typed(content_type), Body::from("a=b"), 100)
            .await
            .err()
            .unwrap();
        assert_eq!(
            (error.code(), error.status().as_u16()),
            ("content_type_unsupported", 415),
            "{content_type}"
        );
    }
    assert!(
        read_form(&HeaderMap::new(), Body::from("a=b"), 100)
            .await
            .is_err()
    );
    let mut doubled = typed("application/x-www-form-urlencoded");
    doubled.append(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    assert!(read_form(&doubled, Body::from("a=b"), 100).await.is_err());
    for content_type in [
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-Urlencoded ; charset=UTF-8",
    ] {
        let form = read_form(&typed(content_type), Body::from("a=b"), 100)
            .await
            .unwrap();
        assert_eq!(form.get("a"), Some("b"));
    }
}

fn parsed(text: &str) -> Vec<(String, String)> {
    let parameters = Parameters::parse(text.as_bytes()).unwrap();
    parameters
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn refused(text: &str) -> &'static str {
    Parameters::parse(text.as_bytes()).err().unwrap().code()
}

#[test]
fn parameters_are_decoded_strictly() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        parsed("a=b+c%20d&&e=&f"),
        [pair("a", "b c d"), pair("e", ""), pair("f", "")]
    );
    assert_eq!(parsed("%61=%C3%A9%2B=="), [pair("a", "\u{e9}+==")]);
    for text in ["a=%zz", "a=%", "a=%4", "a=%C3", "%ff=1", "a=%c0%af"] {
        assert_eq!(refused(text), "parameter_encoding", "{text}");
    }
}

#[test]
fn a_name_that_stands_twice_is_refused_however_it_is_written() {
    for text in [
        "SAMLResponse=a&SAMLResponse=b",
        "a=1&b=2&%61=1",
        "a&a",
        "state=x&state=x",
    ] {
        assert_eq!(refused(text), "parameter_duplicate", "{text}");
    }
    let Err(BodyError::Duplicate { name }) = Parameters::parse(b"%0Aabc=1&%0aabc=2") else {
        panic!()
    };
    assert_eq!(name, "abc");
}

#[test]
fn more_than_64_parameters_are_refused() {
    let many = |count: usize| {
        (0..count)
            .map(|n| format!("p{n}=1"))
            .collect::<Vec<_>>()
            .join("&")
    };
    assert_eq!(parsed(&many(64)).len(), 64);
    assert_eq!(refused(&many(65)), "parameter_count");
}

#[test]
fn an_empty_parameter_is_as_absent() {
    let parameters = Parameters::of_query(Some("a=&b=1")).unwrap();
    assert_eq!(
        (parameters.get("a"), parameters.get("b"), parameters.get("c")),
        (None, Some("1"), None)
    );
    assert_eq!(
        parameters.require("a").unwrap_err(),
        BodyError::Missing { name: "a" }
    );
    assert!(Parameters::of_query(None).unwrap().iter().next().is_none());
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its shape matters")]
struct Wanted {
    name: String,
    count: u8,
}

#[tokio::test]
async fn json_is_taken_by_any_json_type_and_told_without_its_values() {
    for content_type in ["application/json", "application/scim+json; charset=utf-8"] {
        let body = Body::from(r#"{"name":"x","count":1}"#);
        assert!(
            read_json::<Wanted>(&typed(content_type), body, JSON_LIMIT)
                .await
                .is_ok(),
            "{content_type}"
        );
    }
    for (body, told) in [
        (r#"{"name":"x"}"#, "missing field `count`"),
        (r#"{"name":"x","count":"hunter2"}"#, "wrong kind"),
        (r#"{"name":"x","count":1,"hunter2":1}"#, "unknown field"),
        (r#"{"name":"hunter2"#, "ends too early"),
        ("hunter2", "not JSON"),
        ("", "ends too early"),
    ] {
        let error = read_json::<Wanted>(&typed("application/json"), Body::from(body), JSON_LIMIT)
            .await
            .unwrap_err();
        let text = error.to_string();
        assert_eq!(error.code(), "body_malformed");
        assert!(text.contains(told), "{text}");
        assert!(!text.contains("hunter2") || told == "unknown field", "{text}");
    }
    // serde refuses a repeated field of a struct; a `Value`, from which patches are read, would take the last one.
    for body in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":{"b":[{"c":"hunter2","c":"hunter2"}]}}"#,
        r#"{"a":1,"\u0061":2}"#,
    ] {
        let error = read_json::<serde_json::Value>(&typed("application/json"), Body::from(body), JSON_LIMIT)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "body_malformed");
        let text = error.to_string();
        assert!(
            text.contains("more than once") && !text.contains("hunter2"),
            "{text}"
        );
    }
    let error = read_json::<Wanted>(&typed("text/plain"), Body::from("{}"), JSON_LIMIT)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "content_type_unsupported");
}

proptest! {
    #[test]
    fn what_a_browser_encodes_comes_back(pairs in proptest::collection::btree_map("\\PC{1,20}", "(?s).{0,40}", 0..10)) {
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let decoded = parsed(&encoded);
        prop_assert_eq!(decoded, pairs.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_make_the_parser_fail(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Parameters::parse(&bytes);
    }
}
