//! The reader of PATCH paths on arbitrary text: it never panics, and what it takes is printed and read back as the
//! same.
//!
//! `fuzz/run 180 scim_path`
#![no_main]

use gatehouse_scim_fuzz::scim::filter::FilterError;
use gatehouse_scim_fuzz::scim::path::PatchPath;
use gatehouse_scim_fuzz::scim::schema::ResourceKind;
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
