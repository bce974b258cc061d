//! Connections of a tenant.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode, Uri};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::query::page_of;
use super::{Admin, Answer, ApiJson, IfMatch, OptionalJson, PathIds, json, json_at, merge_into, view};
use crate::app::onboarding::Administration;
use crate::app::onboarding::connections::idp::{self, IdpInput};
use crate::app::onboarding::connections::state::{self, Step};
use crate::app::onboarding::connections::{self, ConnectionEdit, secret, sp_keys};
use crate::domain::connection::sp_keys::SpKeyUse;
use crate::domain::connection::{Connection, OidcPreset, SamlPreset};
use crate::domain::ids::ConnectionId;
use crate::http::body;
use crate::http::problem::Problem;
use crate::redacted::Secret;
use crate::saml::metadata::{MAX_METADATA_BYTES, MetadataFinding};

/// Limit of a body with metadata in it: every character may be escaped once.
const METADATA_BODY_LIMIT: usize = 2 * MAX_METADATA_BYTES;

/// `GET …/connections`
pub(super) async fn list(Admin(admin): Admin, uri: Uri) -> Answer {
    let found = connections::list(&admin).await?;
    let show = |connection: &Connection| shown(&admin, connection, &[]);
    let page = page_of(&uri, &found, |connection| connection.id.to_string(), show)?;
    Ok(json(StatusCode::OK, &page))
}

/// `POST …/connections`. `protocol` is `saml`, `oidc` or `github`; `id` is the operator's choice alone (CH-02).
pub(super) async fn create(Admin(admin): Admin, ApiJson(body): ApiJson<Value>) -> Answer {
    let (id, defaults, rest) = identified(body)?;
    let edit = merge_into(&defaults, &rest)?;
    let connection = connections::create(&admin, id, edit).await?;
    Ok(answer(StatusCode::CREATED, &admin, &connection, &[]))
}

/// Takes `protocol` and `id` off the body, and finds the defaults that the rest is laid over: a preset has its own.
fn identified(body: Value) -> Result<(Option<ConnectionId>, ConnectionEdit, Value), Problem> {
    let bad = |field: &'static str, detail: &'static str| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "connection_field", detail).with_field(field, detail)
    };
    let mut body = body;
    let Some(fields) = body.as_object_mut() else {
        return Ok((None, ConnectionEdit::default(), body));
    };
    let protocol = fields.remove("protocol");
    let id = match fields.remove("id") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(ConnectionId::parse(&text)),
        Some(_) => Some(ConnectionId::parse("")),
    };
    let id = id
        .transpose()
        .map_err(|_| bad("/id", "Wanted 1 to 64 letters, digits, '-' or '_'."))?;
    let defaults = match protocol.as_ref().and_then(Value::as_str) {
        Some("saml") => {
            let preset = fields.get("saml").and_then(|saml| saml.get("preset")).cloned();
            let preset = preset.map_or(Ok(SamlPreset::default()), serde_json::from_value);
            ConnectionEdit::saml(preset.map_err(|_| bad("/saml/preset", "Wanted the name of a preset."))?)
        }
        Some("github") => ConnectionEdit::github(),
        Some("oidc") => {
            let preset = fields.get("oidc").and_then(|oidc| oidc.get("preset")).cloned();
            let preset = preset.map_or(Ok(OidcPreset::default()), serde_json::from_value);
            ConnectionEdit::oidc(preset.map_err(|_| bad("/oidc/preset", "Wanted the name of a preset."))?)
        }
        Some(_) | None => return Err(bad("/protocol", "Wanted the protocol saml, oidc or github.")),
    };
    Ok((id, defaults, body))
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

/// `{"client_secret": …, "expires_at": …}`; the end is optional (AQ-20).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSecret {
    client_secret: Secret,
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

/// `PUT …/connections/{connection}/client-secret`: written to Secrets Manager, and never shown again.
pub(super) async fn set_secret(
    Admin(admin): Admin,
    ids: PathIds,
    IfMatch(version): IfMatch,
    ApiJson(new): ApiJson<NewSecret>,
) -> Answer {
    let read = connections::at_version(&admin, &ids.connection()?, version).await?;
    let connection = secret::set_until(&admin, &read, &new.client_secret, new.expires_at).await?;
    Ok(answer(StatusCode::OK, &admin, &connection, &[]))
}

/// `POST …/connections/{connection}/client-keys`: makes the key that will follow.
pub(super) async fn add_client_key(Admin(admin): Admin, ids: PathIds, IfMatch(version): IfMatch) -> Answer {
    let read = connections::at_version(&admin, &ids.connection()?, version).await?;
    let connection = secret::next_key(&admin, &read).await?;
    Ok(answer(StatusCode::CREATED, &admin, &connection, &[]))
}

/// `POST …/connections/{connection}/client-keys/activate`: the key that was made to follow is the one in use.
pub(super) async fn activate_client_key(
    Admin(admin): Admin,
    ids: PathIds,
    IfMatch(version): IfMatch,
) -> Answer {
    let read = connections::at_version(&admin, &ids.connection()?, version).await?;
    let connection = secret::activate_next_key(&admin, &read).await?;
    Ok(answer(StatusCode::OK, &admin, &connection, &[]))
}

/// A key that follows: for what, and from when on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NextKey {
    #[serde(rename = "use")]
    of: SpKeyUse,
    #[serde(default)]
    takes_over_at: Option<DateTime<Utc>>,
}

/// Which keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhichKey {
    #[serde(rename = "use")]
    of: SpKeyUse,
}

/// `POST …/connections/{connection}/sp-keys`: announces the key that follows.
pub(super) async fn announce_sp_key(
    Admin(admin): Admin,
    ids: PathIds,
    IfMatch(version): IfMatch,
    ApiJson(next): ApiJson<NextKey>,
) -> Answer {
    let read = connections::at_version(&admin, &ids.connection()?, version).await?;
    let connection = sp_keys::announce(&admin, &read, next.of, next.takes_over_at).await?;
    Ok(answer(StatusCode::CREATED, &admin, &connection, &[]))
}

/// `POST …/connections/{connection}/sp-keys/activate`: the key that was announced takes over now.
pub(super) async fn activate_sp_key(
    Admin(admin): Admin,
    ids: PathIds,
    IfMatch(version): IfMatch,
    ApiJson(which): ApiJson<WhichKey>,
) -> Answer {
    let read = connections::at_version(&admin, &ids.connection()?, version).await?;
    let connection = sp_keys::activate(&admin, &read, which.of).await?;
    Ok(answer(StatusCode::OK, &admin, &connection, &[]))
}

/// `POST …/connections/{connection}/sp-keys/retire`: the key before ends now.
pub(super) async fn retire_sp_key(
    Admin(admin): Admin,
    ids: PathIds,
    IfMatch(version): IfMatch,
    ApiJson(which): ApiJson<WhichKey>,
) -> Answer {
    let read = connections::at_version(&admin, &ids.connection()?, version).await?;
    let connection = sp_keys::retire(&admin, &read, which.of).await?;
    Ok(answer(StatusCode::OK, &admin, &connection, &[]))
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
