//! The owner's JSON API (`/owner/v1/…`), for a bearer API key of kind owner. The tenant is the key's and stands in no
//! path, so that no request can name another one.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::middleware::{Next, from_fn_with_state};

use gatehouse::app::Gatehouse;
use gatehouse::http::api::{self, Admin};
use gatehouse::http::edge;
use gatehouse::http::problem::Problem;

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let routes = api::tenant_routes().merge(api::owner_routes());
    let routes = routes.layer(from_fn_with_state(gatehouse, as_owner));
    edge::wrap(Router::new().nest("/owner/v1", routes), "owner_portal")
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
