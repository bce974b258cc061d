//! GitHub as it documents itself: OAuth 2.0 for OAuth apps, and the few resources of its REST API that are asked.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
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
    /// Tokens that were taken back.
    pub revoked: HashSet<String>,
    /// Tokens expire, and come with a refresh token, as those of GitHub Apps can.
    pub expiring: bool,
    /// What the REST API answers in place of its answers.
    pub trouble: Option<u16>,
    /// Every access token that was given.
    pub given: Vec<String>,
    /// The refresh tokens that are good.
    pub refresh_tokens: HashSet<String>,
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
                revoked: HashSet::new(),
                expiring: false,
                trouble: None,
                given: Vec::new(),
                refresh_tokens: HashSet::new(),
            })),
            codes: Arc::default(),
        };
        let router = Router::new()
            .route("/login/oauth/access_token", post(token))
            .route("/api/v3/user", get(user))
            .route("/api/v3/user/emails", get(emails))
            .route("/api/v3/user/memberships/orgs", get(memberships))
            .route("/api/v3/user/memberships/orgs/{login}", get(membership))
            .route("/api/v3/applications/{client}/token", post(check_token))
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
    let mut account = github.account.lock().unwrap();
    if form["client_secret"] != account.secret {
        return Json(json!({ "error": "incorrect_client_credentials" }));
    }
    if form["grant_type"] == "refresh_token" {
        if !account.refresh_tokens.remove(&form["refresh_token"]) {
            return Json(json!({ "error": "bad_refresh_token" }));
        }
    } else {
        let Some(request) = github.codes.lock().unwrap().remove(&form["code"]) else {
            return Json(json!({ "error": "bad_verification_code" }));
        };
        assert_eq!(
            CodeChallenge::of(&form["code_verifier"]).as_str(),
            request["code_challenge"]
        );
    }
    let fresh = |kind: &str| format!("{kind}_{}", gatehouse::random::token().unwrap());
    let mut answer = json!({ "access_token": fresh(if account.expiring { "ghu" } else { "gho" }),
        "token_type": "bearer", "scope": "read:org,read:user,user:email" });
    account
        .given
        .push(answer["access_token"].as_str().unwrap().to_owned());
    if account.expiring {
        let refresh = fresh("ghr");
        answer["refresh_token"] = json!(refresh);
        answer["expires_in"] = json!(28_800);
        account.refresh_tokens.insert(refresh);
    }
    Json(answer)
}

/// What is answered in place of a resource, if anything is.
fn refused(github: &GitHub, headers: &HeaderMap) -> Option<Response<Body>> {
    assert!(
        headers.contains_key(header::USER_AGENT),
        "GitHub refuses requests without"
    );
    let account = github.account.lock().unwrap();
    if let Some(status) = account.trouble {
        return Some(answer(status, &json!({ "message": "trouble" })));
    }
    let token = headers[header::AUTHORIZATION].to_str().unwrap();
    let token = token.strip_prefix("Bearer ").unwrap();
    assert!(
        account.given.iter().any(|given| given == token),
        "a token of ours"
    );
    let good = !account.revoked.contains(token);
    (!good).then(|| answer(401, &json!({ "message": "Bad credentials" })))
}

fn answer(status: u16, body: &Value) -> Response<Body> {
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

/// "Check a token": 404 for one that is no good (GitHub Docs, "OAuth authorizations").
async fn check_token(
    State(github): State<GitHub>,
    Path(client): Path<String>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response<Body> {
    let account = github.account.lock().unwrap();
    let basic = STANDARD.encode(format!("{client}:{}", account.secret));
    if headers[header::AUTHORIZATION] != format!("Basic {basic}") {
        return answer(401, &json!({ "message": "Bad credentials" }));
    }
    if account.revoked.contains(asked["access_token"].as_str().unwrap()) {
        answer(404, &json!({ "message": "Not Found" }))
    } else {
        answer(200, &json!({ "user": { "id": account.id } }))
    }
}

async fn user(State(github): State<GitHub>, headers: HeaderMap) -> Response<Body> {
    if let Some(refused) = refused(&github, &headers) {
        return refused;
    }
    let id = github.account.lock().unwrap().id;
    // `email` is the public one, which anybody may set to anything that they have verified once: it is not read.
    answer(
        200,
        &json!({ "login": "ada-l", "id": id, "node_id": "MDQ6VXNlcjU4MzIzMQ==", "type": "User",
            "name": "Ada King Lovelace", "email": "public@elsewhere.example" }),
    )
}

async fn emails(State(github): State<GitHub>, headers: HeaderMap) -> Response<Body> {
    if let Some(refused) = refused(&github, &headers) {
        return refused;
    }
    answer(200, &github.account.lock().unwrap().emails)
}

fn shown_membership(login: &str, (id, state): (u64, &str)) -> Value {
    json!({ "state": state, "role": "member", "organization": { "login": login, "id": id },
        "user": { "login": "ada-l" } })
}

/// Pages of `per_page`, in the order of the logins.
async fn memberships(
    State(github): State<GitHub>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response<Body> {
    if let Some(refused) = refused(&github, &headers) {
        return refused;
    }
    assert_eq!(query["state"], "active");
    let account = github.account.lock().unwrap().clone();
    let size: usize = query["per_page"].parse().unwrap();
    let page: usize = query.get("page").map_or(1, |page| page.parse().unwrap());
    let mut active: Vec<_> = account
        .memberships
        .iter()
        .filter(|(_, known)| known.1 == "active")
        .collect();
    active.sort();
    let shown = active.into_iter().skip((page - 1) * size).take(size);
    let shown = shown.map(|(login, known)| shown_membership(login, *known));
    answer(200, &Value::from(shown.collect::<Vec<_>>()))
}

async fn membership(
    State(github): State<GitHub>,
    headers: HeaderMap,
    Path(login): Path<String>,
) -> Response<Body> {
    if let Some(refused) = refused(&github, &headers) {
        return refused;
    }
    let known = github.account.lock().unwrap().memberships.get(&login).copied();
    match known {
        Some(known) => answer(200, &shown_membership(&login, known)),
        None => answer(404, &json!({ "message": "Not Found" })),
    }
}
