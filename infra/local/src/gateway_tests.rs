use axum::routing::{get, post};
use http::Request;
use http_body_util::BodyExt;

use super::*;

fn functions() -> Vec<Router> {
    let echo = |request: Request<Body>| async move {
        let query = request.uri().query().unwrap_or("").to_owned();
        let headers: Vec<String> = ["x-many", "cookie", "x-forwarded-for"]
            .iter()
            .map(|name| {
                format!(
                    "{:?}",
                    request.headers().get_all(*name).iter().collect::<Vec<_>>()
                )
            })
            .collect();
        format!("{query}|{}", headers.join("|"))
    };
    let length = |body: Bytes| async move { body.len().to_string() };
    let headers = || async {
        let mut headers = HeaderMap::new();
        for value in ["a=1", "b=2"] {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(value));
            headers.append("x-many", HeaderValue::from_static(value));
        }
        headers
    };
    vec![
        Router::new()
            .route("/echo", get(echo))
            .route("/headers", get(headers)),
        Router::new()
            .route(
                "/length",
                post(length).layer(axum::extract::DefaultBodyLimit::disable()),
            )
            .route("/panic", get(|| async { panic!("a bug") as &'static str }))
            .route(
                "/slow",
                get(|| async { tokio::time::sleep(Duration::from_secs(60)).await }),
            )
            .route("/huge", get(|| async { "x".repeat(MAX_ANSWER_BYTES + 1) })),
    ]
}

async fn call(request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let router = router_with_timeout(functions(), Duration::from_millis(200));
    let answer = router.oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        parts.status,
        parts.headers,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

fn get_request(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn functions_get_the_query_as_it_came_and_repeated_headers_joined() {
    let mut request = get_request("/echo?a=%2F&b=+&SAMLRequest=x%3d&a=2");
    for value in ["1", "2"] {
        request
            .headers_mut()
            .append("x-many", HeaderValue::from_static(value));
    }
    for value in ["a=1; b=2", "c=3"] {
        request
            .headers_mut()
            .append(header::COOKIE, HeaderValue::from_static(value));
    }
    request
        .extensions_mut()
        .insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 5555))));
    request
        .headers_mut()
        .insert("x-forwarded-for", HeaderValue::from_static("6.6.6.6"));
    let (status, headers, body) = call(request).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        body,
        r#"a=%2F&b=+&SAMLRequest=x%3d&a=2|["1,2"]|["a=1; b=2; c=3"]|["6.6.6.6, 127.0.0.1"]"#
    );
    assert!(headers.contains_key("apigw-requestid"));
}

#[tokio::test]
async fn answers_keep_their_cookies_apart_and_join_the_rest() {
    let (_, headers, _) = call(get_request("/headers")).await;
    assert_eq!(
        headers.get_all("set-cookie").iter().collect::<Vec<_>>(),
        ["a=1", "b=2"]
    );
    assert_eq!(headers.get_all("x-many").iter().collect::<Vec<_>>(), ["a=1,b=2"]);
}

#[tokio::test]
async fn what_no_function_serves_is_not_found() {
    let (status, _, body) = call(get_request("/nothing")).await;
    assert_eq!(
        (status, body.as_str()),
        (StatusCode::NOT_FOUND, r#"{"message":"Not Found"}"#)
    );
}

#[tokio::test]
async fn a_head_of_10240_bytes_passes_and_one_more_does_not() {
    let of = |bytes: usize| {
        // "GET /echo HTTP/1.1" and the header's value.
        let mut request = get_request("/echo");
        let value = "x".repeat(bytes - "GET /echo HTTP/1.1".len());
        request
            .headers_mut()
            .insert("x-big", HeaderValue::from_str(&value).unwrap());
        request
    };
    assert_eq!(call(of(MAX_HEAD_BYTES)).await.0, StatusCode::OK);
    let (status, _, body) = call(of(MAX_HEAD_BYTES + 1)).await;
    assert_eq!(status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert!(body.contains("message"));
}

#[tokio::test]
async fn a_body_of_10_mb_passes_and_one_more_byte_does_not_declared_or_not() {
    let of = |bytes: usize, declared: bool| {
        let body = vec![b'x'; bytes];
        if declared {
            Request::post("/length")
                .header("content-length", bytes)
                .body(Body::from(body))
                .unwrap()
        } else {
            let chunks: Vec<_> = body
                .chunks(65_536)
                .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
                .collect();
            Request::post("/length")
                .body(Body::from_stream(futures_util::stream::iter(chunks)))
                .unwrap()
        }
    };
    for declared in [true, false] {
        let (status, _, body) = call(of(MAX_BODY_BYTES, declared)).await;
        assert_eq!((status, body), (StatusCode::OK, MAX_BODY_BYTES.to_string()));
        let (status, _, body) = call(of(MAX_BODY_BYTES + 1, declared)).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(body, r#"{"message":"Request Entity Too Large"}"#);
    }
}

#[tokio::test]
async fn a_function_that_fails_is_500_and_a_slow_one_503() {
    assert_eq!(
        call(get_request("/panic")).await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(
        call(get_request("/huge")).await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    let (status, _, body) = call(get_request("/slow")).await;
    assert_eq!(
        (status, body.as_str()),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            r#"{"message":"Service Unavailable"}"#
        )
    );
}

/// Over a real socket: the client of a refused 11 MB body still reads its refusal, and quickly.
#[tokio::test]
async fn a_refused_body_does_not_cost_the_client_the_answer() {
    let local = crate::Local::start(&crate::Options::in_memory()).unwrap();
    local.serve_functions(functions());
    let request = Request::post(format!("{}/length", local.base_url()))
        .body(vec![b'x'; 11 * 1024 * 1024])
        .unwrap();
    let answer = crate::loopback_client::send(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
}
