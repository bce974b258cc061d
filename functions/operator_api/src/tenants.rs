//! The list of tenants.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use serde_json::Value;

use gatehouse::app::Gatehouse;
use gatehouse::app::onboarding::tenants::{self, TenantEdit};
use gatehouse::domain::ids::TenantId;
use gatehouse::http::api::{
    Answer, ApiJson, PageQuery, bad_cursor, json, merge_into, page, show_tenant, tenant_view,
};

use crate::caller::Operator;

/// `GET /operator/v1/tenants`
pub(crate) async fn list(State(gatehouse): State<Arc<Gatehouse>>, uri: Uri) -> Answer {
    let query = PageQuery::of(&uri, &[])?;
    let after = query
        .cursor
        .as_deref()
        .map(TenantId::parse)
        .transpose()
        .map_err(|_| bad_cursor())?;
    let found = tenants::list(&gatehouse, after.as_ref(), query.store_limit()).await?;
    let next = found
        .last()
        .filter(|_| found.len() == query.limit)
        .map(|tenant| tenant.id.as_str());
    let items = found.iter().map(tenant_view).collect::<Vec<_>>();
    Ok(json(StatusCode::OK, &page(&items, next)))
}

/// `POST /operator/v1/tenants`
pub(crate) async fn create(
    State(gatehouse): State<Arc<Gatehouse>>,
    Operator(principal): Operator,
    ApiJson(body): ApiJson<Value>,
) -> Answer {
    let edit = merge_into(&TenantEdit::initial(&gatehouse), &body)?;
    let tenant = tenants::create(&gatehouse, principal, edit).await?;
    Ok(show_tenant(StatusCode::CREATED, &tenant))
}
