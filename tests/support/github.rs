//! GitHub as it documents itself: OAuth 2.0 for OAuth apps, and the few resources of its REST API that are asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use gatehouse::openid_provider::pkce::CodeChallenge;
use http::{HeaderMap, Response, StatusCode, header};
use serde_json::{Value, json};
use url::Url;

/// A GitHub Enterprise server.
#[derive(Clone)]
pub struct GitHub {
    /// Its address, as an owner types it.
    pub url: String,
    /// What it knows; tests change it.
    pub account: Arc<Mutex<Account>>,
    codes: Arc<Mutex<HashMap<String, HashMap<String, String>>>>,
}

/// One account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its number.
    pub id: u64,
    /// Answer of `/user/emails`.
    pub emails: Value,
    /// State of the membership by login of the organization: number and `active` or `pending`.
    pub memberships: HashMap<String, (u64, &'static str)>,
    /// The client secret that is good.
    pub secret: String,
}

impl GitHub {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let github = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            account: Arc::new(Mutex::new(Account {
                id: 583_231,
                emails: json!([
                    { "email": "ada@users.noreply.github.com", "primary": false, "verified": true, "visibility": null },
                    { "email": "ada@acme.com", "primary": true, "verified": true, "visibility": "private" },
                ]),
                memberships: HashMap::from([("acme".to_owned(), (42, "active"))]),
                secret: "the-client-secret".to_owned(),
            })),
            codes: Arc::default(),
        };
        let router = Router::new()
            .route("/login/oauth/access_token", post(token))
            .route("/api/v3/user", get(user))
            .route("/api/v3/user/emails", get(emails))
            .route("/api/v3/user/memberships/orgs", get(memberships))
            .route("/api/v3/user/memberships/orgs/{login}", get(membership))
            .with_state(github.clone());
        tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        github
    }

    /// The person agrees: where the browser is sent back to.
    #[must_use]
    pub fn authorize(&self, sent: &Url) -> Url {
        let request: HashMap<String, String> = sent.query_pairs().into_owned().collect();
        assert!(
            sent.as_str()
                .starts_with(&format!("{}/login/oauth/authorize?", self.url)),
            "{sent}"
        );
        assert_eq!(request["scope"], "read:user user:email read:org");
        let code = gatehouse::random::token().unwrap();
        let mut back = Url::parse(&request["redirect_uri"]).unwrap();
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &request["state"]);
        self.codes.lock().unwrap().insert(code, request);
        back
    }
}

/// Errors come with status 200 (GitHub Docs, "Troubleshooting OAuth app access token request errors").
async fn token(State(github): State<GitHub>, headers: HeaderMap, body: Bytes) -> Json<Value> {
    assert_eq!(headers[header::ACCEPT], "application/json");
    let form: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    if form["client_secret"] != github.account.lock().unwrap().secret {
        return Json(json!({ "error": "incorrect_client_credentials" }));
    }
    let Some(request) = github.codes.lock().unwrap().remove(&form["code"]) else {
        return Json(json!({ "error": "bad_verification_code" }));
    };
    assert_eq!(
        CodeChallenge::of(&form["code_verifier"]).as_str(),
        request["code_challenge"]
    );
    Json(
        json!({ "access_token": "gho_16C7e42F292c6912E7710c838347Ae178B4a", "token_type": "bearer",
        "scope": "read:org,read:user,user:email" }),
    )
}

fn signed_in(headers: &HeaderMap) {
    assert_eq!(
        headers[header::AUTHORIZATION],
        "Bearer gho_16C7e42F292c6912E7710c838347Ae178B4a"
    );
    assert!(
        headers.contains_key(header::USER_AGENT),
        "GitHub refuses requests without"
    );
}

async fn user(State(github): State<GitHub>, headers: HeaderMap) -> Json<Value> {
    signed_in(&headers);
    let id = github.account.lock().unwrap().id;
    // `email` is the public one, which anybody may set to anything that they have verified once: it is not read.
    Json(
        json!({ "login": "ada-l", "id": id, "node_id": "MDQ6VXNlcjU4MzIzMQ==", "type": "User",
        "name": "Ada King Lovelace", "email": "public@elsewhere.example" }),
    )
}

async fn emails(State(github): State<GitHub>, headers: HeaderMap) -> Json<Value> {
    signed_in(&headers);
    Json(github.account.lock().unwrap().emails.clone())
}

fn shown(login: &str, (id, state): (u64, &str)) -> Value {
    json!({ "state": state, "role": "member", "organization": { "login": login, "id": id },
        "user": { "login": "ada-l" } })
}

async fn memberships(State(github): State<GitHub>, headers: HeaderMap) -> Json<Value> {
    signed_in(&headers);
    let account = github.account.lock().unwrap().clone();
    let all = account
        .memberships
        .iter()
        .map(|(login, known)| shown(login, *known));
    Json(Value::from(all.collect::<Vec<_>>()))
}

async fn membership(
    State(github): State<GitHub>,
    headers: HeaderMap,
    Path(login): Path<String>,
) -> Response<Body> {
    signed_in(&headers);
    let known = github.account.lock().unwrap().memberships.get(&login).copied();
    let (status, body) = match known {
        Some(known) => (StatusCode::OK, shown(&login, known)),
        None => (StatusCode::NOT_FOUND, json!({ "message": "Not Found" })),
    };
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = status;
    answer
}
