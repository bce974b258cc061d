//! One test binary.
#[test]
fn placeholder() {}
