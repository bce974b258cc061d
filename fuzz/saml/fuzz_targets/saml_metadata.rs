//! Metadata, pasted certificates: whatever is taken has a sign-in address, and is taken again after it was stored.
//!
//! `fuzz/run 180 saml_metadata`
#![no_main]

use gatehouse_saml_fuzz::saml::certificate::parse_pasted;
use gatehouse_saml_fuzz::saml::metadata::idp::{self, IdpMetadata, ReadOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(read) = idp::parse(data, ReadOptions::default()) {
        let stored = serde_json::to_string(&read.metadata).expect("metadata is stored as JSON");
        let again: IdpMetadata = serde_json::from_str(&stored).expect("what was stored is read");
        assert_eq!(again, read.metadata);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = parse_pasted(text);
    }
});
