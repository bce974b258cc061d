//! Own keys: made, kept, turned.

#![allow(clippy::unwrap_used, clippy::string_slice)]

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use super::*;
use crate::redacted::Secret;
use crate::saml::certificate::KeyKind;
use crate::saml::test_keys::{first, now, second};

fn ring() -> KeyRing {
    KeyRing::new("k1", now(), first().clone()).unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T, KeyError>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn gh_08_a_new_key_has_the_certificate_asked_for() {
    let validity = TimeDelta::days(730);
    let material = KeyMaterial::generate("gatehouse acme", RsaSize::Bits3072, now(), validity).unwrap();
    let certificate = &material.certificate;
    assert_eq!(certificate.key_kind(), KeyKind::Rsa { bits: 3072 });
    assert_eq!(certificate.subject(), "CN=gatehouse acme");
    assert_eq!(certificate.issuer(), "CN=gatehouse acme");
    assert_eq!(certificate.not_before(), now() - TimeDelta::minutes(5));
    assert_eq!(certificate.not_after(), now() + validity);
    assert_eq!(certificate.findings(now()), []);
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate.der()).unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, certificate.public_key())
        .verify(parsed.tbs_certificate.as_ref(), &parsed.signature_value.data)
        .unwrap();
    assert!(first().certificate.der() != second().certificate.der());
}

#[test]
fn what_no_certificate_can_say_is_refused() {
    let make = |name: &str, at, validity| code(KeyMaterial::generate(name, RsaSize::Bits2048, at, validity));
    let year = TimeDelta::days(365);
    assert_eq!(make("", now(), year), "sp_key_common_name");
    assert_eq!(make(&"x".repeat(65), now(), year), "sp_key_common_name");
    assert_eq!(make("a\nb", now(), year), "sp_key_common_name");
    assert_eq!(make("a", now(), TimeDelta::zero()), "sp_key_validity");
    assert_eq!(
        make("a", now(), TimeDelta::days(MAX_VALIDITY_DAYS + 1)),
        "sp_key_validity"
    );
    assert_eq!(
        make("a", DateTime::from_timestamp(0, 0).unwrap(), year),
        "sp_key_clock"
    );
    assert_eq!(
        make("a", DateTime::from_timestamp(253_402_300_000, 0).unwrap(), year),
        "sp_key_clock"
    );
}

#[test]
fn aq_31_a_private_key_shows_itself_nowhere() {
    let secret = ring().to_secret().unwrap();
    let stored: Value = serde_json::from_str(secret.expose()).unwrap();
    let private = stored["keys"][0]["private_key"].as_str().unwrap();
    let shown = format!("{:?} {:?} {:?} {secret:?}", ring(), first(), first().private_key);
    assert!(shown.contains("[redacted]"));
    assert!(!shown.contains(&private[..24]) && !shown.contains(&private[600..630]));
    let broken = Secret::new(secret.expose().replace("\"current\"", "\"curent\""));
    let error = KeyRing::from_secret(&broken).unwrap_err();
    assert_eq!(error.code(), "sp_key_json");
    assert!(!format!("{error} {error:?}").contains(&private[..24]));
}

#[test]
fn gh_08_keys_turn_from_next_to_current_to_old() {
    let mut ring = ring();
    let later = now() + TimeDelta::days(300);
    assert_eq!(code(ring.promote()), "sp_key_no_next");
    ring.add_next("k2", later, second().clone()).unwrap();
    assert_eq!(
        code(ring.add_next("k3", later, second().clone())),
        "sp_key_next_count"
    );
    let (one, two) = (first().certificate.clone(), second().certificate.clone());
    assert_eq!(ring.current().kid(), "k1");
    assert_eq!(ring.published_for_signing(), [one.clone(), two.clone()]);
    assert_eq!(ring.published_for_encryption(), std::slice::from_ref(&one));

    ring.promote().unwrap();
    assert_eq!((ring.current().kid(), ring.next().is_none()), ("k2", true));
    assert_eq!(ring.published_for_signing(), [two.clone(), one.clone()]);
    assert_eq!(ring.published_for_encryption(), std::slice::from_ref(&two));
    // Messages encrypted to the old key still find it.
    assert_eq!(ring.keys().map(SpKey::kid).collect::<Vec<_>>(), ["k2", "k1"]);
    assert_eq!(ring.current().created(), later);
    assert_eq!(ring.current().not_after(), second().certificate.not_after());

    assert_eq!(code(ring.remove_old("k2")), "sp_key_not_old");
    assert_eq!(
        code(ring.add_next("k1", later, first().clone())),
        "sp_key_duplicate_id"
    );
    ring.remove_old("k1").unwrap();
    assert_eq!(code(ring.remove_old("k1")), "sp_key_not_old");
    assert_eq!(ring.published_for_signing(), [two]);
}

#[test]
fn a_ring_does_not_grow_without_end() {
    let mut ring = ring();
    for n in 2..=8 {
        ring.add_next(&format!("k{n}"), now(), second().clone()).unwrap();
        ring.promote().unwrap();
    }
    assert_eq!(
        code(ring.add_next("k9", now(), second().clone())),
        "sp_key_too_many"
    );
    let secret = ring.to_secret().unwrap();
    assert!(secret.expose().len() < 64 * 1024, "{}", secret.expose().len());
    let order: Vec<String> = ring.keys().map(|key| key.kid().to_owned()).collect();
    let read = KeyRing::from_secret(&secret).unwrap();
    assert_eq!(read.keys().map(SpKey::kid).collect::<Vec<_>>(), order);
}

#[test]
fn gh_08_a_ring_is_stored_and_read_back() {
    let mut ring = ring();
    ring.add_next("k2", now(), second().clone()).unwrap();
    let secret = ring.to_secret().unwrap();
    let stored: Value = serde_json::from_str(secret.expose()).unwrap();
    assert_eq!(stored["version"], 1);
    assert_eq!(stored["keys"][0]["state"], "current");
    assert_eq!(stored["keys"][1]["state"], "next");
    assert_eq!(stored["keys"][1]["not_after"], "2027-03-01T12:00:00Z");
    let read = KeyRing::from_secret(&secret).unwrap();
    assert_eq!(read.to_secret().unwrap(), secret);
    assert_eq!(
        read.current().private_key().pkcs8_der(),
        first().private_key.pkcs8_der()
    );
    assert_eq!(read.next().unwrap().created(), now());
}

/// Whoever can write the secret cannot make us sign with a key whose certificate says something else.
#[test]
fn a_tampered_ring_is_refused() {
    let mut ring = ring();
    ring.add_next("k2", now(), second().clone()).unwrap();
    let good: Value = serde_json::from_str(ring.to_secret().unwrap().expose()).unwrap();
    let tampered = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        code(KeyRing::from_secret(&Secret::new(value.to_string())))
    };
    assert_eq!(tampered(&|v| v["version"] = json!(2)), "sp_key_version");
    assert_eq!(tampered(&|v| v["keys"] = json!([])), "sp_key_current_count");
    assert_eq!(
        tampered(&|v| v["keys"][1]["state"] = json!("current")),
        "sp_key_current_count"
    );
    assert_eq!(
        tampered(&|v| v["keys"][0]["state"] = json!("next")),
        "sp_key_next_count"
    );
    assert_eq!(
        tampered(&|v| v["keys"][1]["kid"] = json!("k1")),
        "sp_key_duplicate_id"
    );
    assert_eq!(tampered(&|v| v["keys"][1]["kid"] = json!("k 1")), "sp_key_id");
    assert_eq!(tampered(&|v| v["keys"][1]["kid"] = json!("")), "sp_key_id");
    assert_eq!(
        tampered(&|v| v["keys"][0]["private_key"] = v["keys"][1]["private_key"].clone()),
        "sp_key_mismatch"
    );
    assert_eq!(
        tampered(&|v| v["keys"][0]["certificate"] = json!("AAAA")),
        "sp_key_bad_certificate"
    );
    assert_eq!(
        tampered(&|v| v["keys"][0]["private_key"] = json!("AAAA")),
        "sp_key_not_pkcs8"
    );
    assert_eq!(
        tampered(&|v| v["keys"][0]["private_key"] = json!("*")),
        "sp_key_not_pkcs8"
    );
    assert_eq!(
        tampered(&|v| v["keys"] = Value::Array(vec![v["keys"][0].clone(); 9])),
        "sp_key_too_many"
    );
    assert_eq!(code(KeyRing::from_secret(&Secret::new("{"))), "sp_key_json");
}
