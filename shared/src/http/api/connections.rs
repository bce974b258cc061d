//! Connections of a tenant.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::{Admin, Answer, ApiJson, IfMatch, OptionalJson, PathIds, json, json_at, merge_into, page, view};
use crate::app::onboarding::Administration;
use crate::app::onboarding::connections::idp::{self, IdpInput};
use crate::app::onboarding::connections::state::{self, Step};
use crate::app::onboarding::connections::{self, ConnectionEdit};
use crate::domain::connection::Connection;
use crate::domain::ids::ConnectionId;
use crate::http::body;
use crate::http::problem::Problem;
use crate::saml::metadata::{MAX_METADATA_BYTES, MetadataFinding};

/// Limit of a body with metadata in it: every character may be escaped once.
const METADATA_BODY_LIMIT: usize = 2 * MAX_METADATA_BYTES;

/// `GET …/connections`
pub(super) async fn list(Admin(admin): Admin) -> Answer {
    let found = connections::list(&admin).await?;
    let items = found
        .iter()
        .map(|connection| shown(&admin, connection, &[]))
        .collect::<Vec<_>>();
    Ok(json(StatusCode::OK, &page(&items, None)))
}

/// `POST …/connections`. `protocol` is `saml`; `id` is the operator's choice alone (CH-02).
pub(super) async fn create(Admin(admin): Admin, ApiJson(body): ApiJson<Value>) -> Answer {
    let (id, rest) = identified(body)?;
    let edit = merge_into(&ConnectionEdit::default(), &rest)?;
    let connection = connections::create(&admin, id, edit).await?;
    Ok(answer(StatusCode::CREATED, &admin, &connection, &[]))
}

/// Takes `protocol` and `id` off the body.
fn identified(body: Value) -> Result<(Option<ConnectionId>, Value), Problem> {
    let bad = |field: &'static str, detail: &'static str| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "connection_field", detail).with_field(field, detail)
    };
    let mut body = body;
    let Some(fields) = body.as_object_mut() else {
        return Ok((None, body));
    };
    let protocol = fields.remove("protocol");
    if protocol.as_ref().and_then(Value::as_str) != Some("saml") {
        return Err(bad("/protocol", "Wanted the protocol saml."));
    }
    let id = match fields.remove("id") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(ConnectionId::parse(&text)),
        Some(_) => Some(ConnectionId::parse("")),
    };
    let id = id
        .transpose()
        .map_err(|_| bad("/id", "Wanted 1 to 64 letters, digits, '-' or '_'."))?;
    Ok((id, body))
}

/// `GET …/connections/{connection}`
pub(super) async fn read(Admin(admin): Admin, ids: PathIds) -> Answer {
    let connection = connections::read(&admin, &ids.connection()?).await?;
    Ok(answer(StatusCode::OK, &admin, &connection, &[]))
}

/// `PATCH …/connections/{connection}`
pub(super) async fn update(
    Admin(admin): Admin,
    ids: PathIds,
    IfMatch(version): IfMatch,
    ApiJson(patch): ApiJson<Value>,
) -> Answer {
    let read = connections::at_version(&admin, &ids.connection()?, version).await?;
    let edit = merge_into(&ConnectionEdit::of(&read), &patch)?;
    let connection = connections::update(&admin, &read, edit).await?;
    Ok(answer(StatusCode::OK, &admin, &connection, &[]))
}

/// `PUT …/connections/{connection}/idp`
pub(super) async fn set_idp(
    Admin(admin): Admin,
    ids: PathIds,
    IfMatch(version): IfMatch,
    request: Request,
) -> Answer {
    let read = connections::at_version(&admin, &ids.connection()?, version).await?;
    let (parts, body) = request.into_parts();
    let input: IdpInput = body::read_json(&parts.headers, body, METADATA_BODY_LIMIT).await?;
    let (connection, findings) = idp::set(&admin, &read, &input).await?;
    Ok(answer(StatusCode::OK, &admin, &connection, &findings))
}

/// A refusal of the operator's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rejection {
    reason: String,
}

/// How a connection is switched on from any state.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Activation {
    #[serde(default)]
    without_test: Option<String>,
}

/// `POST …/connections/{connection}/validate`
pub(super) async fn validate(Admin(admin): Admin, ids: PathIds) -> Answer {
    let connection = state::check(&admin, &ids.connection()?).await?;
    Ok(answer(StatusCode::OK, &admin, &connection, &[]))
}

/// `POST …/connections/{connection}/submit`
pub(super) async fn submit(admin: Admin, ids: PathIds) -> Answer {
    step(admin, &ids, &Step::Submit).await
}

/// `POST …/connections/{connection}/withdraw`
pub(super) async fn withdraw(admin: Admin, ids: PathIds) -> Answer {
    step(admin, &ids, &Step::Withdraw).await
}

/// `POST …/connections/{connection}/suspend`
pub(super) async fn suspend(admin: Admin, ids: PathIds) -> Answer {
    step(admin, &ids, &Step::Suspend).await
}

/// `POST …/connections/{connection}/resume`
pub(super) async fn resume(admin: Admin, ids: PathIds) -> Answer {
    step(admin, &ids, &Step::Resume).await
}

/// `POST /operator/v1/tenants/{tenant}/connections/{connection}/approve`
pub(super) async fn approve(admin: Admin, ids: PathIds) -> Answer {
    step(admin, &ids, &Step::Approve).await
}

/// `POST /operator/v1/tenants/{tenant}/connections/{connection}/reject`
pub(super) async fn reject(admin: Admin, ids: PathIds, ApiJson(body): ApiJson<Rejection>) -> Answer {
    step(admin, &ids, &Step::Reject { reason: body.reason }).await
}

/// `POST /operator/v1/tenants/{tenant}/connections/{connection}/activate`
pub(super) async fn activate(
    admin: Admin,
    ids: PathIds,
    OptionalJson(body): OptionalJson<Activation>,
) -> Answer {
    let without_test = body.without_test;
    step(admin, &ids, &Step::Activate { without_test }).await
}

async fn step(Admin(admin): Admin, ids: &PathIds, step: &Step) -> Answer {
    let connection = state::take(&admin, &ids.connection()?, step).await?;
    Ok(answer(StatusCode::OK, &admin, &connection, &[]))
}

fn answer(
    status: StatusCode,
    admin: &Administration,
    connection: &Connection,
    findings: &[MetadataFinding],
) -> Response<Body> {
    json_at(status, connection.version, &shown(admin, connection, findings))
}

fn shown(admin: &Administration, connection: &Connection, findings: &[MetadataFinding]) -> Value {
    view::connection(&admin.gatehouse, connection, findings)
}
