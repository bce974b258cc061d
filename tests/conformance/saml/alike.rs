//! All decryption failures look alike, and a CBC ciphertext is no oracle.

use gatehouse::saml::refusal::Refusal;
use gatehouse_local::demo_idp::issue::encrypt::{Cipher, Encryption, encrypt_bytes};
use gatehouse_local::demo_idp::issue::sign::sign;
use gatehouse_local::demo_idp::issue::{Issue, Sign, assertion_xml, form_value, response_xml};

use super::world::{Connection, KEYS, edit, encrypted, genuine, part, xml};

/// The refusal of a Response around this plaintext.
fn refused(plaintext: &[u8], cipher: Cipher, sign_response: bool) -> Refusal {
    let encryption = Encryption {
        cipher,
        ..Encryption::new(KEYS.ours.certificate_der().to_vec())
    };
    let issue = genuine();
    let mut response = response_xml(&issue, &encrypt_bytes(plaintext, &encryption).unwrap());
    if sign_response {
        response = sign(response, &issue.response_id, issue.algorithm, &KEYS.rsa).unwrap();
    }
    Connection {
        allow_cbc: true,
        ..Connection::default()
    }
    .read(&form_value(&response))
    .unwrap_err()
}

fn signed_assertion(issue: &Issue) -> String {
    sign(
        assertion_xml(issue),
        &issue.assertion_id,
        issue.algorithm,
        &KEYS.rsa,
    )
    .unwrap()
}

#[test]
fn decryption_failures_are_one_refusal() {
    let plain = xml(&encrypted(Sign::Assertion));
    let value = part(
        &plain,
        "</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>",
        "</xenc:CipherValue>",
    )
    .to_owned();
    let flipped = edit(
        &plain,
        &value,
        &edit(&value, &value[value.len() - 60..value.len() - 50], "AAAAAAAAAA"),
    );
    let read = |xml: &str| Connection::default().read(&form_value(xml)).unwrap_err();
    let mut other = encrypted(Sign::Assertion);
    other
        .encryption
        .iter_mut()
        .for_each(|e| e.certificate_der = KEYS.foreign.certificate_der().to_vec());
    let mut refusals = vec![read(&flipped), read(&xml(&other))];
    let two = signed_assertion(&genuine())
        + &signed_assertion(&Issue {
            assertion_id: "_assertion-2".to_owned(),
            ..genuine()
        });
    let texts: [&[u8]; 7] = [
        b"\xff\xfe",
        b"",
        b"no xml",
        b"<a",
        b"<a/>",
        b"</plaintext><plaintext>",
        two.as_bytes(),
    ];
    for cipher in [Cipher::Aes128Gcm, Cipher::Aes256Cbc] {
        refusals.extend(texts.iter().map(|text| refused(text, cipher, false)));
    }
    let beside = format!("text{}", signed_assertion(&genuine()));
    refusals.push(refused(beside.as_bytes(), Cipher::Aes128Gcm, false));
    for refusal in &refusals {
        assert_eq!(refusal.code(), "decryption_failed");
        assert_eq!(refusal, &refusals[0]);
    }
}

#[test]
fn with_cbc_under_an_unsigned_response_every_failure_up_to_the_signature_is_that_refusal() {
    let good = signed_assertion(&genuine());
    let broken = [
        good.replace("Engineers", "Owners"),
        good.replace("<saml:Subject>", "<saml:Subject><!-- -->"),
        assertion_xml(&genuine()),
        good.replace("Version=\"2.0\"", "Version='a\nb'"),
    ];
    let failed = refused(b"no xml", Cipher::Aes128Cbc, false);
    for plaintext in &broken {
        assert_eq!(refused(plaintext.as_bytes(), Cipher::Aes128Cbc, false), failed);
        // Where nobody can have altered the ciphertext, the owner is told what is wrong.
        assert_ne!(
            refused(plaintext.as_bytes(), Cipher::Aes128Gcm, false).code(),
            "decryption_failed"
        );
    }
    assert_eq!(
        refused(broken[0].as_bytes(), Cipher::Aes128Cbc, true).code(),
        "digest_mismatch"
    );
}

#[test]
fn a_bad_inner_signature_is_refused_though_the_response_is_signed() {
    let altered = signed_assertion(&genuine()).replace("Engineers", "Owners");
    assert_eq!(
        refused(altered.as_bytes(), Cipher::Aes128Gcm, true).code(),
        "digest_mismatch"
    );
}

#[test]
fn ids_are_unique_across_ciphertext_and_plaintext() {
    let mut issue = genuine();
    issue.assertion_id = issue.response_id.clone();
    issue.encryption = Some(Encryption::new(KEYS.ours.certificate_der().to_vec()));
    let refusal = Connection::default()
        .read(&issue.form_value(&KEYS.rsa).unwrap())
        .unwrap_err();
    assert_eq!(refusal.code(), "id_duplicate");
}

#[test]
fn the_plaintext_sees_the_namespaces_around_the_encrypted_assertion() {
    // The signed assertion uses a prefix that only the Response declares.
    let issue = Issue {
        sign: Sign::Response,
        ..genuine()
    };
    let bare = edit(
        &assertion_xml(&issue),
        " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
        "",
    );
    let encryption = Encryption::new(KEYS.ours.certificate_der().to_vec());
    let response = response_xml(&issue, &encrypt_bytes(bare.as_bytes(), &encryption).unwrap());
    let response = sign(response, &issue.response_id, issue.algorithm, &KEYS.rsa).unwrap();
    let read = Connection::default().read(&form_value(&response)).unwrap();
    assert_eq!(read.name_id.unwrap().value, "ada@acme.example");
}
