//! Encrypted assertions.

use gatehouse_local::demo_idp::issue::Sign;
use gatehouse_local::demo_idp::issue::encrypt::{Cipher, Encryption};

use super::super::world::{KEYS, edit, encrypted, part, xml};
use super::{Case, Sent};

/// A case whose change is made to the encrypted XML (the assertion inside is signed, the Response is not).
fn changed(code: &'static str, change: impl FnOnce(&str) -> String) -> Case {
    let twin = xml(&encrypted(Sign::Assertion));
    Case {
        code,
        changed: Sent::xml(&change(&twin)),
        twin: Sent::xml(&twin),
    }
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let plain = Sent::issue(&encrypted(Sign::Assertion));
    let with = |change: fn(&mut Encryption)| {
        let mut issue = encrypted(Sign::Assertion);
        issue.encryption.iter_mut().for_each(change);
        Sent::issue(&issue)
    };
    let cbc = with(|encryption| encryption.cipher = Cipher::Aes256Cbc);
    vec![
        Case {
            code: "decryption_key_missing",
            changed: plain.clone().to(|connection| connection.decryption_keys.clear()),
            twin: plain.clone(),
        },
        changed("encryption_malformed", |xml| {
            let value = part(xml, "<xenc:CipherValue>", "</xenc:CipherValue>").to_owned();
            edit(
                xml,
                &value,
                "<xenc:CipherReference URI=\"http://169.254.169.254/\"/>",
            )
        }),
        changed("encryption_algorithm_forbidden", |xml| {
            edit(
                xml,
                "http://www.w3.org/2009/xmlenc11#aes128-gcm",
                "http://www.w3.org/2001/04/xmlenc#tripledes-cbc",
            )
        }),
        Case {
            code: "encryption_cbc_forbidden",
            twin: cbc.clone().to(|connection| connection.allow_cbc = true),
            changed: cbc,
        },
        changed("key_transport_forbidden", |xml| {
            edit(xml, "xmlenc#rsa-oaep-mgf1p", "xmlenc#rsa-1_5")
        }),
        Case {
            code: "decryption_failed",
            twin: plain,
            changed: with(|encryption| encryption.certificate_der = KEYS.foreign.certificate_der().to_vec()),
        },
    ]
}
