//! IL rows and E-39, GW-4, S-1, S-2, PI-2: every combination that is accepted.

use gatehouse::saml::response::DecryptionKey;
use gatehouse_local::demo_idp::issue::encrypt::{Cipher, KeyPlace, Transport};
use gatehouse_local::demo_idp::issue::keys::IdpKey;
use gatehouse_local::demo_idp::issue::sign::{SignatureAlgorithm, sign};
use gatehouse_local::demo_idp::issue::{Issue, Sign, assertion_xml, form_value, response_xml};

use super::world::{Connection, KEYS, edit, encrypted, signed, xml};

fn algorithms() -> [(SignatureAlgorithm, &'static IdpKey); 5] {
    [
        (SignatureAlgorithm::RsaSha256, &KEYS.rsa),
        (SignatureAlgorithm::RsaSha384, &KEYS.rsa),
        (SignatureAlgorithm::RsaSha512, &KEYS.rsa),
        (SignatureAlgorithm::EcdsaSha256, &KEYS.p256),
        (SignatureAlgorithm::EcdsaSha384, &KEYS.p384),
    ]
}

#[test]
fn il_signature_algorithms_on_assertion_response_and_both() {
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        for (algorithm, key) in algorithms() {
            let issue = Issue {
                algorithm,
                ..signed(sign)
            };
            let read = Connection::default().read(&issue.form_value(key).unwrap());
            let read = read.unwrap_or_else(|refusal| panic!("{sign:?} {algorithm:?}: {refusal}"));
            assert_eq!(
                (read.assertion_signed, read.response_signed),
                (sign.assertion(), sign.response())
            );
            assert!(!read.encrypted);
            assert_eq!(read.name_id.unwrap().value, "ada@acme.example");
        }
    }
}

#[test]
fn s_01_il_encryption_algorithms_with_assertion_response_and_both_signed() {
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        for cipher in [
            Cipher::Aes128Gcm,
            Cipher::Aes256Gcm,
            Cipher::Aes128Cbc,
            Cipher::Aes256Cbc,
        ] {
            for transport in [
                Transport::OaepMgf1p,
                Transport::OaepMgf1pNamed,
                Transport::OaepSha256,
                Transport::OaepSha256Labelled,
                Transport::OaepMgf1pSha256,
                Transport::OaepMgf1pSha256Both,
                Transport::OaepSha256MaskSha1,
                Transport::OaepSha1MaskSha256Labelled,
            ] {
                for place in [KeyPlace::Inline, KeyPlace::Beside] {
                    let mut issue = encrypted(sign);
                    if let Some(encryption) = &mut issue.encryption {
                        (encryption.cipher, encryption.transport, encryption.place) =
                            (cipher, transport, place);
                    }
                    let read = Connection::default().read(&issue.form_value(&KEYS.rsa).unwrap());
                    let cbc = matches!(cipher, Cipher::Aes128Cbc | Cipher::Aes256Cbc);
                    if cbc && !sign.response() {
                        assert_eq!(read.unwrap_err().code(), "encryption_cbc_forbidden");
                        continue;
                    }
                    let read =
                        read.unwrap_or_else(|refusal| panic!("{sign:?} {cipher:?} {transport:?}: {refusal}"));
                    assert!(read.encrypted);
                    assert_eq!(
                        (read.assertion_signed, read.response_signed),
                        (sign.assertion(), sign.response())
                    );
                    assert_eq!(read.attributes["groups"], ["Engineers", "Admins"]);
                }
            }
        }
    }
}

#[test]
fn several_certificates_and_decryption_keys_are_tried() {
    let issue = encrypted(Sign::Both);
    let mut connection = Connection::default();
    connection
        .certificates
        .insert(0, KEYS.foreign.certificate_der().to_vec());
    connection.certificates.insert(0, b"no certificate".to_vec());
    connection.decryption_keys.insert(
        0,
        DecryptionKey::from_pkcs8_der(KEYS.foreign.pkcs8_der().to_vec()),
    );
    connection
        .decryption_keys
        .insert(0, DecryptionKey::from_pkcs8_der(b"no key".to_vec()));
    assert!(connection.read(&issue.form_value(&KEYS.rsa).unwrap()).is_ok());
}

#[test]
fn unusable_certificates_say_what_they_are() {
    let form = signed(Sign::Assertion).form_value(&KEYS.rsa).unwrap();
    let curve = include_bytes!("../../fixtures/saml/certificates/p521.der").to_vec();
    let weak = include_bytes!("../../fixtures/saml/certificates/rsa1024.der").to_vec();
    let padded = [KEYS.rsa.certificate_der(), b"x"].concat();
    for (certificate, got) in [
        (curve, "another elliptic curve"),
        (weak, "RSA of 1024 bits"),
        (padded, "bytes after the certificate"),
    ] {
        let connection = Connection {
            certificates: vec![certificate],
            ..Connection::default()
        };
        let refusal = connection.read(&form).unwrap_err();
        assert_eq!((refusal.code(), refusal.got()), ("certificate_unusable", got));
    }
}

#[test]
fn a_mask_that_the_identifier_does_not_have_is_refused_in_words() {
    let plain = xml(&encrypted(Sign::Assertion));
    let mask = |uri: &str| {
        let mask = "<m:MGF xmlns:m=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"http://www.w3.org/2009/xmlenc11#";
        format!("xmlenc#rsa-oaep-mgf1p\">{mask}{uri}\"/>")
    };
    let read = |uri: &str| {
        let edited = edit(&plain, "xmlenc#rsa-oaep-mgf1p\">", &mask(uri));
        Connection::default().read(&form_value(&edited))
    };
    assert!(read("mgf1sha1").is_ok());
    for (uri, got) in [
        ("mgf1sha256", "rsa-oaep-mgf1p with another mask"),
        ("mgf1sha512", "another mask"),
    ] {
        let refusal = read(uri).unwrap_err();
        assert_eq!((refusal.code(), refusal.got()), ("key_transport_forbidden", got));
    }
}

#[test]
fn gh_08_during_a_roll_over_two_certificates_may_have_made_two_signatures() {
    let issue = signed(Sign::Nothing);
    let assertion = sign(
        assertion_xml(&issue),
        &issue.assertion_id,
        issue.algorithm,
        &KEYS.foreign,
    )
    .unwrap();
    let text = sign(
        response_xml(&issue, &assertion),
        &issue.response_id,
        issue.algorithm,
        &KEYS.rsa,
    )
    .unwrap();
    let mut connection = Connection::default();
    assert_eq!(
        connection.read(&form_value(&text)).unwrap_err().code(),
        "signature_invalid"
    );
    connection
        .certificates
        .push(KEYS.foreign.certificate_der().to_vec());
    let read = connection.read(&form_value(&text)).unwrap();
    assert!(read.assertion_signed && read.response_signed);
}
