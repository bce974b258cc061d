//! One client, one person, one key ring: what the tests vary.

use std::sync::OnceLock;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::domain::ids::{ClientId, ConnectionId, TenantId, UserId};
use crate::jose::signing::{KeyKind, generate_pkcs8};
use crate::openid_provider::authorize::{self, AuthorizationRequest};
use crate::openid_provider::claims::{TeamClaim, UserProfile};
use crate::openid_provider::client_settings::ClientSettings;
use crate::openid_provider::clients::AppClient;
use crate::openid_provider::digest::Digest;
use crate::openid_provider::grants::{Authentication, Standing};
use crate::openid_provider::keys::{KeyRing, ProviderKeys};
use crate::openid_provider::params::Parameters;
use crate::redacted::{Personal, Secret};

pub const ISSUER: &str = "https://auth.example.com";
pub const REDIRECT: &str = "https://app.example.com/callback";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

pub fn after(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

pub fn keys() -> &'static ProviderKeys {
    static KEYS: OnceLock<ProviderKeys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let kinds = [KeyKind::Rsa2048, KeyKind::P256];
        KeyRing::create(&kinds, now(), generate_pkcs8)
            .unwrap()
            .open()
            .unwrap()
    })
}

pub fn settings(kind: &str) -> ClientSettings {
    serde_json::from_value(json!({
        "name": "The app",
        "kind": kind,
        "redirect_uris": [REDIRECT, "https://app.example.com/other"],
        "post_logout_redirect_uris": ["https://app.example.com/bye"],
    }))
    .unwrap()
}

pub fn client_id() -> ClientId {
    ClientId::parse("app-1").unwrap()
}

pub fn client() -> (AppClient, Secret) {
    let mut client = AppClient::register(client_id(), &settings("confidential"), now()).unwrap();
    let secret = client.add_secret(Uuid::nil(), [7; 32], now(), None).unwrap();
    (client, secret)
}

pub fn public_client() -> AppClient {
    AppClient::register(client_id(), &settings("public"), now()).unwrap()
}

/// A good authorization request, with some parameters set otherwise; an empty value takes one away.
pub fn authorize_query(changes: &[(&str, &str)]) -> Parameters {
    let mut pairs = vec![
        ("client_id", "app-1"),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", "openid profile email offline_access"),
        ("state", "st-1"),
        ("nonce", "no-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        pairs.retain(|(other, _)| other != name);
        pairs.push((name, value));
    }
    form(&pairs)
}

pub fn form(pairs: &[(&str, &str)]) -> Parameters {
    let text = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    Parameters::parse(&text).unwrap()
}

pub fn request() -> AuthorizationRequest {
    authorize::parse(&authorize_query(&[]), &client().0).unwrap()
}

pub fn tenant() -> TenantId {
    TenantId::parse("tenant-1").unwrap()
}

pub fn user() -> UserId {
    UserId::parse("user-1").unwrap()
}

pub fn authentication() -> Authentication {
    Authentication {
        tenant: tenant(),
        user: user(),
        session: Digest::of(b"session"),
        sid: "sid-1".to_owned(),
        epoch: 3,
        connection: ConnectionId::parse("connection-1").unwrap(),
        auth_time: after(-30),
        confirmed_at: after(-30),
        ends_at: now() + TimeDelta::hours(20),
        acr: Some("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".to_owned()),
        amr: vec!["pwd".to_owned()],
    }
}

pub fn standing() -> Standing {
    Standing {
        active: true,
        epoch: 3,
        session: true,
    }
}

pub fn profile() -> UserProfile {
    let personal = |text: &str| Some(Personal(text.to_owned()));
    UserProfile {
        user: user(),
        tenant: tenant(),
        organization_name: Some("Acme".to_owned()),
        connection: Some("connection-1".to_owned()),
        email: personal("ada@acme.com"),
        email_verified: true,
        name: personal("Ada Lovelace"),
        given_name: personal("Ada"),
        family_name: personal("Lovelace"),
        preferred_username: personal("ada"),
        picture: personal("https://acme.com/ada.png"),
        phone_number: personal("+49221123123"),
        phone_number_verified: false,
        locale: Some("de-DE".to_owned()),
        position: personal("Analyst"),
        department: personal("Engines"),
        role: Some("MEMBER".to_owned()),
        teams: vec![TeamClaim {
            id: "team-1".to_owned(),
            name: "Ops".to_owned(),
            role: Some("ADMINISTRATOR".to_owned()),
        }],
        groups: vec!["Everyone".to_owned()],
        updated_at: Some(after(-100)),
    }
}
