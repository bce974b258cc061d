//! Who calls: bearer tokens (RFC 6750), and the handle on one tenant that a request is given.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::app::Gatehouse;
use crate::app::onboarding::{Actor, Administration, OnboardingError, sessions};
use crate::http::problem::Problem;
use crate::redacted::Secret;
use crate::store::ApiKeyKind;

/// Longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 200;

/// The administration that the function in front put into the request. A route without one in front is a mistake of
/// ours, and answers 401 rather than anything else.
#[derive(Clone, Debug)]
pub struct Admin(pub Administration);

impl<S: Sync> FromRequestParts<S> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(no_token)
    }
}

/// The bearer token of a request (RFC 6750, section 2.1).
///
/// # Errors
/// 401 when there is none, or more than one.
pub fn bearer(headers: &HeaderMap) -> Result<Secret, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(no_token());
    };
    let text = value.to_str().map_err(|_| no_token())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(no_token)?;
    let token = token.trim_start_matches(' ');
    let fits = (1..=MAX_TOKEN).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
    if scheme.eq_ignore_ascii_case("bearer") && fits {
        Ok(Secret::new(token))
    } else {
        Err(no_token())
    }
}

/// The administration of the owner whose API key a request carries. The tenant is the key's.
///
/// # Errors
/// 401 for no key and for one that is unknown, revoked or over; 403 for a key of another kind; 503 when the table is away.
pub async fn owner(gatehouse: Arc<Gatehouse>, headers: &HeaderMap) -> Result<Administration, Problem> {
    let token = bearer(headers)?;
    if token.expose().starts_with(sessions::PREFIX) {
        let found = sessions::administration(gatehouse, token.expose()).await?;
        return found.ok_or_else(wrong_token);
    }
    let found = gatehouse.store.front_door().api_key(token.expose()).await;
    let key = found.map_err(|error| Problem::from(OnboardingError::from(error)))?;
    let key = key.ok_or_else(wrong_token)?;
    match key.kind {
        ApiKeyKind::Owner => {}
        ApiKeyKind::Scim => return Err(wrong_kind()),
    }
    let store = gatehouse.store.tenant(&key.tenant);
    // The key of an organization that is being taken away opens nothing, though it is still there.
    let there = store.exists().await;
    if !there.map_err(|error| Problem::from(OnboardingError::from(error)))? {
        return Err(wrong_token());
    }
    Ok(Administration {
        gatehouse,
        store,
        actor: Actor::Owner { key: key.id },
    })
}

/// 401 without a token.
fn no_token() -> Problem {
    let detail = "Wanted an Authorization header with a bearer token.";
    Problem::new(StatusCode::UNAUTHORIZED, "token_missing", detail)
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

/// 401 for any token that opens nothing: unknown, revoked and over are one answer.
pub fn wrong_token() -> Problem {
    let detail = "The token is unknown, revoked or over.";
    let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    Problem::new(StatusCode::UNAUTHORIZED, "token_invalid", detail)
        .with_header(header::WWW_AUTHENTICATE, challenge)
}

fn wrong_kind() -> Problem {
    let detail = "Wanted an owner's API key; this is one for SCIM.";
    let challenge = HeaderValue::from_static("Bearer error=\"insufficient_scope\"");
    Problem::new(StatusCode::FORBIDDEN, "token_of_other_kind", detail)
        .with_header(header::WWW_AUTHENTICATE, challenge)
}
