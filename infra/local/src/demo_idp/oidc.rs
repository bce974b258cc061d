//! The identity provider's OpenID Connect side: discovery, JWK set, authorize, token, userinfo.
//!
//! Authorization code flow with client authentication (basic or post), PKCE honoured when it is sent.

use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use gatehouse::redacted::Secret;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::server;
use super::state::{DemoIdp, Session, Waiting};

/// A code lives this long.
const CODE: TimeDelta = TimeDelta::minutes(1);
/// An access or ID token lives this long.
const TOKEN: TimeDelta = TimeDelta::hours(1);

/// An authentication request (OpenID Connect Core, section 3.1.2.1).
#[derive(Clone, Debug, Deserialize)]
pub struct AuthorizeRequest {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    #[serde(default)]
    scope: String,
    state: Option<String>,
    nonce: Option<String>,
    prompt: Option<String>,
    max_age: Option<i64>,
    /// Fills the log-in form.
    pub login_hint: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// What a code or an access token stands for.
#[derive(Clone, Debug)]
pub struct Grant {
    request: AuthorizeRequest,
    session: Session,
    kind: GrantKind,
    made_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GrantKind {
    Code,
    AccessToken,
}

impl Grant {
    /// When it ends.
    pub(super) fn expires_at(&self) -> DateTime<Utc> {
        match self.kind {
            GrantKind::Code => self.made_at + CODE,
            GrantKind::AccessToken => self.made_at + TOKEN,
        }
    }
}

pub(super) fn router() -> Router<DemoIdp> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/oidc/jwks", get(jwks))
        .route("/oidc/authorize", get(authorize))
        .route("/oidc/token", axum::routing::post(token))
        .route("/oidc/userinfo", get(userinfo).post(userinfo))
}

async fn discovery(State(idp): State<DemoIdp>) -> Json<Value> {
    let url = idp.url();
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/oidc/authorize"),
        "token_endpoint": format!("{url}/oidc/token"),
        "userinfo_endpoint": format!("{url}/oidc/userinfo"),
        "jwks_uri": format!("{url}/oidc/jwks"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn jwks(State(idp): State<DemoIdp>) -> Json<Value> {
    Json(idp.keys().jwks())
}

async fn authorize(
    State(idp): State<DemoIdp>,
    headers: HeaderMap,
    Query(request): Query<AuthorizeRequest>,
) -> Response {
    // Errors go to the page until client and redirect URI are known to belong together (RFC 6749, section 4.1.2.1).
    let Some(client) = idp.client(&request.client_id) else {
        return server::problem(
            "This client is not registered here",
            &format!("client_id {:?}", request.client_id),
        );
    };
    if !client.redirect_uris.contains(&request.redirect_uri) {
        let registered = client.redirect_uris.join(", ");
        let detail = format!(
            "redirect_uri {:?}; registered: {registered}",
            request.redirect_uri
        );
        return server::problem("This redirect URI is not registered for the client", &detail);
    }
    if request.response_type != "code" || !request.scope.split(' ').any(|scope| scope == "openid") {
        return back(&idp, &request, &[("error", "invalid_request")]);
    }
    if request.code_challenge.is_some() && request.code_challenge_method.as_deref() != Some("S256") {
        return back(&idp, &request, &[("error", "invalid_request")]);
    }
    let prompt = request.prompt.as_deref().unwrap_or("");
    let session = server::session(&idp, &headers).filter(|session| {
        let fresh = request
            .max_age
            .is_none_or(|age| idp.now() - session.authenticated_at <= TimeDelta::seconds(age));
        prompt != "login" && fresh
    });
    match session {
        Some(session) => complete(&idp, request, session),
        None if prompt == "none" => back(&idp, &request, &[("error", "login_required")]),
        None => server::log_in_page(&idp, Waiting::Oidc(Box::new(request))),
    }
}

/// Answers the request once someone is logged in.
pub(super) fn complete(idp: &DemoIdp, request: AuthorizeRequest, session: Session) -> Response {
    let grant = Grant {
        request: request.clone(),
        session,
        kind: GrantKind::Code,
        made_at: idp.now(),
    };
    match idp.grant(grant) {
        Ok(code) => back(idp, &request, &[("code", &code)]),
        Err(error) => server::problem("No code could be made", &error.to_string()),
    }
}

/// Back to the client, with `state` and `iss` (RFC 9207).
fn back(idp: &DemoIdp, request: &AuthorizeRequest, answer: &[(&str, &str)]) -> Response {
    let Ok(mut url) = Url::parse(&request.redirect_uri) else {
        return server::problem("The redirect URI is not a URL", &request.redirect_uri);
    };
    url.query_pairs_mut().extend_pairs(answer);
    if let Some(state) = &request.state {
        url.query_pairs_mut().append_pair("state", state);
    }
    url.query_pairs_mut().append_pair("iss", idp.url());
    Redirect::to(url.as_str()).into_response()
}

#[derive(Deserialize)]
struct TokenRequest {
    grant_type: String,
    code: Option<String>,
    redirect_uri: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    code_verifier: Option<String>,
}

async fn token(
    State(idp): State<DemoIdp>,
    headers: HeaderMap,
    Form(request): Form<TokenRequest>,
) -> Response {
    match exchange(&idp, &headers, &request) {
        Ok(answer) => ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response(),
        Err((status, error)) => (status, Json(json!({ "error": error }))).into_response(),
    }
}

fn exchange(
    idp: &DemoIdp,
    headers: &HeaderMap,
    request: &TokenRequest,
) -> Result<Value, (StatusCode, &'static str)> {
    let bad = |error| (StatusCode::BAD_REQUEST, error);
    let client = client_credentials(headers, request)
        .and_then(|(id, secret)| idp.client(&id).filter(|client| client.secret == secret))
        .ok_or((StatusCode::UNAUTHORIZED, "invalid_client"))?;
    if request.grant_type != "authorization_code" {
        return Err(bad("unsupported_grant_type"));
    }
    let code = request.code.as_deref().ok_or(bad("invalid_request"))?;
    let grant = idp
        .granted(code, true)
        .filter(|grant| grant.kind == GrantKind::Code)
        .filter(|grant| grant.request.client_id == client.id)
        .filter(|grant| request.redirect_uri.as_ref() == Some(&grant.request.redirect_uri))
        .filter(|grant| {
            verifier_fits(
                grant.request.code_challenge.as_deref(),
                request.code_verifier.as_deref(),
            )
        })
        .ok_or(bad("invalid_grant"))?;
    let failed = (StatusCode::INTERNAL_SERVER_ERROR, "server_error");
    let id_token = idp
        .keys()
        .jwt(&id_token_claims(idp, &grant))
        .map_err(|_| failed)?;
    let access = Grant {
        kind: GrantKind::AccessToken,
        made_at: idp.now(),
        ..grant
    };
    let scope = access.request.scope.clone();
    let access_token = idp.grant(access).map_err(|_| failed)?;
    Ok(json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": TOKEN.num_seconds(),
        "id_token": id_token,
        "scope": scope,
    }))
}

/// From the Authorization header (each part form-encoded, RFC 6749, section 2.3.1) or from the form.
fn client_credentials(headers: &HeaderMap, request: &TokenRequest) -> Option<(String, Secret)> {
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    if let Some(basic) = authorization.and_then(|value| value.strip_prefix("Basic ")) {
        let decoded = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
        let (id, secret) = decoded.split_once(':')?;
        return Some((form_decoded(id), Secret::new(form_decoded(secret))));
    }
    Some((
        request.client_id.clone()?,
        Secret::new(request.client_secret.clone()?),
    ))
}

fn form_decoded(text: &str) -> String {
    url::form_urlencoded::parse(text.as_bytes())
        .map(|(name, _)| name.into_owned())
        .next()
        .unwrap_or_default()
}

/// PKCE S256 (RFC 7636, section 4.6).
fn verifier_fits(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
            URL_SAFE_NO_PAD.encode(hash.as_ref()) == challenge
        }
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn id_token_claims(idp: &DemoIdp, grant: &Grant) -> Value {
    let now = idp.now();
    let mut claims = user_claims(grant);
    if let Some(claims) = claims.as_object_mut() {
        claims.insert("iss".to_owned(), json!(idp.url()));
        claims.insert("aud".to_owned(), json!(grant.request.client_id));
        claims.insert("iat".to_owned(), json!(now.timestamp()));
        claims.insert("exp".to_owned(), json!((now + TOKEN).timestamp()));
        claims.insert(
            "auth_time".to_owned(),
            json!(grant.session.authenticated_at.timestamp()),
        );
        if let Some(nonce) = &grant.request.nonce {
            claims.insert("nonce".to_owned(), json!(nonce));
        }
    }
    claims
}

/// `sub`, and what the scopes ask for; attributes go with `profile`.
fn user_claims(grant: &Grant) -> Value {
    let person = &grant.session.person;
    let asked = |scope: &str| grant.request.scope.split(' ').any(|one| one == scope);
    let mut claims = serde_json::Map::new();
    claims.insert("sub".to_owned(), json!(person.id));
    if asked("email") {
        claims.insert("email".to_owned(), json!(person.email));
        claims.insert("email_verified".to_owned(), json!(true));
    }
    if asked("profile") {
        for (name, values) in &person.attributes {
            let value = if let [only] = values.as_slice() {
                json!(only)
            } else {
                json!(values)
            };
            claims.insert(name.clone(), value);
        }
        claims.insert("name".to_owned(), json!(person.name()));
        claims.insert("given_name".to_owned(), json!(person.first_name));
        claims.insert("family_name".to_owned(), json!(person.last_name));
    }
    Value::Object(claims)
}

async fn userinfo(State(idp): State<DemoIdp>, headers: HeaderMap) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    match token
        .and_then(|token| idp.granted(token, false))
        .filter(|grant| grant.kind == GrantKind::AccessToken)
    {
        Some(grant) => Json(user_claims(&grant)).into_response(),
        None => (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")],
        )
            .into_response(),
    }
}
