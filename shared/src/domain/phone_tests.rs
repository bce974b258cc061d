#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

#[test]
fn il_28_a_national_number_with_its_region_becomes_e164() {
    for (region, national, e164) in [
        ("DE", "0221 123 123", "+49221123123"),
        ("DE", "0171/2345678", "+491712345678"),
        ("de", "  (0221) 123-123  ", "+49221123123"),
        ("DE", "+49 221 123123", "+49221123123"),
        ("GB", "020 7946 0018", "+442079460018"),
        ("US", "(415) 555-2671", "+14155552671"),
        ("CA", "416-967-1111", "+14169671111"),
        ("IT", "06 6982 1234", "+390669821234"),
        ("CH", "044 668 18 00", "+41446681800"),
    ] {
        assert_eq!(
            to_e164(national, region).as_deref(),
            Ok(e164),
            "{region} {national}"
        );
    }
}

#[test]
fn il_28_what_is_no_number_of_the_region_is_refused() {
    for (region, national, error) in [
        ("", "0221 123 123", PhoneError::Region),
        ("DEU", "0221 123 123", PhoneError::Region),
        ("XX", "0221 123 123", PhoneError::Region),
        ("49", "0221 123 123", PhoneError::Region),
        ("D\u{e9}", "0221 123 123", PhoneError::Region),
        ("DE", "", PhoneError::Characters),
        ("DE", "1", PhoneError::Characters),
        ("DE", "call me", PhoneError::Characters),
        ("DE", "0221 123 123 ext. 5", PhoneError::Characters),
        ("DE", "0221;ext=5", PhoneError::Characters),
        (
            "DE",
            "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}",
            PhoneError::Characters,
        ),
        ("DE", "0221\n123123", PhoneError::Characters),
        ("DE", "123456789012345678901234567890123", PhoneError::Characters),
        ("DE", "00", PhoneError::NotANumber),
        ("DE", "((((((", PhoneError::NotANumber),
        ("DE", "+1 415 555 2671", PhoneError::NotANumber),
        ("US", "555", PhoneError::NotANumber),
    ] {
        assert_eq!(to_e164(national, region), Err(error), "{region} {national}");
    }
}

proptest! {
    #[test]
    fn nothing_that_is_sent_makes_the_parser_fail(number in "[0-9+()./ -]{0,40}|\\PC{0,40}", region in "[A-Za-z]{2}|\\PC{0,4}") {
        if let Ok(e164) = to_e164(&number, &region) {
            let digits = e164.strip_prefix('+').unwrap();
            prop_assert!((7..=17).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()), "{}", e164);
        }
    }
}
