//! Parameters have one meaning or none.

use super::support::form;
use crate::openid_provider::params::{MAX_COUNT, MAX_LEN, ParameterError, Parameters};

#[test]
fn values_are_decoded_strictly() {
    let parameters = Parameters::parse("a=1+2%20%C3%A9&&b&c=").unwrap();
    assert_eq!(parameters.get("a"), Some("1 2 é"));
    assert_eq!(parameters.get("b"), None, "without a value is omitted");
    assert_eq!(parameters.get("c"), None);
    for bad in ["a=%", "a=%4", "a=%zz", "a=%ff", "%C3=1", "a=%c3%28"] {
        assert_eq!(
            Parameters::parse(bad).unwrap_err(),
            ParameterError::Malformed,
            "{bad}"
        );
    }
}

#[test]
fn sizes_are_bounded() {
    assert_eq!(
        Parameters::parse(&"a".repeat(MAX_LEN + 1)).unwrap_err().code(),
        "parameters_too_long"
    );
    assert_eq!(
        Parameters::parse(&"a=1&".repeat(MAX_COUNT + 1))
            .unwrap_err()
            .code(),
        "parameters_too_many"
    );
}

#[test]
fn repeated_names_are_seen_also_when_spelled_otherwise() {
    let parameters = Parameters::parse("state=1&%73tate=2").unwrap();
    assert_eq!(parameters.repeated(), Some("state"));
    assert!(parameters.is_repeated("state"));
    assert_eq!(form(&[("a", "1"), ("b", "1")]).repeated(), None);
}

#[test]
fn debug_shows_no_value() {
    let shown = format!("{:?}", form(&[("client_secret", "hunter2")]));
    assert!(shown.contains("client_secret") && !shown.contains("hunter2"));
}
