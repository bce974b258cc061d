//! SCIM groups (RFC 7644, section 3).

use std::sync::Arc;

use axum::Router;
use axum::extract::RawQuery;
use axum::routing::{get, post};

use gatehouse::app::Gatehouse;
use gatehouse::app::scim::{groups, list};
use gatehouse::http::api::PathIds;
use gatehouse::http::edge;
use gatehouse::http::scim::{
    BASE, Caller, Conditions, ScimAnswer, ScimJson, changed, created, document, done, gone, group_view,
    protect, resource,
};
use gatehouse::scim::list::{ListQuery, Projection};
use gatehouse::scim::resource::location;
use gatehouse::scim::{ResourceKind, normalize, patch};

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let routes = Router::new()
        .route("/Groups", get(list).post(make))
        .route("/Groups/.search", post(search))
        .route(
            "/Groups/{id}",
            get(read).put(replace).patch(change).delete(delete),
        );
    let routes = Router::new().nest(BASE, routes);
    edge::wrap(protect(routes, gatehouse), "scim_groups")
}

async fn list(caller: Caller, RawQuery(query): RawQuery) -> ScimAnswer {
    let query = ListQuery::from_query(query.as_deref().unwrap_or_default())?;
    Ok(document(&list::groups(&caller, &query).await?))
}

async fn search(caller: Caller, ScimJson(body): ScimJson) -> ScimAnswer {
    let query = ListQuery::from_search(&body)?;
    Ok(document(&list::groups(&caller, &query).await?))
}

async fn make(caller: Caller, RawQuery(query): RawQuery, ScimJson(body): ScimJson) -> ScimAnswer {
    let projection = Projection::from_query(query.as_deref().unwrap_or_default())?;
    let incoming = normalize::resource(ResourceKind::Group, &body)?;
    let made = groups::create(&caller, &incoming).await?;
    let group = &made.record.group;
    let location = location(&caller.base, ResourceKind::Group, group.id.as_str());
    Ok(created(
        &location,
        group.version,
        group_view(&caller.base, &projection, &made),
    ))
}

async fn read(caller: Caller, ids: PathIds, conditions: Conditions, RawQuery(query): RawQuery) -> ScimAnswer {
    let projection = Projection::from_query(query.as_deref().unwrap_or_default())?;
    let members = projection.shows(ResourceKind::Group, "members");
    let found = groups::get(&caller, ids.text("id"), members).await?;
    let view = group_view(&caller.base, &projection, &found);
    resource(&conditions, found.record.group.version, view)
}

async fn replace(
    caller: Caller,
    ids: PathIds,
    conditions: Conditions,
    RawQuery(query): RawQuery,
    ScimJson(body): ScimJson,
) -> ScimAnswer {
    let projection = Projection::from_query(query.as_deref().unwrap_or_default())?;
    let incoming = normalize::resource(ResourceKind::Group, &body)?;
    let if_match = conditions.if_match.as_deref();
    let now = groups::replace(&caller, ids.text("id"), &incoming, if_match).await?;
    Ok(changed(
        now.record.group.version,
        group_view(&caller.base, &projection, &now),
    ))
}

/// 200 with the group as it is now; 204 where that would mean to read all members of a large group.
async fn change(
    caller: Caller,
    ids: PathIds,
    conditions: Conditions,
    RawQuery(query): RawQuery,
    ScimJson(body): ScimJson,
) -> ScimAnswer {
    let projection = Projection::from_query(query.as_deref().unwrap_or_default())?;
    let id = ids.text("id");
    let plan = patch::plan(ResourceKind::Group, id, &body)?;
    let now = groups::patch(&caller, id, &plan, conditions.if_match.as_deref()).await?;
    let version = now.record.group.version;
    if now.members.is_none() && projection.shows(ResourceKind::Group, "members") {
        return Ok(done(version));
    }
    Ok(changed(version, group_view(&caller.base, &projection, &now)))
}

async fn delete(caller: Caller, ids: PathIds, conditions: Conditions) -> ScimAnswer {
    groups::delete(&caller, ids.text("id"), conditions.if_match.as_deref()).await?;
    Ok(gone())
}
