//! The key ring and its rotation.

use std::cell::Cell;

use chrono::TimeDelta;
use openidconnect::JsonWebKeySet;
use openidconnect::core::CoreJsonWebKey;
use zeroize::Zeroizing;

use super::support::now;
use crate::jose::Algorithm;
use crate::jose::signing::{KeyKind, SigningKeyError, generate_pkcs8};
use crate::openid_provider::keys::{KeyRing, KeyRingError, KeyState, RotationPolicy};
use crate::redacted::Secret;

const P256: [KeyKind; 1] = [KeyKind::P256];

fn kids(ring: &KeyRing, state: KeyState) -> Vec<String> {
    ring.keys()
        .iter()
        .filter(|key| key.state == state)
        .map(|key| key.kid.clone())
        .collect()
}

fn one(ring: &KeyRing, state: KeyState) -> String {
    let mut kids = kids(ring, state);
    assert_eq!(kids.len(), 1, "{state:?}");
    kids.remove(0)
}

fn never(_: KeyKind) -> Result<Zeroizing<Vec<u8>>, SigningKeyError> {
    Err(SigningKeyError::Generate("test"))
}

#[test]
fn gh_08_a_new_ring_publishes_two_overlapping_keys() {
    let ring = KeyRing::create(&P256, now(), generate_pkcs8).unwrap();
    let keys = ring.open().unwrap();
    assert_eq!(keys.published().len(), 2);
    assert_eq!(
        keys.signing(Algorithm::Es256).unwrap().public().kid().unwrap(),
        one(&ring, KeyState::Current)
    );
    assert_eq!(
        keys.signing(Algorithm::Rs256).unwrap_err(),
        KeyRingError::NoCurrentKey("RS256")
    );
    let document = serde_json::to_value(keys.jwks()).unwrap();
    for key in document["keys"].as_array().unwrap() {
        assert_eq!(
            (key["alg"].as_str(), key["use"].as_str()),
            (Some("ES256"), Some("sig"))
        );
        assert!(key["kid"].is_string() && key.get("d").is_none());
    }
    let independent: JsonWebKeySet<CoreJsonWebKey> = serde_json::from_value(document).unwrap();
    assert_eq!(independent.keys().len(), 2);
}

#[test]
fn gh_08_rotation_hands_over_to_a_key_that_was_published_before() {
    let policy = RotationPolicy::default();
    let mut ring = KeyRing::create(&P256, now(), generate_pkcs8).unwrap();
    let (current, next) = (one(&ring, KeyState::Current), one(&ring, KeyState::Next));
    assert!(
        !ring
            .rotate(
                &P256,
                &policy,
                now() + policy.period - TimeDelta::seconds(1),
                never
            )
            .unwrap()
    );

    let due = now() + policy.period;
    assert!(ring.rotate(&P256, &policy, due, generate_pkcs8).unwrap());
    assert_eq!(one(&ring, KeyState::Current), next);
    assert_eq!(one(&ring, KeyState::Old), current);
    assert_ne!(one(&ring, KeyState::Next), next);
    assert_eq!(ring.open().unwrap().published().len(), 3);
    assert!(
        !ring.rotate(&P256, &policy, due, never).unwrap(),
        "a second run changes nothing"
    );

    let gone = due + policy.keep_old;
    assert!(
        !ring
            .rotate(&P256, &policy, gone - TimeDelta::seconds(1), never)
            .unwrap()
    );
    assert!(ring.rotate(&P256, &policy, gone, never).unwrap());
    assert!(kids(&ring, KeyState::Old).is_empty());
}

#[test]
fn a_next_key_that_nobody_has_seen_does_not_sign_yet() {
    let policy = RotationPolicy {
        publish_ahead: TimeDelta::days(1),
        ..RotationPolicy::default()
    };
    let mut ring = KeyRing::create(&P256, now(), generate_pkcs8).unwrap();
    let current = one(&ring, KeyState::Current);
    let late = now() + policy.period;
    ring.withdraw(&one(&ring, KeyState::Next), &policy, late, generate_pkcs8)
        .unwrap();
    assert!(!ring.rotate(&P256, &policy, late, never).unwrap());
    assert_eq!(one(&ring, KeyState::Current), current);
    assert!(
        ring.rotate(&P256, &policy, late + policy.publish_ahead, generate_pkcs8)
            .unwrap()
    );
    assert_ne!(one(&ring, KeyState::Current), current);
}

#[test]
fn a_compromised_key_leaves_at_once() {
    let policy = RotationPolicy::default();
    let mut ring = KeyRing::create(&P256, now(), generate_pkcs8).unwrap();
    let (current, next) = (one(&ring, KeyState::Current), one(&ring, KeyState::Next));
    ring.withdraw(&current, &policy, now(), generate_pkcs8).unwrap();
    assert_eq!(one(&ring, KeyState::Current), next);
    assert!(ring.keys().iter().all(|key| key.kid != current));
    assert_eq!(ring.keys().len(), 2);
    assert_eq!(
        ring.withdraw(&current, &policy, now(), never),
        Err(KeyRingError::UnknownKey)
    );
}

#[test]
fn a_failed_generation_leaves_the_ring_as_it_was() {
    let policy = RotationPolicy::default();
    let mut ring = KeyRing::create(&P256, now(), generate_pkcs8).unwrap();
    let before = ring.clone();
    assert!(ring.rotate(&P256, &policy, now() + policy.period, never).is_err());
    assert!(
        ring.withdraw(&one(&before, KeyState::Current), &policy, now(), never)
            .is_err()
    );
    assert_eq!(ring, before);
}

#[test]
fn algorithms_come_and_go() {
    let policy = RotationPolicy::default();
    let both = [KeyKind::P256, KeyKind::Rsa2048];
    let made = Cell::new(0);
    let mut ring = KeyRing::create(&P256, now(), generate_pkcs8).unwrap();
    let changed = ring.rotate(&both, &policy, now(), |kind| {
        made.set(made.get() + 1);
        generate_pkcs8(kind)
    });
    assert!(changed.unwrap());
    assert_eq!(made.get(), 2, "two RSA keys, no new P-256 key");
    assert_eq!(
        ring.open().unwrap().algorithms(),
        [Algorithm::Rs256, Algorithm::Es256]
    );
    assert!(ring.rotate(&P256, &policy, now(), never).unwrap());
    let keys = ring.open().unwrap();
    assert_eq!(keys.algorithms(), [Algorithm::Es256]);
    assert_eq!(
        keys.published().len(),
        3,
        "the retired RSA key still verifies what it signed"
    );
}

#[test]
fn the_secret_text_is_read_back_and_never_shown() {
    let ring = KeyRing::create(&P256, now(), generate_pkcs8).unwrap();
    let text = ring.to_json().unwrap();
    assert_eq!(KeyRing::from_json(&text).unwrap(), ring);
    let value: serde_json::Value = serde_json::from_str(text.expose()).unwrap();
    let private = value["keys"][0]["pkcs8"].as_str().unwrap();
    assert!(private.len() > 100 && !format!("{ring:?} {:?}", ring.open().unwrap()).contains(private));

    assert_eq!(
        KeyRing::from_json(&Secret::new("{}")),
        Err(KeyRingError::Malformed)
    );
    let newer = text.expose().replace("\"schema\":1", "\"schema\":2");
    assert_eq!(
        KeyRing::from_json(&Secret::new(newer)),
        Err(KeyRingError::Schema(2))
    );
    let broken = KeyRing::from_json(&Secret::new(text.expose().replace(private, "AAAA"))).unwrap();
    assert_eq!(broken.open().unwrap_err().code(), "key_ring_key");
}

#[test]
fn rsa_3072_signs_as_rs256() {
    let ring = KeyRing::create(&[KeyKind::Rsa3072], now(), generate_pkcs8).unwrap();
    let keys = ring.open().unwrap();
    assert_eq!(
        keys.signing(Algorithm::Rs256)
            .unwrap()
            .sign_bytes(b"x")
            .unwrap()
            .len(),
        384
    );
}
