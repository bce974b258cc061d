//! The reader of PATCH paths on arbitrary text: it never panics, and what it takes is printed and read back as the
//! same.
//!
//! `cargo +nightly fuzz run scim_path`
#![no_main]

use gatehouse::scim::filter::FilterError;
use gatehouse::scim::path::PatchPath;
use gatehouse::scim::schema::ResourceKind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(path) = PatchPath::parse(text) else {
        return;
    };
    match PatchPath::parse(&path.to_string()) {
        Ok(again) => assert!(again == path, "printed and read back, the path is another"),
        Err(FilterError::TooLong(_) | FilterError::TooDeep { .. }) => {}
        Err(error) => panic!("what was printed is refused: {error}"),
    }
    for kind in ResourceKind::ALL {
        let _ = path.attribute.resolve(kind);
    }
});
