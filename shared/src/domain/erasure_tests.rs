//! What an erased person was known by, found and taken out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::json;

use super::*;

fn known() -> KnownValues {
    let mut known = KnownValues::default();
    for value in ["Ada.Lovelace@Acme.com", "Ada", "+49221123123", " ", "x"] {
        known.learn(Some(value));
    }
    known.learn(None);
    known
}

#[test]
fn a_value_that_is_the_persons_is_taken_out_whatever_the_case() {
    let mut value =
        json!({ "a": "ADA.lovelace@acme.com", "b": ["ada", "adam"], "c": { "d": "+49221123123" } });
    assert!(known().scrub(&mut value));
    assert_eq!(
        value,
        json!({ "a": PSEUDONYM, "b": [PSEUDONYM, "adam"], "c": { "d": PSEUDONYM } })
    );
    assert!(!known().scrub(&mut value), "once");
}

#[test]
fn a_text_that_holds_an_address_or_a_number_is_taken_out_and_one_that_holds_a_name_is_not() {
    let mut value = json!([
        "mail to ada.lovelace@acme.com",
        "call +49221123123 now",
        "Ada IdP"
    ]);
    assert!(known().scrub(&mut value));
    assert_eq!(value, json!([PSEUDONYM, PSEUDONYM, "Ada IdP"]));
}

#[test]
fn what_is_no_text_and_what_is_too_short_tells_of_nobody() {
    let mut value = json!({ "a": 1, "b": null, "c": true, "d": "x", "e": "" });
    assert!(!known().scrub(&mut value));
}

#[test]
fn known_values_do_not_show_themselves() {
    assert!(!format!("{:?}", known()).contains("ada"));
}

#[test]
fn the_steps_end_and_the_last_one_forgets() {
    let begun = Erasure {
        user: UserId::parse("u").unwrap(),
        step: ErasureStep::Teams,
        after: Some("somewhere".to_owned()),
        known: known(),
        removed: BTreeMap::new(),
        pseudonymized: BTreeMap::new(),
        requested_at: DateTime::UNIX_EPOCH,
        finished_at: None,
        remembered_until: DateTime::UNIX_EPOCH,
        version: 1,
    };
    let mut erasure = begun.clone();
    let mut steps = 0;
    while !erasure.is_done() {
        assert_eq!(erasure.known, begun.known);
        erasure = erasure.advanced(DateTime::UNIX_EPOCH);
        assert_eq!(erasure.after, None);
        steps += 1;
    }
    assert_eq!((steps, erasure.version), (8, 9));
    assert_eq!(erasure.known, KnownValues::default());
    assert_eq!(erasure.finished_at, Some(DateTime::UNIX_EPOCH));
    assert_eq!(erasure.advanced(DateTime::UNIX_EPOCH).step, ErasureStep::Done);
}
