//! The owner's JSON API (`/owner/v1/…`), for a bearer API key of kind owner. The tenant is the key's and stands in no
//! path, so that no request can name another one.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::routing::get;

use gatehouse::app::Gatehouse;
use gatehouse::http::api::openapi::{self, Audience};
use gatehouse::http::api::table::{Operation, Table};
use gatehouse::http::api::{self, Admin};
use gatehouse::http::edge;
use gatehouse::http::pages::{NoticePage, Pages};
use gatehouse::http::problem::Problem;

/// Where the routes lie.
const BASE: &str = "/owner/v1";

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let (routes, _) = table().split("");
    let (public, _) = api::public_routes().split("");
    let pages = Pages::new(&gatehouse.config);
    let document = openapi::lazily(Audience::Owner, &gatehouse.config.base_url, operations);
    let routes = routes
        .layer(from_fn_with_state(gatehouse.clone(), api::idempotent))
        .layer(from_fn(api::rate_limited))
        .layer(from_fn_with_state(gatehouse.clone(), as_owner))
        .merge(public.with_state(gatehouse))
        .route(
            "/openapi.json",
            get(async move || api::json(StatusCode::OK, &**document)),
        );
    let routes = Router::new()
        .nest(BASE, routes)
        .route("/portal", get(async move || portal(&pages)));
    edge::wrap(routes, "owner_portal")
}

/// Where links and sign-ins of owners lead; the program that began them reads link or code out of the address.
fn portal(pages: &Pages) -> Response<Body> {
    pages.notice(&NoticePage {
        title: "Set-up",
        message: "Go back to the program that brought you here. It takes the set-up on from this address.",
    })
}

/// Every route with what the OpenAPI document says of it.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let mut all = table().split(BASE).1;
    all.extend(api::public_routes().split(BASE).1);
    all
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
