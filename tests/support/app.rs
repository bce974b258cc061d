//! The operator's app: an ordinary OpenID Connect client, by hand.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gatehouse::openid_provider::pkce::CodeChallenge;
use http::{Request, header};
use serde_json::Value;

use crate::browser::{Answer, Browser, encoded};
use crate::idp::{Asked, Visitor};
use crate::world::{REDIRECT_URI, World};

/// PKCE verifier of the tests' app.
pub const VERIFIER: &str = "a-verifier-of-the-tests-that-is-long-enough-0123456789";

/// What the token endpoint answered.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The whole answer.
    pub answer: Value,
    /// Claims of the ID token (the signature is checked in a test of its own).
    pub claims: Value,
}

impl Tokens {
    /// A text of the answer.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.answer[name].as_str().unwrap()
    }
}

impl World {
    /// The path of an authorization request, with `more` parameters.
    #[must_use]
    pub fn authorize_path(&self, more: &[(&str, &str)]) -> String {
        let challenge = CodeChallenge::of(VERIFIER);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let own = [
            ("response_type", "code"),
            ("client_id", self.client.id.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "openid profile email offline_access"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in own {
            if !more.iter().any(|(other, _)| *other == name) {
                query.append_pair(name, value);
            }
        }
        query.extend_pairs(more);
        format!("/oauth2/authorize?{}", query.finish())
    }

    /// Starts a sign-in and goes as far as the identity provider: the answer that sends the browser there.
    pub async fn begin(&self, browser: &Browser, more: &[(&str, &str)]) -> Answer {
        let sent = browser.get(&self.authorize_path(more)).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        browser.get(&sent.raw_location()).await
    }

    /// The connection as a parameter of the authorization request.
    #[must_use]
    pub fn by_connection(&self) -> Vec<(&str, &str)> {
        vec![("connection", self.connection.id.as_str())]
    }

    /// Starts a sign-in at the connection: what the identity provider is asked.
    pub async fn asked(&self, browser: &Browser) -> Asked {
        self.idp.asked(&self.begin(browser, &self.by_connection()).await)
    }

    /// A whole sign-in up to the answer that carries the code.
    pub async fn sign_in(&self, browser: &Browser, visitor: &Visitor) -> Answer {
        let asked = self.asked(browser).await;
        let issue = self.idp.response(self, visitor, Some(&asked.id));
        self.deliver(browser, &issue, Some(&asked.relay_state)).await
    }

    /// A whole sign-in up to the tokens.
    pub async fn tokens(&self, browser: &Browser, visitor: &Visitor) -> Tokens {
        let answer = self.sign_in(browser, visitor).await;
        assert_eq!(answer.status, 303, "{} {}", answer.code(), answer.body);
        let code = answer
            .parameter("code")
            .unwrap_or_else(|| panic!("no code: {}", answer.raw_location()));
        let redeemed = self.redeem(&code).await;
        assert_eq!(redeemed.status, 200, "{}", redeemed.body);
        tokens(&redeemed)
    }

    /// Redeems a code.
    pub async fn redeem(&self, code: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        self.token_request(&fields).await
    }

    /// Refreshes.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.token_request(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    /// A token request with the client's secret.
    pub async fn token_request(&self, fields: &[(&str, &str)]) -> Answer {
        self.as_client(
            "/oauth2/token",
            "application/x-www-form-urlencoded",
            encoded(fields),
        )
        .await
    }

    /// A JSON request with the client's secret.
    pub async fn app_json(&self, path: &str, body: &Value) -> Answer {
        self.as_client(path, "application/json", Body::from(body.to_string()))
            .await
    }

    /// Asks as the app's server, by the client's secret.
    pub async fn app_get(&self, path: &str) -> Answer {
        let credentials = format!("{}:{}", self.client.id, self.client_secret.expose());
        let basic = format!("Basic {}", STANDARD.encode(credentials));
        let request = Request::get(path).header(header::AUTHORIZATION, basic);
        self.browser()
            .send_request(request.body(Body::empty()).unwrap())
            .await
    }

    async fn as_client(&self, path: &str, kind: &str, body: Body) -> Answer {
        let credentials = format!("{}:{}", self.client.id, self.client_secret.expose());
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, kind)
            .header(
                header::AUTHORIZATION,
                format!("Basic {}", STANDARD.encode(credentials)),
            )
            .body(body)
            .unwrap();
        self.browser().send_request(request).await
    }

    /// Asks for userinfo.
    pub async fn userinfo(&self, access_token: &str) -> Answer {
        let request =
            Request::get("/oauth2/userinfo").header(header::AUTHORIZATION, format!("Bearer {access_token}"));
        self.browser()
            .send_request(request.body(Body::empty()).unwrap())
            .await
    }
}

/// Reads a token answer.
#[must_use]
pub fn tokens(answer: &Answer) -> Tokens {
    let answer = answer.json();
    let payload = answer["id_token"]
        .as_str()
        .unwrap()
        .split('.')
        .nth(1)
        .unwrap()
        .to_owned();
    let claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    Tokens { answer, claims }
}
