//! One test binary.

mod conformance;

#[test]
fn placeholder() {}
