//! What the app's server asks (client-authenticated): home-realm discovery (CH-07), and a verified identity that may
//! register (CH-08), and events again (GH-03).

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::{Json, http::HeaderValue};
use serde::Deserialize;

use gatehouse::app::bypass::{self, BypassError};
use gatehouse::app::discover::discover as discover_use_case;
use gatehouse::app::finish_sign_in::redeem_registration;
use gatehouse::app::linking::linking as linking_use_case;
use gatehouse::app::openid_provider::authenticate_client::{AuthenticateError, authenticate};
use gatehouse::app::replay::{ReplayError, ReplayQuery, replay};
use gatehouse::domain::email::EmailAddress;
use gatehouse::http::body::{self, JSON_LIMIT};
use gatehouse::http::problem::Problem;
use gatehouse::http::reference::Reference;
use gatehouse::http::sign_in::Front;
use gatehouse::openid_provider::clients::AppClient;
use gatehouse::openid_provider::params::Parameters;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redeem {
    code: String,
}

/// `POST /sign-in/discover` with `{"email": …}`.
pub(crate) async fn discover(
    State(front): State<Front>,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if let Err(answer) = client(&front, &parts.headers, "/sign-in/discover", &reference).await {
        return answer;
    }
    let address = match address(&parts.headers, body).await {
        Ok(address) => address,
        Err(problem) => return problem.with_reference(reference).into_response(),
    };
    match discover_use_case(&front.gatehouse, &address).await {
        Ok(discovery) => no_store(Json(discovery).into_response()),
        Err(error) => {
            tracing::error!(error.code = error.code(), "discovery failed");
            front.unavailable(error.code(), &reference)
        }
    }
}

/// `POST /sign-in/linking` with `{"email": …}`: whether a member must link before the app lets the member in (SE-04).
pub(crate) async fn linking(
    State(front): State<Front>,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if let Err(answer) = client(&front, &parts.headers, "/sign-in/linking", &reference).await {
        return answer;
    }
    let address = match address(&parts.headers, body).await {
        Ok(address) => address,
        Err(problem) => return problem.with_reference(reference).into_response(),
    };
    match linking_use_case(&front.gatehouse, &address).await {
        Ok(linking) => no_store(Json(linking).into_response()),
        Err(error) => {
            tracing::error!(
                error.code = error.code(),
                "whether a member must link could not be said"
            );
            front.unavailable(error.code(), &reference)
        }
    }
}

/// The address that is asked of.
async fn address(headers: &HeaderMap, body: Body) -> Result<EmailAddress, Problem> {
    let asked = body::read_json::<Address>(headers, body, JSON_LIMIT).await?;
    EmailAddress::parse(&asked.email)
        .map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.code(), error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bypass {
    email: String,
    #[serde(default)]
    request_id: Option<String>,
}

/// `POST /sign-in/bypass` with `{"email": …, "request_id": …}`: after the app's own password and second factor (AQ-21).
pub(crate) async fn bypass(
    State(front): State<Front>,
    reference: Reference,
    request: Request,
) -> Result<Response<Body>, Response<Body>> {
    let (parts, body) = request.into_parts();
    let client = client(&front, &parts.headers, "/sign-in/bypass", &reference).await?;
    let asked = body::read_json::<Bypass>(&parts.headers, body, JSON_LIMIT).await;
    let answered = match asked {
        Ok(asked) => bypassed(&front, &client, asked, &reference).await,
        Err(error) => Err(error.into()),
    };
    match answered {
        Ok(answer) => Ok(no_store(Json(answer).into_response())),
        Err(problem) => Err(problem.with_reference(reference).into_response()),
    }
}

async fn bypassed(
    front: &Front,
    client: &AppClient,
    asked: Bypass,
    reference: &Reference,
) -> Result<bypass::Answer, Problem> {
    let unfit = |code, detail: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
    let address =
        EmailAddress::parse(&asked.email).map_err(|error| unfit(error.code(), error.to_string()))?;
    let id = asked.request_id.unwrap_or_else(|| reference.as_str().to_owned());
    if !(8..=128).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_graphic()) {
        let detail = "Wanted a request_id of 8 to 128 visible characters, or none.".to_owned();
        return Err(unfit("request_id_invalid", detail));
    }
    let ask = bypass::Ask {
        client: &client.id,
        address: &address,
        request: &id,
    };
    match bypass::bypass(&front.gatehouse, &ask).await {
        Ok(answer) => Ok(answer),
        Err(error @ BypassError::Answered) => Err(Problem::new(
            StatusCode::CONFLICT,
            error.code(),
            error.to_string(),
        )),
        Err(BypassError::Failed(error)) => Err(error.into()),
    }
}

/// `POST /sign-in/registration` with `{"code": …}`: once, by the client that the person came from.
pub(crate) async fn registration(
    State(front): State<Front>,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let client = match client(&front, &parts.headers, "/sign-in/registration", &reference).await {
        Ok(client) => client,
        Err(answer) => return answer,
    };
    let asked = match body::read_json::<Redeem>(&parts.headers, body, JSON_LIMIT).await {
        Ok(asked) => asked,
        Err(error) => return Problem::from(error).with_reference(reference).into_response(),
    };
    match redeem_registration(&front.gatehouse, &client.id, &asked.code).await {
        Ok(Some(registration)) => no_store(Json(registration).into_response()),
        Ok(None) => {
            let detail = "wanted a registration code of this client that was not used; another came";
            let problem = Problem::new(StatusCode::BAD_REQUEST, "registration_code_invalid", detail);
            problem.with_reference(reference).into_response()
        }
        Err(error) => {
            tracing::error!(error.code = error.code(), "a registration code could not be read");
            front.unavailable(error.code(), &reference)
        }
    }
}

/// `GET /sign-in/events`: events again, of one subject after a sequence or of a tenant after a cursor (docs/events).
pub(crate) async fn events(
    State(front): State<Front>,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    let (parts, _) = request.into_parts();
    if let Err(answer) = client(&front, &parts.headers, "/sign-in/events", &reference).await {
        return answer;
    }
    let done = match Query::<ReplayQuery>::try_from_uri(&parts.uri) {
        Ok(Query(query)) => replay(&front.gatehouse, &query).await,
        Err(_) => Err(ReplayError::Query),
    };
    match done {
        Ok(replayed) => no_store(Json(replayed).into_response()),
        Err(error @ ReplayError::Query) => {
            let problem = Problem::new(StatusCode::BAD_REQUEST, error.code(), error.to_string());
            problem.with_reference(reference).into_response()
        }
        Err(ReplayError::Store(error)) => {
            tracing::error!(error.code = error.code(), "events could not be read");
            front.unavailable(error.code(), &reference)
        }
    }
}

/// The confidential client of the request, by its Authorization header.
async fn client(
    front: &Front,
    headers: &HeaderMap,
    path: &str,
    reference: &Reference,
) -> Result<AppClient, Response<Body>> {
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let form = Parameters::default();
    match authenticate(&front.gatehouse, authorization, &form, path).await {
        Ok((client, _)) if !client.is_public() => Ok(client),
        Ok(_) => Err(unauthorized(reference)),
        Err(AuthenticateError::Store(error)) => Err(front.unavailable(error.code(), reference)),
        Err(AuthenticateError::Refused(_) | AuthenticateError::AssertionReplayed) => {
            Err(unauthorized(reference))
        }
    }
}

fn unauthorized(reference: &Reference) -> Response<Body> {
    let detail = "wanted the id and a secret of an app client by HTTP Basic";
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_client", detail)
        .with_header(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"gatehouse\""),
        )
        .with_reference(reference.clone())
        .into_response()
}

fn no_store(mut answer: Response<Body>) -> Response<Body> {
    answer
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
