//! The redirect URIs of OpenID Connect and GitHub connections: `GET /signin-oidc/{connection}`, and the shared
//! `GET /signin-oidc` (AQ-07). `GET /signin-oidc/{connection}/jwks` publishes our keys at the connection's provider
//! (`private_key_jwt`). `GET /signin-oidc/{connection}/signed-out` is where people come back to from its logout.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use gatehouse::app::client_key;
use gatehouse::app::finish_sign_in::refusal::SignInRefusal;
use gatehouse::app::finish_sign_in::{CodeCallback, FinishError, receive_code};
use gatehouse::app::upstream_logout::{self, Next};
use gatehouse::app::{Browser, Gatehouse};
use gatehouse::domain::ids::ConnectionId;
use gatehouse::http::api::json;
use gatehouse::http::body::Parameters;
use gatehouse::http::edge;
use gatehouse::http::problem::Problem;
use gatehouse::http::reference::Reference;
use gatehouse::http::sign_in::Front;

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let routes = Router::new()
        .route("/signin-oidc", get(shared))
        .route("/signin-oidc/{connection}", get(own))
        .route("/signin-oidc/{connection}/jwks", get(jwks))
        .route("/signin-oidc/{connection}/signed-out", get(signed_out))
        .with_state(Front::new(gatehouse));
    edge::wrap(routes, "oidc_callback")
}

async fn shared(State(front): State<Front>, reference: Reference, request: Request) -> Response<Body> {
    answer(&front, None, &reference, &request.into_parts().0).await
}

async fn own(
    State(front): State<Front>,
    Path(connection): Path<String>,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    match ConnectionId::parse(&connection) {
        Ok(connection) => answer(&front, Some(&connection), &reference, &request.into_parts().0).await,
        Err(_) => {
            let unknown = FinishError::from(SignInRefusal::ConnectionUnknown);
            front.not_finished(&unknown, None, &reference).await
        }
    }
}

async fn answer(
    front: &Front,
    connection: Option<&ConnectionId>,
    reference: &Reference,
    request: &Parts,
) -> Response<Body> {
    match received(front, connection, reference, request).await {
        Ok(answer) => answer,
        Err(error) => front.not_finished(&error, connection, reference).await,
    }
}

async fn received(
    front: &Front,
    connection: Option<&ConnectionId>,
    reference: &Reference,
    request: &Parts,
) -> Result<Response<Body>, FinishError> {
    let browser = front.browser(&request.headers)?;
    let callback = CodeCallback {
        connection,
        query: request.uri.query().unwrap_or_default(),
        reference: reference.as_str(),
    };
    let step = receive_code(&front.gatehouse, callback, &browser).await?;
    Ok(front.step(step, &request.headers, &browser))
}

/// The browser comes back from the provider's logout, and goes where the app wants it. Whatever else came: the sessions
/// here are over, and that is what the page says.
async fn signed_out(
    State(front): State<Front>,
    Path(connection): Path<String>,
    request: Request,
) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let next = match (ConnectionId::parse(&connection), front.browser(&parts.headers)) {
        (Ok(connection), Ok(browser)) => way_on(&front, &connection, &parts, &browser).await,
        (Err(_), _) | (_, Err(_)) => None,
    };
    front.signed_out(next.as_ref().and_then(Next::url))
}

async fn way_on(
    front: &Front,
    connection: &ConnectionId,
    request: &Parts,
    browser: &Browser,
) -> Option<Next> {
    let query = Parameters::of_query(request.uri.query()).ok()?;
    let state = query.get("state")?;
    match upstream_logout::came_back(&front.gatehouse, connection, state, browser).await {
        Ok(way) => Some(upstream_logout::go_on(&front.gatehouse, way?, browser).await),
        Err(error) => {
            tracing::error!(error.code = error.code(), error = %error, "the way back from a logout was not found");
            None
        }
    }
}

/// Our public keys at a connection's provider, to be fetched by it.
async fn jwks(
    State(front): State<Front>,
    Path(connection): Path<String>,
    reference: Reference,
) -> Response<Body> {
    let keys = match ConnectionId::parse(&connection) {
        Ok(connection) => client_key::of_connection(&front.gatehouse, &connection).await,
        Err(_) => Ok(None),
    };
    match keys {
        Ok(Some(keys)) => {
            let mut answer = json(StatusCode::OK, &keys);
            let cache = HeaderValue::from_static("public, max-age=300");
            answer.headers_mut().insert(header::CACHE_CONTROL, cache);
            answer
        }
        Ok(None) => {
            let detail = "There is no connection of this id that authenticates by private_key_jwt.";
            let problem = Problem::new(StatusCode::NOT_FOUND, "connection_not_found", detail);
            problem.with_reference(reference).into_response()
        }
        Err(error) => front.unavailable(error.code(), &reference),
    }
}
