//! What is asked of a discovery document. Documents are as the providers publish them, cut to the members that are read.

use chrono::DateTime;
use serde_json::{Value, json};

use crate::domain::connection::{ClientAuthentication, OidcPreset, OidcProvider, OidcSettings, RedirectUri};
use crate::domain::endpoint::EndpointPolicy;
use crate::oidc::discovery::{Authority, DiscoveryError, read};
use crate::oidc::presets::defaults;

const DIRECTORY: &str = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";

fn document(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": "https://idp.example.com/authorize",
        "token_endpoint": "https://idp.example.com/token",
        "userinfo_endpoint": "https://idp.example.com/userinfo",
        "jwks_uri": "https://idp.example.com/jwks",
        "response_types_supported": ["code", "id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
    })
}

fn take(
    authority: &str,
    settings: &mut OidcSettings,
    document: &Value,
) -> Result<OidcProvider, DiscoveryError> {
    let authority = Authority::parse(authority, EndpointPolicy::Https)?;
    let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    read(
        document.to_string().as_bytes(),
        &authority,
        settings,
        EndpointPolicy::Https,
        now,
    )
}

fn of(preset: OidcPreset, authority: &str, issuer: &str) -> Result<OidcSettings, DiscoveryError> {
    let mut settings = defaults(preset);
    take(authority, &mut settings, &document(issuer)).map(|_| settings)
}

fn code(result: Result<impl Sized, DiscoveryError>) -> &'static str {
    result.err().map_or("ok", |error| error.code())
}

#[test]
fn an_authority_is_taken_with_or_without_the_well_known_path_and_slash() {
    for text in [
        "https://idp.example.com/realms/acme",
        " https://idp.example.com/realms/acme/ ",
        "https://idp.example.com/realms/acme/.well-known/openid-configuration",
    ] {
        let authority = Authority::parse(text, EndpointPolicy::Https).unwrap();
        assert_eq!(
            authority.discovery_url(),
            "https://idp.example.com/realms/acme/.well-known/openid-configuration"
        );
    }
    for (bad, wanted) in [
        ("http://idp.example.com", "authority_invalid"),
        ("javascript:alert(1)", "authority_invalid"),
        ("https://idp.example.com/?p=flow", "authority_with_query"),
        ("https://user@idp.example.com", "authority_invalid"),
        ("", "authority_invalid"),
    ] {
        assert_eq!(
            code(Authority::parse(bad, EndpointPolicy::Https)),
            wanted,
            "{bad}"
        );
    }
}

#[test]
fn a0_1_one_trailing_slash_is_tolerated_on_either_side_and_nothing_else() {
    let cases = [
        ("https://acme.eu.auth0.com", "https://acme.eu.auth0.com/", "ok"),
        ("https://acme.eu.auth0.com/", "https://acme.eu.auth0.com/", "ok"),
        ("https://acme.eu.auth0.com/", "https://acme.eu.auth0.com", "ok"),
        (
            "https://acme.eu.auth0.com",
            "https://acme.eu.auth0.com//",
            "issuer_mismatch",
        ),
        (
            "https://acme.eu.auth0.com",
            "https://ACME.eu.auth0.com",
            "issuer_mismatch",
        ),
        (
            "https://acme.eu.auth0.com",
            "https://evil.example.com",
            "issuer_mismatch",
        ),
    ];
    for (authority, issuer, wanted) in cases {
        assert_eq!(
            code(of(OidcPreset::Auth0, authority, issuer)),
            wanted,
            "{authority} {issuer}"
        );
    }
}

/// E-30: the same directory has two issuers; the v1.0 one has another host than its authority.
#[test]
fn e_30_entra_v2_and_v1_authorities_have_their_own_issuers() {
    let v2 = format!("https://login.microsoftonline.com/{DIRECTORY}/v2.0");
    let v1 = format!("https://login.microsoftonline.com/{DIRECTORY}");
    let sts = format!("https://sts.windows.net/{DIRECTORY}/");
    assert_eq!(
        of(OidcPreset::EntraId, &v2, &v2).unwrap().tenant_id.as_deref(),
        Some(DIRECTORY)
    );
    assert_eq!(
        of(OidcPreset::EntraId, &v1, &sts).unwrap().tenant_id.as_deref(),
        Some(DIRECTORY)
    );
    assert_eq!(code(of(OidcPreset::EntraId, &sts, &sts)), "ok");
    let crossed = of(OidcPreset::EntraId, &v2, &sts).unwrap_err();
    let text = crossed.to_string();
    assert!(
        text.contains(&v2) && text.contains(&sts),
        "says what was expected and what came: {text}"
    );
    assert_eq!(code(of(OidcPreset::EntraId, &v1, &v2)), "issuer_mismatch");
    let plain = of(OidcPreset::Generic, &v1, &sts).unwrap_err();
    assert!(plain.to_string().contains("preset entra_id"), "{plain}");
}

/// E-31: `common` states a template; a directory must be pinned.
#[test]
fn e_31_the_template_issuer_is_taken_only_with_a_pinned_directory() {
    let common = "https://login.microsoftonline.com/common/v2.0";
    let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
    assert_eq!(
        code(of(OidcPreset::EntraId, common, template)),
        "directory_not_pinned"
    );
    let mut settings = defaults(OidcPreset::EntraId);
    settings.tenant_id = Some(DIRECTORY.to_owned());
    assert_eq!(
        take(common, &mut settings, &document(template)).unwrap().issuer,
        template
    );
    settings.preset = OidcPreset::Generic;
    assert_eq!(
        code(take(common, &mut settings, &document(template))),
        "issuer_mismatch"
    );
    let own = format!("https://login.microsoftonline.com/{DIRECTORY}/v2.0");
    let mut other = defaults(OidcPreset::EntraId);
    other.tenant_id = Some("00000000-0000-0000-0000-000000000001".to_owned());
    assert_eq!(
        code(take(&own, &mut other, &document(&own))),
        "directory_mismatch"
    );
}

#[test]
fn se_11_a_directory_by_its_domain_name_is_answered_with_its_id() {
    let named = "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0";
    let came = format!("https://login.microsoftonline.com/{DIRECTORY}/v2.0");
    let error = of(OidcPreset::EntraId, named, &came).unwrap_err();
    assert_eq!(error.code(), "issuer_mismatch");
    assert!(error.to_string().contains(&came));
}

#[test]
fn endpoints_are_https_and_present() {
    let with = |name: &str, value: Value| {
        let mut document = document("https://idp.example.com");
        document[name] = value;
        take(
            "https://idp.example.com",
            &mut defaults(OidcPreset::Generic),
            &document,
        )
    };
    for bad in [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://idp.example.com/x",
        "//idp.example.com",
        "",
    ] {
        for name in [
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
        ] {
            assert_eq!(
                code(with(name, json!(bad))),
                "discovery_endpoint_refused",
                "{name} {bad}"
            );
        }
    }
    for name in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
        assert_eq!(
            code(with(name, Value::Null)),
            "discovery_member_missing",
            "{name}"
        );
    }
    assert_eq!(
        with("userinfo_endpoint", Value::Null).unwrap().userinfo_endpoint,
        None
    );
    assert_eq!(code(with("issuer", json!(["a"]))), "discovery_not_a_document");
}

#[test]
fn j_1_the_way_to_authenticate_must_be_one_that_the_provider_takes() {
    let mut jumpcloud = document("https://oauth.id.jumpcloud.com");
    jumpcloud["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    let authority = "https://oauth.id.jumpcloud.com";
    assert_eq!(
        code(take(authority, &mut defaults(OidcPreset::JumpCloud), &jumpcloud)),
        "ok"
    );
    let refused = take(authority, &mut defaults(OidcPreset::Generic), &jumpcloud).unwrap_err();
    assert_eq!(refused.code(), "client_authentication_not_supported");
    assert_eq!(
        refused.to_string(),
        "wanted a token endpoint with client_secret_basic, this one takes: client_secret_post"
    );
    // Absent means basic (OpenID Connect Discovery 1.0 section 3).
    let mut silent = document("https://idp.example.com");
    silent["token_endpoint_auth_methods_supported"] = Value::Null;
    let mut settings = defaults(OidcPreset::Generic);
    assert_eq!(
        code(take("https://idp.example.com", &mut settings, &silent)),
        "ok"
    );
    settings.client_authentication = ClientAuthentication::PrivateKeyJwt;
    assert_eq!(
        code(take("https://idp.example.com", &mut settings, &silent)),
        "client_authentication_not_supported"
    );
}

#[test]
fn code_flow_and_algorithm_must_be_in_common() {
    let mut implicit = document("https://idp.example.com");
    implicit["response_types_supported"] = json!(["id_token"]);
    assert_eq!(
        code(take(
            "https://idp.example.com",
            &mut defaults(OidcPreset::Generic),
            &implicit
        )),
        "code_flow_not_supported"
    );
    let mut symmetric = document("https://idp.example.com");
    symmetric["id_token_signing_alg_values_supported"] = json!(["HS256", "none"]);
    assert_eq!(
        code(take(
            "https://idp.example.com",
            &mut defaults(OidcPreset::Generic),
            &symmetric
        )),
        "signing_algorithm_not_supported"
    );
    let mut settings = defaults(OidcPreset::Generic);
    settings.signing_algorithms = vec!["ES256".to_owned()];
    assert_eq!(
        code(take(
            "https://idp.example.com",
            &mut settings,
            &document("https://idp.example.com")
        )),
        "signing_algorithm_not_supported"
    );
}

#[test]
fn aq_07_the_shared_redirect_uri_needs_iss_or_the_owners_word() {
    let mut settings = defaults(OidcPreset::Generic);
    settings.redirect_uri = RedirectUri::Shared;
    let silent = document("https://idp.example.com");
    assert_eq!(
        code(take("https://idp.example.com", &mut settings, &silent)),
        "shared_redirect_uri_without_iss"
    );
    let mut saying = silent.clone();
    saying["authorization_response_iss_parameter_supported"] = json!(true);
    assert!(
        take("https://idp.example.com", &mut settings, &saying)
            .unwrap()
            .sends_iss
    );
    settings.missing_iss_acknowledged = true;
    assert!(
        !take("https://idp.example.com", &mut settings, &silent)
            .unwrap()
            .sends_iss
    );
}
