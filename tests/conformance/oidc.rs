//! ID tokens by two judges: our rules, and the `openidconnect` crate's verifier over the same keys (decision 0040). What
//! one takes the other takes; where they may differ is said.

use chrono::{DateTime, TimeDelta, Utc};
use gatehouse::domain::connection::{OidcConnection, OidcProvider, OidcSettings};
use gatehouse::http::api::merge_patch;
use gatehouse::jose::signing::{KeyKind, generate_pkcs8};
use gatehouse::jose::{Algorithm, Jwk, SigningKey, jws};
use gatehouse::oidc::id_token::{Expectations, verify};
use gatehouse::oidc::issuer::Issuer;
use openidconnect::core::{CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm};
use openidconnect::{
    ClientId, EmptyAdditionalClaims, IdToken, IdTokenVerifier, IssuerUrl, JsonWebKeySet, Nonce,
};
use serde_json::{Value, json};

const ISSUER: &str = "https://idp.example.com";

type Token = IdToken<
    EmptyAdditionalClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_pkcs8(KeyKind::P256, &generate_pkcs8(KeyKind::P256).unwrap()).unwrap()
}

fn ours(token: &str, keys: &[Jwk]) -> Result<(), &'static str> {
    let provider = OidcProvider {
        issuer: ISSUER.to_owned(),
        authorization_endpoint: String::new(),
        token_endpoint: String::new(),
        jwks_uri: String::new(),
        userinfo_endpoint: None,
        sends_iss: false,
        end_session_endpoint: None,
        discovered_at: now(),
    };
    let connection = OidcConnection {
        settings: OidcSettings::default(),
        provider: Some(provider),
        ..OidcConnection::default()
    };
    let expected = Expectations {
        issuer: &Issuer::of(&connection).unwrap(),
        client_id: "client",
        algorithms: &[Algorithm::Es256, Algorithm::Rs256],
        nonce: Some("the-nonce"),
        access_token: None,
        now: now(),
    };
    verify(token, keys, &expected)
        .map(drop)
        .map_err(|refusal| refusal.code())
}

fn theirs(token: &str, keys: &[Jwk]) -> Result<(), String> {
    let token: Token = token
        .parse()
        .map_err(|error: serde_json::Error| error.to_string())?;
    let set = JsonWebKeySet::new(keys.to_vec());
    let issuer = IssuerUrl::new(ISSUER.to_owned()).unwrap();
    let verifier = IdTokenVerifier::new_public_client(ClientId::new("client".to_owned()), issuer, set)
        .set_allowed_algs([Algorithm::Es256, Algorithm::Rs256].map(|alg| alg.core().clone()))
        // The skew that ours allows.
        .set_time_fn(|| now() - TimeDelta::minutes(3));
    let nonce = Nonce::new("the-nonce".to_owned());
    let claims = token.claims(&verifier, &nonce);
    claims.map(drop).map_err(|error| error.to_string())
}

fn token(key: &SigningKey, patch: &Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "sub": "someone", "aud": "client", "nonce": "the-nonce",
        "iat": now().timestamp(), "exp": now().timestamp() + 300,
    });
    merge_patch(&mut claims, patch);
    jws::sign(key, "JWT", &claims.to_string()).unwrap()
}

#[test]
fn both_judges_agree() {
    let (good, other) = (key(), key());
    let keys = [good.public().clone(), key().public().clone()];
    let at = |seconds: i64| now().timestamp() + seconds;
    let patches = [
        (json!({}), "ok"),
        (json!({ "aud": ["client"] }), "ok"),
        (json!({ "exp": at(-120) }), "ok"),
        (json!({ "exp": at(-181) }), "id_token_expired"),
        (json!({ "exp": null }), "id_token_expired"),
        (json!({ "iat": null }), "id_token_future"),
        (json!({ "iss": "https://idp.example.com/" }), "id_token_issuer"),
        (json!({ "iss": null }), "id_token_issuer"),
        (json!({ "aud": "other" }), "id_token_audience"),
        (json!({ "aud": [] }), "id_token_audience"),
        (json!({ "nonce": "another" }), "id_token_nonce"),
        (json!({ "nonce": null }), "id_token_nonce"),
        (json!({ "sub": null }), "id_token_subject"),
    ];
    for (patch, wanted) in patches {
        let token = token(&good, &patch);
        let (first, second) = (ours(&token, &keys), theirs(&token, &keys));
        assert_eq!(first.err().unwrap_or("ok"), wanted, "{patch}");
        assert_eq!(first.is_ok(), second.is_ok(), "{patch}: {first:?} and {second:?}");
    }
    let foreign = token(&other, &json!({}));
    assert_eq!(ours(&foreign, &keys), Err("id_token_unknown_key"));
    assert!(theirs(&foreign, &keys).is_err());
    let genuine = token(&good, &json!({}));
    let (signed, signature) = genuine.rsplit_once('.').unwrap();
    let (_, forged) = foreign.rsplit_once('.').unwrap();
    for bad in [
        format!("{signed}.{forged}"),
        format!("{signed}."),
        signature.to_owned(),
        signed.to_owned(),
    ] {
        assert!(ours(&bad, &keys).is_err() && theirs(&bad, &keys).is_err());
    }
}

/// Why ours is not theirs: claims that nobody reads have shapes that the typed reading cannot take.
#[test]
fn a_claim_that_nobody_reads_stops_nobody() {
    let good = key();
    let keys = [good.public().clone()];
    for patch in [
        json!({ "updated_at": "2026-11-26T10:11:12.345Z" }),
        json!({ "address": "one line" }),
    ] {
        let token = token(&good, &patch);
        assert_eq!(ours(&token, &keys), Ok(()), "{patch}");
        assert!(theirs(&token, &keys).is_err(), "{patch}");
    }
}
