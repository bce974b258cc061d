//! SCIM discovery (RFC 7644, section 4), the search over all types, and the answer to whatever below a SCIM base URL no other function serves.

use std::sync::Arc;

use axum::Router;
use axum::extract::RawQuery;
use axum::routing::{any, get, post};

use gatehouse::app::Gatehouse;
use gatehouse::app::scim::list;
use gatehouse::http::api::PathIds;
use gatehouse::http::edge;
use gatehouse::http::scim::{BASE, Caller, ScimAnswer, ScimJson, document, protect};
use gatehouse::scim::list::{ListQuery, parameters};
use gatehouse::scim::{ScimError, schema};

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let routes = Router::new()
        .route("/ServiceProviderConfig", get(service_provider_config))
        .route("/ResourceTypes", get(resource_types))
        .route("/ResourceTypes/{name}", get(resource_type))
        .route("/Schemas", get(schemas))
        .route("/Schemas/{urn}", get(one_schema))
        .route("/.search", post(search))
        .route("/Me", any(me))
        .route("/Bulk", any(bulk))
        .route("/", get(query).fallback(nothing))
        .route("/{*rest}", any(nothing));
    let routes = Router::new()
        .nest(BASE, routes)
        .route(&format!("{BASE}/"), get(query).fallback(nothing));
    edge::wrap(protect(routes, gatehouse), "scim_root")
}

async fn service_provider_config(caller: Caller, RawQuery(query): RawQuery) -> ScimAnswer {
    whole(query.as_deref())?;
    Ok(document(&schema::service_provider_config(&caller.base)))
}

async fn resource_types(caller: Caller, RawQuery(query): RawQuery) -> ScimAnswer {
    whole(query.as_deref())?;
    Ok(document(&schema::resource_types(&caller.base)))
}

async fn resource_type(caller: Caller, ids: PathIds) -> ScimAnswer {
    let found = schema::resource_type(&caller.base, ids.text("name"));
    Ok(document(&found.ok_or_else(|| absent("resource type"))?))
}

async fn schemas(caller: Caller, RawQuery(query): RawQuery) -> ScimAnswer {
    whole(query.as_deref())?;
    Ok(document(&schema::schemas(&caller.base)))
}

async fn one_schema(caller: Caller, ids: PathIds) -> ScimAnswer {
    let found = schema::schema(&caller.base, ids.text("urn"));
    Ok(document(&found.ok_or_else(|| absent("schema"))?))
}

/// RFC 7644, section 3.4.3: over users and groups.
async fn search(caller: Caller, ScimJson(body): ScimJson) -> ScimAnswer {
    let query = ListQuery::from_search(&body)?;
    Ok(document(&list::everything(&caller, &query).await?))
}

/// RFC 7644, section 3.4.2.1: a query of the root is one over users and groups.
async fn query(caller: Caller, RawQuery(query): RawQuery) -> ScimAnswer {
    let query = ListQuery::from_query(query.as_deref().unwrap_or_default())?;
    Ok(document(&list::everything(&caller, &query).await?))
}

async fn me() -> ScimError {
    ScimError::NotImplemented("/Me: a SCIM key is no user; ask for /Users/{id}".to_owned())
}

async fn bulk() -> ScimError {
    ScimError::NotImplemented("/Bulk: not supported, as /ServiceProviderConfig says".to_owned())
}

async fn nothing() -> ScimError {
    ScimError::NotFound(
        "no such endpoint: wanted /Users, /Groups, /.search, /ServiceProviderConfig, /ResourceTypes or /Schemas"
            .to_owned(),
    )
}

fn absent(what: &str) -> ScimError {
    ScimError::NotFound(format!("no such {what}"))
}

/// A filter on discovery documents is answered by 403 (RFC 7644, section 4); other parameters are left alone.
fn whole(query: Option<&str>) -> Result<(), ScimError> {
    let parameters = parameters(query.unwrap_or_default())?;
    if parameters
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("filter"))
    {
        return Err(ScimError::Forbidden(
            "filter: discovery documents are given whole".to_owned(),
        ));
    }
    Ok(())
}
