//! What holds for every input.

use proptest::prelude::*;
use uuid::Uuid;

use super::support::{ISSUER, client, keys, public_client};
use crate::domain::ids::{TenantId, UserId};
use crate::openid_provider::authorize::{self, Refusal};
use crate::openid_provider::client_auth::Presented;
use crate::openid_provider::digest::Digest;
use crate::openid_provider::end_session::EndSessionRequest;
use crate::openid_provider::opaque::{Code, RefreshToken};
use crate::openid_provider::params::Parameters;
use crate::openid_provider::redirect::RegisteredUrl;
use crate::openid_provider::scope::Scopes;
use crate::openid_provider::token_request::{Revocation, TokenRequest};

/// Queries that look like ours, with values of any kind.
fn query() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "code_challenge",
        "code_challenge_method",
        "login_hint",
        "organization",
        "connection",
        "request",
        "id_token_hint",
        "grant_type",
        "code",
        "refresh_token",
        "token",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "post_logout_redirect_uri",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec![
            "app-1",
            "https://app.example.com/callback",
            "code",
            "openid",
            "S256",
            "none",
            "authorization_code",
            "refresh_token",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "form_post",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ])
        .prop_map(ToOwned::to_owned),
        any::<String>(),
        "[a-z0-9:/.@#?*%-]{0,60}",
    ];
    prop::collection::vec((name, value), 0..14).prop_map(|pairs| {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish()
    })
}

proptest! {
    #[test]
    fn reading_parameters_never_panics(raw in any::<String>()) {
        let _ = Parameters::parse(&raw);
    }

    #[test]
    fn no_request_panics_and_no_answer_leaves_the_registry(raw in query()) {
        let parameters = Parameters::parse(&raw).unwrap();
        let client = client().0;
        let target = match authorize::parse(&parameters, &client) {
            Ok(request) => Some(request.target),
            Err(Refusal::Redirect(target, _)) => Some(target),
            Err(Refusal::Page(_)) => None,
        };
        if let Some(target) = target {
            prop_assert!(client.redirect_uris.iter().any(|uri| uri.as_str() == target.redirect_uri));
            let location = target.success(&Code::new([1; 32]), ISSUER).location();
            let prefix = format!("{}?", target.redirect_uri);
            prop_assert!(location.starts_with(&prefix));
            prop_assert!(location.bytes().all(|b| b.is_ascii_graphic()));
        }
        let _ = TokenRequest::parse(&parameters);
        let _ = Revocation::parse(&parameters);
        let _ = EndSessionRequest::parse(&parameters, keys().published(), ISSUER);
        let _ = Presented::read(None, &parameters);
    }

    #[test]
    fn reading_an_authorization_header_never_panics(header in any::<String>(), form in query()) {
        let _ = Presented::read(Some(&header), &Parameters::parse(&form).unwrap());
        let _ = Presented::read(Some(&format!("Basic {header}")), &Parameters::default());
    }

    #[test]
    fn codes_and_refresh_tokens_are_read_as_printed(
        tenant in "[A-Za-z0-9_-]{1,64}", user in "[A-Za-z0-9_-]{1,64}", session in any::<[u8; 32]>(),
        grant in any::<u128>(), random in any::<[u8; 32]>(),
    ) {
        let code = Code::new(random);
        prop_assert_eq!(Code::parse(code.expose()).unwrap().digest(), code.digest());
        let (tenant, user) = (TenantId::parse(&tenant).unwrap(), UserId::parse(&user).unwrap());
        let token = RefreshToken::new(tenant, user, Digest::from_bytes(session), Uuid::from_u128(grant), random);
        prop_assert_eq!(RefreshToken::parse(token.expose()).unwrap(), token);
    }

    #[test]
    fn reading_any_text_as_a_token_never_panics(text in any::<String>()) {
        let _ = Code::parse(&text);
        let _ = RefreshToken::parse(&text);
        let _ = RefreshToken::parse(&format!("ghrt_{text}"));
        let _ = Scopes::parse(&text);
    }

    #[test]
    fn a_registered_url_admits_itself_only(text in "(https|http|com\\.app)://?[a-z0-9./@:%?#*\\[\\]-]{0,40}", other in any::<String>()) {
        if let Ok(url) = RegisteredUrl::parse(&text, true) {
            prop_assert!(url.admits(&text, false));
            prop_assert_eq!(url.admits(&other, false), text == other);
        }
        prop_assert!(!public_client().admits_redirect(&other));
    }
}
