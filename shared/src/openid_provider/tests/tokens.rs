//! ID tokens, access tokens and userinfo, as a client library and an attacker see them.

use openidconnect::core::{CoreIdTokenVerifier, CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AccessTokenHash, ClientId as RpClientId, IdTokenVerifier, IssuerUrl, JsonWebKeySet, Nonce,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{ISSUER, after, authentication, client_id, form, keys, now, profile, request};
use crate::jose::{Algorithm, Jwk, Jws, jws};
use crate::openid_provider::access_token::{self, AccessTokenError};
use crate::openid_provider::claims;
use crate::openid_provider::grants::{Grant, StoredCode};
use crate::openid_provider::id_token::{self, IdToken, IdTokenContext};
use crate::openid_provider::opaque::grant_key;
use crate::openid_provider::params::Parameters;
use crate::openid_provider::scope::Scopes;
use crate::openid_provider::token_request::{Revocation, TokenResponse};
use crate::redacted::Secret;

fn id_token(alg: Algorithm, scopes: &str) -> IdToken {
    let (authentication, profile, client_id) = (authentication(), profile(), client_id());
    let context = IdTokenContext {
        issuer: ISSUER,
        client_id: &client_id,
        nonce: Some("no-1"),
        authentication: &authentication,
        profile: &profile,
        scopes: &Scopes::parse(scopes),
        access_token: "the-access-token",
    };
    let token = id_token::issue(keys().signing(alg).unwrap(), &context, now()).unwrap();
    token.expose().parse().unwrap()
}

fn payload(token: &str) -> Value {
    let jws = Jws::parse(token).unwrap();
    serde_json::from_slice(jws.unverified_payload()).unwrap()
}

/// An independent implementation (the `rsa` and `p256` crates) over the published document.
fn independent_keys() -> JsonWebKeySet<CoreJsonWebKey> {
    serde_json::from_value(serde_json::to_value(keys().jwks()).unwrap()).unwrap()
}

#[test]
fn gh_01_an_independent_client_verifies_our_id_tokens() {
    for alg in [Algorithm::Rs256, Algorithm::Es256] {
        let verifier = CoreIdTokenVerifier::new_public_client(
            RpClientId::new("app-1".to_owned()),
            IssuerUrl::new(ISSUER.to_owned()).unwrap(),
            independent_keys(),
        )
        .set_allowed_algs([alg.core().clone()])
        .set_time_fn(now);
        let token = id_token(alg, "openid profile email");
        let claims = token.claims(&verifier, &Nonce::new("no-1".to_owned())).unwrap();
        assert_eq!(claims.subject().as_str(), "user-1");
        assert_eq!(claims.email().unwrap().as_str(), "ada@acme.com");
        assert_eq!(claims.auth_time(), Some(after(-30)));
        assert_eq!(claims.additional_claims().role.as_deref(), Some("MEMBER"));
        let key = token.signing_key(&verifier).unwrap();
        let hash =
            AccessTokenHash::from_token(&AccessToken::new("the-access-token".to_owned()), alg.core(), key);
        assert_eq!(claims.access_token_hash(), Some(&hash.unwrap()));
        assert!(
            token
                .claims(&verifier, &Nonce::new("another".to_owned()))
                .is_err()
        );
    }
}

#[test]
fn our_own_keys_verify_in_the_relying_partys_types_and_refuse_hmac() {
    let set: JsonWebKeySet<Jwk> = JsonWebKeySet::new(keys().published().to_vec());
    let verifier = IdTokenVerifier::new_confidential_client(
        RpClientId::new("app-1".to_owned()),
        openidconnect::ClientSecret::new("secret".to_owned()),
        IssuerUrl::new(ISSUER.to_owned()).unwrap(),
        set,
    )
    .set_allowed_algs([
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        CoreJwsSigningAlgorithm::HmacSha256,
    ])
    .set_time_fn(now);
    let token = id_token(Algorithm::Rs256, "openid");
    token.claims(&verifier, &Nonce::new("no-1".to_owned())).unwrap();
    assert!(
        id_token(Algorithm::Es256, "openid")
            .claims(&verifier, &Nonce::new("no-1".to_owned()))
            .is_err()
    );

    let text = token.to_string();
    let body: Vec<&str> = text.split('.').collect();
    let hmac = format!("eyJhbGciOiJIUzI1NiJ9.{}.{}", body[1], body[2]);
    let forged: IdToken = hmac.parse().unwrap();
    assert!(
        forged.claims(&verifier, &Nonce::new("no-1".to_owned())).is_err(),
        "even where HMAC is allowed"
    );
}

#[test]
fn gh_01_the_claims_are_the_documented_ones() {
    let all = payload(&id_token(Algorithm::Rs256, "openid profile email phone").to_string());
    assert_eq!(
        all,
        json!({
            "iss": ISSUER, "aud": ["app-1"], "sub": "user-1", "exp": now().timestamp() + 300,
            "iat": now().timestamp(), "auth_time": now().timestamp() - 30, "nonce": "no-1",
            "acr": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", "amr": ["pwd"],
            "at_hash": all["at_hash"], "sid": "sid-1",
            "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "preferred_username": "ada",
            "picture": "https://acme.com/ada.png", "locale": "de-DE", "updated_at": now().timestamp() - 100,
            "email": "ada@acme.com", "email_verified": true,
            "phone_number": "+49221123123", "phone_number_verified": false,
            "position": "Analyst", "department": "Engines",
            "organization": "tenant-1", "organization_name": "Acme", "connection": "connection-1",
            "role": "MEMBER", "groups": ["Everyone"],
            "teams": [{"id": "team-1", "name": "Ops", "role": "ADMINISTRATOR"}],
        })
    );
    for name in all.as_object().unwrap().keys() {
        assert!(claims::SUPPORTED.contains(&name.as_str()), "{name} is advertised");
    }
    for name in claims::SUPPORTED {
        assert!(all.get(name).is_some(), "{name} is issued");
    }
}

#[test]
fn scopes_limit_what_the_app_sees() {
    let bare = payload(&id_token(Algorithm::Es256, "openid").to_string());
    for hidden in [
        "email",
        "email_verified",
        "name",
        "phone_number",
        "picture",
        "position",
        "department",
    ] {
        assert!(bare.get(hidden).is_none(), "{hidden}");
    }
    for shown in ["sub", "organization", "role", "teams", "sid"] {
        assert!(bare.get(shown).is_some(), "{shown}");
    }
}

#[test]
fn gh_05_an_unproven_address_is_said_to_be_unverified() {
    let mut foreign = profile();
    foreign.email_verified = false;
    let answer = serde_json::to_value(claims::user_info(&foreign, &Scopes::parse("openid email"))).unwrap();
    assert_eq!(answer["email_verified"], json!(false));
    foreign.email = None;
    foreign.email_verified = true;
    let answer = serde_json::to_value(claims::user_info(&foreign, &Scopes::parse("openid email"))).unwrap();
    assert!(answer.get("email_verified").is_none(), "nothing to verify");
    assert_eq!(answer["sub"], json!("user-1"));
    assert!(answer.get("sid").is_none());
}

fn grant() -> Grant {
    let code = StoredCode::issue(&request(), authentication(), now());
    Grant::begin(&code, grant_key(Uuid::from_u128(1)), None, now())
}

fn access(alg: Algorithm) -> Secret {
    let grant = grant();
    let key = keys().signing(alg).unwrap();
    access_token::issue(key, ISSUER, &grant, &grant.scopes, Uuid::nil(), now())
        .unwrap()
        .token
}

fn check(token: &Secret, seconds: i64) -> Result<access_token::AccessTokenClaims, AccessTokenError> {
    access_token::verify(token, keys().published(), ISSUER, after(seconds))
}

#[test]
fn access_tokens_live_five_minutes_and_name_what_userinfo_must_read() {
    for alg in [Algorithm::Rs256, Algorithm::Es256] {
        let token = access(alg);
        let claims = check(&token, 299).unwrap();
        assert_eq!(
            (claims.user.as_str(), claims.tenant.as_str()),
            ("user-1", "tenant-1")
        );
        assert_eq!(
            (claims.grant, claims.session, claims.epoch),
            (grant().key, authentication().session, 3)
        );
        assert_eq!(claims.scopes, request().scopes);
        assert_eq!(check(&token, 300).unwrap_err(), AccessTokenError::Expired);
    }
    let mut short = grant();
    short.authentication.ends_at = after(60);
    let key = keys().signing(Algorithm::Es256).unwrap();
    let token = access_token::issue(key, ISSUER, &short, &short.scopes, Uuid::nil(), now()).unwrap();
    assert_eq!(token.expires_in, 60, "se_08: no longer than access");
}

#[test]
fn no_other_token_of_ours_passes_for_an_access_token() {
    let id = Secret::new(id_token(Algorithm::Rs256, "openid").to_string());
    assert_eq!(check(&id, 0).unwrap_err(), AccessTokenError::NotAnAccessToken);
    let key = keys().signing(Algorithm::Es256).unwrap();
    let body = payload(access(Algorithm::Es256).expose());
    let resigned = |change: &dyn Fn(&mut Value), typ: &str| {
        let mut body = body.clone();
        change(&mut body);
        check(&Secret::new(jws::sign(key, typ, &body.to_string()).unwrap()), 0).map(|_| ())
    };
    assert_eq!(resigned(&|_| {}, "at+jwt"), Ok(()));
    assert_eq!(resigned(&|_| {}, "application/AT+JWT"), Ok(()));
    assert_eq!(resigned(&|_| {}, "JWT"), Err(AccessTokenError::NotAnAccessToken));
    assert_eq!(
        resigned(&|b| b["iss"] = json!("https://evil.example"), "at+jwt"),
        Err(AccessTokenError::NotAnAccessToken)
    );
    assert_eq!(
        resigned(&|b| b["aud"] = json!("app-1"), "at+jwt"),
        Err(AccessTokenError::NotAnAccessToken)
    );
    assert_eq!(
        resigned(&|b| b["exp"] = json!("never"), "at+jwt"),
        Err(AccessTokenError::NotAnAccessToken)
    );
    for other in ["", "x", "a.b.c", "ghrt_x"] {
        let error = check(&Secret::new(other), 0).unwrap_err();
        assert_eq!(error.answer().error.status(), 401, "{other}");
    }
}

#[test]
fn an_access_token_by_a_key_of_somebody_else_is_refused() {
    use crate::jose::signing::{KeyKind, SigningKey, generate_pkcs8};
    let attacker = SigningKey::from_pkcs8(KeyKind::P256, &generate_pkcs8(KeyKind::P256).unwrap()).unwrap();
    let body = payload(access(Algorithm::Es256).expose()).to_string();
    let forged = Secret::new(jws::sign(&attacker, "at+jwt", &body).unwrap());
    assert_eq!(check(&forged, 0).unwrap_err().code(), "jws_unknown_key");
}

#[test]
fn a_bearer_token_is_taken_from_one_place_and_never_from_the_query() {
    let body = form(&[("access_token", "b")]);
    let take = |header: Option<&str>, form: Option<&Parameters>| {
        access_token::bearer(header, form).map(|token| token.expose().to_owned())
    };
    assert_eq!(take(Some("Bearer a"), None), Ok("a".to_owned()));
    assert_eq!(take(Some("bearer  a"), None), Ok("a".to_owned()));
    assert_eq!(take(None, Some(&body)), Ok("b".to_owned()));
    assert_eq!(
        take(Some("Bearer a"), Some(&body)),
        Err(AccessTokenError::Several)
    );
    let twice = Parameters::parse("access_token=a&access_token=b").unwrap();
    assert_eq!(take(None, Some(&twice)), Err(AccessTokenError::Several));
    for none in [None, Some("Bearer"), Some("Bearer "), Some("Basic a")] {
        assert_eq!(take(none, None), Err(AccessTokenError::Missing), "{none:?}");
    }
}

#[test]
fn the_token_answer_has_the_registered_members_and_debug_shows_none() {
    let grant = grant();
    let key = keys().signing(Algorithm::Es256).unwrap();
    let access = access_token::issue(key, ISSUER, &grant, &grant.scopes, Uuid::nil(), now()).unwrap();
    let answer = TokenResponse::new(access, None, Secret::new("the-id-token"), &grant.scopes);
    let value = serde_json::to_value(&answer).unwrap();
    assert_eq!(
        (&value["token_type"], &value["expires_in"]),
        (&json!("Bearer"), &json!(300))
    );
    assert_eq!(value["scope"], json!("openid profile email offline_access"));
    assert!(value.get("refresh_token").is_none() && value["id_token"] == json!("the-id-token"));
    assert!(!format!("{answer:?}").contains("the-id-token"));
}

#[test]
fn a_revocation_names_a_refresh_token_or_perhaps_an_access_token() {
    let own = authentication();
    let refresh = crate::openid_provider::opaque::RefreshToken::new(
        own.tenant,
        own.user,
        own.session,
        Uuid::nil(),
        [1; 32],
    );
    let parse =
        |token: &str| Revocation::parse(&form(&[("token", token), ("token_type_hint", "x")])).unwrap();
    assert_eq!(parse(refresh.expose()), Revocation::Refresh(refresh.clone()));
    assert_eq!(parse("rubbish"), Revocation::Access(Secret::new("rubbish")));
    assert!(Revocation::parse(&form(&[])).is_err());
}
