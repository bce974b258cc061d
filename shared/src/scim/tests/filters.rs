//! Filters: grammar, messages, evaluation, indexes.

use serde_json::{Value, json};

use super::{ENTERPRISE, rendered};
use crate::scim::filter::{Filter, FilterError, Lookup, MAX_BYTES, Matcher, Scope, lookups};
use crate::scim::path::PatchPath;
use crate::scim::{ResourceKind, ScimError};

fn barbara() -> serde_json::Map<String, Value> {
    rendered(json!({
        "externalId": "Ab12",
        "name": { "familyName": "O'Malley", "givenName": "Barbara" },
        "title": "Tour Guide",
        "active": true,
        "emails": [
            { "value": "bjensen@Example.com", "type": "work", "primary": true },
            { "value": "babs@jensen.org", "type": "home" },
        ],
        ENTERPRISE: { "department": "Tours", "manager": { "value": "m-1" } },
    }))
}

fn holds(filter: &str) -> bool {
    let parsed = Filter::parse(filter).unwrap_or_else(|e| panic!("{filter}: {e}"));
    let matcher =
        Matcher::compile(&parsed, ResourceKind::User, Scope::One).unwrap_or_else(|e| panic!("{filter}: {e}"));
    matcher.matches(&barbara())
}

fn refused(filter: &str) -> FilterError {
    match Filter::parse(filter) {
        Err(error) => error,
        Ok(parsed) => Matcher::compile(&parsed, ResourceKind::User, Scope::One)
            .err()
            .unwrap_or_else(|| panic!("{filter} was taken")),
    }
}

#[test]
fn every_operator_answers_as_the_rfc_says() {
    for yes in [
        r#"userName eq "bjensen""#,
        r#"userName Eq "BJENSEN""#,
        r#"name.familyName co "O'Malley""#,
        r#"userName sw "J" or userName sw "B""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "b""#,
        "title pr",
        r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
        r#"meta.lastModified ge "2024-06-01T12:00:00+02:00""#,
        r#"meta.lastModified le "2024-06-01T10:00:00.000Z""#,
        r#"title pr and active eq true"#,
        r#"not (title eq "x")"#,
        r#"userName ew "sen""#,
        r#"userName ne "other""#,
        r#"nickName ne "Babs""#,
        "nickName eq null",
        "title ne null",
        r#"emails[type eq "work" and value co "@example.com"]"#,
        r#"emails co "jensen.org""#,
        r#"emails.type eq "HOME""#,
        r#"manager eq "m-1" or urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "m-1""#
            .trim_start_matches(r#"manager eq "m-1" or "#),
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:DEPARTMENT eq "tours""#,
        r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
        r#"id eq "u1""#,
        r#"externalId eq "Ab12""#,
        r#"userName gt "a" and userName lt "c""#,
    ] {
        assert!(holds(yes), "{yes}");
    }
    for no in [
        r#"userName eq "bjense""#,
        r#"externalId eq "ab12""#,
        r#"id eq "U1""#,
        "nickName pr",
        "nickName ne null",
        r#"not (userName pr)"#,
        r#"emails[type eq "home" and value co "@example.com"]"#,
        r#"meta.lastModified gt "2024-06-01T10:00:00Z""#,
        r#"active eq false"#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter pr"#,
    ] {
        assert!(!holds(no), "{no}");
    }
}

#[test]
fn not_binds_before_and_before_or() {
    let parsed = Filter::parse("title pr or nickName pr and not (active pr)").unwrap();
    let Filter::Or(terms) = &parsed else {
        panic!("{parsed:?}")
    };
    assert!(matches!(terms.as_slice(), [Filter::Present(_), Filter::And(_)]));
    assert!(holds("title pr or nickName pr and nickName pr"));
    assert!(!holds("(title pr or nickName pr) and nickName pr"));
}

#[test]
fn e_01_quoted_booleans_compare() {
    assert!(holds(r#"active eq "True""#));
    assert!(holds("active eq True"));
    assert!(holds(
        r#"emails[primary eq "True"].value eq "bjensen@example.com""#
    ));
    assert!(holds(r#"active ne "False""#));
    let path = PatchPath::parse(r#"roles[primary eq "True"].value"#).unwrap();
    assert_eq!(path.sub.as_deref(), Some("value"));
}

#[test]
fn e_15_value_without_quotes() {
    assert!(holds("externalId eq Ab12"));
    assert!(holds("userName eq bjensen"));
    assert!(holds("(externalId eq Ab12)"));
    assert!(holds("emails[value eq babs@jensen.org]"));
    assert_eq!(
        lookups(
            &Filter::parse("externalId eq jyoung").unwrap(),
            ResourceKind::User
        ),
        [Lookup::ExternalId("jyoung")]
    );
}

#[test]
fn e_15_number_without_quotes_is_text_where_text_is_compared() {
    let filter = Filter::parse("externalId eq 701984").unwrap();
    let matcher = Matcher::compile(&filter, ResourceKind::User, Scope::One).unwrap();
    assert!(matcher.matches(&rendered(json!({ "externalId": "701984" }))));
    let filter = Filter::parse("externalId eq 007").unwrap();
    let matcher = Matcher::compile(&filter, ResourceKind::User, Scope::One).unwrap();
    assert!(matcher.matches(&rendered(json!({ "externalId": "007" }))));
    assert!(!matcher.matches(&rendered(json!({ "externalId": "7" }))));
}

#[test]
fn e_16_comparison_of_a_selected_value() {
    assert!(holds(r#"emails[type eq "work"] eq "bjensen@example.com""#));
    assert!(!holds(r#"emails[type eq "home"] eq "bjensen@example.com""#));
    assert!(holds(r#"emails[type eq "work"].value eq "bjensen@example.com""#));
    assert!(holds(r#"emails[type eq "work"] pr"#));
}

#[test]
fn r_03_email_for_emails() {
    assert!(holds(r#"email.value eq "babs@jensen.org""#));
    assert!(holds(r#"emails.value eq "babs@jensen.org""#));
    assert_eq!(
        lookups(
            &Filter::parse(r#"email.value eq "a@b""#).unwrap(),
            ResourceKind::User
        ),
        [Lookup::Email("a@b")]
    );
}

#[test]
fn rfc_example_without_space_before_the_string() {
    let path = PatchPath::parse(r#"members[value eq"2819c223"]"#).unwrap();
    assert_eq!(path.to_string(), r#"members[value eq "2819c223"]"#);
}

#[test]
fn json_escapes_in_strings_are_read() {
    let filter = Filter::parse(r#"title eq "a\"b\\c\u00e9\n""#).unwrap();
    let Filter::Compare { value, .. } = &filter else {
        panic!()
    };
    assert_eq!(
        *value,
        crate::scim::filter::Literal::String("a\"b\\cé\n".to_owned())
    );
    assert_eq!(Filter::parse(&filter.to_string()).unwrap(), filter);
}

#[test]
fn messages_name_the_place_what_was_wanted_and_what_came() {
    for (filter, message) in [
        (
            "",
            "at character 1: wanted an attribute, \"not\" or \"(\", got the end",
        ),
        ("userName", "at character 9: wanted an operator, got the end"),
        (
            "userName regex \"x\"",
            "at character 10: wanted an operator (eq, ne, co, sw, ew, gt, ge, lt, le or pr), got \"regex\"",
        ),
        (
            "userName eq",
            "at character 12: wanted a value: a string in double quotes, a number, true, false or null, got the end",
        ),
        (
            "userName eq \"x",
            "at character 13: wanted a JSON string in double quotes, got no closing quote",
        ),
        (
            "(userName pr",
            "at character 13: wanted \"and\", \"or\" or \")\", got the end",
        ),
        (
            "userName pr)",
            "at character 12: wanted \"and\", \"or\" or the end of the filter, got \")\"",
        ),
        (
            "not userName pr",
            "at character 5: wanted \"(\" after \"not\", got a word",
        ),
        (
            "emails[type eq \"é\"",
            "at character 19: wanted \"and\", \"or\" or \"]\", got the end",
        ),
        (
            "displayName eq John Smith",
            "at character 21: wanted \"and\", \"or\" or the end of the filter, got a word",
        ),
        ("usrName eq \"x\"", "unknown attribute usrName"),
        ("emails[kind eq \"x\"]", "unknown attribute emails.kind"),
        (
            "name eq \"x\"",
            "name is a complex attribute: name one of its sub-attributes",
        ),
        (
            "active eq \"maybe\"",
            "active: wanted true or false, got another string",
        ),
        (
            "active gt true",
            "active: operator gt is not defined for a boolean attribute",
        ),
        (
            "x509Certificates.value lt \"x\"",
            "x509Certificates.value: operator lt is not defined for a binary attribute",
        ),
        (
            "meta.created gt 5",
            "meta.created: wanted an RFC 3339 date and time in quotes, got a number",
        ),
        ("title gt null", "title: operator gt is not defined for null"),
        (
            "userName[value eq \"x\"]",
            "userName has no sub-attributes, so it cannot be followed by a filter in brackets",
        ),
        ("password eq \"x\"", "unknown attribute password"),
    ] {
        assert_eq!(refused(filter).to_string(), message, "{filter}");
    }
}

#[test]
fn a_refusal_becomes_invalid_filter() {
    let error = ScimError::from(refused("userName eq"));
    assert_eq!((error.status(), error.scim_type()), (400, Some("invalidFilter")));
}

#[test]
fn a_value_never_shows_in_a_message() {
    for filter in [
        "userName eq secret@example.com x",
        "userName eq \"secret@example.com",
        "active eq \"secret@example.com\"",
        "userName eq \"a\" secret@example.com",
    ] {
        assert!(!refused(filter).to_string().contains("secret"), "{filter}");
    }
}

#[test]
fn limits_hold_at_the_edge_and_one_beyond() {
    let nested = |depth: usize| format!("{}title pr{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(16)).is_ok());
    assert!(matches!(
        Filter::parse(&nested(17)),
        Err(FilterError::TooDeep { at: 17 })
    ));
    let not = |depth: usize| format!("{}title pr{}", "not (".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&not(16)).is_ok());
    assert!(matches!(
        Filter::parse(&not(17)),
        Err(FilterError::TooDeep { .. })
    ));
    assert!(matches!(
        Filter::parse(&nested(2000)),
        Err(FilterError::TooDeep { .. })
    ));
    let long = |length: usize| format!("title eq \"{}\"", "x".repeat(length - 11));
    assert!(Filter::parse(&long(MAX_BYTES)).is_ok());
    assert!(matches!(
        Filter::parse(&long(MAX_BYTES + 1)),
        Err(FilterError::TooLong(4097))
    ));
}

#[test]
fn brackets_do_not_nest() {
    assert!(matches!(
        refused("emails[value[type pr] pr]"),
        FilterError::Unexpected { .. }
    ));
}

#[test]
fn an_attribute_of_another_type_has_no_value_at_the_root() {
    let filter = Filter::parse("members pr").unwrap();
    assert!(Matcher::compile(&filter, ResourceKind::User, Scope::One).is_err());
    let matcher = Matcher::compile(&filter, ResourceKind::User, Scope::Several).unwrap();
    assert!(!matcher.matches(&barbara()));
    let nobody = Filter::parse("usrName pr").unwrap();
    assert!(Matcher::compile(&nobody, ResourceKind::User, Scope::Several).is_err());
    let absent = Filter::parse("members eq null or members ne \"x\"").unwrap();
    assert!(
        Matcher::compile(&absent, ResourceKind::User, Scope::Several)
            .unwrap()
            .matches(&barbara())
    );
}

/// A lookup with its value, which `Debug` leaves out.
fn told(lookup: Lookup<'_>) -> String {
    match &lookup {
        Lookup::Id(v)
        | Lookup::UserName(v)
        | Lookup::ExternalId(v)
        | Lookup::Email(v)
        | Lookup::DisplayName(v)
        | Lookup::Member(v)
        | Lookup::InGroup(v) => format!("{lookup:?}({v:?})"),
        Lookup::ModifiedSince { from, inclusive } => format!("{lookup:?}({from:?}, {inclusive})"),
    }
}

#[test]
fn indexes_are_recognised_under_and_only() {
    let found = |filter: &str, kind| {
        let filter = Filter::parse(filter).unwrap();
        lookups(&filter, kind).into_iter().map(told).collect::<Vec<_>>()
    };
    let user = ResourceKind::User;
    assert_eq!(found(r#"USERNAME eq "A""#, user), [r#"UserName("A")"#]);
    assert_eq!(
        found(r#"title pr and id eq "1" and userName eq "a""#, user),
        [r#"Id("1")"#, r#"UserName("a")"#]
    );
    assert_eq!(
        found(r#"emails[type eq "work" and value eq "a@b"]"#, user),
        [r#"Email("a@b")"#]
    );
    assert_eq!(found(r#"groups.value eq "g""#, user), [r#"InGroup("g")"#]);
    assert_eq!(found(r#"displayName eq "x""#, user), Vec::<String>::new());
    assert_eq!(
        found(r#"displayName eq "x""#, ResourceKind::Group),
        [r#"DisplayName("x")"#]
    );
    assert_eq!(
        found(r#"id eq "g" and members eq "u""#, ResourceKind::Group),
        [r#"Id("g")"#, r#"Member("u")"#]
    );
    assert_eq!(
        found(r#"members[value eq "u"]"#, ResourceKind::Group),
        [r#"Member("u")"#]
    );
    assert_eq!(
        found(r#"meta.lastModified ge "2024-01-01T00:00:00+01:00""#, user),
        ["ModifiedSince(2023-12-31T23:00:00Z, true)"]
    );
    for none in [
        r#"userName eq "a" or title pr"#,
        r#"not (userName eq "a")"#,
        r#"userName ne "a""#,
        r#"userName sw "a""#,
        r#"emails.type eq "work""#,
        r#"emails[not (value eq "a")]"#,
        r#"emails[value eq "a" or type eq "b"]"#,
        r#"meta.lastModified lt "2024-01-01T00:00:00Z""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "a""#,
    ] {
        assert_eq!(found(none, user), Vec::<String>::new(), "{none}");
    }
}

#[test]
fn a_matcher_says_what_it_looks_at() {
    let matcher =
        |filter: &str, kind| Matcher::compile(&Filter::parse(filter).unwrap(), kind, Scope::One).unwrap();
    let thin = matcher(r#"userName sw "a" and active eq true"#, ResourceKind::User);
    assert!(thin.uses_only(&["id", "userName", "active"]));
    assert!(!thin.uses("groups"));
    let members = matcher(r#"not (members[value eq "u"])"#, ResourceKind::Group);
    assert!(members.uses("members") && !members.uses_only(&["displayName"]));
    let extension = matcher(&format!("{ENTERPRISE}:department pr"), ResourceKind::User);
    assert!(extension.uses(ENTERPRISE));
}

#[test]
fn case_folds_beyond_ascii() {
    let filter = Filter::parse(r#"displayName eq "ΟΔΟΣ ÉMILE""#).unwrap();
    let matcher = Matcher::compile(&filter, ResourceKind::User, Scope::One).unwrap();
    assert!(matcher.matches(&rendered(json!({ "displayName": "οδος émile" }))));
}
