//! A router behind API Gateway (HTTP API, payload version 2.0).

use axum::Router;
use lambda_http::request::LambdaRequest;
use lambda_http::tower::ServiceExt as _;
use lambda_http::{Adapter, Error, LambdaEvent, lambda_runtime};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What stands in no path or query without escape (RFC 3986, sections 3.3 and 3.4).
const STRAY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Answers Lambda's events until the environment ends.
///
/// # Errors
/// What the Runtime API answers.
pub async fn serve(router: Router) -> Result<(), Error> {
    let service = Adapter::from(router).map_request(|event: LambdaEvent<LambdaRequest>| LambdaEvent {
        payload: escaped(event.payload),
        context: event.context,
    });
    lambda_runtime::run(service).await
}

/// The request with what is stray in its target escaped. `lambda_http` panics at a target that is no URI; a stranger could
/// make the errors that roll a deployment back.
fn escaped(mut request: LambdaRequest) -> LambdaRequest {
    if let LambdaRequest::ApiGatewayV2(request) = &mut request {
        let parts = [&mut request.raw_path, &mut request.raw_query_string];
        for text in parts.into_iter().flatten() {
            *text = utf8_percent_encode(text, STRAY).to_string();
        }
    }
    request
}
