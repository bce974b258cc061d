//! The operator's API (`/operator/v1/…`): tenants, what belongs to them, and app clients.

mod caller;
mod clients;
mod offboardings;
mod tenants;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::routing::get;

use gatehouse::app::Gatehouse;
use gatehouse::app::onboarding::Administration;
use gatehouse::http::api::openapi::{self, Audience, Doc};
use gatehouse::http::api::table::Verb::{Delete, Get, Post, Put};
use gatehouse::http::api::table::{Operation, Table};
use gatehouse::http::api::{self, Admin, PathIds};
use gatehouse::http::edge;
use gatehouse::http::problem::Problem;

use caller::{Operator, as_operator};

/// Where the routes lie.
const BASE: &str = "/operator/v1";

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let (one_tenant, _) = one_tenant().split("");
    let (deployment, _) = deployment().split("");
    let idempotent = from_fn_with_state(gatehouse.clone(), api::idempotent);
    let one_tenant = one_tenant
        .layer(idempotent.clone())
        .layer(from_fn(api::rate_limited))
        .layer(from_fn_with_state(gatehouse.clone(), on_tenant));
    let deployment = deployment.layer(idempotent);
    let document = openapi::lazily(Audience::Operator, &gatehouse.config.base_url, operations);
    let routes = deployment
        .with_state(gatehouse.clone())
        .nest("/tenants/{tenant}", one_tenant)
        .layer(from_fn_with_state(gatehouse, as_operator))
        .route(
            "/openapi.json",
            get(async move || api::json(StatusCode::OK, &**document)),
        );
    edge::wrap(Router::new().nest(BASE, routes), "operator_api")
}

/// Every route with what the OpenAPI document says of it.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let (_, mut all) = deployment().split(BASE);
    all.extend(one_tenant().split(&format!("{BASE}/tenants/{{tenant}}")).1);
    all
}

/// The routes of one tenant.
fn one_tenant() -> Table {
    api::tenant_routes().merge(api::operator_routes())
}

/// The routes of the deployment.
fn deployment() -> Table<Arc<Gatehouse>> {
    let doc = Doc::new;
    Table::new()
        .on(
            Get,
            "/tenants",
            tenants::list,
            doc("list_tenants", "Tenants").lists("tenant"),
        )
        .on(
            Post,
            "/tenants",
            tenants::create,
            doc("create_tenant", "Makes a tenant")
                .body("tenant_new")
                .makes("tenant"),
        )
        .on(
            Get,
            "/audit",
            clients::trail,
            doc(
                "list_deployment_audit",
                "What was done to app clients, newest first",
            )
            .lists("audit_entry"),
        )
        .merge(client_routes())
        .merge(offboarding_routes())
}

/// The routes by which tenants go.
fn offboarding_routes() -> Table<Arc<Gatehouse>> {
    let doc = Doc::new;
    Table::new()
        .on(
            Get,
            "/offboardings",
            offboardings::list,
            doc("list_offboardings", "Tenants that were taken away").lists("offboarding"),
        )
        .on(
            Post,
            "/offboardings",
            offboardings::begin,
            doc(
                "offboard_tenant",
                "Takes a tenant away with everything of it, for good; asked for again, it says how far it came",
            )
            .body("offboarding_new")
            .makes("offboarding")
            .refuses(&[404]),
        )
        .on(
            Get,
            "/offboardings/{tenant}",
            offboardings::read,
            doc(
                "read_offboarding",
                "How far a tenant's offboarding came, and what was taken away",
            )
            .shows("offboarding"),
        )
}

/// The routes of app clients.
fn client_routes() -> Table<Arc<Gatehouse>> {
    let doc = Doc::new;
    let client = "/clients/{client}";
    Table::new()
        .on(
            Get,
            "/clients",
            clients::list,
            doc("list_clients", "App clients").lists("app_client"),
        )
        .on(
            Post,
            "/clients",
            clients::create,
            doc("create_client", "Registers an app client")
                .body("app_client_settings")
                .makes("app_client"),
        )
        .on(
            Get,
            client,
            clients::read,
            doc("read_client", "An app client").shows("app_client"),
        )
        .on(
            Put,
            client,
            clients::update,
            doc("update_client", "Writes all settings; secrets stay")
                .body("app_client_settings")
                .shows("app_client")
                .changes(),
        )
        .merge(secret_routes())
}

/// The routes that end an app client, and of its secrets.
fn secret_routes() -> Table<Arc<Gatehouse>> {
    let doc = Doc::new;
    let client = "/clients/{client}";
    Table::new()
        .on(
            Delete,
            client,
            clients::delete,
            doc("delete_client", "Deletes an app client"),
        )
        .on(
            Post,
            &format!("{client}/secrets"),
            clients::add_secret,
            doc("add_client_secret", "Adds a secret, which is shown this once")
                .body("app_client_secret_new")
                .makes("client_secret_made"),
        )
        .on(
            Delete,
            &format!("{client}/secrets/{{secret}}"),
            clients::revoke_secret,
            doc("revoke_client_secret", "Takes a secret away").refuses(&[409]),
        )
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
