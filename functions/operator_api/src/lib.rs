//! The operator's API (`/operator/v1/…`): tenants, what belongs to them, and app clients.

mod caller;
mod clients;
mod tenants;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::{delete, get, post};

use gatehouse::app::Gatehouse;
use gatehouse::app::onboarding::Administration;
use gatehouse::http::api::{self, Admin, PathIds};
use gatehouse::http::edge;
use gatehouse::http::problem::Problem;

use caller::{Operator, as_operator};

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let one_tenant = api::tenant_routes().merge(api::operator_routes());
    let one_tenant = one_tenant.layer(from_fn_with_state(gatehouse.clone(), on_tenant));
    let routes = Router::new()
        .route("/tenants", get(tenants::list).post(tenants::create))
        .route("/clients", get(clients::list).post(clients::create))
        .route(
            "/clients/{client}",
            get(clients::read).put(clients::update).delete(clients::delete),
        )
        .route("/clients/{client}/secrets", post(clients::add_secret))
        .route(
            "/clients/{client}/secrets/{secret}",
            delete(clients::revoke_secret),
        )
        .with_state(gatehouse.clone())
        .nest("/tenants/{tenant}", one_tenant)
        .layer(from_fn_with_state(gatehouse, as_operator));
    edge::wrap(Router::new().nest("/operator/v1", routes), "operator_api")
}

/// Hands the routes of one tenant their handle on it.
async fn on_tenant(
    State(gatehouse): State<Arc<Gatehouse>>,
    Operator(principal): Operator,
    ids: PathIds,
    mut request: Request,
    next: Next,
) -> Result<Response<Body>, Problem> {
    let administration = Administration::by_operator(gatehouse, &ids.tenant()?, principal).await?;
    request.extensions_mut().insert(Admin(administration));
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests;
