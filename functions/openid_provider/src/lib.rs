//! The OpenID Provider that the operator's app talks to: discovery, JWKS, authorize, token, userinfo, revoke,
//! end_session.

mod browser;
mod server;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use gatehouse::app::Gatehouse;
use gatehouse::http::edge;
use gatehouse::http::sign_in::Front;

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let routes = Router::new()
        .route("/.well-known/openid-configuration", get(server::discovery))
        .route("/oauth2/jwks", get(server::jwks))
        .route(
            "/oauth2/authorize",
            get(browser::authorize).post(browser::authorize_form),
        )
        .route("/oauth2/token", post(server::token).options(server::preflight))
        .route(
            "/oauth2/userinfo",
            get(server::userinfo)
                .post(server::userinfo_form)
                .options(server::preflight),
        )
        .route("/oauth2/revoke", post(server::revoke).options(server::preflight))
        .route(
            "/oauth2/end_session",
            get(browser::end_session).post(browser::end_session_form),
        )
        .with_state(Front::new(gatehouse));
    edge::wrap(routes, "openid_provider")
}
