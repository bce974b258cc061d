//! How a provider behaves, and what it saw.

use std::collections::HashMap;

use ::http::HeaderMap;
use gatehouse::jose::Jwk;
use serde_json::{Value, json};

/// How it behaves. Every `…_patch` is a JSON merge patch over the honest answer: `null` takes a member away.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// What it calls itself.
    pub issuer: String,
    /// Whether `iss` stands beside the code (RFC 9207); its discovery document says the same.
    pub sends_iss: bool,
    /// Over the discovery document.
    pub discovery_patch: Value,
    /// In place of the JWK set.
    pub jwks: Option<Value>,
    /// Over the header of ID tokens.
    pub header_patch: Value,
    /// Over the claims of ID tokens.
    pub claims_patch: Value,
    /// Over the claims of userinfo.
    pub userinfo_patch: Value,
    /// Over the answer of the token endpoint.
    pub token_patch: Value,
    /// Claims of the person that stand in userinfo only.
    pub only_in_userinfo: Vec<&'static str>,
    /// What signs ID tokens.
    pub signing: Signing,
    /// What an endpoint answers in place of its honest answer.
    pub replies: HashMap<Endpoint, Reply>,
    /// The client that is registered.
    pub client: Client,
    /// Codes are redeemed whatever verifier comes with them: a provider that knows nothing of PKCE.
    pub ignores_pkce: bool,
    /// Refresh tokens are refused with `invalid_grant` from now on.
    pub refresh_revoked: bool,
    /// A refresh token is good for one use: the answer brings the next one.
    pub refresh_once: bool,
}

impl Behaviour {
    pub(super) fn honest(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            sends_iss: true,
            discovery_patch: json!({}),
            jwks: None,
            header_patch: json!({}),
            claims_patch: json!({}),
            userinfo_patch: json!({}),
            token_patch: json!({}),
            only_in_userinfo: Vec::new(),
            signing: Signing::Key(0),
            replies: HashMap::new(),
            client: Client {
                id: "gatehouse-client".to_owned(),
                secrets: vec!["the-client-secret".to_owned()],
                keys: Vec::new(),
                methods: vec!["client_secret_basic", "client_secret_post", "private_key_jwt"],
            },
            ignores_pkce: false,
            refresh_revoked: false,
            refresh_once: false,
        }
    }
}

/// What signs an ID token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signing {
    /// A key by number: 0 is RSA (RS256) and 1 is P-256 (ES256), both published; 2 is P-256 and published nowhere.
    Key(usize),
    /// Nothing: `alg` is `none`, and the signature is empty.
    None,
    /// HMAC with these octets as the key (`alg` is `HS256`).
    Hmac(Vec<u8>),
    /// A signature by the first key over something else.
    Broken,
}

/// The client as it is registered at the provider.
#[derive(Clone, Debug)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// Secrets that are good.
    pub secrets: Vec<String>,
    /// Keys for `private_key_jwt`.
    pub keys: Vec<Jwk>,
    /// Ways of authenticating that are good.
    pub methods: Vec<&'static str>,
}

/// An endpoint of the back channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/.well-known/openid-configuration`
    Discovery,
    /// `jwks_uri`
    Jwks,
    /// `token_endpoint`
    Token,
    /// `userinfo_endpoint`
    Userinfo,
    /// Anything else: nothing of ours should come here.
    Elsewhere,
}

/// An answer in place of the honest one.
#[derive(Clone, Debug)]
pub enum Reply {
    /// This JSON with this status.
    Json(u16, Value),
    /// These octets with this content type.
    Raw(&'static str, Vec<u8>),
    /// A redirect (307) to there.
    Redirect(String),
    /// This header beside the honest answer.
    WithHeader(&'static str, String),
    /// No answer at all, while the connection stays open.
    Stall,
    /// A byte of the body now and then.
    Drip,
    /// A body of this many octets.
    Huge(usize),
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Where.
    pub endpoint: Endpoint,
    /// The path.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its form, by name.
    pub form: HashMap<String, String>,
}
