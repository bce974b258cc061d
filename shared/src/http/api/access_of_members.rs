//! What members can get at, and what support does about it: sessions, identities, two records of one person.

use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::query::page_of;
use super::{Admin, Answer, ApiJson, PathIds, json as answer, json_at, view};
use crate::app::onboarding::members;
use crate::app::onboarding::{OnboardingError, Thing};
use crate::domain::ids::UserId;
use crate::domain::session::Session;
use crate::store::LinkedIdentity;

/// The other record of the same person.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Merge {
    from: String,
}

/// `GET …/members/{member}/sessions`
pub(super) async fn list_sessions(Admin(admin): Admin, ids: PathIds, uri: Uri) -> Answer {
    let found = members::sessions(&admin, &ids.member()?).await?;
    let page = page_of(&uri, &found, |session| session.sid.clone(), session)?;
    Ok(answer(StatusCode::OK, &page))
}

fn session(session: &Session) -> Value {
    json!({
        "id": session.sid,
        "connection": session.connection,
        "signed_in_at": session.auth_time,
        "confirmed_at": session.confirmed_at,
        "access_until": session.access_until,
        "expires_at": session.expires_at,
    })
}

/// `DELETE …/members/{member}/sessions/{session}`
pub(super) async fn end_session(Admin(admin): Admin, ids: PathIds) -> Answer {
    members::end_session(&admin, &ids.member()?, ids.text("session")).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET …/members/{member}/identities`
pub(super) async fn list_identities(Admin(admin): Admin, ids: PathIds, uri: Uri) -> Answer {
    let found = members::identities(&admin, &ids.member()?).await?;
    let page = page_of(&uri, &found, LinkedIdentity::id, identity)?;
    Ok(answer(StatusCode::OK, &page))
}

fn identity(identity: &LinkedIdentity) -> Value {
    json!({
        "id": identity.id(),
        "connection": identity.connection,
        "email": identity.known.email,
        "linked_at": identity.known.linked_at,
        "last_sign_in": identity.known.last_sign_in,
        "disabled_at": identity.known.disabled_at,
    })
}

/// `DELETE /operator/v1/tenants/{tenant}/members/{member}/identities/{identity}`
pub(super) async fn unlink(Admin(admin): Admin, ids: PathIds) -> Answer {
    members::unlink(&admin, &ids.member()?, ids.text("identity")).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /operator/v1/tenants/{tenant}/members/{member}/merge`: the member of the path stays.
pub(super) async fn merge(Admin(admin): Admin, ids: PathIds, ApiJson(body): ApiJson<Merge>) -> Answer {
    let from = UserId::parse(&body.from).map_err(|_| OnboardingError::NotFound(Thing::Member))?;
    let user = members::merge(&admin, &ids.member()?, &from).await?;
    Ok(json_at(StatusCode::OK, user.version, &view::member(&user)))
}
