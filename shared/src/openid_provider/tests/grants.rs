//! Redeeming a code, and stealing one.

use chrono::TimeDelta;
use uuid::Uuid;

use super::support::{
    CHALLENGE, REDIRECT, VERIFIER, after, authentication, client_id, form, now, request, standing,
};
use crate::domain::ids::ClientId;
use crate::openid_provider::digest::Digest;
use crate::openid_provider::error::OAuthErrorCode;
use crate::openid_provider::grants::{Ended, Grant, RedeemError, Standing, StoredCode, redeem_code};
use crate::openid_provider::opaque::{Code, RefreshToken, grant_key};
use crate::openid_provider::pkce::{CodeChallenge, PkceError};
use crate::openid_provider::scope::Scopes;
use crate::openid_provider::token_request::{CodeExchange, TokenRequest, TokenRequestError};

fn code() -> Code {
    Code::new([5; 32])
}

fn stored() -> StoredCode {
    StoredCode::issue(&request(), authentication(), now())
}

fn exchange(redirect_uri: &str, verifier: &str) -> CodeExchange {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("redirect_uri", redirect_uri),
    ];
    let code = code();
    pairs.push(("code", code.expose()));
    pairs.push(("code_verifier", verifier));
    match TokenRequest::parse(&form(&pairs)).unwrap() {
        TokenRequest::Code(exchange) => exchange,
        TokenRequest::Refresh(_) => panic!("a code exchange was sent"),
    }
}

fn redeem(exchange: &CodeExchange, standing: &Standing, seconds: i64) -> Result<(), RedeemError> {
    redeem_code(
        Some(&stored()),
        None,
        &client_id(),
        exchange,
        standing,
        after(seconds),
    )
}

#[test]
fn gh_01_a_code_is_redeemed_by_its_client_uri_and_verifier_within_a_minute() {
    let good = exchange(REDIRECT, VERIFIER);
    assert_eq!(redeem(&good, &standing(), 0), Ok(()));
    assert_eq!(redeem(&good, &standing(), 59), Ok(()));
    assert_eq!(redeem(&good, &standing(), 60), Err(RedeemError::Expired));
    assert_eq!(
        redeem_code(None, None, &client_id(), &good, &standing(), now()),
        Err(RedeemError::Unknown)
    );
}

#[test]
fn a_stolen_code_is_worth_nothing() {
    let good = exchange(REDIRECT, VERIFIER);
    let thief = ClientId::parse("app-2").unwrap();
    let stolen = redeem_code(Some(&stored()), None, &thief, &good, &standing(), now());
    assert_eq!(stolen, Err(RedeemError::OtherClient));
    let unknown = redeem_code(None, None, &thief, &good, &standing(), now()).unwrap_err();
    assert_eq!(
        stolen.unwrap_err().answer(),
        unknown.answer(),
        "the thief does not learn that it exists"
    );

    let wrong_uri = exchange("https://app.example.com/other", VERIFIER);
    assert_eq!(
        redeem(&wrong_uri, &standing(), 0),
        Err(RedeemError::RedirectUri),
        "registered, but not this code's"
    );
    let downgrade = exchange(REDIRECT, "");
    assert_eq!(
        redeem(&downgrade, &standing(), 0),
        Err(PkceError::VerifierMissing.into())
    );
    let challenge_as_verifier = exchange(REDIRECT, CHALLENGE);
    assert_eq!(
        redeem(&challenge_as_verifier, &standing(), 0),
        Err(PkceError::Mismatch.into())
    );
    let short = exchange(REDIRECT, "short");
    assert_eq!(
        redeem(&short, &standing(), 0),
        Err(PkceError::VerifierMalformed.into())
    );
}

#[test]
fn reuse_names_the_grant_to_revoke_also_after_the_codes_minute() {
    let good = exchange(REDIRECT, VERIFIER);
    let grant = Digest::of(b"grant");
    for at in [now(), after(300)] {
        let reused = redeem_code(Some(&stored()), Some(grant), &client_id(), &good, &standing(), at);
        assert_eq!(reused, Err(RedeemError::Reused(grant)));
    }
    let thief = ClientId::parse("app-2").unwrap();
    let by_thief = redeem_code(Some(&stored()), Some(grant), &thief, &good, &standing(), now());
    assert_eq!(
        by_thief,
        Err(RedeemError::OtherClient),
        "another client cannot sign the person out"
    );
}

#[test]
fn a_code_ends_with_user_epoch_session_and_access() {
    let good = exchange(REDIRECT, VERIFIER);
    let cases = [
        (
            Standing {
                active: false,
                ..standing()
            },
            Ended::User,
        ),
        (
            Standing {
                epoch: 4,
                ..standing()
            },
            Ended::User,
        ),
        (
            Standing {
                epoch: 2,
                ..standing()
            },
            Ended::User,
        ),
        (
            Standing {
                session: false,
                ..standing()
            },
            Ended::Session,
        ),
    ];
    for (standing, ended) in cases {
        let error = redeem(&good, &standing, 0).unwrap_err();
        assert_eq!(error, RedeemError::Ended(ended));
        assert_eq!(error.answer().error, OAuthErrorCode::InvalidGrant);
    }
    let mut short = stored();
    short.authentication.ends_at = after(10);
    let late = redeem_code(Some(&short), None, &client_id(), &good, &standing(), after(10));
    assert_eq!(late, Err(RedeemError::Ended(Ended::Time)));
}

#[test]
fn a_grant_lives_as_long_as_its_tokens() {
    let code = stored();
    let grant = Uuid::from_u128(1);
    let own = &code.authentication;
    let token = RefreshToken::new(own.tenant.clone(), own.user.clone(), own.session, grant, [1; 32]);
    let offline = Grant::begin(&code, grant_key(grant), Some(&token), now());
    assert_eq!(offline.ends_at, own.ends_at, "se_08: no longer than access");
    assert!(offline.refresh.is_some());

    let mut online = code.clone();
    online.scopes = Scopes::parse("openid email");
    let online = Grant::begin(&online, grant_key(grant), Some(&token), now());
    assert_eq!(online.refresh, None, "no offline_access, no refresh token");
    assert_eq!(online.ends_at, now() + TimeDelta::minutes(5));
}

#[test]
fn rfc_7636_appendix_b() {
    assert_eq!(CodeChallenge::of(VERIFIER).as_str(), CHALLENGE);
}

#[test]
fn the_token_request_is_read_strictly() {
    let code = code();
    let parse = |pairs: &[(&str, &str)]| TokenRequest::parse(&form(pairs)).map_err(|error| error.code());
    assert_eq!(parse(&[]), Err("token_request_missing_parameter"));
    assert_eq!(
        parse(&[("grant_type", "password")]),
        Err("token_request_grant_type")
    );
    assert_eq!(
        parse(&[("grant_type", "client_credentials")]),
        Err("token_request_grant_type")
    );
    assert_eq!(
        parse(&[("grant_type", "authorization_code"), ("code", code.expose())]),
        Err("token_request_missing_parameter")
    );
    assert_eq!(
        parse(&[
            ("grant_type", "authorization_code"),
            ("code", "x"),
            ("redirect_uri", REDIRECT)
        ]),
        Err("code_malformed")
    );
    assert_eq!(
        parse(&[("grant_type", "refresh_token"), ("refresh_token", "x")]),
        Err("refresh_token_malformed")
    );
    assert_eq!(
        parse(&[("grant_type", "refresh_token"), ("grant_type", "refresh_token")]),
        Err("token_request_repeated_parameter")
    );
    let unsupported = TokenRequestError::GrantType("password".to_owned()).answer();
    assert_eq!(unsupported.error, OAuthErrorCode::UnsupportedGrantType);
}

#[test]
fn stored_things_hold_no_usable_secret() {
    let code = code();
    let stored = serde_json::to_string(&stored()).unwrap();
    assert!(!stored.contains(code.expose()) && !stored.contains(VERIFIER));
    assert!(!format!("{code:?} {:?}", exchange(REDIRECT, VERIFIER)).contains(VERIFIER));
    assert_ne!(code.digest().to_string(), code.expose());
}
