//! Known answers, round trips, and what an attacker would try.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, JsonWebKeySet, PrivateSigningKey};
use serde_json::json;

use super::jwk::{Curve, JwkError};
use super::jws::{self, JwsError};
use super::signing::{KeyKind, SigningKeyError, generate_pkcs8};
use super::{Algorithm, Jwk, Jws, SigningKey};

fn rsa_pkcs8() -> &'static [u8] {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KEY.get_or_init(|| generate_pkcs8(KeyKind::Rsa2048).unwrap().to_vec())
}

fn rsa() -> SigningKey {
    SigningKey::from_pkcs8(KeyKind::Rsa2048, rsa_pkcs8()).unwrap()
}

fn p256() -> SigningKey {
    SigningKey::from_pkcs8(KeyKind::P256, &generate_pkcs8(KeyKind::P256).unwrap()).unwrap()
}

fn jwk(value: serde_json::Value) -> Jwk {
    serde_json::from_value(value).unwrap()
}

#[test]
fn rfc_7638_thumbprint() {
    let key = jwk(json!({
        "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB\
              ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZ\
              gnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIq\
              bw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    }));
    assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(key.kid(), Some("2011-04-29"));
}

#[test]
fn rfc_7515_es256_and_rfc_8037_eddsa_known_answers() {
    let es256 = jwk(json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }));
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9p\
                 c19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6N\
                 U1Q";
    let parsed = Jws::parse(token).unwrap();
    assert!(
        parsed
            .verify([&es256], &[Algorithm::Es256])
            .unwrap()
            .starts_with(b"{\"iss\":\"joe\"")
    );

    let ed25519 = jwk(json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }));
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIb\
                 QR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let parsed = Jws::parse(token).unwrap();
    assert_eq!(
        parsed.verify([&ed25519], &Algorithm::ALL).unwrap(),
        b"Example of Ed25519 signing"
    );
}

#[test]
fn every_algorithm_verifies_its_own_and_no_other() {
    let message = b"a message";
    let random = SystemRandom::new();
    let mut signed: Vec<(Algorithm, Jwk, Vec<u8>)> = Vec::new();

    let pair = RsaKeyPair::from_pkcs8(rsa_pkcs8()).unwrap();
    let bare_rsa = {
        let mut value = serde_json::to_value(rsa().public()).unwrap();
        value
            .as_object_mut()
            .unwrap()
            .retain(|name, _| ["kty", "n", "e"].contains(&name.as_str()));
        jwk(value)
    };
    let encodings: [(Algorithm, &'static dyn RsaEncoding); 6] = [
        (Algorithm::Rs256, &signature::RSA_PKCS1_SHA256),
        (Algorithm::Rs384, &signature::RSA_PKCS1_SHA384),
        (Algorithm::Rs512, &signature::RSA_PKCS1_SHA512),
        (Algorithm::Ps256, &signature::RSA_PSS_SHA256),
        (Algorithm::Ps384, &signature::RSA_PSS_SHA384),
        (Algorithm::Ps512, &signature::RSA_PSS_SHA512),
    ];
    for (alg, encoding) in encodings {
        let mut out = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &random, message, &mut out).unwrap();
        signed.push((alg, bare_rsa.clone(), out));
    }
    for (alg, curve, own, half) in [
        (
            Algorithm::Es256,
            Curve::P256,
            &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            32,
        ),
        (
            Algorithm::Es384,
            Curve::P384,
            &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
            48,
        ),
        (
            Algorithm::Es512,
            Curve::P521,
            &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
            66,
        ),
    ] {
        let pair = EcdsaKeyPair::generate(own).unwrap();
        let point = pair.public_key().as_ref();
        let key = Jwk::ec(curve, &point[1..=half], &point[1 + half..]).unwrap();
        signed.push((alg, key, pair.sign(&random, message).unwrap().as_ref().to_vec()));
    }
    let pair = Ed25519KeyPair::generate().unwrap();
    let key = Jwk::ed25519(pair.public_key().as_ref()).unwrap();
    signed.push((Algorithm::EdDsa, key, pair.sign(message).as_ref().to_vec()));

    assert_eq!(signed.len(), Algorithm::ALL.len());
    for (alg, key, signature) in &signed {
        key.verify(*alg, message, signature).unwrap();
        let again = jwk(serde_json::to_value(key).unwrap());
        assert_eq!(again, *key, "printed and parsed");
        assert_eq!(
            key.verify(*alg, b"another", signature),
            Err(JwkError::BadSignature)
        );
        for other in Algorithm::ALL.into_iter().filter(|other| other != alg) {
            assert!(
                key.verify(other, message, signature).is_err(),
                "{other:?} for {alg:?}"
            );
        }
    }
}

#[test]
fn a_key_serves_only_what_use_and_alg_allow() {
    let mut value = serde_json::to_value(rsa().public()).unwrap();
    value["use"] = json!("enc");
    assert!(!jwk(value.clone()).serves(Algorithm::Rs256));
    value["use"] = json!("sig");
    value["alg"] = json!("PS256");
    assert!(!jwk(value.clone()).serves(Algorithm::Rs256));
    assert!(jwk(value.clone()).serves(Algorithm::Ps256));
    value["alg"] = json!("RSA-OAEP");
    assert!(
        Algorithm::ALL
            .into_iter()
            .all(|alg| !jwk(value.clone()).serves(alg))
    );
}

#[test]
fn bad_keys_are_refused_by_name_and_left_out_of_a_set() {
    let good = serde_json::to_value(rsa().public()).unwrap();
    let small = URL_SAFE_NO_PAD.encode([0xff; 128]);
    let p256 = serde_json::to_value(p256().public()).unwrap();
    let mut off_curve = p256.clone();
    off_curve["y"] = p256["x"].clone();
    let mut private = good.clone();
    private["d"] = json!("AQAB");
    let cases = [
        (
            json!({"kty": "RSA", "n": small, "e": "AQAB"}),
            "must have 2048 to 8192 bits, got 1024",
        ),
        (json!({"kty": "RSA", "n": good["n"], "e": "!"}), "member e"),
        (json!({"kty": "RSA", "n": good["n"], "e": "AQ"}), "member e"),
        (json!({"kty": "RSA", "n": good["n"], "e": "AQAA"}), "member e"),
        (json!({"kty": "RSA", "n": good["n"], "e": "AQAAAAAB"}), "member e"),
        (json!({"kty": "RSA", "e": "AQAB"}), "member n"),
        (off_curve, "member x"),
        (
            json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}),
            "got EC secp256k1",
        ),
        (json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}), "member x"),
        (json!({"kty": "oct", "k": "c2VjcmV0"}), "member k"),
        (private, "member d"),
        (json!({}), "must be RSA, EC"),
    ];
    for (value, wanted) in &cases {
        let error = serde_json::from_value::<Jwk>(value.clone())
            .unwrap_err()
            .to_string();
        assert!(error.contains(wanted), "{value}: {error}");
    }
    let mut keys: Vec<_> = cases.into_iter().map(|(value, _)| value).collect();
    keys.push(good);
    let set: JsonWebKeySet<Jwk> = serde_json::from_value(json!({ "keys": keys })).unwrap();
    assert_eq!(
        set.keys(),
        &vec![rsa().public().clone()],
        "one bad key does not spoil the set"
    );
}

#[test]
fn leading_zeros_of_a_modulus_do_not_matter() {
    let value = serde_json::to_value(rsa().public()).unwrap();
    let n = URL_SAFE_NO_PAD.decode(value["n"].as_str().unwrap()).unwrap();
    let padded = Jwk::rsa(&[&[0], n.as_slice()].concat(), &[0, 1, 0, 1]).unwrap();
    assert_eq!(padded.thumbprint(), rsa().public().thumbprint());
}

#[test]
fn our_signatures_verify_by_an_independent_implementation() {
    for key in [rsa(), p256()] {
        let signature = PrivateSigningKey::sign(&key, key.algorithm().core(), b"message").unwrap();
        let public: CoreJsonWebKey =
            serde_json::from_value(serde_json::to_value(key.as_verification_key()).unwrap()).unwrap();
        public
            .verify_signature(key.algorithm().core(), b"message", &signature)
            .unwrap();
        assert_eq!(public.key_id().unwrap().as_str(), key.public().thumbprint());
        let hash = public.hash_bytes(b"token", key.algorithm().core()).unwrap();
        assert_eq!(
            key.public().hash_bytes(b"token", key.algorithm().core()).unwrap(),
            hash
        );
    }
}

#[test]
fn a_signing_key_signs_by_its_own_algorithm_only() {
    for alg in [
        CoreJwsSigningAlgorithm::None,
        CoreJwsSigningAlgorithm::HmacSha256,
        CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    ] {
        assert!(PrivateSigningKey::sign(&rsa(), &alg, b"message").is_err());
    }
    assert_eq!(
        SigningKey::from_pkcs8(KeyKind::P256, rsa_pkcs8()).unwrap_err(),
        SigningKeyError::Malformed("P-256")
    );
    assert!(!format!("{:?}", rsa()).contains("modulus"));
}

fn token(header: &serde_json::Value, key: &SigningKey) -> String {
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode("{}")
    );
    let signature = key.sign_bytes(input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn refusal(token: &str, keys: &[Jwk], allowed: &[Algorithm]) -> JwsError {
    match Jws::parse(token) {
        Ok(jws) => jws.verify(keys, allowed).unwrap_err(),
        Err(error) => error,
    }
}

#[test]
fn attacks_on_the_header_are_refused_by_name() {
    let key = rsa();
    let keys = [key.public().clone()];
    let kid = key.public().kid().unwrap();
    let attacker = p256();
    let genuine = token(&json!({"alg": "RS256", "kid": kid}), &key);
    let allowed = [Algorithm::Rs256, Algorithm::Es256];
    assert_eq!(
        Jws::parse(&genuine).unwrap().verify(&keys, &allowed).unwrap(),
        b"{}"
    );

    let hmac_by_public_key = token(&json!({"alg": "HS256", "kid": kid}), &key);
    let cases = [
        (token(&json!({"alg": "none"}), &key), "jws_unsigned"),
        (token(&json!({"alg": "NoNe"}), &key), "jws_unsigned"),
        (hmac_by_public_key, "jws_algorithm_not_allowed"),
        (token(&json!({"alg": "rs256"}), &key), "jws_algorithm_not_allowed"),
        (
            token(&json!({"alg": "PS256", "kid": kid}), &key),
            "jws_algorithm_not_allowed",
        ),
        (
            token(&json!({"alg": "ES256", "jwk": attacker.public()}), &attacker),
            "jws_embedded_key",
        ),
        (
            token(&json!({"alg": "RS256", "jku": "https://evil.example/"}), &key),
            "jws_embedded_key",
        ),
        (
            token(&json!({"alg": "RS256", "x5u": "https://evil.example/"}), &key),
            "jws_embedded_key",
        ),
        (
            token(&json!({"alg": "RS256", "crit": ["b64"], "b64": false}), &key),
            "jws_critical",
        ),
        (
            token(&json!({"alg": "ES256", "kid": kid}), &attacker),
            "jws_unknown_key",
        ),
        (
            token(&json!({"alg": "RS256", "kid": "../../other"}), &key),
            "jws_unknown_key",
        ),
        (token(&json!({"kid": kid}), &key), "jws_malformed"),
        (genuine.replace('.', ".."), "jws_malformed"),
        (format!("{genuine}="), "jws_malformed"),
        (genuine.rsplit_once('.').unwrap().0.to_owned(), "jws_malformed"),
        (
            format!("{}.", genuine.rsplit_once('.').unwrap().0),
            "jws_bad_signature",
        ),
        ("a".repeat(jws::MAX_TOKEN_LEN + 1), "jws_too_long"),
        (String::new(), "jws_malformed"),
    ];
    for (token, code) in cases {
        assert_eq!(refusal(&token, &keys, &allowed).code(), code, "{token:.80}");
    }
    let twice = format!(r#"{{"alg":"RS256","kid":"{kid}","alg":"none"}}"#);
    let twice = format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(twice));
    assert_eq!(refusal(&twice, &keys, &allowed), JwsError::Malformed);
}

#[test]
fn the_signature_holds_for_this_payload_only() {
    let key = p256();
    let signed = jws::sign(&key, "at+jwt", r#"{"sub":"a"}"#).unwrap();
    let forged = {
        let mut parts: Vec<&str> = signed.split('.').collect();
        let payload = URL_SAFE_NO_PAD.encode(r#"{"sub":"b"}"#);
        parts[1] = &payload;
        parts.join(".")
    };
    let keys = [key.public().clone()];
    let parsed = Jws::parse(&signed).unwrap();
    assert!(parsed.is_type("at+jwt") && !parsed.is_type("JWT"));
    assert_eq!(
        parsed.verify(&keys, &[Algorithm::Es256]).unwrap(),
        br#"{"sub":"a"}"#
    );
    assert_eq!(
        refusal(&forged, &keys, &[Algorithm::Es256]),
        JwsError::BadSignature
    );
}

proptest::proptest! {
    #[test]
    fn parsing_a_token_never_panics(text in ".{0,200}") {
        let _ = Jws::parse(&text);
    }

    #[test]
    fn parsing_a_key_never_panics(n in "[A-Za-z0-9_=-]{0,400}", e in "[A-Za-z0-9_-]{0,8}", kty in "RSA|EC|OKP|x") {
        let _ = serde_json::from_value::<Jwk>(json!({"kty": kty, "crv": "P-256", "n": n, "e": e, "x": n, "y": e}));
    }
}
