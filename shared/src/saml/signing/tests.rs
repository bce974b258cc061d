//! What we sign verifies, with the library we verify with and with another.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::string_slice)]

use bergshamra::keys::loader;
use bergshamra::{DsigContext, KeysManager};

use super::*;
use crate::saml::test_keys::{first, second, signer};

/// Whether the enveloped signature of `xml` is by `certificate`.
pub(in crate::saml) fn verifies(xml: &str, certificate: &Certificate) -> bool {
    let mut keys = KeysManager::new();
    keys.add_key(loader::load_spki_der(certificate.spki_der()).unwrap());
    bergshamra::verify(&DsigContext::new(keys), xml).is_ok_and(|result| result.is_valid())
}

fn unsigned() -> Unsigned {
    Unsigned {
        id: "_a1".to_owned(),
        head: "<a:Doc xmlns:a=\"urn:a\" ID=\"_a1\"><a:First>ä &amp; ö</a:First>".to_owned(),
        tail: "<a:Rest b=\"1&#10;2\"/></a:Doc>".to_owned(),
    }
}

#[test]
fn the_signature_stands_where_it_was_asked_for_and_verifies() {
    let xml = signer().sign_enveloped(&unsigned()).unwrap();
    assert!(
        xml.starts_with("<a:Doc xmlns:a=\"urn:a\" ID=\"_a1\"><a:First>ä &amp; ö</a:First><ds:Signature "),
        "{xml}"
    );
    assert!(
        xml.ends_with("</ds:Signature><a:Rest b=\"1&#10;2\"/></a:Doc>"),
        "{xml}"
    );
    assert!(verifies(&xml, &first().certificate));
    assert!(!verifies(&xml, &second().certificate));
    assert!(!verifies(
        &xml.replace("&amp; ö", "&amp; o"),
        &first().certificate
    ));
    assert_eq!(xml.matches(&first().certificate.base64()).count(), 1);
    for uri in [EXCLUSIVE_C14N, ENVELOPED, RSA_SHA256, SHA256] {
        assert!(xml.contains(&format!("Algorithm=\"{uri}\"")), "{uri}");
    }
}

/// A signed Assertion inside a signed Response: both verify, each over its own element.
#[test]
fn a_signed_element_may_lie_in_the_tail() {
    let inner = signer().sign_enveloped(&unsigned()).unwrap();
    let other = Signer::from_material(second());
    let outer = other
        .sign_enveloped(&Unsigned {
            id: "_outer".to_owned(),
            head: "<o:Outer xmlns:o=\"urn:o\" ID=\"_outer\"><o:Issuer>i</o:Issuer>".to_owned(),
            tail: format!("{inner}</o:Outer>"),
        })
        .unwrap();
    let mut keys = KeysManager::new();
    for certificate in [&first().certificate, &second().certificate] {
        keys.add_key(loader::load_spki_der(certificate.spki_der()).unwrap());
    }
    let results = bergshamra::dsig::verify::verify_all(&DsigContext::new(keys), &outer).unwrap();
    assert_eq!(
        results
            .iter()
            .map(bergshamra::VerifyResult::is_valid)
            .collect::<Vec<_>>(),
        [true, true]
    );
    assert!(outer.contains(&inner));
}

#[test]
fn an_id_that_could_name_something_else_is_refused() {
    for id in ["", "1a", "a b", "a'b", "a\"/><x", "#a", "ä", "xpointer(/)"] {
        let error = signer()
            .sign_enveloped(&Unsigned {
                id: id.to_owned(),
                ..unsigned()
            })
            .unwrap_err();
        assert_eq!(error, SigningError::Id, "{id}");
    }
    let elsewhere = Unsigned {
        id: "_other".to_owned(),
        ..unsigned()
    };
    assert_eq!(
        signer().sign_enveloped(&elsewhere).unwrap_err().code(),
        "signing_xml"
    );
}

#[test]
fn aq_31_a_signer_shows_no_key() {
    assert!(format!("{:?}", signer()).starts_with("Signer { certificate: Certificate {"));
}

/// The other opinion, where xmlsec1 is installed: `cargo test -p gatehouse --lib -- --ignored xmlsec1`.
#[test]
#[ignore = "needs the xmlsec1 program"]
fn xmlsec1_verifies_what_we_sign() {
    use crate::saml::authn_request::tests::signed_post_xml;
    use crate::saml::metadata::tests::signed_sp_metadata;

    let dir = std::env::temp_dir().join(format!("gatehouse-xmlsec1-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let pem = dir.join("certificate.pem");
    std::fs::write(&pem, first().certificate.pem()).unwrap();
    let cases = [
        (
            "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor",
            signed_sp_metadata(),
        ),
        (
            "urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest",
            signed_post_xml(),
        ),
        ("urn:a:Doc", signer().sign_enveloped(&unsigned()).unwrap()),
    ];
    for (element, xml) in cases {
        let verify = |xml: &str| {
            let file = dir.join("signed.xml");
            std::fs::write(&file, xml).unwrap();
            let mut command = std::process::Command::new("xmlsec1");
            command.args([
                "--verify",
                "--id-attr:ID",
                element,
                "--enabled-key-data",
                "rsa",
                "--pubkey-cert-pem",
            ]);
            command.arg(&pem).arg(&file).output().expect("xmlsec1 runs")
        };
        let good = verify(&xml);
        assert!(
            good.status.success(),
            "{element}: {}",
            String::from_utf8_lossy(&good.stderr)
        );
        let bad = verify(&xml.replacen(" ID=\"", " Evil=\"1\" ID=\"", 1));
        assert!(!bad.status.success(), "{element}");
    }
    std::fs::remove_dir_all(&dir).unwrap();
}
