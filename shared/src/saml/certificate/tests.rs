//! Certificates as people paste them, and what must not pass for one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::saml::test_keys;

const P256: &str = include_str!("fixtures/p256.pem");
const P384: &str = include_str!("fixtures/p384.pem");
const P521: &str = include_str!("fixtures/p521.pem");
const ED25519: &str = include_str!("fixtures/ed25519.pem");
const RSA_1024: &str = include_str!("fixtures/rsa-1024.pem");
const RSA_SHA1: &str = include_str!("fixtures/rsa-2048-sha1.pem");
const RSA_EXPONENT_3: &str = include_str!("fixtures/rsa-exponent-3.pem");

fn one(text: &str) -> Certificate {
    let mut all = parse_pasted(text).unwrap();
    assert_eq!(all.len(), 1, "{text}");
    all.remove(0)
}

fn refused(text: &str) -> &'static str {
    parse_pasted(text).unwrap_err().code()
}

fn armoured(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}

fn wrapped(text: &str, width: usize, between: &str) -> String {
    text.as_bytes()
        .chunks(width)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect::<Vec<_>>()
        .join(between)
}

/// IL-02, X-2, X-3, X-4: every way of pasting one certificate gives the same certificate.
#[test]
fn il_02_one_certificate_however_it_is_pasted() {
    let certificate = one(P256);
    let base64 = certificate.base64();
    let pem = certificate.pem();
    let ways = [
        pem.clone(),
        pem.trim_end().to_owned(),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', "\r"),
        pem.replace('\n', " "),
        pem.replace('\n', "&#xD;\n"),
        pem.replace('\n', "&#13;&#10;"),
        pem.replace('\n', "\\n"),
        pem.replace('\n', "\n    "),
        format!("\u{feff}{pem}"),
        format!("\n\n\t {pem} \n"),
        pem.replace("CERTIFICATE", "X509 CERTIFICATE"),
        format!("Bag Attributes\n    friendlyName: idp\nsubject=CN = p256\n{pem}"),
        base64.clone(),
        base64.trim_end_matches('=').to_owned(),
        wrapped(&base64, 64, "\n"),
        wrapped(&base64, 76, "\r\n"),
        wrapped(&base64, 64, "&#xD;\n"),
        wrapped(&base64, 5, " "),
        format!("  {}", wrapped(&base64, 64, "\n\t  ")),
        format!("\u{feff}{base64}\r\n"),
    ];
    for way in ways {
        assert_eq!(one(&way), certificate, "{way}");
    }
    assert_eq!(certificate.key_kind(), KeyKind::P256);
    assert_eq!(certificate.subject(), "CN=p256");
    assert_eq!(
        certificate.sha256_fingerprint(),
        "07e41ca9c66d0645ad874a4f3dd12ae385d871358a250bd428bb4dfecd443139"
    );
    assert_eq!(certificate.not_before().to_rfc3339(), "2026-11-27T00:57:08+00:00");
    assert_eq!(certificate.not_after().to_rfc3339(), "2036-11-24T00:57:08+00:00");
}

/// GH-08: several certificates in one paste, in order, each once.
#[test]
fn gh_08_several_certificates_in_one_paste() {
    let (first, second, third) = (one(P256), one(P384), test_keys::first().certificate.clone());
    let all = [first.clone(), second.clone(), third.clone()];
    let pems: Vec<String> = all.iter().map(Certificate::pem).collect();
    let plain: Vec<String> = all.iter().map(Certificate::base64).collect();
    let ways = [
        pems.concat(),
        pems.join("\n\nsome words between\n"),
        format!("{}{}", pems.concat(), pems[0]),
        plain.join("\n\n"),
        plain.join(","),
        plain.join(" ; "),
        plain.concat(),
        STANDARD.encode([first.der(), second.der(), third.der()].concat()),
    ];
    for way in ways {
        assert_eq!(parse_pasted(&way).unwrap(), all, "{way}");
    }
}

#[test]
fn a_bundle_of_seventeen_is_refused() {
    let many: String = (0..17).map(|n| rcgen_certificate(&format!("idp {n}"))).collect();
    assert_eq!(refused(&many), "certificate_too_many");
    let sixteen = many
        .split_inclusive("-----END CERTIFICATE-----\n")
        .take(16)
        .collect::<String>();
    assert_eq!(parse_pasted(&sixteen).unwrap().len(), 16);
}

fn rcgen_certificate(name: &str) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    one(&STANDARD.encode(params.self_signed(&key).unwrap().der())).pem()
}

/// A private key gets its own words, in every form, and is never quoted.
#[test]
fn il_02_a_private_key_is_refused_as_such() {
    let pkcs8 = test_keys::first().private_key.pkcs8_der();
    let pkcs1 = &pkcs8[26..];
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let ec_pkcs8 = ec.to_pkcs8v1().unwrap();
    let sec1 = AsDer::<EcPrivateKeyRfc5915Der<'_>>::as_der(&ec.private_key()).unwrap();
    for (label, der) in [
        ("PRIVATE KEY", pkcs8),
        ("RSA PRIVATE KEY", pkcs1),
        ("EC PRIVATE KEY", sec1.as_ref()),
        ("PRIVATE KEY", ec_pkcs8.as_ref()),
        ("ENCRYPTED PRIVATE KEY", b"anything"),
        ("CERTIFICATE", pkcs8),
    ] {
        assert_eq!(
            refused(&armoured(label, der)),
            "certificate_is_private_key",
            "{label}"
        );
    }
    for der in [pkcs8, pkcs1, sec1.as_ref(), ec_pkcs8.as_ref()] {
        let error = parse_pasted(&STANDARD.encode(der)).unwrap_err();
        assert_eq!(error.code(), "certificate_is_private_key");
        assert!(!format!("{error} {error:?}").contains(&STANDARD.encode(der)[40..80]));
    }
    let both = format!("{}{}", one(P256).pem(), armoured("PRIVATE KEY", pkcs8));
    assert_eq!(refused(&both), "certificate_is_private_key");
}

#[test]
fn il_02_what_is_no_certificate_is_refused_by_name() {
    let certificate = one(P256);
    let pem = certificate.pem();
    let mut cut = certificate.der().to_vec();
    cut.truncate(200);
    let mut longer = certificate.der().to_vec();
    longer.push(0);
    let cases = [
        (String::new(), "certificate_empty"),
        (" \r\n\u{feff}".to_owned(), "certificate_empty"),
        ("=,;".to_owned(), "certificate_empty"),
        (
            armoured("PUBLIC KEY", certificate.spki_der()),
            "certificate_is_public_key",
        ),
        (
            STANDARD.encode(certificate.spki_der()),
            "certificate_is_public_key",
        ),
        (
            armoured("CERTIFICATE REQUEST", certificate.der()),
            "certificate_other_pem",
        ),
        (armoured("PKCS7", certificate.der()), "certificate_other_pem"),
        (
            pem.replace("-----END CERTIFICATE-----", ""),
            "certificate_pem_unfinished",
        ),
        (
            pem.replace("END CERTIFICATE", "END PKCS7"),
            "certificate_pem_unfinished",
        ),
        ("-----BEGIN CERTIFICATE".to_owned(), "certificate_pem_unfinished"),
        (
            format!(
                "<ds:X509Certificate>{}</ds:X509Certificate>",
                certificate.base64()
            ),
            "certificate_is_xml",
        ),
        (certificate.sha256_fingerprint(), "certificate_is_fingerprint"),
        (
            wrapped(&certificate.sha256_fingerprint()[..40], 2, ":"),
            "certificate_is_fingerprint",
        ),
        ("not*base64".to_owned(), "certificate_not_base64"),
        (armoured("CERTIFICATE", b""), "certificate_empty"),
        (
            STANDARD.encode(b"hello world, this is no DER"),
            "certificate_not_x509",
        ),
        (STANDARD.encode(&cut), "certificate_not_x509"),
        (armoured("CERTIFICATE", &longer), "certificate_trailing_bytes"),
        ("A".repeat(MAX_PASTE_BYTES + 1), "certificate_paste_too_large"),
        (RSA_1024.to_owned(), "certificate_weak_rsa"),
        (P521.to_owned(), "certificate_unsupported_key"),
        (ED25519.to_owned(), "certificate_unsupported_key"),
    ];
    for (text, code) in cases {
        assert_eq!(refused(&text), code, "{}", &text[..text.len().min(200)]);
    }
    assert_eq!(
        parse_pasted(RSA_1024).unwrap_err().to_string(),
        "wanted an RSA key of at least 2048 bits, got 1024"
    );
    // One bad among good ones refuses the paste: nothing is skipped in silence.
    assert_eq!(refused(&format!("{P256}{RSA_1024}")), "certificate_weak_rsa");
}

#[test]
fn a_point_off_the_curve_is_refused() {
    let mut der = one(P256).der().to_vec();
    let point = one(P256).public_key().to_vec();
    let at = der
        .windows(point.len())
        .position(|window| window == point)
        .unwrap();
    der[at + 20] ^= 1;
    assert_eq!(
        Certificate::from_der(&der).unwrap_err().code(),
        "certificate_unusable_key"
    );
}

/// GH-02, GH-08: what the owner is told, to the second.
#[test]
fn gh_08_findings_tell_validity_and_weakness() {
    let certificate = one(P256);
    let (start, end) = (certificate.not_before(), certificate.not_after());
    let codes = |at| {
        certificate
            .findings(at)
            .iter()
            .map(Finding::code)
            .collect::<Vec<_>>()
    };
    let (second, month) = (TimeDelta::seconds(1), TimeDelta::days(EXPIRING_SOON_DAYS));
    assert_eq!(codes(start - second), ["certificate_not_yet_valid"]);
    assert_eq!(codes(start), Vec::<&str>::new());
    assert_eq!(codes(end - month - second), Vec::<&str>::new());
    assert_eq!(codes(end - month), ["certificate_expiring_soon"]);
    assert_eq!(codes(end), ["certificate_expiring_soon"]);
    assert_eq!(codes(end + second), ["certificate_expired"]);
    assert_eq!(
        one(RSA_SHA1).findings(one(RSA_SHA1).not_before()),
        [Finding::Sha1Signature]
    );
    assert_eq!(
        one(RSA_EXPONENT_3).findings(one(RSA_EXPONENT_3).not_before()),
        [Finding::WeakKey]
    );
    assert_eq!(one(RSA_SHA1).key_kind(), KeyKind::Rsa { bits: 2048 });
    assert_eq!(one(P384).key_kind(), KeyKind::P384);
}

#[test]
fn stored_and_read_back_it_is_the_same() {
    let certificate = one(P384);
    let json = serde_json::to_string(&certificate).unwrap();
    assert_eq!(serde_json::from_str::<Certificate>(&json).unwrap(), certificate);
    assert!(serde_json::from_str::<Certificate>("\"AAAA\"").is_err());
    assert!(!format!("{certificate:?}").contains(&certificate.base64()[..40]));
}

#[test]
fn a_name_is_shown_without_control_characters_and_cut() {
    let pem = rcgen_certificate(&format!("evil\u{7}\u{1b}[31m{}", "x".repeat(400)));
    let subject = one(&pem).subject().to_owned();
    assert!(
        subject.chars().count() <= 256 && !subject.chars().any(char::is_control),
        "{subject}"
    );
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "(?s).{0,400}") {
        let _ = parse_pasted(&text);
    }

    #[test]
    fn any_text_in_armour_is_read_without_panic(text in "[A-Za-z0-9+/= \r\n-]{0,600}", end in any::<bool>()) {
        let end = if end { "-----END CERTIFICATE-----" } else { "" };
        let _ = parse_pasted(&format!("-----BEGIN CERTIFICATE-----{text}{end}"));
    }

    #[test]
    fn a_damaged_certificate_is_read_without_panic(at in 0_usize..900, byte in any::<u8>(), cut in 0_usize..1200) {
        let mut der = test_keys::first().certificate.der().to_vec();
        let length = der.len();
        der[at % length] = byte;
        der.truncate(cut.max(1));
        if let Ok(read) = Certificate::from_der(&der) {
            prop_assert_eq!(read.der(), der.as_slice());
        }
        let _ = parse_pasted(&STANDARD.encode(&der));
    }

    #[test]
    fn printed_and_read_it_is_the_same(width in 1_usize..200, indent in "[ \t]{0,8}", crlf in any::<bool>()) {
        let certificate = &test_keys::second().certificate;
        let between = format!("{}{indent}", if crlf { "\r\n" } else { "\n" });
        prop_assert_eq!(&one(&wrapped(&certificate.base64(), width, &between)), certificate);
        prop_assert_eq!(&one(&certificate.pem()), certificate);
    }
}
