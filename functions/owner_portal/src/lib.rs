//! The owner's JSON API (`/owner/v1/…`), for a bearer API key of kind owner. The tenant is the key's and stands in no
//! path, so that no request can name another one.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::get;

use gatehouse::app::Gatehouse;
use gatehouse::http::api::openapi::{self, Audience};
use gatehouse::http::api::table::{Operation, Table};
use gatehouse::http::api::{self, Admin};
use gatehouse::http::edge;
use gatehouse::http::problem::Problem;

/// Where the routes lie.
const BASE: &str = "/owner/v1";

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let (routes, _) = table().split("");
    let document = openapi::document(Audience::Owner, gatehouse.config.base_url.as_str(), &operations());
    let routes = routes.layer(from_fn_with_state(gatehouse, as_owner)).route(
        "/openapi.json",
        get(async move || api::json(StatusCode::OK, &document)),
    );
    edge::wrap(Router::new().nest(BASE, routes), "owner_portal")
}

/// Every route with what the OpenAPI document says of it.
#[must_use]
pub fn operations() -> Vec<Operation> {
    table().split(BASE).1
}

fn table() -> Table {
    api::tenant_routes().merge(api::owner_routes())
}

async fn as_owner(
    State(gatehouse): State<Arc<Gatehouse>>,
    mut request: Request,
    next: Next,
) -> Result<Response<Body>, Problem> {
    let administration = api::owner(gatehouse, request.headers()).await?;
    request.extensions_mut().insert(Admin(administration));
    Ok(next.run(request).await)
}
