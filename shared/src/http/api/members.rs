//! Members of a tenant.

use axum::body::Body;
use axum::http::{Response, StatusCode, Uri};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::query::bad_cursor;
use super::{
    Admin, Answer, ApiJson, IfMatch, PageQuery, PathIds, json as answer, json_at, merge_into, page, view,
};
use crate::app::onboarding::OnboardingError;
use crate::app::onboarding::members::{self, MemberEdit, NewMember};
use crate::domain::ids::UserId;
use crate::domain::user::User;

/// A list of members to make.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Import {
    members: Vec<NewMember>,
}

/// Members whom SCIM may take over, or may not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Takeover {
    members: Vec<String>,
    #[serde(default = "yes")]
    allowed: bool,
}

fn yes() -> bool {
    true
}

/// `GET …/members`
pub(super) async fn list(Admin(admin): Admin, uri: Uri) -> Answer {
    let query = PageQuery::of(&uri, &[])?;
    let after = query
        .cursor
        .as_deref()
        .map(UserId::parse)
        .transpose()
        .map_err(|_| bad_cursor())?;
    let (users, next) = members::list(&admin, after.as_ref(), query.store_limit()).await?;
    let items = users.iter().map(view::member).collect::<Vec<_>>();
    let next = next.as_ref().map(UserId::as_str);
    Ok(answer(StatusCode::OK, &page(&items, next)))
}

/// `POST …/members`
pub(super) async fn create(Admin(admin): Admin, ApiJson(new): ApiJson<NewMember>) -> Answer {
    let user = members::create(&admin, &new).await?;
    Ok(shown(StatusCode::CREATED, &user))
}

/// `POST …/members/import`: an answer for each line.
pub(super) async fn import(Admin(admin): Admin, ApiJson(list): ApiJson<Import>) -> Answer {
    let done = members::import(&admin, &list.members).await?;
    let lines = done
        .iter()
        .enumerate()
        .map(|(at, line)| imported(at, line))
        .collect::<Vec<_>>();
    Ok(answer(StatusCode::OK, &json!({ "results": lines })))
}

fn imported(at: usize, line: &Result<User, OnboardingError>) -> Value {
    match line {
        Ok(user) => json!({ "index": at, "status": "created", "id": user.id }),
        Err(error) => {
            json!({ "index": at, "status": "refused", "code": error.code(), "detail": error.to_string() })
        }
    }
}

/// `POST …/members/scim-takeover`: an answer for each member.
pub(super) async fn choose_for_scim(Admin(admin): Admin, ApiJson(wanted): ApiJson<Takeover>) -> Answer {
    let done = members::choose_for_scim(&admin, &wanted.members, wanted.allowed).await?;
    let lines = done
        .iter()
        .enumerate()
        .map(|(at, line)| chosen(at, line))
        .collect::<Vec<_>>();
    Ok(answer(StatusCode::OK, &json!({ "results": lines })))
}

fn chosen(at: usize, line: &Result<User, OnboardingError>) -> Value {
    match line {
        Ok(user) => json!({ "index": at, "status": "done", "id": user.id, "source": user.source,
            "scim_takeover": user.scim_takeover }),
        Err(error) => {
            json!({ "index": at, "status": "refused", "code": error.code(), "detail": error.to_string() })
        }
    }
}

/// `GET …/members/{member}`
pub(super) async fn read(Admin(admin): Admin, ids: PathIds) -> Answer {
    Ok(shown(
        StatusCode::OK,
        &members::read(&admin, &ids.member()?).await?,
    ))
}

/// `PATCH …/members/{member}`
pub(super) async fn update(
    Admin(admin): Admin,
    ids: PathIds,
    IfMatch(version): IfMatch,
    ApiJson(patch): ApiJson<Value>,
) -> Answer {
    let read = members::at_version(&admin, &ids.member()?, version).await?;
    let edit = merge_into(&MemberEdit::of(&read), &patch)?;
    Ok(shown(
        StatusCode::OK,
        &members::update(&admin, &read, &edit).await?,
    ))
}

/// `DELETE …/members/{member}`
pub(super) async fn remove(Admin(admin): Admin, ids: PathIds) -> Answer {
    members::remove(&admin, &ids.member()?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST …/members/{member}/invite`
pub(super) async fn invite(Admin(admin): Admin, ids: PathIds) -> Answer {
    Ok(shown(
        StatusCode::OK,
        &members::invite(&admin, &ids.member()?).await?,
    ))
}

/// `POST …/members/{member}/deactivate`
pub(super) async fn deactivate(Admin(admin): Admin, ids: PathIds) -> Answer {
    Ok(shown(
        StatusCode::OK,
        &members::deactivate(&admin, &ids.member()?).await?,
    ))
}

/// `POST …/members/{member}/reactivate`
pub(super) async fn reactivate(Admin(admin): Admin, ids: PathIds) -> Answer {
    Ok(shown(
        StatusCode::OK,
        &members::reactivate(&admin, &ids.member()?).await?,
    ))
}

/// `POST …/members/{member}/revoke-sessions`
pub(super) async fn revoke_sessions(Admin(admin): Admin, ids: PathIds) -> Answer {
    Ok(shown(
        StatusCode::OK,
        &members::revoke_sessions(&admin, &ids.member()?).await?,
    ))
}

fn shown(status: StatusCode, user: &User) -> Response<Body> {
    json_at(status, user.version, &view::member(user))
}
