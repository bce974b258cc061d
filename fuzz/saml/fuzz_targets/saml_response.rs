//! The response reader on arbitrary input: it must neither panic nor verify anything, since nobody has the key.
//!
//! `fuzz/run 180 saml_response`
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use gatehouse_saml_fuzz::CERTIFICATE;
use gatehouse_saml_fuzz::saml::response::{Expectations, read_response, unverified_hints};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let certificates = [CERTIFICATE.to_vec()];
    let ours = ["https://sso.example/saml/c1/acs".to_owned()];
    let expect = Expectations {
        idp_entity_id: "https://idp.example/saml",
        certificates: &certificates,
        audiences: &ours,
        acs_urls: &ours,
        decryption_keys: &[],
        allow_cbc: true,
        now: DateTime::<Utc>::UNIX_EPOCH,
    };
    let form = STANDARD.encode(data);
    assert!(read_response(&form, &expect).is_err());
    let _ = unverified_hints(&form);
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(read_response(text, &expect).is_err());
    }
});
