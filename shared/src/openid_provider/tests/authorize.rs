//! The authorization request, and what an attacker would make of it.

use super::support::{CHALLENGE, ISSUER, REDIRECT, authorize_query, client, public_client, request};
use crate::openid_provider::authorize::{self, Refusal};
use crate::openid_provider::client_settings::ClientSettings;
use crate::openid_provider::clients::AppClient;
use crate::openid_provider::opaque::Code;
use crate::openid_provider::params::Parameters;
use crate::openid_provider::response::ResponseMode;
use crate::openid_provider::scope::Scope;

fn refuse(parameters: &Parameters) -> Refusal {
    authorize::parse(parameters, &client().0).unwrap_err()
}

#[test]
fn gh_01_a_good_request_is_read_whole() {
    let parameters = authorize_query(&[
        ("login_hint", "ada@acme.com"),
        ("organization", "tenant-1"),
        ("connection", "connection-1"),
        ("max_age", "300"),
        ("prompt", "login select_account consent"),
        ("ui_locales", "de"),
        ("unknown", "ignored"),
    ]);
    let request = authorize::parse(&parameters, &client().0).unwrap();
    assert_eq!(request.target.redirect_uri, REDIRECT);
    assert_eq!(request.target.state.as_deref(), Some("st-1"));
    assert_eq!(request.target.mode, ResponseMode::Query);
    assert_eq!(request.nonce.as_deref(), Some("no-1"));
    assert_eq!(request.code_challenge.as_str(), CHALLENGE);
    assert_eq!(request.max_age, Some(300));
    assert!(request.prompt.login && request.prompt.select_account && !request.prompt.none);
    assert_eq!(request.login_hint.as_ref().unwrap().0, "ada@acme.com");
    assert_eq!(request.organization.as_ref().unwrap().as_str(), "tenant-1");
    assert_eq!(request.connection.as_ref().unwrap().as_str(), "connection-1");
    assert_eq!(request.scopes.to_string(), "openid profile email offline_access");
    assert!(!format!("{request:?}").contains("ada@"));
    let kept = serde_json::to_string(&request).unwrap();
    assert_eq!(
        serde_json::from_str::<authorize::AuthorizationRequest>(&kept).unwrap(),
        request
    );
}

#[test]
fn gh_01_an_untrusted_redirect_uri_is_told_on_a_page_only() {
    let tricks = [
        "https://app.example.com/callback/",
        "https://app.example.com/callback?x=1",
        "https://app.example.com/callback#",
        "https://app.example.com/callback/../callback",
        "https://app.example.com/%2e%2e/callback",
        "https://app.example.com/Callback",
        "https://APP.example.com/callback",
        "HTTPS://app.example.com/callback",
        "https://app.example.com:443/callback",
        "https://app.example.com/callback%00",
        "https://app.example.com/callbac%6b",
        "https://app.example.com\\@evil.example/callback",
        "https://app.example.com@evil.example/callback",
        "https://app.example.com.evil.example/callback",
        "//app.example.com/callback",
        "http://app.example.com/callback",
        "https://app.example.com/callback ",
        " https://app.example.com/callback",
        "javascript:alert(1)",
        "https://evil.example/",
    ];
    for uri in tricks {
        let refusal = refuse(&authorize_query(&[("redirect_uri", uri)]));
        assert_eq!(
            refusal.error().code(),
            "authorize_redirect_uri_not_registered",
            "{uri}"
        );
        assert!(refusal.response(ISSUER).is_none(), "{uri}");
    }
    let missing = refuse(&authorize_query(&[("redirect_uri", "")]));
    assert_eq!(missing.error().code(), "authorize_redirect_uri_missing");
    assert!(missing.response(ISSUER).is_none());
}

#[test]
fn a_repeated_redirect_uri_or_client_id_is_told_on_a_page() {
    let raw = |more: &str| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", "app-1"),
                ("redirect_uri", REDIRECT),
                ("response_type", "code"),
            ])
            .finish();
        Parameters::parse(&format!("{query}&{more}")).unwrap()
    };
    for more in ["redirect_uri=https%3A%2F%2Fevil.example%2F", "client_id=app-1"] {
        assert!(matches!(refuse(&raw(more)), Refusal::Page(_)), "{more}");
    }
    let refusal = refuse(&raw("scope=openid&scope=openid"));
    assert_eq!(refusal.error().code(), "authorize_repeated_parameter");
    assert!(refusal.response(ISSUER).is_some());
    let refusal = refuse(&raw("state=a&state=b"));
    let location = refusal.response(ISSUER).unwrap().location();
    assert!(
        !location.contains("state=a") && !location.contains("state=b"),
        "an ambiguous state is not echoed"
    );
}

#[test]
fn another_clients_registry_entry_is_never_used() {
    let other = authorize_query(&[("client_id", "app-2")]);
    assert!(matches!(refuse(&other), Refusal::Page(_)));
    assert!(authorize::client_id(&authorize_query(&[("client_id", "a:b")])).is_err());
}

/// Parameter, value, the OAuth error and our code.
const REFUSALS: &[(&str, &str, &str, &str)] = &[
    (
        "response_type",
        "",
        "invalid_request",
        "authorize_response_type_missing",
    ),
    (
        "response_type",
        "token",
        "unsupported_response_type",
        "authorize_response_type",
    ),
    (
        "response_type",
        "code id_token",
        "unsupported_response_type",
        "authorize_response_type",
    ),
    (
        "response_mode",
        "fragment",
        "invalid_request",
        "authorize_response_mode",
    ),
    (
        "scope",
        "profile",
        "invalid_scope",
        "authorize_scope_without_openid",
    ),
    ("scope", "", "invalid_scope", "authorize_scope_without_openid"),
    ("code_challenge", "", "invalid_request", "pkce_challenge_missing"),
    (
        "code_challenge_method",
        "plain",
        "invalid_request",
        "pkce_method_not_s256",
    ),
    (
        "code_challenge_method",
        "",
        "invalid_request",
        "pkce_method_not_s256",
    ),
    (
        "code_challenge_method",
        "s256",
        "invalid_request",
        "pkce_method_not_s256",
    ),
    (
        "code_challenge",
        "short",
        "invalid_request",
        "pkce_challenge_malformed",
    ),
    (
        "prompt",
        "none login",
        "invalid_request",
        "authorize_prompt_none_not_alone",
    ),
    ("prompt", "create", "invalid_request", "authorize_prompt"),
    ("max_age", "-1", "invalid_request", "authorize_max_age"),
    ("max_age", "1.5", "invalid_request", "authorize_max_age"),
    ("nonce", "caf\u{e9}", "invalid_request", "authorize_nonce"),
    ("organization", "a/b", "invalid_request", "authorize_organization"),
    ("connection", "a b", "invalid_request", "authorize_connection"),
    (
        "request",
        "e30.e30.",
        "request_not_supported",
        "authorize_request_object",
    ),
    (
        "request_uri",
        "https://evil.example/",
        "request_uri_not_supported",
        "authorize_request_uri",
    ),
    (
        "registration",
        "{}",
        "registration_not_supported",
        "authorize_registration",
    ),
];

#[test]
fn gh_01_other_refusals_go_back_to_the_app_with_state_and_iss() {
    let long = "x".repeat(authorize::MAX_LOGIN_HINT_LEN + 1);
    let long = (
        "login_hint",
        long.as_str(),
        "invalid_request",
        "authorize_login_hint",
    );
    for (name, value, error, code) in REFUSALS.iter().chain([&long]) {
        let refusal = refuse(&authorize_query(&[(name, value)]));
        assert_eq!(refusal.error().code(), *code, "{name}={value:.20}");
        let location = refusal.response(ISSUER).unwrap().location();
        let url = url::Url::parse(&location).unwrap();
        let answer: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        assert!(
            location.starts_with("https://app.example.com/callback?error="),
            "{location}"
        );
        assert!(
            answer.contains(&("error".to_owned(), (*error).to_owned())),
            "{location}"
        );
        assert!(answer.contains(&("state".to_owned(), "st-1".to_owned())));
        assert!(answer.contains(&("iss".to_owned(), ISSUER.to_owned())));
    }
}

#[test]
fn a_state_that_cannot_be_echoed_is_refused_without_it() {
    for state in [
        "a\r\nSet-Cookie: x=1",
        "\u{0}",
        &"s".repeat(authorize::MAX_STATE_LEN + 1),
    ] {
        let refusal = refuse(&authorize_query(&[("state", state)]));
        assert_eq!(refusal.error().code(), "authorize_state");
        assert!(!refusal.response(ISSUER).unwrap().location().contains("state="));
    }
}

#[test]
fn an_error_description_holds_allowed_characters_only() {
    let refusal = refuse(&authorize_query(&[("prompt", "\"\\<script>\u{1F600}")]));
    let answer = refusal.response(ISSUER).unwrap();
    let description = &answer
        .parameters
        .iter()
        .find(|(name, _)| *name == "error_description")
        .unwrap()
        .1;
    assert!(
        description
            .bytes()
            .all(|b| (0x20..=0x7e).contains(&b) && b != b'"' && b != b'\\'),
        "{description}"
    );
}

#[test]
fn scopes_are_granted_within_what_the_client_may_ask() {
    let narrow = ClientSettings {
        scopes: vec!["openid".to_owned(), "email".to_owned()],
        ..super::support::settings("confidential")
    };
    let narrow = AppClient::register(super::support::client_id(), &narrow, super::support::now()).unwrap();
    let request = authorize::parse(
        &authorize_query(&[("scope", "openid email phone admin offline_access")]),
        &narrow,
    )
    .unwrap();
    assert_eq!(request.scopes.to_string(), "openid email");
    assert!(!request.scopes.contains(Scope::OfflineAccess));
}

#[test]
fn a_huge_max_age_asks_for_nothing() {
    let request = authorize::parse(
        &authorize_query(&[("max_age", "99999999999999999999")]),
        &client().0,
    )
    .unwrap();
    assert_eq!(request.max_age, Some(u32::MAX));
}

#[test]
fn rfc_8252_a_native_apps_loopback_takes_any_port_and_nothing_else_varies() {
    let mut settings = super::support::settings("public");
    settings.redirect_uris = vec![
        "http://127.0.0.1/cb".to_owned(),
        "http://[::1]/cb".to_owned(),
        "http://localhost:3000/cb".to_owned(),
        "com.example.app:/cb".to_owned(),
    ];
    let native = AppClient::register(super::support::client_id(), &settings, super::support::now()).unwrap();
    for good in [
        "http://127.0.0.1/cb",
        "http://127.0.0.1:49152/cb",
        "http://[::1]:5000/cb",
        "http://localhost:3000/cb",
        "com.example.app:/cb",
    ] {
        assert!(native.admits_redirect(good), "{good}");
    }
    for bad in [
        "http://127.0.0.1:49152/cb/",
        "http://127.0.0.1:49152/cb?x",
        "http://127.0.0.1:49152/cb#",
        "http://127.0.0.2:49152/cb",
        "http://127.0.0.1:80/cb",
        "http://127.1:49152/cb",
        "https://127.0.0.1:49152/cb",
        "http://user@127.0.0.1:49152/cb",
        "http://localhost:3001/cb",
        "http://localhost/cb",
        "com.example.app:/cb2",
        "COM.example.app:/cb",
    ] {
        assert!(!native.admits_redirect(bad), "{bad}");
    }
    let public = public_client();
    assert!(!public.admits_redirect("https://app.example.com:8443/callback"));
}

#[test]
fn gh_01_the_answer_carries_code_state_and_iss() {
    let request = request();
    let code = Code::new([9; 32]);
    let location = request.target.success(&code, ISSUER).location();
    assert_eq!(
        location,
        format!(
            "{REDIRECT}?code={}&state=st-1&iss=https%3A%2F%2Fauth.example.com",
            code.expose()
        )
    );
}

#[test]
fn the_query_of_a_registered_uri_stays_byte_for_byte() {
    use crate::openid_provider::response::append_query;
    let state = [("state", "a b".to_owned())];
    assert_eq!(
        append_query("com.example.app:/cb", &state),
        "com.example.app:/cb?state=a+b"
    );
    assert_eq!(
        append_query("https://a.example/?x=%7e", &state),
        "https://a.example/?x=%7e&state=a+b"
    );
    assert_eq!(
        append_query("https://a.example/?", &state),
        "https://a.example/?state=a+b"
    );
    assert_eq!(
        append_query("https://a.example/?x&", &[]),
        "https://a.example/?x&"
    );
}

#[test]
fn form_post_keeps_the_answer_out_of_the_query() {
    let request = authorize::parse(&authorize_query(&[("response_mode", "form_post")]), &client().0).unwrap();
    let answer = request.target.success(&Code::new([9; 32]), ISSUER);
    assert_eq!(answer.mode, ResponseMode::FormPost);
    assert_eq!(answer.redirect_uri, REDIRECT);
    assert_eq!(answer.parameters.len(), 3);
}
