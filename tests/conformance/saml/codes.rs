//! Issue 2, item 6: every check has a stable code, a genuine twin that passes, and one change that trips exactly it.

use std::collections::BTreeSet;

use gatehouse::saml::refusal::RefusalCode;

use super::cases;

#[test]
fn gh_04_each_code_is_tripped_by_one_change_to_a_genuine_response() {
    let mut wrong = Vec::new();
    for case in cases::all() {
        if let Err(refusal) = case.twin.connection.read(&case.twin.form) {
            wrong.push(format!("{}: the twin is refused: {refusal}", case.code));
        }
        match case.changed.connection.read(&case.changed.form) {
            Ok(_) => wrong.push(format!("{}: accepted", case.code)),
            Err(refusal) if refusal.code() != case.code => wrong.push(format!("{}: {refusal}", case.code)),
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn gh_04_every_code_has_a_case() {
    let covered: BTreeSet<&str> = cases::all().iter().map(|case| case.code).collect();
    let known: BTreeSet<&str> = RefusalCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(covered, known);
    assert!(known.len() >= 30);
}

#[test]
fn gh_04_no_refusal_quotes_a_person() {
    for case in cases::all() {
        let refusal = case.changed.connection.read(&case.changed.form).unwrap_err();
        let told = format!("{refusal} {refusal:?} {} {}", refusal.wanted(), refusal.got());
        for personal in ["ada@", "acme.example", "Engineers"] {
            assert!(!told.contains(personal), "{}: {told}", case.code);
        }
        assert!(
            !refusal.wanted().is_empty() && !refusal.got().is_empty(),
            "{}",
            case.code
        );
    }
}
