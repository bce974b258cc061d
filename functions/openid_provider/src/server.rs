//! What the app's server asks: documents, tokens, userinfo, revocation. Answers are JSON, never cached unless public.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;

use gatehouse::app::openid_provider::{
    ProviderError, keys, revoke as revoking, token as tokens, userinfo as info,
};
use gatehouse::http::body::{self, FORM_LIMIT};
use gatehouse::http::sign_in::Front;
use gatehouse::openid_provider::access_token::AccessTokenError;
use gatehouse::openid_provider::discovery::{Discovery, Endpoints};
use gatehouse::openid_provider::error::{OAuthError, OAuthErrorCode};
use gatehouse::openid_provider::params::Parameters;

/// `GET /.well-known/openid-configuration`
pub(crate) async fn discovery(State(front): State<Front>) -> Response<Body> {
    match keys::provider_keys(&front.gatehouse).await {
        Ok(keys) => {
            let endpoints = Endpoints::new(front.gatehouse.config.base_url.as_str());
            public(Json(Discovery::new(&endpoints, &keys.algorithms())).into_response())
        }
        Err(error) => refused(&error.into()),
    }
}

/// `GET /oauth2/jwks`: the current keys and the next.
pub(crate) async fn jwks(State(front): State<Front>) -> Response<Body> {
    match keys::provider_keys(&front.gatehouse).await {
        Ok(keys) => public(Json(keys.jwks()).into_response()),
        Err(error) => refused(&error.into()),
    }
}

/// `POST /oauth2/token`
pub(crate) async fn token(State(front): State<Front>, request: Request) -> Response<Body> {
    let (headers, form) = match form(request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    match tokens::token(&front.gatehouse, authorization(&headers), &form).await {
        Ok(answer) => private(Json(answer).into_response()),
        Err(error) => refused(&error),
    }
}

/// `GET /oauth2/userinfo`
pub(crate) async fn userinfo(State(front): State<Front>, headers: HeaderMap) -> Response<Body> {
    answer_userinfo(&front, &headers, None).await
}

/// `POST /oauth2/userinfo`
pub(crate) async fn userinfo_form(State(front): State<Front>, request: Request) -> Response<Body> {
    if !request.headers().contains_key(header::CONTENT_TYPE) {
        return answer_userinfo(&front, request.headers(), None).await;
    }
    match form(request).await {
        Ok((headers, form)) => answer_userinfo(&front, &headers, Some(&form)).await,
        Err(answer) => answer,
    }
}

async fn answer_userinfo(front: &Front, headers: &HeaderMap, form: Option<&Parameters>) -> Response<Body> {
    match info::userinfo(&front.gatehouse, authorization(headers), form).await {
        Ok(claims) => private(Json(claims).into_response()),
        Err(error) => refused(&error),
    }
}

/// `POST /oauth2/revoke`
pub(crate) async fn revoke(State(front): State<Front>, request: Request) -> Response<Body> {
    let (headers, form) = match form(request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    match revoking::revoke(&front.gatehouse, authorization(&headers), &form).await {
        Ok(()) => private(StatusCode::OK.into_response()),
        Err(error) => refused(&error),
    }
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
}

async fn form(request: Request) -> Result<(HeaderMap, Parameters), Response<Body>> {
    let (parts, body) = request.into_parts();
    require_form(&parts.headers).map_err(|status| malformed(status, "the body must be a form"))?;
    let read = body::read(&parts.headers, body, FORM_LIMIT).await;
    let bytes = read.map_err(|error| malformed(error.status(), &error.to_string()))?;
    let text = String::from_utf8(bytes.to_vec());
    let text = text.map_err(|_| malformed(StatusCode::BAD_REQUEST, "the body must be UTF-8"))?;
    let form = Parameters::parse(&text);
    let form = form.map_err(|error| malformed(StatusCode::BAD_REQUEST, &error.to_string()))?;
    Ok((parts.headers, form))
}

/// RFC 6749 section 3.2: requests are `application/x-www-form-urlencoded`.
pub(crate) fn require_form(headers: &HeaderMap) -> Result<(), StatusCode> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Ok(())
    } else {
        Err(StatusCode::UNSUPPORTED_MEDIA_TYPE)
    }
}

fn malformed(status: StatusCode, text: &str) -> Response<Body> {
    let answer = OAuthError::new(OAuthErrorCode::InvalidRequest, text);
    private((status, Json(answer)).into_response())
}

/// The one mapping of a provider error to HTTP (RFC 6749 section 5.2, RFC 6750 section 3).
fn refused(error: &ProviderError) -> Response<Body> {
    let answer = error.answer();
    let status = StatusCode::from_u16(answer.error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_server_error() {
        tracing::error!(error.code = error.code(), error = %error, "the provider failed");
    } else {
        tracing::info!(error.code = error.code(), "a request was refused");
    }
    let challenge = challenge(error, &answer);
    let mut response = private((status, Json(answer)).into_response());
    if status == StatusCode::UNAUTHORIZED
        && let Ok(challenge) = HeaderValue::from_str(&challenge)
    {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

/// What to authenticate by. A request without a token is told no error (RFC 6750 section 3.1).
fn challenge(error: &ProviderError, answer: &OAuthError) -> String {
    if error.code() == AccessTokenError::Missing.code() {
        return "Bearer".to_owned();
    }
    match answer.error {
        OAuthErrorCode::InvalidToken => {
            format!(
                "Bearer error=\"invalid_token\", error_description=\"{}\"",
                answer.error_description
            )
        }
        _ => "Basic realm=\"gatehouse\"".to_owned(),
    }
}

/// Documents that may be cached for as long as the next key is published ahead.
fn public(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=3600"),
    );
    response
        .headers_mut()
        .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// Answers to apps, which may be browser apps on any origin: no cookie is read here, so a page can only show what it
/// holds itself.
fn private(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("WWW-Authenticate, Retry-After"),
    );
    response
}

/// `OPTIONS` of what browser apps ask with an Authorization header (Fetch, section 3.2.2).
pub(crate) async fn preflight() -> Response<Body> {
    let mut response = private(StatusCode::NO_CONTENT.into_response());
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Authorization, Content-Type"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}
