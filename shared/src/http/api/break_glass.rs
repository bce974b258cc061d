//! Break-glass addresses (AQ-21).

use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::query::page_of;
use super::{Admin, Answer, ApiJson, PathIds, json as answer};
use crate::app::onboarding::break_glass;
use crate::store::BreakGlass;

/// An address as it is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    email: String,
}

/// `GET …/break-glass`
pub(super) async fn list(Admin(admin): Admin, uri: Uri) -> Answer {
    let found = break_glass::list(&admin).await?;
    let page = page_of(&uri, &found, |entry| entry.email.folded().to_owned(), shown)?;
    Ok(answer(StatusCode::OK, &page))
}

/// `POST …/break-glass`
pub(super) async fn add(Admin(admin): Admin, ApiJson(wanted): ApiJson<Wanted>) -> Answer {
    let entry = break_glass::add(&admin, &wanted.email).await?;
    Ok(answer(StatusCode::CREATED, &shown(&entry)))
}

/// `DELETE …/break-glass/{address}`
pub(super) async fn remove(Admin(admin): Admin, ids: PathIds) -> Answer {
    break_glass::remove(&admin, ids.text("address")).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn shown(entry: &BreakGlass) -> Value {
    json!({ "email": entry.email, "added_at": entry.added_at, "used_at": entry.used_at })
}
