//! HTTP-Redirect, from the receiving side: octets, algorithms, and what an attacker would send.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods
)]

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature as lc;
use aws_lc_rs::signature::{EcdsaKeyPair, RsaKeyPair};
use proptest::prelude::*;

use super::*;
use crate::saml::certificate::{Certificate, KeyKind};
use crate::saml::test_keys::{first, second, signer};

const XML: &str = "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_1\"/>";

fn message_value() -> String {
    escape(&STANDARD.encode(deflate(XML).unwrap()))
}

fn lower(escaped: &str) -> String {
    let mut out = String::new();
    let mut chars = escaped.chars();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '%' {
            out.extend(chars.by_ref().take(2).map(|digit| digit.to_ascii_lowercase()));
        }
    }
    out
}

/// Appends a signature over `unsigned` by the first key.
fn signed(unsigned: &str) -> String {
    let signature = signer().sign_octets(unsigned.as_bytes()).unwrap();
    format!("{unsigned}&Signature={}", escape(&STANDARD.encode(signature)))
}

fn verify(query: &str) -> Result<String, &'static str> {
    let certificates = [second().certificate.clone(), first().certificate.clone()];
    let message = RedirectMessage::parse(query).map_err(|error| error.code())?;
    message
        .verify(&certificates)
        .map(str::to_owned)
        .map_err(|error| error.code())
}

fn good_query() -> String {
    signed(&format!(
        "SAMLRequest={}&RelayState=abc&SigAlg={}",
        message_value(),
        escape(RSA_SHA256)
    ))
}

/// E-38, AD-1: the sender's own escapes are what is signed, lower case or upper.
#[test]
fn se_13_lower_case_escapes_verify_over_the_raw_query() {
    let upper = format!(
        "SAMLRequest={}&RelayState=a%2Fb&SigAlg={}",
        message_value(),
        escape(RSA_SHA256)
    );
    let lower = lower(&upper);
    assert_ne!(upper, lower);
    assert_eq!(verify(&signed(&upper)).unwrap(), XML);
    assert_eq!(verify(&signed(&lower)).unwrap(), XML);
    // What a gateway that decodes and encodes again would hand over.
    let rewritten = signed(&lower).replace(&lower, &upper);
    assert_eq!(verify(&rewritten).unwrap_err(), "redirect_bad_signature");
}

#[test]
fn every_rsa_algorithm_verifies_and_only_as_itself() {
    let pair = RsaKeyPair::from_pkcs8(first().private_key.pkcs8_der()).unwrap();
    let signers: [(SignatureAlgorithm, &'static dyn lc::RsaEncoding); 3] = [
        (SignatureAlgorithm::RsaSha256, &lc::RSA_PKCS1_SHA256),
        (SignatureAlgorithm::RsaSha384, &lc::RSA_PKCS1_SHA384),
        (SignatureAlgorithm::RsaSha512, &lc::RSA_PKCS1_SHA512),
    ];
    for (algorithm, encoding) in signers {
        let unsigned = format!(
            "SAMLResponse={}&SigAlg={}",
            message_value(),
            escape(algorithm.uri())
        );
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(
            encoding,
            &SystemRandom::new(),
            unsigned.as_bytes(),
            &mut signature,
        )
        .unwrap();
        let query = format!("{unsigned}&Signature={}", escape(&STANDARD.encode(&signature)));
        assert_eq!(verify(&query).unwrap(), XML, "{algorithm:?}");
        for other in SignatureAlgorithm::ALL {
            let good = other.verify(&first().certificate, unsigned.as_bytes(), &signature);
            assert_eq!(good, other == algorithm, "{algorithm:?} as {other:?}");
        }
    }
}

fn ec_certificate(alg: &'static rcgen::SignatureAlgorithm) -> (Certificate, Vec<u8>) {
    let key = rcgen::KeyPair::generate_for(alg).unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    (
        Certificate::from_der(certificate.der()).unwrap(),
        key.serialize_der(),
    )
}

/// ECDSA with P-256 and P-384, as r‖s and as DER, and never by another key.
#[test]
fn ecdsa_verifies_concatenated_and_as_der() {
    let p256 = ec_certificate(&rcgen::PKCS_ECDSA_P256_SHA256);
    let p384 = ec_certificate(&rcgen::PKCS_ECDSA_P384_SHA384);
    let (stranger, _) = ec_certificate(&rcgen::PKCS_ECDSA_P256_SHA256);
    type Case<'a> = (
        &'a (Certificate, Vec<u8>),
        SignatureAlgorithm,
        &'static lc::EcdsaSigningAlgorithm,
    );
    let cases: [Case<'_>; 4] = [
        (
            &p256,
            SignatureAlgorithm::EcdsaSha256,
            &lc::ECDSA_P256_SHA256_FIXED_SIGNING,
        ),
        (
            &p256,
            SignatureAlgorithm::EcdsaSha256,
            &lc::ECDSA_P256_SHA256_ASN1_SIGNING,
        ),
        (
            &p384,
            SignatureAlgorithm::EcdsaSha384,
            &lc::ECDSA_P384_SHA384_FIXED_SIGNING,
        ),
        (
            &p384,
            SignatureAlgorithm::EcdsaSha384,
            &lc::ECDSA_P384_SHA384_ASN1_SIGNING,
        ),
    ];
    for ((certificate, pkcs8), algorithm, signing) in cases {
        let pair = EcdsaKeyPair::from_pkcs8(signing, pkcs8).unwrap();
        // Many times: the integers of DER differ in length with their leading bits.
        for round in 0..40 {
            let unsigned = format!(
                "SAMLRequest={}&RelayState={round}&SigAlg={}",
                message_value(),
                escape(algorithm.uri())
            );
            let signature = pair.sign(&SystemRandom::new(), unsigned.as_bytes()).unwrap();
            let query = format!(
                "{unsigned}&Signature={}",
                escape(&STANDARD.encode(signature.as_ref()))
            );
            let message = RedirectMessage::parse(&query).unwrap();
            assert_eq!(
                message.verify(&[stranger.clone(), certificate.clone()]).unwrap(),
                XML
            );
            assert_eq!(
                message
                    .verify(std::slice::from_ref(&stranger))
                    .unwrap_err()
                    .code(),
                "redirect_bad_signature"
            );
        }
    }
    assert_eq!(p384.0.key_kind(), KeyKind::P384);
}

/// r or s of zero, or of nothing, verifies nothing (CVE-2022-21449 and its kin).
#[test]
fn degenerate_ecdsa_signatures_are_refused() {
    let (certificate, _) = ec_certificate(&rcgen::PKCS_ECDSA_P256_SHA256);
    for signature in [
        vec![],
        vec![0; 64],
        vec![0xff; 64],
        vec![0x30, 6, 2, 1, 0, 2, 1, 0],
        vec![0; 63],
    ] {
        assert!(!SignatureAlgorithm::EcdsaSha256.verify(&certificate, b"x", &signature));
        assert!(!SignatureAlgorithm::RsaSha256.verify(&first().certificate, b"x", &signature));
    }
}

#[test]
fn what_was_signed_cannot_be_changed() {
    let query = good_query();
    assert_eq!(verify(&query).unwrap(), XML);
    assert_eq!(
        verify(&query.replace("RelayState=abc", "RelayState=abd")).unwrap_err(),
        "redirect_bad_signature"
    );
    assert_eq!(
        verify(&query.replace("RelayState=abc&", "")).unwrap_err(),
        "redirect_bad_signature"
    );
    assert_eq!(
        verify(&query.replace("&RelayState=abc", "&RelayState=")).unwrap_err(),
        "redirect_bad_signature"
    );
    assert_eq!(
        verify(&query.replace("rsa-sha256", "rsa-sha512")).unwrap_err(),
        "redirect_bad_signature"
    );
    let other = escape(&STANDARD.encode(deflate("<a/>").unwrap()));
    assert_eq!(
        verify(&query.replace(&message_value(), &other)).unwrap_err(),
        "redirect_bad_signature"
    );
    assert_eq!(
        verify(&query.replace("SAMLRequest", "SAMLResponse")).unwrap_err(),
        "redirect_bad_signature"
    );
}

/// The signed string has the standard's order, whatever the query's, and knows no other parameters.
#[test]
fn order_and_foreign_parameters_do_not_matter() {
    let query = good_query();
    let mut parts: Vec<&str> = query.split('&').collect();
    parts.reverse();
    assert_eq!(verify(&parts.join("&")).unwrap(), XML);
    assert_eq!(verify(&format!("connection=ID&{query}&")).unwrap(), XML);
    assert_eq!(verify(&format!("&&{query}&utm=1")).unwrap(), XML);
}

/// Some senders sign an empty RelayState, some leave it out of the signature.
#[test]
fn an_empty_relay_state_may_be_signed_or_not() {
    let (message, algorithm) = (message_value(), escape(RSA_SHA256));
    let with = signed(&format!("SAMLRequest={message}&RelayState=&SigAlg={algorithm}"));
    let without = signed(&format!("SAMLRequest={message}&SigAlg={algorithm}"));
    assert_eq!(verify(&with).unwrap(), XML);
    assert_eq!(verify(&format!("RelayState=&{without}")).unwrap(), XML);
    assert_eq!(RedirectMessage::parse(&with).unwrap().relay_state(), None);
    assert_eq!(
        verify(&format!("RelayState=evil&{without}")).unwrap_err(),
        "redirect_bad_signature"
    );
}

#[test]
fn a_parameter_that_comes_twice_is_refused() {
    let query = good_query();
    for twin in [
        "SAMLRequest=x",
        "RelayState=x",
        "RelayState",
        "SigAlg=x",
        "Signature=x",
        "SAMLReque%73t=x",
        "%52elayState=",
    ] {
        assert_eq!(
            verify(&format!("{query}&{twin}")).unwrap_err(),
            "redirect_duplicate_parameter",
            "{twin}"
        );
        assert_eq!(
            verify(&format!("{twin}&{query}")).unwrap_err(),
            "redirect_duplicate_parameter",
            "{twin}"
        );
    }
    assert_eq!(
        verify(&format!("{query}&SAMLResponse=x")).unwrap_err(),
        "redirect_two_messages"
    );
}

#[test]
fn each_fault_has_its_code() {
    let message = message_value();
    let base = format!("SAMLRequest={message}");
    let trailing = escape(&STANDARD.encode([deflate(XML).unwrap(), b"x".to_vec()].concat()));
    let not_utf8 = {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&[0xff, 0xfe, 0xfd]).unwrap();
        escape(&STANDARD.encode(encoder.finish().unwrap()))
    };
    let sha1 = escape("http://www.w3.org/2000/09/xmldsig#rsa-sha1");
    let cases = [
        (String::new(), "redirect_no_message"),
        ("RelayState=x".to_owned(), "redirect_no_message"),
        ("samlrequest=x".to_owned(), "redirect_no_message"),
        ("SAMLRequest".to_owned(), "redirect_not_deflate"),
        ("SAMLRequest=%ZZ".to_owned(), "redirect_bad_escape"),
        ("SAMLRequest=%".to_owned(), "redirect_bad_escape"),
        ("SAMLRequest=%ff".to_owned(), "redirect_bad_escape"),
        ("SAMLRequest=%%41%41".to_owned(), "redirect_bad_escape"),
        ("SAMLRequest=a*b".to_owned(), "redirect_not_base64"),
        ("SAMLRequest=AAAA".to_owned(), "redirect_not_deflate"),
        (format!("SAMLRequest={trailing}"), "redirect_not_deflate"),
        (
            format!("SAMLRequest={}", escape(&STANDARD.encode(XML))),
            "redirect_not_deflate",
        ),
        (format!("SAMLRequest={not_utf8}"), "redirect_not_utf8"),
        (format!("{base}&RelayState=%"), "redirect_bad_escape"),
        (
            format!("{base}&SAMLEncoding=urn:other"),
            "redirect_unknown_encoding",
        ),
        (format!("{base}&SigAlg={sha1}"), "redirect_half_signed"),
        (format!("{base}&Signature=AAAA"), "redirect_half_signed"),
        (base.clone(), "redirect_unsigned"),
        (
            format!("{base}&SigAlg={sha1}&Signature=AAAA"),
            "redirect_unknown_algorithm",
        ),
        (
            format!("{base}&SigAlg={}&Signature=*", escape(RSA_SHA256)),
            "redirect_not_base64",
        ),
        (
            format!("{base}&SigAlg={}&Signature=", escape(RSA_SHA256)),
            "redirect_bad_signature",
        ),
        (
            format!("{base}&pad={}", "x".repeat(MAX_QUERY_BYTES)),
            "redirect_query_too_long",
        ),
    ];
    for (query, code) in cases {
        assert_eq!(
            verify(&query).unwrap_err(),
            code,
            "{}",
            &query.chars().take(200).collect::<String>()
        );
    }
    let deflate_named = format!(
        "{base}&SAMLEncoding=urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3ADEFLATE"
    );
    assert_eq!(
        RedirectMessage::parse(&deflate_named).unwrap().unverified_xml(),
        XML
    );
    let none = RedirectMessage::parse(&good_query()).unwrap();
    assert_eq!(none.verify(&[]).unwrap_err().code(), "redirect_no_certificates");
}

/// A short query inflates a thousandfold; it stops at 256 KiB.
#[test]
fn a_zip_bomb_costs_no_more_than_the_limit() {
    let bomb = escape(&STANDARD.encode(deflate(&"a".repeat(4_000_000)).unwrap()));
    assert!(bomb.len() < MAX_QUERY_BYTES, "{}", bomb.len());
    assert_eq!(
        verify(&format!("SAMLRequest={bomb}")).unwrap_err(),
        "redirect_inflated_too_long"
    );
    let most = "a".repeat(MAX_INFLATED_BYTES);
    let fits = escape(&STANDARD.encode(deflate(&most).unwrap()));
    assert_eq!(
        RedirectMessage::parse(&format!("SAMLRequest={fits}"))
            .unwrap()
            .unverified_xml(),
        most
    );
}

#[test]
fn the_endpoint_keeps_its_own_query() {
    let url = |endpoint| encode(endpoint, RedirectParameter::Response, XML, None, None).unwrap();
    assert!(url("https://i/slo").starts_with("https://i/slo?SAMLResponse="));
    assert!(url("https://i/slo?").starts_with("https://i/slo?SAMLResponse="));
    assert!(url("https://i/slo?a=b").starts_with("https://i/slo?a=b&SAMLResponse="));
    assert!(url("https://i/slo?a=b&").starts_with("https://i/slo?a=b&SAMLResponse="));
    let refused = |endpoint, state| {
        encode(endpoint, RedirectParameter::Request, XML, state, None)
            .unwrap_err()
            .code()
    };
    assert_eq!(refused("https://i/#x", None), "redirect_fragment");
    assert_eq!(
        refused("https://i/", Some(&*"x".repeat(81))),
        "redirect_relay_state_too_long"
    );
}

/// The RelayState of an IdP may hold anything up to 80 bytes and comes back as it was.
#[test]
fn a_foreign_relay_state_survives_both_ways() {
    let state = "ss:mem:ä+b/c=d e&f#g%";
    let url = encode(
        "https://i/slo",
        RedirectParameter::Response,
        XML,
        Some(state),
        Some(&signer()),
    )
    .unwrap();
    let query = url.split_once('?').unwrap().1;
    assert_eq!(RedirectMessage::parse(query).unwrap().relay_state(), Some(state));
    assert_eq!(verify(query).unwrap(), XML);
}

#[test]
fn nothing_of_a_message_is_shown() {
    let shown = format!("{:?}", RedirectMessage::parse(&good_query()).unwrap());
    assert!(!shown.contains("Logout") && !shown.contains("abc"), "{shown}");
}

proptest! {
    #[test]
    fn any_query_is_read_without_panic(query in "(?s).{0,300}") {
        let _ = verify(&query);
    }

    #[test]
    fn any_parameters_are_read_without_panic(
        pairs in prop::collection::vec(
            ("(SAMLRequest|SAMLResponse|RelayState|SigAlg|Signature|SAMLEncoding|x)", "[A-Za-z0-9%+/=._-]{0,80}"),
            0..7,
        ),
    ) {
        let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        prop_assert!(verify(&query.join("&")).is_err());
    }

    #[test]
    fn any_bytes_as_deflate_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = RedirectMessage::parse(&format!("SAMLRequest={}", escape(&STANDARD.encode(bytes))));
    }

    #[test]
    fn every_message_arrives_as_it_was_sent(xml in "[ -~ä€\\n]{0,500}", state in "[ -~ä€]{1,20}") {
        let url = encode("https://i/", RedirectParameter::Request, &xml, Some(&state), Some(&signer())).unwrap();
        let query = url.split_once('?').unwrap().1;
        prop_assert_eq!(verify(query).unwrap(), xml);
        let message = RedirectMessage::parse(query).unwrap();
        prop_assert_eq!(message.relay_state(), Some(state.as_str()));
    }
}
