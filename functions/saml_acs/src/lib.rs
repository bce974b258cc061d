//! The SAML assertion consumer service (SAML profiles 4.1.4): `POST /saml/{connection}/acs`, and the foreign paths
//! that imported connections keep (CH-02).

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;

use gatehouse::app::Gatehouse;
use gatehouse::app::finish_sign_in::refusal::SignInRefusal;
use gatehouse::app::finish_sign_in::{FinishError, SamlPost, receive_saml};
use gatehouse::domain::ids::ConnectionId;
use gatehouse::http::body::{self, Parameters, SAML_FORM_LIMIT};
use gatehouse::http::edge;
use gatehouse::http::pages::ErrorPage;
use gatehouse::http::reference::Reference;
use gatehouse::http::sign_in::Front;

/// The function's routes.
pub fn router(gatehouse: Arc<Gatehouse>) -> Router {
    let routes = Router::new()
        .route("/saml/{connection}/acs", post(acs))
        .route("/login/callback", post(foreign_acs))
        .with_state(Front::new(gatehouse));
    edge::wrap(routes, "saml_acs")
}

async fn acs(
    State(front): State<Front>,
    Path(connection): Path<String>,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    answer(&front, &connection, &reference, request).await
}

/// CH-02: an imported connection names itself in the query, as its identity provider has it configured.
async fn foreign_acs(State(front): State<Front>, reference: Reference, request: Request) -> Response<Body> {
    let query = Parameters::of_query(request.uri().query());
    let connection = query
        .ok()
        .and_then(|query| query.get("connection").map(str::to_owned));
    answer(&front, &connection.unwrap_or_default(), &reference, request).await
}

async fn answer(front: &Front, connection: &str, reference: &Reference, request: Request) -> Response<Body> {
    let Ok(connection) = ConnectionId::parse(connection) else {
        let unknown = FinishError::from(SignInRefusal::ConnectionUnknown);
        return front.not_finished(&unknown, None, reference).await;
    };
    let (parts, body) = request.into_parts();
    let form = match body::read_form(&parts.headers, body, SAML_FORM_LIMIT).await {
        Ok(form) => form,
        Err(error) => return bad_form(front, error.status(), reference),
    };
    match received(front, &connection, reference, &parts.headers, &form).await {
        Ok(answer) => answer,
        Err(error) => front.not_finished(&error, Some(&connection), reference).await,
    }
}

async fn received(
    front: &Front,
    connection: &ConnectionId,
    reference: &Reference,
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<Response<Body>, FinishError> {
    let browser = front.cross_site_browser(headers)?;
    let post = SamlPost {
        connection,
        response: form.get("SAMLResponse").unwrap_or_default(),
        relay_state: form.get("RelayState"),
        reference: reference.as_str(),
    };
    let step = receive_saml(&front.gatehouse, post, &browser).await?;
    Ok(front.step(step, headers, &browser).into_response())
}

fn bad_form(front: &Front, status: StatusCode, reference: &Reference) -> Response<Body> {
    let message = "What your organization's sign-in service sent could not be read. \
        Ask your administrator, and give the reference.";
    front.pages.error(
        status,
        &ErrorPage {
            title: "Sign-in failed",
            message,
            reference,
            again: None,
        },
    )
}
