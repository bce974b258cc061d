//! Keys, one connection, and one genuine response.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use gatehouse::saml::refusal::Refusal;
use gatehouse::saml::response::{DecryptionKey, Expectations, VerifiedResponse, read_response};
use gatehouse_local::demo_idp::issue::encrypt::Encryption;
use gatehouse_local::demo_idp::issue::keys::{IdpKey, KeyKind};
use gatehouse_local::demo_idp::issue::{Attribute, EMAIL, Issue, IssuedNameId, Sign, form_value};

/// The IdP's entity id.
pub const ISSUER: &str = "https://idp.example/saml";
/// Our endpoint.
pub const ACS: &str = "https://sso.example/saml/c1/acs";
/// Our entity id.
pub const AUDIENCE: &str = "https://sso.example/saml/c1/metadata";
/// The request that is answered.
pub const REQUEST: &str = "_request-1";

/// All keys, made once.
pub struct Keys {
    /// The IdP's RSA key.
    pub rsa: IdpKey,
    /// A key of somebody else.
    pub foreign: IdpKey,
    /// The IdP's P-256 key.
    pub p256: IdpKey,
    /// The IdP's P-384 key.
    pub p384: IdpKey,
    /// Our decryption key.
    pub ours: IdpKey,
}

/// The keys of this run.
pub static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let make = |kind, name| IdpKey::generate(kind, name).unwrap();
    Keys {
        rsa: make(KeyKind::Rsa, "idp.example"),
        foreign: make(KeyKind::Rsa, "evil.example"),
        p256: make(KeyKind::P256, "idp.example"),
        p384: make(KeyKind::P384, "idp.example"),
        ours: make(KeyKind::Rsa, "sso.example"),
    }
});

/// The instant at which everything happens.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap()
}

/// What a connection is set up with.
#[derive(Clone)]
pub struct Connection {
    pub issuer: String,
    pub certificates: Vec<Vec<u8>>,
    pub audiences: Vec<String>,
    pub acs_urls: Vec<String>,
    pub decryption_keys: Vec<DecryptionKey>,
    pub allow_cbc: bool,
    pub now: DateTime<Utc>,
}

impl Default for Connection {
    fn default() -> Self {
        let certificates = [&KEYS.rsa, &KEYS.p256, &KEYS.p384].map(|key| key.certificate_der().to_vec());
        Self {
            issuer: ISSUER.to_owned(),
            certificates: certificates.to_vec(),
            audiences: vec![AUDIENCE.to_owned()],
            acs_urls: vec![ACS.to_owned()],
            decryption_keys: vec![DecryptionKey::from_pkcs8_der(KEYS.ours.pkcs8_der().to_vec())],
            allow_cbc: false,
            now: now(),
        }
    }
}

impl Connection {
    /// Reads a form value as this connection would.
    pub fn read(&self, form: &str) -> Result<VerifiedResponse, Refusal> {
        let expect = Expectations {
            idp_entity_id: &self.issuer,
            certificates: &self.certificates,
            audiences: &self.audiences,
            acs_urls: &self.acs_urls,
            decryption_keys: &self.decryption_keys,
            allow_cbc: self.allow_cbc,
            now: self.now,
        };
        read_response(form, &expect)
    }
}

/// Reads XML as the default connection would; the code, or "ok".
pub fn verdict(xml: &str) -> &'static str {
    Connection::default()
        .read(&form_value(xml))
        .map_or_else(|refusal| refusal.code(), |_| "ok")
}

/// A genuine response, to be issued.
pub fn genuine() -> Issue {
    let mut issue = Issue::new(ISSUER, ACS, AUDIENCE, now() - TimeDelta::seconds(2)).unwrap();
    // Fixed, so that two of them are the same text.
    issue.response_id = "_response-1".to_owned();
    issue.assertion_id = "_assertion-1".to_owned();
    issue.session_index = Some("_session-1".to_owned());
    issue.in_response_to = Some(REQUEST.to_owned());
    issue.name_id = Some(IssuedNameId::new("ada@acme.example", EMAIL));
    issue.attributes = vec![
        Attribute::new("email", ["ada@acme.example"]),
        Attribute::new("groups", ["Engineers", "Admins"]),
    ];
    issue
}

/// A genuine response with `sign` signed.
pub fn signed(sign: Sign) -> Issue {
    Issue { sign, ..genuine() }
}

/// A genuine response, encrypted, with `sign` signed.
pub fn encrypted(sign: Sign) -> Issue {
    Issue {
        encryption: Some(Encryption::new(KEYS.ours.certificate_der().to_vec())),
        ..signed(sign)
    }
}

/// The XML of an issue, signed by the IdP's RSA key.
pub fn xml(issue: &Issue) -> String {
    issue.xml(&KEYS.rsa).unwrap()
}

/// Replaces the first `from`, which must be there.
pub fn edit(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "nothing to edit: {from} in {text}");
    text.replacen(from, to, 1)
}

/// From the first `start` through the first `end` after it.
pub fn part<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let from = text.find(start).expect(start);
    let until = from + text[from..].find(end).expect(end) + end.len();
    &text[from..until]
}

/// The assertion of a response.
pub fn assertion(xml: &str) -> &str {
    part(xml, "<saml:Assertion", "</saml:Assertion>")
}

/// The first signature of a message.
pub fn signature(xml: &str) -> &str {
    part(xml, "<ds:Signature", "</ds:Signature>")
}
