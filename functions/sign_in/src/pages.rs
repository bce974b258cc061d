//! What the person sees between the app and the identity provider, and back.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode};

use gatehouse::app::Browser;
use gatehouse::app::attempt::{Attempt, Purpose};
use gatehouse::app::finish_sign_in::refusal::SignInRefusal;
use gatehouse::app::finish_sign_in::{self, FinishError, Resumed};
use gatehouse::app::start_sign_in::{self, Choice, Hints, Offer, StartError};
use gatehouse::app::test_sign_in;
use gatehouse::domain::email::EmailAddress;
use gatehouse::domain::ids::{ConnectionId, TenantId};
use gatehouse::http::body::{self, FORM_LIMIT, Parameters};
use gatehouse::http::pages::{ChoicePage, ConnectionChoice, ErrorPage, SignInPage};
use gatehouse::http::reference::Reference;
use gatehouse::http::sign_in::{Front, see_other};
use gatehouse::openid_provider::pkce::CodeChallenge;

/// `GET /sign-in?attempt=…`
pub(crate) async fn show(
    State(front): State<Front>,
    headers: HeaderMap,
    reference: Reference,
    request: Request,
) -> Result<Response<Body>, Response<Body>> {
    let query = query(&front, &request, &reference)?;
    let token = query.get("attempt").unwrap_or_default();
    Ok(or_page(&front, next(&front, token, None, &headers).await, &reference).await)
}

/// `POST /sign-in`: the person typed an address.
pub(crate) async fn typed(
    State(front): State<Front>,
    reference: Reference,
    request: Request,
) -> Result<Response<Body>, Response<Body>> {
    let (headers, form) = form(&front, request, &reference).await?;
    let token = form.get("attempt").unwrap_or_default();
    let email = form.get("email").unwrap_or_default();
    let done = match EmailAddress::parse(email) {
        Ok(address) => next(&front, token, Some(&address), &headers).await,
        Err(error) => Err(error.into()),
    };
    Ok(match done {
        Err(StartError::Address(_)) => ask(&front, token, email, Some("That is no e-mail address.")),
        Err(StartError::NoConnection) => {
            let problem = "No organization signs in here with this address.";
            ask(&front, token, email, Some(problem))
        }
        other => or_page(&front, other, &reference).await,
    })
}

/// `POST /sign-in/choose`: the person chose a connection.
pub(crate) async fn chosen(
    State(front): State<Front>,
    reference: Reference,
    request: Request,
) -> Result<Response<Body>, Response<Body>> {
    let (headers, form) = form(&front, request, &reference).await?;
    let token = form.get("attempt").unwrap_or_default();
    let chosen = ConnectionId::parse(form.get("connection").unwrap_or_default());
    let done = match chosen {
        Ok(connection) => begin(&front, token, &connection, &headers).await,
        Err(_) => Err(SignInRefusal::ConnectionUnknown.into()),
    };
    Ok(or_page(&front, done, &reference).await)
}

/// `GET /sign-in/test?ticket=…`: whoever sets a connection up tries it out (SE-27).
pub(crate) async fn test(
    State(front): State<Front>,
    headers: HeaderMap,
    reference: Reference,
    request: Request,
) -> Result<Response<Body>, Response<Body>> {
    let query = query(&front, &request, &reference)?;
    let token = query.get("ticket").unwrap_or_default();
    Ok(or_page(&front, tried(&front, token, &headers).await, &reference).await)
}

async fn tried(front: &Front, token: &str, headers: &HeaderMap) -> Result<Response<Body>, StartError> {
    let browser = front.browser(headers)?;
    let (attempt_token, attempt, connection) = test_sign_in::open(&front.gatehouse, token, &browser).await?;
    let mut answer = go(front, (&attempt_token, &attempt), &connection, &browser).await?;
    front.bind(&mut answer, &browser);
    Ok(answer)
}

/// `GET /sign-in/owner?code_challenge=…&organization=…`: an owner signs in to the owner's API.
pub(crate) async fn owner(
    State(front): State<Front>,
    headers: HeaderMap,
    reference: Reference,
    request: Request,
) -> Result<Response<Body>, Response<Body>> {
    let query = query(&front, &request, &reference)?;
    let Ok(challenge) = CodeChallenge::parse(query.get("code_challenge"), Some("S256")) else {
        return Err(bad_request(&front, StatusCode::BAD_REQUEST, &reference));
    };
    let hints = Hints {
        organization: query.get("organization").and_then(|id| TenantId::parse(id).ok()),
        connection: query
            .get("connection")
            .and_then(|id| ConnectionId::parse(id).ok()),
        ..Hints::default()
    };
    let begun = owner_begins(&front, challenge, hints, &headers).await;
    Ok(or_page(&front, begun, &reference).await)
}

async fn owner_begins(
    front: &Front,
    challenge: CodeChallenge,
    hints: Hints,
    headers: &HeaderMap,
) -> Result<Response<Body>, StartError> {
    let browser = front.browser(headers)?;
    let purpose = Purpose::Owner { challenge };
    let token = start_sign_in::open(&front.gatehouse, purpose, hints, &browser).await?;
    let mut answer = see_other(&format!("/sign-in?attempt={token}"));
    front.bind(&mut answer, &browser);
    Ok(answer)
}

async fn begin(
    front: &Front,
    token: &str,
    connection: &ConnectionId,
    headers: &HeaderMap,
) -> Result<Response<Body>, StartError> {
    let browser = front.browser(headers)?;
    let attempt = start_sign_in::attempt(&front.gatehouse, token, &browser).await?;
    go(front, (token, &attempt), connection, &browser).await
}

/// Finds the connection and goes there, or asks for what is missing.
async fn next(
    front: &Front,
    token: &str,
    typed: Option<&EmailAddress>,
    headers: &HeaderMap,
) -> Result<Response<Body>, StartError> {
    let browser = front.browser(headers)?;
    let attempt = start_sign_in::attempt(&front.gatehouse, token, &browser).await?;
    match start_sign_in::choose(&front.gatehouse, &attempt, typed).await? {
        Choice::AskForAddress => Ok(ask(front, token, "", None)),
        Choice::Choose(offers) => Ok(offer(front, token, &offers)),
        Choice::Go(connection) => go(front, (token, &attempt), &connection, &browser).await,
    }
}

async fn go(
    front: &Front,
    attempt: (&str, &Attempt),
    connection: &ConnectionId,
    browser: &Browser,
) -> Result<Response<Body>, StartError> {
    let outgoing = start_sign_in::begin(&front.gatehouse, attempt, connection, browser).await?;
    Ok(front.outgoing(&outgoing))
}

fn ask(front: &Front, token: &str, email: &str, problem: Option<&str>) -> Response<Body> {
    front.pages.sign_in(&SignInPage {
        action: "/sign-in",
        hidden: &[("attempt", token)],
        email,
        problem,
    })
}

fn offer(front: &Front, token: &str, offers: &[Offer]) -> Response<Body> {
    let connections = offers.iter().map(|offer| ConnectionChoice {
        id: offer.connection.as_str(),
        name: &offer.name,
        organization: &offer.organization,
    });
    front.pages.choice(&ChoicePage {
        action: "/sign-in/choose",
        hidden: &[("attempt", token)],
        connections: &connections.collect::<Vec<_>>(),
    })
}

/// `GET /sign-in/continue?result=…`: same-site, so that the cookie shows (loopback only).
pub(crate) async fn resume(
    State(front): State<Front>,
    headers: HeaderMap,
    reference: Reference,
    request: Request,
) -> Response<Body> {
    let query = Parameters::of_query(request.uri().query()).ok();
    let token = query
        .as_ref()
        .and_then(|query| query.get("result"))
        .unwrap_or_default();
    match resumed(&front, token, &headers, &reference).await {
        Ok(answer) => answer,
        Err(refused) => {
            let connection = refused.connection.as_ref();
            front.not_finished(&refused.error, connection, &reference).await
        }
    }
}

async fn resumed(
    front: &Front,
    token: &str,
    headers: &HeaderMap,
    reference: &Reference,
) -> Result<Response<Body>, Resumed> {
    let browser = front.browser(headers)?;
    let step = finish_sign_in::resume(&front.gatehouse, token, &browser, reference.as_str()).await?;
    Ok(front.step(step, headers, &browser))
}

/// `POST /sign-in/confirm`: "Continue as …" of an unsolicited sign-in.
pub(crate) async fn confirm(
    State(front): State<Front>,
    reference: Reference,
    request: Request,
) -> Result<Response<Body>, Response<Body>> {
    let (headers, form) = form(&front, request, &reference).await?;
    Ok(match confirmed(&front, &form, &headers).await {
        Ok(answer) => answer,
        Err(error) => front.not_finished(&error, None, &reference).await,
    })
}

async fn confirmed(
    front: &Front,
    form: &Parameters,
    headers: &HeaderMap,
) -> Result<Response<Body>, FinishError> {
    let browser = front.browser(headers)?;
    let token = form.get("result").unwrap_or_default();
    let step = finish_sign_in::confirm(&front.gatehouse, token, &browser).await?;
    Ok(front.step(step, headers, &browser))
}

/// `POST /sign-in/link`: the person typed the mailed code.
pub(crate) async fn link(
    State(front): State<Front>,
    reference: Reference,
    request: Request,
) -> Result<Response<Body>, Response<Body>> {
    let (headers, form) = form(&front, request, &reference).await?;
    Ok(match linked(&front, &form, &headers).await {
        Ok(answer) => answer,
        Err(FinishError::Refused(SignInRefusal::LinkCodeWrong { left })) => {
            let token = form.get("result").unwrap_or_default();
            let problem = format!("That is not the code that was mailed. Tries left: {left}.");
            front.ask_for_code(token, "", "", Some(&problem))
        }
        Err(error) => front.not_finished(&error, None, &reference).await,
    })
}

async fn linked(
    front: &Front,
    form: &Parameters,
    headers: &HeaderMap,
) -> Result<Response<Body>, FinishError> {
    let browser = front.browser(headers)?;
    let token = form.get("result").unwrap_or_default();
    let code = form.get("code").unwrap_or_default();
    let step = finish_sign_in::confirm_link(&front.gatehouse, token, code, &browser).await?;
    Ok(front.step(step, headers, &browser))
}

fn query(front: &Front, request: &Request, reference: &Reference) -> Result<Parameters, Response<Body>> {
    Parameters::of_query(request.uri().query())
        .map_err(|_| bad_request(front, StatusCode::BAD_REQUEST, reference))
}

async fn form(
    front: &Front,
    request: Request,
    reference: &Reference,
) -> Result<(HeaderMap, Parameters), Response<Body>> {
    let (parts, body) = request.into_parts();
    match body::read_form(&parts.headers, body, FORM_LIMIT).await {
        Ok(form) => Ok((parts.headers, form)),
        Err(error) => Err(bad_request(front, error.status(), reference)),
    }
}

pub(crate) fn bad_request(front: &Front, status: StatusCode, reference: &Reference) -> Response<Body> {
    let message = "The request could not be read. Go back to the application and start again.";
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

async fn or_page(
    front: &Front,
    done: Result<Response<Body>, StartError>,
    reference: &Reference,
) -> Response<Body> {
    match done {
        Ok(answer) => answer,
        Err(error) => front.not_started(&error, None, reference).await,
    }
}
