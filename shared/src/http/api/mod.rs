//! The JSON APIs of operator and owner: what both share. A resource of a tenant has one set of handlers; the function
//! in front decides by its own means which tenant it is and who acts, and hands on an [`Admin`].
//!
//! Refusals are problem+json with stable codes. Bodies are strict: an unknown field is refused. A change needs
//! `If-Match` with the ETag that was read (428 without, 412 with another).

mod api_keys;
mod audit;
mod caller;
mod connections;
mod domains;
mod members;
mod patch;
mod precondition;
mod query;
mod refusal;
mod request;
mod tenants;
mod view;

use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::{delete, get, post, put};

pub use caller::{Admin, bearer, owner, wrong_token};
pub use patch::{merge_into, merge_patch};
pub use precondition::{IfMatch, etag, json, json_at};
pub use query::{PageQuery, bad_cursor, page};
pub use request::{ApiJson, PathIds};
pub use tenants::{show_tenant, tenant_view};
pub use view::app_client;

use super::problem::Problem;

/// What a handler answers.
pub type Answer = Result<Response<Body>, Problem>;

/// Routes of one tenant's resources that operator and owner have in common.
pub fn tenant_routes() -> Router {
    Router::new()
        .route("/connections", get(connections::list).post(connections::create))
        .route(
            "/connections/{connection}",
            get(connections::read).patch(connections::update),
        )
        .route("/connections/{connection}/idp", put(connections::set_idp))
        .route("/connections/{connection}/submit", post(connections::submit))
        .route("/connections/{connection}/withdraw", post(connections::withdraw))
        .route("/connections/{connection}/suspend", post(connections::suspend))
        .route("/domains", get(domains::list))
        .route("/domains/{domain}", delete(domains::remove))
        .route("/members", get(members::list).post(members::create))
        .route("/members/import", post(members::import))
        .route("/members/{member}", get(members::read).patch(members::update))
        .route("/members/{member}/deactivate", post(members::deactivate))
        .route("/members/{member}/reactivate", post(members::reactivate))
        .route(
            "/members/{member}/revoke-sessions",
            post(members::revoke_sessions),
        )
        .route("/api-keys", get(api_keys::list).post(api_keys::create))
        .route("/api-keys/{key}", delete(api_keys::revoke))
        .route("/sign-in-failures", get(audit::failures))
        .route("/audit", get(audit::trail))
}

/// What the owner has beside them.
pub fn owner_routes() -> Router {
    Router::new()
        .route("/domains", post(domains::submit))
        .route("/tenant", get(tenants::read))
        .route("/tenant/settings", axum::routing::patch(tenants::update_settings))
}

/// What the operator has beside them, on one tenant.
pub fn operator_routes() -> Router {
    Router::new()
        .route("/", get(tenants::read).patch(tenants::update))
        .route("/domains", post(domains::attest))
        .route("/domains/{domain}/approve", post(domains::approve))
        .route("/connections/{connection}/activate", post(connections::activate))
}
