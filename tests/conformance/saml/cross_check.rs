//! Both signature engines on the same messages behind the same profile: they must agree, to the refusal code.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse::saml::profile;
use gatehouse::saml::verify::{Signed, TrustedKeys, bergshamra, samael};
use gatehouse_local::demo_idp::issue::sign::SignatureAlgorithm;
use gatehouse_local::demo_idp::issue::{Issue, Sign};

use super::cases;
use super::world::{Connection, KEYS, signed, xml};

/// The verdicts of both engines, when the message reaches them.
fn verdicts(xml: &str) -> Option<[&'static str; 2]> {
    let (text, doc) = profile::parse(xml).ok()?;
    let outer = profile::outer(&doc).ok()?;
    let keys = TrustedKeys::from_certificates(&Connection::default().certificates).unwrap();
    let signed = Signed {
        xml: text,
        doc: &doc,
        sites: &outer.sites,
    };
    let code =
        |result: Result<(), gatehouse::saml::refusal::Refusal>| result.map_or_else(|r| r.code(), |()| "ok");
    Some([
        code(bergshamra::check(&signed, &keys)),
        code(samael::check(&signed, &keys)),
    ])
}

#[test]
fn the_engines_agree_on_every_case_that_reaches_them() {
    let mut reached = 0;
    for case in cases::all() {
        for form in [&case.twin.form, &case.changed.form] {
            let decoded = STANDARD
                .decode(form)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some([first, second]) = decoded.as_deref().and_then(verdicts) {
                assert_eq!(first, second, "{}", case.code);
                reached += 1;
            }
        }
    }
    assert!(reached > 60, "{reached}");
}

#[test]
fn the_engines_agree_on_algorithms_and_places() {
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        for (algorithm, key) in [
            (SignatureAlgorithm::RsaSha384, &KEYS.rsa),
            (SignatureAlgorithm::RsaSha512, &KEYS.rsa),
            (SignatureAlgorithm::EcdsaSha256, &KEYS.p256),
            (SignatureAlgorithm::EcdsaSha384, &KEYS.p384),
        ] {
            let text = Issue {
                algorithm,
                ..signed(sign)
            }
            .xml(key)
            .unwrap();
            assert_eq!(verdicts(&text), Some(["ok", "ok"]), "{sign:?} {algorithm:?}");
        }
    }
}

#[test]
fn the_engines_agree_on_single_changed_bytes() {
    let text = xml(&signed(Sign::Both));
    for at in (0..text.len()).step_by(7) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
        let changed = String::from_utf8(bytes).unwrap();
        if let Some([first, second]) = verdicts(&changed) {
            assert_eq!(first == "ok", second == "ok", "byte {at}: {first} {second}");
        }
    }
}
