//! An OpenID Provider of the tests, on a loopback port: honest by default, and as malicious as a test wants it to be,
//! answer by answer ([`Behaviour`]).
//!
//! The front channel needs no browser: [`Provider::authorize`] reads the URL that Gatehouse sent the browser to, and
//! gives the URL that the provider would send it back to. Tests change that URL as an attacker would. The back channel
//! is real HTTP; [`Provider::seen`] says what came.

mod behaviour;
mod http;
mod tokens;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use gatehouse::clock::Clock;
use gatehouse::jose::signing::{KeyKind, generate_pkcs8};
use gatehouse::jose::{Algorithm, Jws, SigningKey};
use serde_json::{Value, json};
use url::Url;

pub use behaviour::{Behaviour, Client, Endpoint, Reply, Seen, Signing};

/// An OpenID Provider. Clones are the same provider.
#[derive(Clone)]
pub struct Provider {
    /// `http://127.0.0.1:<port>`.
    pub url: String,
    inner: Arc<Mutex<Inner>>,
    clock: Clock,
}

struct Inner {
    behaviour: Behaviour,
    seen: Vec<Seen>,
    codes: HashMap<String, Grant>,
    access_tokens: HashMap<String, Grant>,
    refresh_tokens: HashMap<String, Grant>,
    issued: usize,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a code or token stands for.
#[derive(Clone, Debug)]
struct Grant {
    person: Value,
    request: HashMap<String, String>,
}

/// RSA keys take long to make in a debug build: one pair for all providers of a test run.
fn keys() -> &'static [SigningKey; 3] {
    static KEYS: OnceLock<[SigningKey; 3]> = OnceLock::new();
    KEYS.get_or_init(|| {
        [KeyKind::Rsa2048, KeyKind::P256, KeyKind::P256]
            .map(|kind| SigningKey::from_pkcs8(kind, &generate_pkcs8(kind).unwrap()).unwrap())
    })
}

impl Provider {
    /// Starts one whose issuer is its URL.
    pub async fn start(clock: &Clock) -> Self {
        Self::at(clock, "").await
    }

    /// Starts one whose issuer has this path.
    pub async fn at(clock: &Clock, path: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Inner {
            behaviour: Behaviour::honest(&format!("{url}{path}")),
            seen: Vec::new(),
            codes: HashMap::new(),
            access_tokens: HashMap::new(),
            refresh_tokens: HashMap::new(),
            issued: 0,
            task: tokio::spawn(async {}),
        };
        let provider = Self {
            url,
            inner: Arc::new(Mutex::new(inner)),
            clock: clock.clone(),
        };
        let served = tokio::spawn(http::serve(
            listener,
            Arc::downgrade(&provider.inner),
            provider.clone_parts(),
        ));
        provider.lock().task = served;
        provider
    }

    fn clone_parts(&self) -> (String, Clock) {
        (self.url.clone(), self.clock.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// The issuer as its discovery document honestly says it.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.lock().behaviour.issuer.clone()
    }

    /// Changes how it behaves from now on.
    pub fn set(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.lock().behaviour);
    }

    /// What came at an endpoint so far, in order.
    #[must_use]
    pub fn seen(&self, endpoint: Endpoint) -> Vec<Seen> {
        let inner = self.lock();
        let here = inner.seen.iter().filter(|seen| seen.endpoint == endpoint);
        here.cloned().collect()
    }

    /// The people of the tests: an address that is verified, and a name.
    #[must_use]
    pub fn person(email: &str) -> Value {
        json!({
            "sub": format!("provider|{email}"),
            "email": email,
            "email_verified": true,
            "name": "Ada Lovelace",
            "given_name": "Ada",
            "family_name": "Lovelace",
        })
    }

    /// The person agrees: where the browser is sent back to, for the authorization request in `sent`.
    #[must_use]
    pub fn authorize(&self, sent: &Url, person: &Value) -> Url {
        let request = query(sent);
        assert_eq!(
            request.get("response_type").map(String::as_str),
            Some("code"),
            "{sent}"
        );
        assert_eq!(
            request.get("code_challenge_method").map(String::as_str),
            Some("S256"),
            "{sent}"
        );
        let mut inner = self.lock();
        assert_eq!(
            request.get("client_id"),
            Some(&inner.behaviour.client.id),
            "{sent}"
        );
        let code = inner.fresh("code");
        let person = person.clone();
        let grant = Grant {
            person,
            request: request.clone(),
        };
        inner.codes.insert(code.clone(), grant);
        let mut back = Url::parse(&request["redirect_uri"]).unwrap();
        back.query_pairs_mut().append_pair("code", &code);
        answer_of(&mut back, &request, &inner.behaviour);
        back
    }

    /// The provider refuses: where the browser is sent back to with an error.
    #[must_use]
    pub fn refuse(&self, sent: &Url, error: &str, description: Option<&str>) -> Url {
        let request = query(sent);
        let mut back = Url::parse(&request["redirect_uri"]).unwrap();
        back.query_pairs_mut().append_pair("error", error);
        if let Some(description) = description {
            back.query_pairs_mut()
                .append_pair("error_description", description);
        }
        answer_of(&mut back, &request, &self.lock().behaviour);
        back
    }

    /// The person is signed out there: who that was by the hint, which must be a token of its own, and where the browser is
    /// sent back to.
    #[must_use]
    pub fn sign_out(&self, sent: &Url) -> SignedOut {
        assert!(
            sent.as_str().starts_with(&format!("{}/logout?", self.url)),
            "{sent}"
        );
        let request = query(sent);
        assert_eq!(
            request.get("client_id"),
            Some(&self.lock().behaviour.client.id),
            "{sent}"
        );
        let subject = request.get("id_token_hint").map(|hint| {
            let keys: Vec<_> = keys()[..2].iter().map(|key| key.public().clone()).collect();
            let jws = Jws::parse(hint).unwrap();
            let claims = jws.verify(&keys, &Algorithm::ALL).unwrap();
            let claims: Value = serde_json::from_slice(claims).unwrap();
            claims["sub"].as_str().unwrap().to_owned()
        });
        let mut back = Url::parse(&request["post_logout_redirect_uri"]).unwrap();
        back.query_pairs_mut().append_pair("state", &request["state"]);
        SignedOut { subject, back }
    }

    /// The JWK set that it honestly publishes.
    #[must_use]
    pub fn honest_jwks() -> Value {
        let keys = &keys()[..2];
        let keys = keys.iter().map(|key| serde_json::to_value(key.public()).unwrap());
        json!({ "keys": keys.collect::<Vec<_>>() })
    }
}

/// Who signed out at a provider.
#[derive(Clone, Debug)]
pub struct SignedOut {
    /// `sub` of the hint, if one came.
    pub subject: Option<String>,
    /// Where the browser is sent back to.
    pub back: Url,
}

impl Inner {
    fn fresh(&mut self, kind: &str) -> String {
        self.issued += 1;
        format!("{kind}-{}-{}", self.issued, gatehouse::random::token().unwrap())
    }
}

fn answer_of(back: &mut Url, request: &HashMap<String, String>, behaviour: &Behaviour) {
    if let Some(state) = request.get("state") {
        back.query_pairs_mut().append_pair("state", state);
    }
    if behaviour.sends_iss {
        back.query_pairs_mut().append_pair("iss", &behaviour.issuer);
    }
}

/// The parameters of a URL, each of which may come once.
fn query(url: &Url) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for (name, value) in url.query_pairs() {
        let doubled = found.insert(name.clone().into_owned(), value.into_owned());
        assert!(doubled.is_none(), "{name} stands twice in {url}");
    }
    found
}
