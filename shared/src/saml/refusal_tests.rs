#![allow(clippy::unwrap_used, reason = "test code")]

use std::collections::BTreeSet;

use super::{RefusalCode, shown};

#[test]
fn codes_are_unique_snake_case_and_at_least_thirty() {
    let codes: BTreeSet<&str> = RefusalCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), RefusalCode::ALL.len());
    assert!(codes.len() >= 30);
    for code in codes {
        assert!(
            code.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
            "{code}"
        );
    }
}

#[test]
fn gh_04_shown_values_carry_no_address_query_or_control_character() {
    assert_eq!(
        shown("ada@example.com").to_string(),
        "[redacted: looks like an address]"
    );
    assert_eq!(
        shown("https://x/?u=ada%40example.com").to_string(),
        "[redacted: looks like an address]"
    );
    assert_eq!(
        shown("https://idp.example/sso?token=s3cret").to_string(),
        "'https://idp.example/sso' (and more)"
    );
    assert_eq!(shown("a\r\nb\u{202e}'").to_string(), "'a??b??'");
    assert_eq!(shown("  ").to_string(), "an empty value");
    assert!(shown(&"x".repeat(5000)).to_string().chars().count() < 200);
}
