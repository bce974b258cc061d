//! What a verified response hands on.

use chrono::TimeDelta;
use gatehouse::saml::response::CLOCK_SKEW;
use gatehouse_local::demo_idp::issue::{EMAIL, Issue, Sign};

use super::world::{Connection, ISSUER, KEYS, REQUEST, edit, genuine, now, signed};

#[test]
fn every_field_comes_from_the_signed_assertion() {
    let issue = Issue {
        session_not_on_or_after: Some(now() + TimeDelta::hours(8)),
        ..signed(Sign::Both)
    };
    let read = Connection::default()
        .read(&issue.form_value(&KEYS.rsa).unwrap())
        .unwrap();
    assert_eq!(read.issuer, ISSUER);
    assert_eq!(read.assertion_id, issue.assertion_id);
    assert_eq!(read.in_response_to.as_deref(), Some(REQUEST));
    let name_id = read.name_id.unwrap();
    assert_eq!(
        (name_id.value.as_str(), name_id.format.as_deref()),
        ("ada@acme.example", Some(EMAIL))
    );
    assert_eq!(read.attributes["email"], ["ada@acme.example"]);
    assert_eq!(read.session_index, issue.session_index);
    assert_eq!(read.session_not_on_or_after, issue.session_not_on_or_after);
    assert_eq!(read.authn_instant, issue.authn_instant);
    assert_eq!(read.authn_context.as_deref(), Some(issue.authn_context.as_str()));
    assert_eq!(read.not_on_or_after, issue.not_on_or_after + CLOCK_SKEW);
}

#[test]
fn the_replay_record_lives_as_long_as_the_assertion_could_be_accepted() {
    let read = |at| {
        let connection = Connection {
            now: at,
            ..Connection::default()
        };
        connection.read(&genuine().form_value(&KEYS.rsa).unwrap())
    };
    let until = read(now()).unwrap().not_on_or_after;
    assert!(read(until - TimeDelta::milliseconds(1)).is_ok());
    assert_eq!(read(until).unwrap_err().code(), "confirmation_expired");
}

#[test]
fn debug_output_shows_nobody() {
    let read = Connection::default()
        .read(&genuine().form_value(&KEYS.rsa).unwrap())
        .unwrap();
    let shown = format!(
        "{read:?} {:?} {:?}",
        read.name_id,
        Connection::default().decryption_keys
    );
    assert!(!shown.contains("ada") && !shown.contains("Engineers"), "{shown}");
    assert!(shown.contains("[redacted]"));
}

#[test]
fn null_values_and_structures_are_no_text() {
    let change = |assertion: String| {
        let null =
            "<saml:AttributeValue xsi:nil=\"true\"/><saml:AttributeValue><x>deep</x></saml:AttributeValue>";
        edit(
            &assertion,
            "<saml:AttributeValue xsi:type=\"xs:string\">Engineers",
            &format!("{null}<saml:AttributeValue>Engineers"),
        )
    };
    let form = gatehouse_local::demo_idp::issue::form_value(
        &genuine()
            .xml_with(&KEYS.rsa, change, |response| response)
            .unwrap(),
    );
    assert_eq!(
        Connection::default().read(&form).unwrap().attributes["groups"],
        ["Engineers", "Admins"]
    );
}
