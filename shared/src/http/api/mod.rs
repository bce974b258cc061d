//! The JSON APIs of operator and owner: what both share. A resource of a tenant has one set of handlers; the function
//! in front decides by its own means which tenant it is and who acts, and hands on an [`Admin`].
//!
//! Refusals are problem+json with stable codes. Bodies are strict: an unknown field is refused. A change needs
//! `If-Match` with the ETag that was read (428 without, 412 with another). Routes stand in tables ([`routes`]), which
//! also make the OpenAPI documents.

mod access_of_members;
mod api_keys;
mod audit;
mod break_glass;
mod caller;
mod connections;
mod domains;
mod dry_runs;
mod imports;
mod leaving;
mod limits;
mod members;
pub mod openapi;
mod patch;
mod precondition;
mod query;
mod refusal;
mod relying_party;
mod request;
mod routes;
mod routes_of_members;
mod saml_presets;
mod sessions;
mod sync_holds;
pub mod table;
mod tenants;
mod tests_of_connections;
mod view;

use axum::body::Body;
use axum::http::Response;

pub use audit::audit_trail;
pub use caller::{Admin, bearer, owner, wrong_token};
pub use limits::{idempotent, rate_limited};
pub use patch::{merge_into, merge_patch};
pub use precondition::{IfMatch, etag, json, json_at};
pub use query::{PageQuery, bad_cursor, page, page_of};
pub use request::{ApiJson, OptionalJson, PathIds};
pub use routes::{operator_routes, owner_routes, public_routes, tenant_routes};
pub use tenants::{show_tenant, tenant_view};
pub use view::app_client;

use super::problem::Problem;

/// What a handler answers.
pub type Answer = Result<Response<Body>, Problem>;
