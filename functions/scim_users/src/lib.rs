//! SCIM users (RFC 7644, section 3).

use std::sync::Arc;

use axum::Router;
use axum::extract::RawQuery;
use axum::routing::{get, post};

use gatehouse::app::Gatehouse;
use gatehouse::app::scim::list;
use gatehouse::app::scim::users::{self, Update};
use gatehouse::http::api::PathIds;
use gatehouse::http::edge;
use gatehouse::http::scim::{
    BASE, Caller, Conditions, ScimAnswer, ScimJson, changed, created, document, gone, protect, resource,
};
use gatehouse::scim::list::{ListQuery, Projection};

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let routes = Router::new()
        .route("/Users", get(list).post(create))
        .route("/Users/.search", post(search))
        .route("/Users/{id}", get(read).put(replace).patch(change).delete(delete));
    let routes = Router::new().nest(BASE, routes);
    edge::wrap(protect(routes, gatehouse), "scim_users")
}

async fn list(caller: Caller, RawQuery(query): RawQuery) -> ScimAnswer {
    let query = ListQuery::from_query(query.as_deref().unwrap_or_default())?;
    Ok(document(&list::users(&caller, &query).await?))
}

async fn search(caller: Caller, ScimJson(body): ScimJson) -> ScimAnswer {
    let query = ListQuery::from_search(&body)?;
    Ok(document(&list::users(&caller, &query).await?))
}

async fn create(caller: Caller, RawQuery(query): RawQuery, ScimJson(body): ScimJson) -> ScimAnswer {
    let projection = Projection::from_query(query.as_deref().unwrap_or_default())?;
    let made = users::create(&caller, &body, &projection).await?;
    Ok(created(&made.location, made.version, made.body))
}

async fn read(caller: Caller, ids: PathIds, RawQuery(query): RawQuery, conditions: Conditions) -> ScimAnswer {
    let projection = Projection::from_query(query.as_deref().unwrap_or_default())?;
    let found = users::read(&caller, ids.text("id"), &projection).await?;
    resource(&conditions, found.version, found.body)
}

async fn replace(
    caller: Caller,
    ids: PathIds,
    RawQuery(query): RawQuery,
    conditions: Conditions,
    ScimJson(body): ScimJson,
) -> ScimAnswer {
    update(
        &caller,
        &ids,
        query.as_deref(),
        &conditions,
        Update::Replace(&body),
    )
    .await
}

async fn change(
    caller: Caller,
    ids: PathIds,
    RawQuery(query): RawQuery,
    conditions: Conditions,
    ScimJson(body): ScimJson,
) -> ScimAnswer {
    update(&caller, &ids, query.as_deref(), &conditions, Update::Patch(&body)).await
}

async fn update(
    caller: &Caller,
    ids: &PathIds,
    query: Option<&str>,
    conditions: &Conditions,
    update: Update<'_>,
) -> ScimAnswer {
    let projection = Projection::from_query(query.unwrap_or_default())?;
    let if_match = conditions.if_match.as_deref();
    let after = users::update(caller, ids.text("id"), if_match, update, &projection).await?;
    Ok(changed(after.version, after.body))
}

async fn delete(caller: Caller, ids: PathIds, conditions: Conditions) -> ScimAnswer {
    users::delete(&caller, ids.text("id"), conditions.if_match.as_deref()).await?;
    Ok(gone())
}
