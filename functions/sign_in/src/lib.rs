//! The sign-in pages: which connection, the request to its identity provider, and what is asked of the person on the
//! way back. `POST /sign-in/discover`, `/sign-in/linking`, `/sign-in/bypass`, `/sign-in/registration` and `GET /sign-in/events` are for the
//! app's server.

mod app_api;
mod login;
mod pages;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use gatehouse::app::Gatehouse;
use gatehouse::http::edge;
use gatehouse::http::sign_in::Front;

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let routes = Router::new()
        .route("/sign-in", get(pages::show).post(pages::typed))
        .route("/sign-in/test", get(pages::test))
        .route("/sign-in/owner", get(pages::owner))
        .route("/sign-in/choose", post(pages::chosen))
        .route("/sign-in/continue", get(pages::resume))
        .route("/sign-in/confirm", post(pages::confirm))
        .route("/sign-in/link", post(pages::link))
        .route("/sign-in/discover", post(app_api::discover))
        .route("/sign-in/bypass", post(app_api::bypass))
        .route("/sign-in/linking", post(app_api::linking))
        .route("/sign-in/registration", post(app_api::registration))
        .route("/login", get(login::any).post(login::any_form))
        .route("/login/{connection}", get(login::own).post(login::own_form))
        .route("/sign-in/events", get(app_api::events))
        .with_state(Front::new(gatehouse));
    edge::wrap(routes, "sign_in")
}
