//! Registration of app clients.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use super::support::{client, client_id, keys, now, public_client, settings};
use crate::openid_provider::client_settings::{ClientError, ClientSettings};
use crate::openid_provider::clients::{AppClient, MAX_SECRETS};
use crate::redacted::Secret;

fn refuse(settings: &ClientSettings) -> &'static str {
    AppClient::register(client_id(), settings, now())
        .unwrap_err()
        .code()
}

#[test]
fn urls_are_registered_in_one_spelling_only() {
    let cases = [
        ("", "url_characters"),
        ("https://app.example.com/c b", "url_characters"),
        ("https://app.example.com/\u{e9}", "url_characters"),
        ("/callback", "url_not_absolute"),
        ("https://", "url_not_absolute"),
        ("https://app.example.com/callback#", "url_fragment"),
        ("https://app.example.com/#x", "url_fragment"),
        ("https://*.example.com/callback", "url_wildcard"),
        ("https://app.example.com/*", "url_wildcard"),
        ("https://app.example.com/a/../b", "url_not_canonical"),
        ("https://app.example.com/%2E%2e/b", "url_not_canonical"),
        ("https://App.example.com/b", "url_not_canonical"),
        ("https://app.example.com:443/b", "url_not_canonical"),
        ("https:\\\\app.example.com\\b", "url_not_canonical"),
        ("https:app.example.com/b", "url_not_canonical"),
        ("https://user:pw@app.example.com/b", "url_user_info"),
        ("http://app.example.com/b", "url_plain_http"),
        ("http://10.0.0.1/b", "url_plain_http"),
        ("http://localhost.example.com/b", "url_plain_http"),
        ("com.example.app:/b", "url_scheme_not_for_this_client"),
        ("javascript:alert(1)", "url_scheme_not_for_this_client"),
    ];
    for (uri, code) in cases {
        let mut settings = settings("confidential");
        settings.redirect_uris = vec!["https://ok.example/".to_owned(), uri.to_owned()];
        assert_eq!(refuse(&settings), code, "{uri}");
        settings.redirect_uris.pop();
        settings.post_logout_redirect_uris = vec![uri.to_owned()];
        assert_eq!(refuse(&settings), code, "{uri}");
    }
    for uri in [
        "https://app.example.com",
        "https://app.example.com/",
        "http://127.0.0.1:8402/cb",
        "http://localhost/cb",
    ] {
        let mut settings = settings("confidential");
        settings.redirect_uris = vec![uri.to_owned()];
        AppClient::register(client_id(), &settings, now()).unwrap_or_else(|error| panic!("{uri}: {error}"));
    }
}

#[test]
fn a_private_use_scheme_is_a_native_apps_reversed_domain() {
    let mut settings = settings("public");
    settings.redirect_uris = vec!["com.example.app:/oauth".to_owned()];
    AppClient::register(client_id(), &settings, now()).unwrap();
    for scheme in [
        "javascript:alert(1)",
        "data:text/html,x",
        "myapp:/cb",
        "file:///etc/passwd",
    ] {
        settings.redirect_uris = vec![scheme.to_owned()];
        assert_eq!(refuse(&settings), "url_scheme_not_a_domain", "{scheme}");
    }
    settings.redirect_uris = vec!["https://app.example.com/".to_owned()];
    settings.initiate_login_uri = Some("com.example.app:/login".to_owned());
    assert_eq!(refuse(&settings), "url_scheme_not_for_this_client");
}

#[test]
fn settings_are_refused_by_name() {
    type Change = fn(&mut ClientSettings);
    let cases: &[(Change, &str)] = &[
        (|s| s.name = " ".to_owned(), "client_name"),
        (|s| s.name = "x".repeat(101), "client_name"),
        (|s| s.redirect_uris = Vec::new(), "client_no_redirect_uri"),
        (
            |s| s.redirect_uris = vec!["https://a.example/".to_owned(); 51],
            "client_too_many",
        ),
        (
            |s| s.scopes = vec!["openid".to_owned(), "admin".to_owned()],
            "client_unknown_scope",
        ),
        (|s| s.scopes = vec!["email".to_owned()], "client_no_openid_scope"),
        (
            |s| s.id_token_signed_response_alg = crate::jose::Algorithm::Ps256,
            "client_id_token_alg",
        ),
        (|s| s.jwks = Some(json!([])), "client_jwks_shape"),
        (
            |s| s.jwks = Some(json!({"keys": [{"kty": "oct", "k": "AA"}]})),
            "client_jwks_key",
        ),
        (
            |s| s.registration_uri = Some("http://a.example/".to_owned()),
            "url_plain_http",
        ),
        (
            |s| s.target_link_uris = vec!["https://a.example/#".to_owned()],
            "url_fragment",
        ),
    ];
    for (change, code) in cases {
        let mut settings = settings("confidential");
        change(&mut settings);
        assert_eq!(refuse(&settings), *code);
    }
    let unknown =
        json!({"name": "x", "kind": "public", "redirect_uris": [], "redirect_uri": "https://a.example/"});
    assert!(
        serde_json::from_value::<ClientSettings>(unknown).is_err(),
        "a misspelled setting is not ignored"
    );
}

#[test]
fn keys_of_a_client_are_public_signature_keys_with_their_own_ids() {
    let key = serde_json::to_value(&keys().published()[0]).unwrap();
    let with = |list: serde_json::Value| ClientSettings {
        jwks: Some(json!({ "keys": list })),
        ..settings("confidential")
    };
    let registered = AppClient::register(client_id(), &with(json!([key])), now()).unwrap();
    assert_eq!(registered.jwks.len(), 1);

    let mut private = key.clone();
    private["d"] = json!("AQAB");
    assert_eq!(refuse(&with(json!([private]))), "client_jwks_key");
    let mut encryption = key.clone();
    encryption["use"] = json!("enc");
    assert_eq!(refuse(&with(json!([encryption]))), "client_jwks_key");
    assert_eq!(refuse(&with(json!([key, key]))), "client_jwks_key_ids");
    let public = ClientSettings {
        jwks: Some(json!({"keys": [key]})),
        ..settings("public")
    };
    assert_eq!(refuse(&public), "client_public_with_keys");
}

#[test]
fn secrets_overlap_expire_and_are_revoked() {
    let (mut client, first) = client();
    let later = now() + TimeDelta::days(30);
    let second = client
        .add_secret(Uuid::max(), [8; 32], now(), Some(later))
        .unwrap();
    assert!(first.expose().starts_with("ghcs_") && first.expose().len() == 48);
    assert!(client.has_secret(&first, now()) && client.has_secret(&second, now()));
    assert!(
        client.has_secret(&first, later) && !client.has_secret(&second, later),
        "expired on the second"
    );
    client.revoke_secret(Uuid::nil()).unwrap();
    assert!(!client.has_secret(&first, now()) && client.has_secret(&second, now()));
    assert_eq!(client.revoke_secret(Uuid::nil()), Err(ClientError::UnknownSecret));
    assert!(!client.has_secret(&Secret::new(""), now()));

    let past = client.add_secret(Uuid::nil(), [1; 32], now(), Some(now()));
    assert_eq!(past.unwrap_err().code(), "client_secret_expired");
    for n in 0..9 {
        let _ = client.add_secret(Uuid::nil(), [n; 32], now(), None);
    }
    assert_eq!(client.secrets.len(), MAX_SECRETS);
    let after_expiry = client.add_secret(Uuid::nil(), [99; 32], later, None);
    assert!(after_expiry.is_ok(), "an expired secret makes room");
    let mut public = public_client();
    assert_eq!(
        public
            .add_secret(Uuid::nil(), [1; 32], now(), None)
            .unwrap_err()
            .code(),
        "client_public_with_secret"
    );
}

#[test]
fn what_is_stored_tells_no_secret() {
    let (client, secret) = client();
    let stored = serde_json::to_string(&client).unwrap();
    assert!(!stored.contains(secret.expose()));
    assert!(!format!("{client:?}").contains(&client.secrets[0].digest.to_string()));
    assert_eq!(serde_json::from_str::<AppClient>(&stored).unwrap(), client);
}

#[test]
fn a_change_keeps_the_secrets_and_a_holder_of_secrets_does_not_become_public() {
    let (client, secret) = client();
    let renamed = ClientSettings {
        name: "Renamed".to_owned(),
        ..settings("confidential")
    };
    let changed = client.with_settings(&renamed).unwrap();
    assert_eq!(changed.name, "Renamed");
    assert!(changed.has_secret(&secret, now()));
    assert_eq!(
        client.with_settings(&settings("public")),
        Err(ClientError::PublicWithSecret)
    );
}
