//! What goes: a person's erasure; and what may be taken along, the export.

use axum::http::{StatusCode, Uri};
use serde_json::{Map, Value, json};

use super::query::bad_cursor;
use super::{Admin, Answer, PageQuery, PathIds, json as answer, page, tenant_view, view};
use crate::app::Gatehouse;
use crate::app::onboarding::export::{self, ExportCursor, Exported, ExportedMember};
use crate::app::onboarding::members;
use crate::domain::erasure::Erasure;
use crate::domain::ids::UserId;
use crate::store::LinkedIdentity;

/// `POST …/members/{member}/erasure`: every access is over with the answer; what is left is taken away in parts.
pub(super) async fn erase(Admin(admin): Admin, ids: PathIds) -> Answer {
    let erasure = members::erase(&admin, &ids.member()?).await?;
    Ok(answer(StatusCode::ACCEPTED, &shown(&erasure)))
}

/// `GET …/members/{member}/erasure`
pub(super) async fn read_erasure(Admin(admin): Admin, ids: PathIds) -> Answer {
    let erasure = members::erasure_of(&admin, &ids.member()?).await?;
    Ok(answer(StatusCode::OK, &shown(&erasure)))
}

/// `GET …/erasures`
pub(super) async fn list_erasures(Admin(admin): Admin, uri: Uri) -> Answer {
    let query = PageQuery::of(&uri, &[])?;
    let after = query.cursor.as_deref().map(UserId::parse).transpose();
    let after = after.map_err(|_| bad_cursor())?;
    let (found, next) = members::erasures(&admin, after.as_ref(), query.store_limit()).await?;
    let items = found.iter().map(shown).collect::<Vec<_>>();
    let next = next.as_ref().map(UserId::as_str);
    Ok(answer(StatusCode::OK, &page(&items, next)))
}

/// What the person was known by is no part of it.
fn shown(erasure: &Erasure) -> Value {
    json!({
        "member": erasure.user,
        "state": if erasure.is_done() { "done" } else { "under_way" },
        "removed": erasure.removed,
        "pseudonymized": erasure.pseudonymized,
        "requested_at": erasure.requested_at,
        "finished_at": erasure.finished_at,
        "remembered_until": erasure.remembered_until,
    })
}

/// `GET …/export`
pub(super) async fn export(Admin(admin): Admin, uri: Uri) -> Answer {
    let query = PageQuery::of(&uri, &[])?;
    let at = match query.cursor.as_deref() {
        Some(text) => ExportCursor::parse(text).ok_or_else(bad_cursor)?,
        None => ExportCursor::default(),
    };
    let (found, next) = export::page(&admin, &at, query.limit).await?;
    let operator = admin.actor.is_operator();
    let items = found
        .iter()
        .map(|thing| exported(&admin.gatehouse, thing, operator));
    let next = next.map(|next| next.to_text());
    Ok(answer(
        StatusCode::OK,
        &page(&items.collect::<Vec<_>>(), next.as_deref()),
    ))
}

fn exported(gatehouse: &Gatehouse, thing: &Exported, operator: bool) -> Value {
    let (kind, data) = match thing {
        Exported::Tenant(tenant) => ("tenant", tenant_view(tenant)),
        Exported::Domain(claim) => ("domain", view::domain(claim)),
        Exported::Connection(connection) => ("connection", view::connection(gatehouse, connection, &[])),
        Exported::BreakGlass(entry) => (
            "break_glass",
            json!({ "email": entry.email, "added_at": entry.added_at, "used_at": entry.used_at }),
        ),
        Exported::ApiKey(key) => ("api_key", view::api_key(key)),
        Exported::Deadline(deadline) => (
            "deadline",
            json!({ "kind": deadline.kind, "id": deadline.id, "name": deadline.name, "expires_at": deadline.expires_at }),
        ),
        Exported::Import(import) => (
            "member_import",
            json!({ "id": import.id, "parts": import.parts, "started_at": import.started_at }),
        ),
        Exported::Team(team) => ("team", json!(team)),
        Exported::Group(record) => {
            let group = &record.group;
            (
                "group",
                json!({ "id": group.id, "display_name": group.display_name, "external_id": group.external_id,
                    "references": group.references, "members": record.members, "created_at": group.created_at,
                    "modified_at": group.modified_at }),
            )
        }
        Exported::Member(whole) => ("member", member(whole)),
        Exported::Audit(record) => ("audit_entry", view::audit(record, operator)),
    };
    json!({ "kind": kind, "data": data })
}

fn member(whole: &ExportedMember) -> Value {
    let mut shown = view::member(&whole.user);
    let groups = whole.groups.iter().map(|record| &record.group.id);
    let identities = whole.identities.iter().map(identity).collect::<Vec<_>>();
    let scim = whole.user.scim.as_ref();
    let scim = scim.map_or_else(Map::new, |record| record.attributes.clone());
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("scim".to_owned(), Value::Object(scim));
        fields.insert("teams".to_owned(), json!(whole.teams));
        fields.insert("groups".to_owned(), json!(groups.collect::<Vec<_>>()));
        fields.insert("identities".to_owned(), Value::from(identities));
    }
    shown
}

fn identity(identity: &LinkedIdentity) -> Value {
    json!({
        "id": identity.id(),
        "connection": identity.connection,
        "email": identity.known.email,
        "linked_at": identity.known.linked_at,
        "last_sign_in": identity.known.last_sign_in,
    })
}
