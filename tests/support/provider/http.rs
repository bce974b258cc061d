//! The back channel.

use std::collections::HashMap;
use std::sync::{Mutex, Weak};
use std::time::Duration;

use ::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use ::http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use axum::Router;
use axum::body::{Body, Bytes};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::stream;
use gatehouse::clock::Clock;
use gatehouse::http::api::merge_patch;
use gatehouse::jose::{Algorithm, Jws};
use gatehouse::openid_provider::pkce::CodeChallenge;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::{Behaviour, Endpoint, Grant, Inner, Provider, Reply, Seen, tokens};

/// What a handler works with; the provider itself may be gone.
#[derive(Clone)]
struct Site {
    inner: Weak<Mutex<Inner>>,
    url: String,
    clock: Clock,
}

pub(super) async fn serve(
    listener: tokio::net::TcpListener,
    inner: Weak<Mutex<Inner>>,
    (url, clock): (String, Clock),
) {
    let site = Site { inner, url, clock };
    let router = Router::new().fallback(move |request: Request<Body>| answer(site.clone(), request));
    let _ = axum::serve(listener, router).await;
}

async fn answer(site: Site, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let path = parts.uri.path().to_owned();
    let endpoint = match path.rsplit('/').next().unwrap_or_default() {
        "openid-configuration" => Endpoint::Discovery,
        "jwks" => Endpoint::Jwks,
        "token" => Endpoint::Token,
        "userinfo" => Endpoint::Userinfo,
        _ => Endpoint::Elsewhere,
    };
    let form = url::form_urlencoded::parse(&body)
        .into_owned()
        .collect::<HashMap<_, _>>();
    let Some(inner) = site.inner.upgrade() else {
        return json_answer(410, &json!({}));
    };
    let (honest, reply) = {
        let mut inner = inner.lock().unwrap();
        inner.seen.push(Seen {
            endpoint,
            path,
            headers: parts.headers.clone(),
            form: form.clone(),
        });
        let honest = honest(&mut inner, &site, endpoint, &parts.headers, &form);
        (honest, inner.behaviour.replies.get(&endpoint).cloned())
    };
    drop(inner);
    match reply {
        None => honest,
        Some(reply) => instead(reply, honest).await,
    }
}

async fn instead(reply: Reply, mut honest: Response<Body>) -> Response<Body> {
    match reply {
        Reply::Json(status, body) => json_answer(status, &body),
        Reply::Raw(kind, body) => {
            let mut answer = Response::new(Body::from(body));
            answer
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            answer
        }
        Reply::Redirect(to) => {
            let mut answer = Response::new(Body::empty());
            *answer.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            answer.headers_mut().insert(LOCATION, to.parse().unwrap());
            answer
        }
        Reply::WithHeader(name, value) => {
            honest.headers_mut().insert(name, value.parse().unwrap());
            honest
        }
        Reply::Stall => std::future::pending().await,
        Reply::Drip => {
            let drops = stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
            });
            Response::new(Body::from_stream(drops))
        }
        Reply::Huge(octets) => Response::new(Body::from(vec![b' '; octets])),
    }
}

fn honest(
    inner: &mut Inner,
    site: &Site,
    endpoint: Endpoint,
    headers: &HeaderMap,
    form: &HashMap<String, String>,
) -> Response<Body> {
    match endpoint {
        Endpoint::Discovery => json_answer(200, &discovery(&inner.behaviour, &site.url)),
        Endpoint::Jwks => {
            let jwks = inner.behaviour.jwks.clone();
            json_answer(200, &jwks.unwrap_or_else(Provider::honest_jwks))
        }
        Endpoint::Token => match token(inner, site, headers, form) {
            Ok(answer) => json_answer(200, &answer),
            Err((status, error)) => json_answer(status, &json!({ "error": error })),
        },
        Endpoint::Userinfo => userinfo(inner, headers),
        Endpoint::Elsewhere => json_answer(404, &json!({})),
    }
}

fn discovery(behaviour: &Behaviour, url: &str) -> Value {
    let mut document = json!({
        "issuer": behaviour.issuer,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/userinfo"),
        "jwks_uri": format!("{url}/jwks"),
        "end_session_endpoint": format!("{url}/logout"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "token_endpoint_auth_methods_supported": behaviour.client.methods,
        "authorization_response_iss_parameter_supported": behaviour.sends_iss,
    });
    merge_patch(&mut document, &behaviour.discovery_patch);
    document
}

type Refused = (u16, &'static str);

fn token(
    inner: &mut Inner,
    site: &Site,
    headers: &HeaderMap,
    form: &HashMap<String, String>,
) -> Result<Value, Refused> {
    authenticate(&inner.behaviour, site, headers, form).ok_or((401, "invalid_client"))?;
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let grant = match field("grant_type") {
        "authorization_code" => {
            let grant = inner.codes.remove(field("code")).ok_or((400, "invalid_grant"))?;
            let challenge = CodeChallenge::of(field("code_verifier"));
            let same = grant.request.get("redirect_uri").map(String::as_str) == Some(field("redirect_uri"));
            let proven = grant.request.get("code_challenge").map(String::as_str) == Some(challenge.as_str());
            if !same || !(proven || inner.behaviour.ignores_pkce) {
                return Err((400, "invalid_grant"));
            }
            grant
        }
        "refresh_token" => {
            let found = inner.refresh_tokens.get(field("refresh_token")).cloned();
            let usable = found.filter(|_| !inner.behaviour.refresh_revoked);
            if inner.behaviour.refresh_once {
                inner.refresh_tokens.remove(field("refresh_token"));
            }
            usable.ok_or((400, "invalid_grant"))?
        }
        _ => return Err((400, "unsupported_grant_type")),
    };
    Ok(granted(inner, site, &grant))
}

fn granted(inner: &mut Inner, site: &Site, grant: &Grant) -> Value {
    let scope = grant.request.get("scope").cloned().unwrap_or_default();
    let access_token = inner.fresh("access");
    inner.access_tokens.insert(access_token.clone(), grant.clone());
    let id_token = tokens::id_token(&inner.behaviour, grant, &access_token, site.clock.now());
    let mut answer = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": scope,
        "id_token": id_token,
    });
    let offline = scope.split(' ').any(|one| one == "offline_access")
        || grant
            .request
            .get("access_type")
            .is_some_and(|kind| kind == "offline");
    if offline {
        let refresh_token = inner.fresh("refresh");
        inner.refresh_tokens.insert(refresh_token.clone(), grant.clone());
        answer["refresh_token"] = json!(refresh_token);
    }
    merge_patch(&mut answer, &inner.behaviour.token_patch);
    answer
}

fn authenticate(
    behaviour: &Behaviour,
    site: &Site,
    headers: &HeaderMap,
    form: &HashMap<String, String>,
) -> Option<()> {
    let client = &behaviour.client;
    let good = |method: &str, id: &str, secret: &str| {
        client.methods.contains(&method) && id == client.id && client.secrets.iter().any(|own| own == secret)
    };
    if let Some(basic) = headers.get(AUTHORIZATION) {
        let basic = basic.to_str().ok()?.strip_prefix("Basic ")?;
        let text = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        let plain = |text: &str| {
            let pair = format!("x={text}");
            url::form_urlencoded::parse(pair.as_bytes())
                .next()
                .unwrap()
                .1
                .into_owned()
        };
        return good("client_secret_basic", &plain(id), &plain(secret)).then_some(());
    }
    if let Some(secret) = form.get("client_secret") {
        return good("client_secret_post", form.get("client_id")?, secret).then_some(());
    }
    let assertion = form.get("client_assertion")?;
    let bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let jws = Jws::parse(assertion).ok()?;
    let claims = jws.verify(&client.keys, &Algorithm::ALL).ok()?;
    let claims: Value = serde_json::from_slice(claims).unwrap();
    let now = site.clock.now().timestamp();
    let fits = client.methods.contains(&"private_key_jwt")
        && form.get("client_assertion_type").map(String::as_str) == Some(bearer)
        && claims["iss"] == client.id.as_str()
        && claims["sub"] == client.id.as_str()
        && claims["aud"] == format!("{}/token", site.url)
        && claims["exp"]
            .as_i64()
            .is_some_and(|exp| (now..=now + 600).contains(&exp))
        && claims["jti"].as_str().is_some_and(|jti| !jti.is_empty());
    fits.then_some(())
}

fn userinfo(inner: &mut Inner, headers: &HeaderMap) -> Response<Body> {
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let Some(grant) = token.and_then(|token| inner.access_tokens.get(token)) else {
        return json_answer(401, &json!({ "error": "invalid_token" }));
    };
    let mut claims = grant.person.clone();
    merge_patch(&mut claims, &inner.behaviour.userinfo_patch);
    json_answer(200, &claims)
}

fn json_answer(status: u16, body: &Value) -> Response<Body> {
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    let kind = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

/// The header of a compact JWS.
pub(super) fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}
