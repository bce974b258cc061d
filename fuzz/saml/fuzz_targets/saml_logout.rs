//! LogoutRequests by either binding: none panics, and none is believed, since nobody has the key.
//!
//! `fuzz/run 180 saml_logout`
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use gatehouse_saml_fuzz::CERTIFICATE;
use gatehouse_saml_fuzz::saml::logout::{Arrival, LogoutExpectations, read_logout_request};
use gatehouse_saml_fuzz::saml::redirect_binding::{self, RedirectMessage, RedirectParameter};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let certificates = [CERTIFICATE.to_vec()];
    let expect = LogoutExpectations {
        idp_entity_id: "https://idp.example/saml",
        certificates: &certificates,
        destination: "https://sso.example/saml/c1/slo",
        decryption_keys: &[],
        now: DateTime::<Utc>::UNIX_EPOCH,
    };
    let form = STANDARD.encode(data);
    assert!(read_logout_request(Arrival::Post(&form), &expect).is_err());
    let Ok(text) = std::str::from_utf8(data) else { return };
    // As the query itself, and as the message in one that is whole otherwise.
    let whole = redirect_binding::encode("https://a.example/", RedirectParameter::Request, text, None, None);
    let whole = whole.unwrap_or_default();
    let signed = format!(
        "{}&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256&Signature=AAAA",
        whole.trim_start_matches("https://a.example/?")
    );
    for query in [text, &signed] {
        if let Ok(message) = RedirectMessage::parse(query) {
            assert!(read_logout_request(Arrival::Redirect(&message), &expect).is_err());
        }
    }
});
