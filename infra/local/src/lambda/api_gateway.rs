//! API Gateway's HTTP API, payload format 2.0: a request as the event that a function gets, and its answer back.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gatehouse::clock::Clock;
use serde_json::{Map, Value, json};

/// What API Gateway adds to a request.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Such as `ANY /saml/{connection}/acs`.
    pub route: String,
    /// Who signed the request, where IAM guards the route.
    pub principal: Option<String>,
    /// Host name by which API Gateway was reached; clients always name it in `Host`.
    pub domain: String,
}

/// The event of a request whose body was read.
#[must_use]
pub fn event(context: &Context, request: &Request<Bytes>) -> Value {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let (cookies, mut headers) = headers(request.headers());
    for (name, value) in added(context, request.headers()) {
        headers.insert(name.to_owned(), value.into());
    }
    let (body, encoded) = body(request.headers(), request.body());
    let mut event = json!({
        "version": "2.0",
        "routeKey": context.route,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": request_context(context, request),
        "isBase64Encoded": encoded,
    });
    let parameters = path_parameters(&context.route, path);
    let optional = [
        ("cookies", (!cookies.is_empty()).then(|| json!(cookies))),
        (
            "queryStringParameters",
            (!query.is_empty()).then(|| query_parameters(query)),
        ),
        (
            "pathParameters",
            (!parameters.is_empty()).then(|| Value::Object(parameters)),
        ),
        ("body", body.map(Value::String)),
    ];
    if let Some(fields) = event.as_object_mut() {
        fields.extend(
            optional
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?))),
        );
    }
    event
}

fn request_context(context: &Context, request: &Request<Bytes>) -> Value {
    let header = |name: HeaderName| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let now = Clock::system().now();
    let mut made = json!({
        "accountId": crate::aws::ACCOUNT,
        "apiId": "local",
        "domainName": context.domain,
        "domainPrefix": context.domain.split('.').next(),
        "http": {
            "method": request.method().as_str(),
            "path": request.uri().path(),
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": header(header::USER_AGENT),
        },
        "requestId": "JKJaXmPLvHcESHA=",
        "routeKey": context.route,
        "stage": "$default",
        "time": now.format("%d/%b/%Y:%H:%M:%S %z").to_string(),
        "timeEpoch": now.timestamp_millis(),
    });
    if let (Some(principal), Some(fields)) = (&context.principal, made.as_object_mut()) {
        let iam = json!({ "userArn": principal, "accountId": crate::aws::ACCOUNT, "callerId": "local", "userId": "local" });
        fields.insert("authorizer".to_owned(), json!({ "iam": iam }));
    }
    made
}

/// Cookies apart, every other header once, its values joined by commas.
fn headers(headers: &HeaderMap) -> (Vec<String>, Map<String, Value>) {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut all = Map::new();
    for name in headers.keys().filter(|name| **name != header::COOKIE) {
        let values: Vec<String> = headers.get_all(name).iter().map(text).collect();
        all.insert(name.as_str().to_owned(), values.join(",").into());
    }
    let lines = headers.get_all(header::COOKIE).iter().map(text);
    let cookies = lines.flat_map(|line| line.split("; ").map(str::to_owned).collect::<Vec<_>>());
    (cookies.filter(|cookie| !cookie.is_empty()).collect(), all)
}

/// What API Gateway sets itself, whatever the client said of it.
fn added(context: &Context, headers: &HeaderMap) -> [(&'static str, String); 4] {
    let forwarded = headers
        .get("x-forwarded-for")
        .and_then(|value| value.to_str().ok());
    let before = forwarded
        .map(|addresses| format!("{addresses}, "))
        .unwrap_or_default();
    [
        ("host", context.domain.clone()),
        ("x-forwarded-for", format!("{before}127.0.0.1")),
        ("x-forwarded-port", "443".to_owned()),
        ("x-forwarded-proto", "https".to_owned()),
    ]
}

/// Text and JSON as they are, everything else, forms among it, in base64.
fn body(headers: &HeaderMap, body: &Bytes) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let plain = kind.starts_with("text/") || kind.starts_with("application/json");
    match std::str::from_utf8(body) {
        Ok(text) if plain => (Some(text.to_owned()), false),
        Ok(_) | Err(_) => (Some(STANDARD.encode(body)), true),
    }
}

/// Decoded, repeated names joined by commas; code that needs more reads the raw query.
fn query_parameters(query: &str) -> Value {
    let mut all = Map::new();
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    for (name, value) in pairs {
        match all.get_mut(&name) {
            Some(Value::String(before)) => {
                before.push(',');
                before.push_str(&value);
            }
            Some(_) | None => {
                all.insert(name, value.into());
            }
        }
    }
    all.into()
}

fn path_parameters(route: &str, path: &str) -> Map<String, Value> {
    let pattern = route.split_once(' ').map_or(route, |(_, pattern)| pattern);
    let pairs = pattern.split('/').zip(path.split('/'));
    pairs
        .filter_map(|(name, value)| Some((name.strip_prefix('{')?.strip_suffix('}')?, value)))
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}

/// The HTTP answer that API Gateway makes of a function's; 502-like trouble is a 500, as there.
#[must_use]
pub fn response(answer: &Value) -> Response<Body> {
    read(answer).unwrap_or_else(|| {
        let mut broken = Response::new(Body::from(r#"{"message":"Internal Server Error"}"#));
        *broken.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}

fn read(answer: &Value) -> Option<Response<Body>> {
    let status = u16::try_from(answer.get("statusCode")?.as_u64()?).ok()?;
    let text = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let encoded = answer
        .get("isBase64Encoded")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let body = if encoded {
        STANDARD.decode(text).ok()?
    } else {
        text.as_bytes().to_vec()
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    let headers = answer.get("headers").and_then(Value::as_object);
    for (name, value) in headers.into_iter().flatten() {
        let name: HeaderName = name.parse().ok()?;
        response.headers_mut().insert(name, value.as_str()?.parse().ok()?);
    }
    let cookies = answer.get("cookies").and_then(Value::as_array);
    for cookie in cookies.into_iter().flatten() {
        response
            .headers_mut()
            .append(header::SET_COOKIE, cookie.as_str()?.parse().ok()?);
    }
    Some(response)
}

#[cfg(test)]
#[path = "api_gateway_tests.rs"]
mod tests;
