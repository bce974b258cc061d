//! Refreshing, reuse and the end of it.

use chrono::TimeDelta;
use uuid::Uuid;

use super::support::{after, authentication, client_id, now, request, standing};
use crate::domain::ids::{ClientId, TenantId, UserId};
use crate::openid_provider::digest::Digest;
use crate::openid_provider::error::OAuthErrorCode;
use crate::openid_provider::grants::{Ended, Grant, Standing, StoredCode};
use crate::openid_provider::opaque::{RefreshToken, grant_key};
use crate::openid_provider::refresh::{RefreshError, refresh};

fn begun() -> (Grant, RefreshToken) {
    let code = StoredCode::issue(&request(), authentication(), now());
    let own = authentication();
    let id = Uuid::from_u128(77);
    let token = RefreshToken::new(own.tenant, own.user, own.session, id, [1; 32]);
    (Grant::begin(&code, grant_key(id), Some(&token), now()), token)
}

fn attempt(
    grant: &Grant,
    token: &RefreshToken,
    standing: &Standing,
    seconds: i64,
) -> Result<String, RefreshError> {
    refresh(Some(grant), token, &client_id(), None, standing, after(seconds)).map(|scopes| scopes.to_string())
}

#[test]
fn gh_01_every_refresh_token_works_once_and_reuse_is_noticed() {
    let (grant, first) = begun();
    assert_eq!(
        attempt(&grant, &first, &standing(), 0).unwrap(),
        "openid profile email offline_access"
    );
    let second = grant.successor(&first, [2; 32]);
    let rotated = grant.rotated(&second);
    assert_eq!((rotated.key, rotated.generation), (grant.key, 1));
    assert!(attempt(&rotated, &second, &standing(), 10).is_ok());
    assert_eq!(
        attempt(&rotated, &first, &standing(), 10),
        Err(RefreshError::Reused)
    );
    let third = rotated.successor(&second, [3; 32]);
    let again = rotated.rotated(&third);
    for old in [&first, &second] {
        assert_eq!(
            attempt(&again, old, &standing(), 20),
            Err(RefreshError::Reused),
            "any earlier one"
        );
    }
    assert_eq!(RefreshError::Reused.answer().error, OAuthErrorCode::InvalidGrant);
}

#[test]
fn se_08_a_refresh_extends_nothing() {
    let (grant, first) = begun();
    let ends_at = grant.authentication.ends_at;
    assert_eq!(ends_at, now() + TimeDelta::hours(20));
    let second = grant.successor(&first, [2; 32]);
    let rotated = grant.rotated(&second);
    assert_eq!(
        (rotated.authentication.ends_at, rotated.ends_at),
        (ends_at, ends_at)
    );
    assert_eq!(
        rotated.authentication, grant.authentication,
        "auth_time and confirmed_at stay"
    );
    let end = (ends_at - now()).num_seconds();
    assert!(attempt(&rotated, &second, &standing(), end - 1).is_ok());
    assert_eq!(
        attempt(&rotated, &second, &standing(), end),
        Err(RefreshError::Ended(Ended::Time))
    );
}

#[test]
fn one_write_ends_every_refresh_token() {
    let (grant, token) = begun();
    for (standing, ended) in [
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
                session: false,
                ..standing()
            },
            Ended::Session,
        ),
    ] {
        assert_eq!(
            attempt(&grant, &token, &standing, 0),
            Err(RefreshError::Ended(ended))
        );
    }
}

#[test]
fn a_forged_or_foreign_token_is_unknown() {
    let (grant, token) = begun();
    let forged = |tenant: &str, user: &str, session: &[u8], id: u128| {
        let (tenant, user) = (TenantId::parse(tenant).unwrap(), UserId::parse(user).unwrap());
        RefreshToken::new(tenant, user, Digest::of(session), Uuid::from_u128(id), [1; 32])
    };
    for token in [
        forged("tenant-2", "user-1", b"session", 77),
        forged("tenant-1", "user-2", b"session", 77),
        forged("tenant-1", "user-1", b"another", 77),
        forged("tenant-1", "user-1", b"session", 78),
    ] {
        assert_eq!(
            attempt(&grant, &token, &standing(), 0),
            Err(RefreshError::Unknown)
        );
    }
    let thief = ClientId::parse("app-2").unwrap();
    let stolen = refresh(Some(&grant), &token, &thief, None, &standing(), now());
    assert_eq!(
        stolen,
        Err(RefreshError::OtherClient),
        "and the family lives on: a thief signs nobody out"
    );
    assert_eq!(
        refresh(None, &token, &client_id(), None, &standing(), now()),
        Err(RefreshError::Unknown)
    );
    let online = Grant {
        refresh: None,
        ..grant
    };
    assert_eq!(
        attempt(&online, &token, &standing(), 0),
        Err(RefreshError::Unknown)
    );
}

#[test]
fn scope_may_only_narrow() {
    let (grant, token) = begun();
    let with = |scope: &str| {
        refresh(
            Some(&grant),
            &token,
            &client_id(),
            Some(scope),
            &standing(),
            now(),
        )
        .map(|scopes| scopes.to_string())
    };
    assert_eq!(with("email openid"), Ok("openid email".to_owned()));
    for wider in ["openid phone", "openid admin", "email", ""] {
        assert_eq!(with(wider), Err(RefreshError::Scope), "{wider}");
    }
    assert_eq!(RefreshError::Scope.answer().error, OAuthErrorCode::InvalidScope);
}

#[test]
fn the_token_text_is_read_back_and_never_shown() {
    let (grant, token) = begun();
    let read = RefreshToken::parse(token.expose()).unwrap();
    assert_eq!(read, token);
    assert!(token.expose().starts_with("ghrt_"));
    assert!(!format!("{token:?}").contains(token.expose()));
    assert!(!serde_json::to_string(&grant).unwrap().contains(token.expose()));
    let text = token.expose();
    for bad in [
        text.replace("ghrt_", ""),
        text.replace("ghrt_", "GHRT_"),
        format!("{text}.x"),
        format!("{text}x"),
        text.rsplit_once('.').unwrap().0.to_owned(),
        text.replace("tenant-1", "tenant#1"),
        String::new(),
    ] {
        assert!(RefreshToken::parse(&bad).is_err(), "{bad}");
    }
}
