//! Third-party-initiated login (AQ-08; OpenID Connect Core 1.0 section 4, which wants both GET and POST).

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::Response;

use gatehouse::app::finish_sign_in::refusal::SignInRefusal;
use gatehouse::app::start_sign_in::{StartError, ThirdParty, third_party};
use gatehouse::domain::ids::ConnectionId;
use gatehouse::http::body::{self, BodyError, FORM_LIMIT, Parameters};
use gatehouse::http::reference::Reference;
use gatehouse::http::sign_in::{Front, see_other};

use crate::pages::bad_request;

/// `GET /login`
pub(crate) async fn any(
    State(front): State<Front>,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    let query = Parameters::of_query(request.uri().query());
    answer(&front, None, query, &reference).await
}

/// `POST /login`
pub(crate) async fn any_form(
    State(front): State<Front>,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    answer(&front, None, form(request).await, &reference).await
}

/// `GET /login/{connection}`
pub(crate) async fn own(
    State(front): State<Front>,
    Path(connection): Path<String>,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    let query = Parameters::of_query(request.uri().query());
    answer(&front, Some(&connection), query, &reference).await
}

/// `POST /login/{connection}`
pub(crate) async fn own_form(
    State(front): State<Front>,
    Path(connection): Path<String>,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    answer(&front, Some(&connection), form(request).await, &reference).await
}

async fn form(request: Request) -> Result<Parameters, BodyError> {
    let (parts, body) = request.into_parts();
    body::read_form(&parts.headers, body, FORM_LIMIT).await
}

async fn answer(
    front: &Front,
    connection: Option<&str>,
    parameters: Result<Parameters, BodyError>,
    reference: &Reference,
) -> Response<Body> {
    let parameters = match parameters {
        Ok(parameters) => parameters,
        Err(error) => return bad_request(front, error.status(), reference),
    };
    match led_on(front, connection, &parameters).await {
        Ok(to) => see_other(&to),
        Err(error) => front.not_started(&error, None, reference).await,
    }
}

async fn led_on(
    front: &Front,
    connection: Option<&str>,
    parameters: &Parameters,
) -> Result<String, StartError> {
    let connection = connection
        .map(ConnectionId::parse)
        .transpose()
        .map_err(|_| SignInRefusal::ConnectionUnknown)?;
    let asked = ThirdParty {
        connection: connection.as_ref(),
        iss: parameters.get("iss"),
        login_hint: parameters.get("login_hint"),
        target_link_uri: parameters.get("target_link_uri"),
    };
    third_party(&front.gatehouse, asked).await
}
