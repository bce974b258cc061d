//! API keys of a tenant.

use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::query::page_of;
use super::{Admin, Answer, ApiJson, PathIds, json, view};
use crate::app::onboarding::api_keys::{self, NewKey};
use crate::store::ApiKeyKind;

/// A key as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    kind: ApiKeyKind,
    name: String,
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

/// `GET …/api-keys`
pub(super) async fn list(Admin(admin): Admin, uri: Uri) -> Answer {
    let keys = api_keys::list(&admin).await?;
    let page = page_of(&uri, &keys, |key| key.id.clone(), view::api_key)?;
    Ok(json(StatusCode::OK, &page))
}

/// `POST …/api-keys`: the token is in this answer and nowhere else.
pub(super) async fn create(Admin(admin): Admin, ApiJson(wanted): ApiJson<Wanted>) -> Answer {
    let new = NewKey {
        kind: wanted.kind,
        name: wanted.name,
        expires_at: wanted.expires_at,
    };
    let (key, token) = api_keys::create(&admin, &new).await?;
    let mut body = view::api_key(&key);
    view::show_once(&mut body, "token", &token);
    Ok(json(StatusCode::CREATED, &body))
}

/// `DELETE …/api-keys/{key}`
pub(super) async fn revoke(Admin(admin): Admin, ids: PathIds) -> Answer {
    api_keys::revoke(&admin, ids.text("key")).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
