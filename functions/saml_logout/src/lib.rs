//! Single logout (SAML profiles 4.4; SE-13): `GET` and `POST /saml/{connection}/slo`. The identity provider's signed
//! request ends sessions; the browser that carries it shows no cookie.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{Response, StatusCode};
use axum::routing::get;

use gatehouse::app::Gatehouse;
use gatehouse::app::single_logout::{self, SingleLogoutError};
use gatehouse::domain::ids::ConnectionId;
use gatehouse::http::body::{self, SAML_FORM_LIMIT};
use gatehouse::http::edge;
use gatehouse::http::pages::{ErrorPage, NoticePage};
use gatehouse::http::reference::Reference;
use gatehouse::http::sign_in::{Front, mark};
use gatehouse::saml::logout::{Arrival, LogoutError};
use gatehouse::saml::redirect_binding::RedirectMessage;

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let routes = Router::new()
        .route("/saml/{connection}/slo", get(by_redirect).post(by_post))
        .with_state(Front::new(gatehouse));
    edge::wrap(routes, "saml_logout")
}

async fn by_redirect(
    State(front): State<Front>,
    Path(connection): Path<String>,
    RawQuery(query): RawQuery,
    reference: Reference,
) -> Response<Body> {
    match RedirectMessage::parse(query.as_deref().unwrap_or_default()) {
        Ok(message) => {
            let relay_state = message.relay_state();
            answer(
                &front,
                &connection,
                Arrival::Redirect(&message),
                relay_state,
                &reference,
            )
            .await
        }
        Err(error) => refused(&front, &LogoutError::from(error).into(), &reference),
    }
}

async fn by_post(
    State(front): State<Front>,
    Path(connection): Path<String>,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    match body::read_form(&parts.headers, body, SAML_FORM_LIMIT).await {
        Ok(form) => {
            let message = Arrival::Post(form.get("SAMLRequest").unwrap_or_default());
            answer(&front, &connection, message, form.get("RelayState"), &reference).await
        }
        Err(error) => page(&front, error.status(), error.code(), &reference),
    }
}

async fn answer(
    front: &Front,
    connection: &str,
    arrival: Arrival<'_>,
    relay_state: Option<&str>,
    reference: &Reference,
) -> Response<Body> {
    let Ok(connection) = ConnectionId::parse(connection) else {
        return refused(front, &SingleLogoutError::ConnectionUnknown, reference);
    };
    match single_logout::receive(
        &front.gatehouse,
        &connection,
        arrival,
        relay_state,
        reference.as_str(),
    )
    .await
    {
        Ok(Some(outgoing)) => front.outgoing(&outgoing),
        Ok(None) => front.pages.notice(&NoticePage {
            title: "You are signed out",
            message: "Your sessions have ended. You can close this page.",
        }),
        Err(error) => refused(front, &error, reference),
    }
}

fn refused(front: &Front, error: &SingleLogoutError, reference: &Reference) -> Response<Body> {
    let status = match error {
        SingleLogoutError::ConnectionUnknown => StatusCode::NOT_FOUND,
        SingleLogoutError::Refused(_) | SingleLogoutError::Replayed => StatusCode::BAD_REQUEST,
        SingleLogoutError::Store(_) | SingleLogoutError::Secrets(_) => {
            tracing::error!(error = %error, error.code = error.code(), "a logout could not be carried out");
            return page(front, StatusCode::INTERNAL_SERVER_ERROR, error.code(), reference);
        }
    };
    tracing::warn!(error = %error, error.code = error.code(), reference = reference.as_str(), "a logout was refused");
    page(front, status, error.code(), reference)
}

fn page(front: &Front, status: StatusCode, code: &str, reference: &Reference) -> Response<Body> {
    let page = ErrorPage {
        title: "Signing out failed",
        message: "Your identity provider's request to sign you out could not be carried out. \
                  Sign out in the application itself.",
        reference,
        again: None,
    };
    let mut answer = front.pages.error(status, &page);
    mark(&mut answer, code);
    answer
}
