//! Who is the operator. Deployed, API Gateway checks the request's signature (SigV4) and says who signed it; locally a
//! bearer key stands in.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Response, StatusCode};
use axum::middleware::Next;
use lambda_http::request::RequestContext;

use gatehouse::app::Gatehouse;
use gatehouse::app::onboarding::Administration;
use gatehouse::http::api;
use gatehouse::http::problem::Problem;

/// What the local key's holder is called in records.
const LOCAL: &str = "local";

/// The operator, by whom of its people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operator(pub String);

impl<S: Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(not_signed)
    }
}

/// The operator's hand on what belongs to no tenant.
pub(crate) struct Deployment(pub Administration);

impl FromRequestParts<Arc<Gatehouse>> for Deployment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gatehouse: &Arc<Gatehouse>) -> Result<Self, Problem> {
        let Operator(principal) = Operator::from_request_parts(parts, gatehouse).await?;
        Ok(Self(Administration::of_deployment(gatehouse.clone(), principal)))
    }
}

/// Lets only the operator through.
pub(crate) async fn as_operator(
    State(gatehouse): State<Arc<Gatehouse>>,
    mut request: Request,
    next: Next,
) -> Result<Response<Body>, Problem> {
    let operator = match &gatehouse.config.operator_key_sha256 {
        Some(wanted) => by_key(wanted, request.headers())?,
        None => by_iam(request.extensions())?,
    };
    request.extensions_mut().insert(operator);
    Ok(next.run(request).await)
}

fn by_key(wanted: &[u8; 32], headers: &HeaderMap) -> Result<Operator, Problem> {
    let token = api::bearer(headers)?;
    let hash = digest(&SHA256, token.expose().as_bytes());
    match verify_slices_are_equal(hash.as_ref(), wanted) {
        Ok(()) => Ok(Operator(LOCAL.to_owned())),
        Err(_) => Err(api::wrong_token()),
    }
}

/// The context is API Gateway's word and comes beside the request, not in it: a caller cannot write it. An API without
/// the IAM authorizer names nobody, and lets nobody in.
fn by_iam(extensions: &Extensions) -> Result<Operator, Problem> {
    let Some(RequestContext::ApiGatewayV2(context)) = extensions.get::<RequestContext>() else {
        return Err(not_signed());
    };
    let iam = context
        .authorizer
        .as_ref()
        .and_then(|authorizer| authorizer.iam.as_ref());
    let arn = iam
        .and_then(|iam| iam.user_arn.clone())
        .filter(|arn| !arn.is_empty());
    arn.map(Operator).ok_or_else(not_signed)
}

fn not_signed() -> Problem {
    let detail = "Wanted a request that is signed by IAM (Signature Version 4).";
    Problem::new(StatusCode::UNAUTHORIZED, "signature_missing", detail)
}
