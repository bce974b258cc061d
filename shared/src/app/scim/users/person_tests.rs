//! A person's record and SCIM attributes, each out of the other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use chrono::DateTime;
use serde_json::{Map, Value, json};

use super::{absorb, attributes, into_attributes, of_record, with_active};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{TenantId, UserId};
use crate::domain::sync_guard::SyncMark;
use crate::domain::team::Source;
use crate::domain::user::{PersonDetails, User};
use crate::scim::schema::ENTERPRISE;

fn user() -> User {
    let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    User {
        id: UserId::parse("u1").unwrap(),
        tenant: TenantId::parse("t1").unwrap(),
        user_name: "ada@acme.com".to_owned(),
        email: Some(EmailAddress::parse("ada@acme.com").unwrap()),
        details: PersonDetails {
            given_name: Some("Ada".to_owned()),
            family_name: Some("Lovelace".to_owned()),
            position: Some("Countess".to_owned()),
            department: Some("Engines".to_owned()),
            mobile: Some("+49221123123".to_owned()),
            picture: Some("https://acme.com/ada.png".to_owned()),
        },
        role: "USER".to_owned(),
        active: true,
        source: Source::SignIn,
        tombstone: false,
        scim_takeover: false,
        scim: None,
        sync: SyncMark::default(),
        version: 1,
        epoch: 1,
        created_at: at,
        modified_at: at,
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn what_sign_in_knows_is_shown_and_comes_back_the_same() {
    let before = user();
    let shown = into_attributes(before.clone());
    assert_eq!(
        shown["name"],
        json!({ "familyName": "Lovelace", "givenName": "Ada" })
    );
    assert_eq!(shown["emails"][0]["value"], "ada@acme.com");
    assert_eq!(shown[ENTERPRISE.id]["department"], "Engines");
    let mut after = before.clone();
    absorb(&mut after, shown.clone(), None).unwrap();
    assert_eq!(after.details, before.details);
    assert_eq!(
        (&after.email, &after.user_name),
        (&before.email, &before.user_name)
    );
    assert_eq!(after.source, Source::Scim);
    assert_eq!(*attributes(&after), shown);
    assert_eq!(of_record(&before), shown);
}

#[test]
fn active_has_a_value_where_the_schema_has_it() {
    let mut after = user();
    let said = json!({
        "userName": "ada", "title": "Dr", "emails": [{ "value": "a@acme.com" }],
    });
    absorb(&mut after, with_active(object(said), true), None).unwrap();
    assert!(after.active);
    let keys = attributes(&after).keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys, ["userName", "title", "active", "emails"]);
}

#[test]
fn what_is_no_address_number_or_picture_is_kept_as_an_attribute_alone() {
    let mut after = user();
    let said = json!({
        "userName": "ada", "active": false,
        "emails": [{ "value": "not an address" }],
        "phoneNumbers": [{ "value": "ext. 12" }],
        "photos": [{ "value": "javascript:alert(1)" }],
    });
    absorb(&mut after, object(said.clone()), None).unwrap();
    assert_eq!(after.email, None);
    assert_eq!(after.details.mobile.as_deref(), Some("ext. 12"));
    assert_eq!(after.details.picture, None);
    assert!(!after.active);
    assert_eq!(Value::Object(into_attributes(after)), said);
}

#[test]
fn a_number_with_its_country_code_becomes_e164() {
    for sent in ["+49 (221) 123-123", "tel:+49-221-123123", " +49 221 123 123 "] {
        let mut after = user();
        let said = json!({ "userName": "ada", "phoneNumbers": [{ "value": sent }] });
        absorb(&mut after, object(said), None).unwrap();
        assert_eq!(after.details.mobile.as_deref(), Some("+49221123123"), "{sent}");
    }
}

#[test]
fn more_addresses_than_a_transaction_holds_are_refused() {
    let mut after = user();
    let many: Vec<Value> = (0..21)
        .map(|n| json!({ "value": format!("a{n}@acme.com"), "type": format!("t{n}") }))
        .collect();
    let refused = absorb(
        &mut after,
        object(json!({ "userName": "ada", "emails": many })),
        None,
    );
    assert_eq!(refused.unwrap_err().scim_type(), Some("invalidValue"));
}
