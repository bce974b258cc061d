//! Set-up links, and sessions on the owner's API.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use super::caller::bearer;
use super::{Admin, Answer, ApiJson, OptionalJson, json as answer};
use crate::app::Gatehouse;
use crate::app::onboarding::sessions;

/// A link as it is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedLink {
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

/// What a session is begun with.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Begin {
    Link { setup_link: String },
    Code { code: String, code_verifier: String },
}

/// `POST /operator/v1/tenants/{tenant}/setup-links`: the link is in this answer and nowhere else.
pub(super) async fn make_link(Admin(admin): Admin, OptionalJson(wanted): OptionalJson<WantedLink>) -> Answer {
    let (id, token, expires_at) = sessions::make_link(&admin, wanted.expires_at).await?;
    let base = &admin.gatehouse.config.base_url;
    let url = base.at(&format!("/portal#setup={}", token.expose()));
    let body = json!({ "id": id, "setup_link": token.expose(), "url": url, "expires_at": expires_at });
    Ok(answer(StatusCode::CREATED, &body))
}

/// `POST /owner/v1/session`: a set-up link or the code of a sign-in, once, for a token.
pub(super) async fn begin(State(gatehouse): State<Arc<Gatehouse>>, ApiJson(begin): ApiJson<Begin>) -> Answer {
    let (session, token) = match begin {
        Begin::Link { setup_link } => sessions::redeem_link(&gatehouse, &setup_link).await?,
        Begin::Code { code, code_verifier } => {
            sessions::redeem_code(&gatehouse, &code, &code_verifier).await?
        }
    };
    let body = json!({
        "id": session.session,
        "tenant": session.session_tenant,
        "token": token.expose(),
        "signed_in_at": session.signed_in_at,
        "expires_at": session.expires_at,
    });
    Ok(answer(StatusCode::CREATED, &body))
}

/// `DELETE /owner/v1/session`: ends the session of the request's token, if it has one.
pub(super) async fn end(Admin(admin): Admin, headers: HeaderMap) -> Answer {
    let token = bearer(&headers)?;
    sessions::end(&admin.gatehouse, token.expose()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
