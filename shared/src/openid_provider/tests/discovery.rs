//! The discovery document, as a client library reads it.

use openidconnect::core::CoreProviderMetadata;
use serde_json::json;

use super::support::{ISSUER, keys};
use crate::openid_provider::discovery::{Discovery, Endpoints};

fn document() -> serde_json::Value {
    let endpoints = Endpoints::new("https://auth.example.com/");
    serde_json::to_value(Discovery::new(&endpoints, &keys().algorithms())).unwrap()
}

#[test]
fn gh_01_an_independent_client_reads_the_document() {
    let metadata: CoreProviderMetadata = serde_json::from_value(document()).unwrap();
    assert_eq!(metadata.issuer().as_str(), ISSUER);
    assert_eq!(
        metadata.authorization_endpoint().as_str(),
        "https://auth.example.com/oauth2/authorize"
    );
    assert_eq!(
        metadata.jwks_uri().as_str(),
        "https://auth.example.com/oauth2/jwks"
    );
    assert_eq!(
        metadata.token_endpoint().unwrap().as_str(),
        "https://auth.example.com/oauth2/token"
    );
}

#[test]
fn the_document_says_what_is_and_is_not_supported() {
    let document = document();
    for (name, value) in [
        ("response_types_supported", json!(["code"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("subject_types_supported", json!(["public"])),
        ("id_token_signing_alg_values_supported", json!(["RS256", "ES256"])),
        (
            "token_endpoint_auth_methods_supported",
            json!([
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt",
                "none"
            ]),
        ),
        (
            "scopes_supported",
            json!(["openid", "profile", "email", "phone", "offline_access"]),
        ),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("request_parameter_supported", json!(false)),
        ("request_uri_parameter_supported", json!(false)),
        ("claims_parameter_supported", json!(false)),
        (
            "end_session_endpoint",
            json!("https://auth.example.com/oauth2/end_session"),
        ),
        (
            "revocation_endpoint",
            json!("https://auth.example.com/oauth2/revoke"),
        ),
        (
            "userinfo_endpoint",
            json!("https://auth.example.com/oauth2/userinfo"),
        ),
    ] {
        assert_eq!(document[name], value, "{name}");
    }
    let algs = document["token_endpoint_auth_signing_alg_values_supported"]
        .as_array()
        .unwrap();
    assert!(
        !algs
            .iter()
            .any(|alg| alg == "none" || alg.as_str().unwrap().starts_with("HS"))
    );
}
