//! RP-initiated logout.

use super::support::{ISSUER, authentication, client, client_id, form, keys, now, profile};
use crate::jose::{Algorithm, jws};
use crate::openid_provider::end_session::{EndSessionError, EndSessionRequest};
use crate::openid_provider::hint;
use crate::openid_provider::id_token::{self, IdTokenContext};
use crate::openid_provider::scope::Scopes;
use crate::redacted::Secret;

const BYE: &str = "https://app.example.com/bye";

fn hint_token(alg: Algorithm) -> String {
    let (authentication, profile, client_id) = (authentication(), profile(), client_id());
    let context = IdTokenContext {
        issuer: ISSUER,
        client_id: &client_id,
        nonce: None,
        authentication: &authentication,
        profile: &profile,
        scopes: &Scopes::parse("openid"),
        access_token: "x",
    };
    id_token::issue(keys().signing(alg).unwrap(), &context, now())
        .unwrap()
        .expose()
        .to_owned()
}

fn parse(pairs: &[(&str, &str)]) -> Result<EndSessionRequest, EndSessionError> {
    EndSessionRequest::parse(&form(pairs), keys().published(), ISSUER)
}

#[test]
fn gh_01_logout_by_hint_returns_to_the_registered_uri_with_state() {
    for alg in [Algorithm::Rs256, Algorithm::Es256] {
        let hint = hint_token(alg);
        let request = parse(&[
            ("id_token_hint", &hint),
            ("post_logout_redirect_uri", BYE),
            ("state", "s 1"),
        ])
        .unwrap();
        assert_eq!(request.client_id, Some(client_id()));
        assert_eq!(
            request.location(Some(&client().0)).unwrap().unwrap(),
            format!("{BYE}?state=s+1")
        );
        assert!(!request.must_confirm(&["sid-0", "sid-1"]));
        assert!(
            request.must_confirm(&["another"]),
            "the hint is about another session"
        );
        assert!(!request.must_confirm(&[]), "nobody is signed in");
    }
}

#[test]
fn a_hint_is_believed_after_it_expired() {
    // Verifying a hint takes no clock: `exp` cannot matter.
    let hint = Secret::new(hint_token(Algorithm::Es256));
    let read = hint::verify(&hint, keys().published(), ISSUER).unwrap();
    assert_eq!(
        (read.user.as_str(), read.tenant.as_str(), read.sid.as_str()),
        ("user-1", "tenant-1", "sid-1")
    );
}

#[test]
fn a_forged_hint_counts_as_absent_and_the_person_is_asked() {
    let genuine = hint_token(Algorithm::Es256);
    let parts: Vec<&str> = genuine.split('.').collect();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    for forged in [unsigned.as_str(), "rubbish", &genuine.replace('e', "f")] {
        let request = parse(&[("id_token_hint", forged), ("client_id", "app-1")]).unwrap();
        assert_eq!(request.hint, None);
        assert!(request.must_confirm(&["sid-1"]));
    }
    assert!(hint::verify(&Secret::new(genuine), keys().published(), "https://other.example").is_err());
}

#[test]
fn an_access_token_is_no_hint() {
    let key = keys().signing(Algorithm::Es256).unwrap();
    let body = format!(
        r#"{{"iss":"{ISSUER}","sub":"user-1","aud":"app-1","sid":"sid-1","organization":"tenant-1"}}"#
    );
    let as_access = Secret::new(jws::sign(key, "at+jwt", &body).unwrap());
    assert_eq!(
        hint::verify(&as_access, keys().published(), ISSUER)
            .unwrap_err()
            .code(),
        "hint_not_ours"
    );
    let to_issuer = Secret::new(jws::sign(key, "JWT", &body.replace("app-1", ISSUER)).unwrap());
    assert_eq!(
        hint::verify(&to_issuer, keys().published(), ISSUER)
            .unwrap_err()
            .code(),
        "hint_not_ours"
    );
    let good = Secret::new(jws::sign(key, "JWT", &body).unwrap());
    assert!(hint::verify(&good, keys().published(), ISSUER).is_ok());
}

#[test]
fn nobody_is_sent_to_an_unregistered_uri() {
    let hint = hint_token(Algorithm::Es256);
    for uri in [
        "https://evil.example/",
        "https://app.example.com/bye/",
        "https://app.example.com/BYE",
        "https://app.example.com/bye?x",
        "https://app.example.com/callback",
        "javascript:alert(1)",
    ] {
        let request = parse(&[("id_token_hint", &hint), ("post_logout_redirect_uri", uri)]).unwrap();
        assert_eq!(
            request.location(Some(&client().0)),
            Err(EndSessionError::RedirectUriNotRegistered),
            "{uri}"
        );
    }
    let request = parse(&[("client_id", "app-2"), ("post_logout_redirect_uri", BYE)]).unwrap();
    assert!(
        request.location(Some(&client().0)).is_err(),
        "another client's registry entry"
    );
    assert!(request.location(None).is_err());
}

#[test]
fn requests_that_contradict_themselves_are_refused() {
    let hint = hint_token(Algorithm::Es256);
    assert_eq!(
        parse(&[("id_token_hint", &hint), ("client_id", "app-2")]),
        Err(EndSessionError::ClientId)
    );
    assert_eq!(
        parse(&[("post_logout_redirect_uri", BYE)]),
        Err(EndSessionError::NoClient)
    );
    assert_eq!(parse(&[("state", "a\nb")]), Err(EndSessionError::State));
    assert!(matches!(
        parse(&[("state", "a"), ("state", "b")]),
        Err(EndSessionError::Repeated(_))
    ));
    let bare = parse(&[]).unwrap();
    assert_eq!(bare.location(None), Ok(None));
    assert!(bare.must_confirm(&["sid-1"]));
}
