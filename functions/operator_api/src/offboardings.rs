//! Offboardings of tenants. They outlive the tenants, and so lie beside them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Value, json};

use gatehouse::app::Gatehouse;
use gatehouse::app::onboarding::{OnboardingError, Thing, offboarding};
use gatehouse::domain::ids::TenantId;
use gatehouse::domain::offboarding::Offboarding;
use gatehouse::http::api::{Answer, ApiJson, PageQuery, PathIds, bad_cursor, json as answer, page};

use crate::caller::Operator;

/// Whose things are to go; the name confirms it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    tenant: String,
    name: String,
}

/// `GET /operator/v1/offboardings`
pub(crate) async fn list(State(gatehouse): State<Arc<Gatehouse>>, uri: Uri) -> Answer {
    let query = PageQuery::of(&uri, &[])?;
    let after = query.cursor.as_deref().map(TenantId::parse).transpose();
    let after = after.map_err(|_| bad_cursor())?;
    let after = after.as_ref().map(TenantId::as_str);
    let (found, next) = offboarding::list(&gatehouse, after, query.store_limit()).await?;
    let items = found.iter().map(shown).collect::<Vec<_>>();
    Ok(answer(StatusCode::OK, &page(&items, next.as_deref())))
}

/// `POST /operator/v1/offboardings`: the tenant is gone with the answer; what is left of it is taken away in parts.
pub(crate) async fn begin(
    State(gatehouse): State<Arc<Gatehouse>>,
    Operator(principal): Operator,
    ApiJson(wanted): ApiJson<Wanted>,
) -> Answer {
    let tenant = TenantId::parse(&wanted.tenant);
    let tenant = tenant.map_err(|_| OnboardingError::NotFound(Thing::Tenant))?;
    let begun = offboarding::begin(&gatehouse, &principal, &tenant, &wanted.name).await?;
    Ok(answer(StatusCode::CREATED, &shown(&begun)))
}

/// `GET /operator/v1/offboardings/{tenant}`
pub(crate) async fn read(State(gatehouse): State<Arc<Gatehouse>>, ids: PathIds) -> Answer {
    let found = offboarding::read(&gatehouse, &ids.tenant()?).await?;
    Ok(answer(StatusCode::OK, &shown(&found)))
}

fn shown(job: &Offboarding) -> Value {
    json!({
        "tenant": job.tenant,
        "name": job.name,
        "state": if job.is_done() { "done" } else { "under_way" },
        "removed": job.removed,
        "requested_by": job.actor,
        "requested_at": job.requested_at,
        "finished_at": job.finished_at,
        "swept_at": job.swept_at,
    })
}
