use http::Request;
use serde_json::json;

use super::*;
use crate::loopback_client::send;
use crate::{Local, Options};

fn start() -> Local {
    let local = Local::start(&Options::in_memory()).unwrap();
    let functions = ScheduledFunctions::default()
        .with("reminder", || async { Ok(json!({ "sent": 3 })) })
        .with("broken", || async { Err("it fell over".to_owned()) });
    local.serve_control(functions);
    local
}

async fn get(local: &Local, path: &str, accept: &str) -> (u16, String) {
    let request = Request::get(format!("{}{path}", local.control_url())).header("accept", accept);
    let answer = send(request.body(Vec::new()).unwrap()).await.unwrap();
    (
        answer.status().as_u16(),
        String::from_utf8(answer.into_body()).unwrap(),
    )
}

async fn post(local: &Local, path: &str, body: Value) -> (u16, Value) {
    let request =
        Request::post(format!("{}{path}", local.control_url())).header("content-type", "application/json");
    let answer = send(request.body(body.to_string().into_bytes()).unwrap())
        .await
        .unwrap();
    (
        answer.status().as_u16(),
        serde_json::from_slice(answer.body()).unwrap_or_default(),
    )
}

#[tokio::test]
async fn the_clock_moves_by_seconds_or_to_an_instant() {
    let local = start();
    let before = local.clock().now();
    assert_eq!(
        post(&local, "/clock", json!({ "advance_seconds": 3600 })).await.0,
        200
    );
    assert!((local.clock().now() - before).num_seconds() >= 3600);
    let (status, answer) = post(&local, "/clock", json!({ "set": "2031-05-06T07:08:09Z" })).await;
    assert_eq!(status, 200);
    assert!(
        answer["now"].as_str().unwrap().starts_with("2031-05-06T07:08:"),
        "{answer}"
    );
    assert!(local.clock().now().to_rfc3339().starts_with("2031-05-06T07:08:"));
}

#[tokio::test]
async fn what_is_no_order_for_the_clock_is_refused_and_moves_nothing() {
    let local = start();
    for wrong in [
        json!({}),
        json!({ "advance": 1 }),
        json!({ "advance_seconds": "1" }),
        json!({ "advance_seconds": i64::MAX }),
        json!({ "set": "tomorrow" }),
        json!({ "set": "9999-01-01T00:00:00Z" }),
        json!({ "advance_seconds": 1, "set": "2031-05-06T07:08:09Z" }),
    ] {
        let (status, answer) = post(&local, "/clock", wrong.clone()).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(answer["error"].is_string());
    }
    assert_eq!(local.clock().offset().num_seconds(), 0);
}

#[tokio::test]
async fn a_scheduled_function_runs_now() {
    let local = start();
    assert_eq!(
        post(&local, "/functions/reminder/run", json!({})).await.1["result"]["sent"],
        3
    );
    assert_eq!(
        post(&local, "/functions/broken/run", json!({})).await,
        (500, json!({ "error": "it fell over" }))
    );
    let (status, answer) = post(&local, "/functions/nope/run", json!({})).await;
    assert_eq!(status, 404);
    assert!(answer["error"].as_str().unwrap().contains("reminder"));
}

#[tokio::test]
async fn mails_are_listed_and_shown_without_letting_them_run() {
    let local = start();
    let raw = "From: a@acme.example\r\nTo: ada@acme.example\r\nSubject: <b>Hi</b>\r\nContent-Type: text/html\r\n\r\n\
        <script>alert(1)</script><a href=\"http://localhost/x\">go</a>\r\n";
    let body = json!({ "Content": { "Raw": { "Data": base64::Engine::encode(&base64::prelude::BASE64_STANDARD, raw) } } });
    local.mailbox().answer(body.to_string().as_bytes()).unwrap();
    let (_, list) = get(&local, "/mails", "application/json").await;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["mails"][0]["subject"], "<b>Hi</b>");
    let id = list["mails"][0]["id"].as_str().unwrap();
    let (status, page) = get(&local, "/mails", "text/html").await;
    assert_eq!(status, 200);
    assert!(
        page.contains(id) && !page.contains("<b>Hi</b>"),
        "the subject is escaped"
    );
    let (_, page) = get(&local, &format!("/mails/{id}"), "text/html").await;
    assert!(page.contains("sandbox=\"allow-popups") && !page.contains("allow-scripts"));
    let request = Request::get(format!("{}/mails/{id}/body", local.control_url()))
        .body(Vec::new())
        .unwrap();
    let frame = send(request).await.unwrap();
    let policy = frame.headers()["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("sandbox")
            && policy.contains("default-src 'none'")
            && !policy.contains("allow-scripts")
    );
    assert_eq!(get(&local, "/mails/none", "text/html").await.0, 404);
    assert_eq!(
        get(&local, "/mails/..%2f..%2fsecrets/raw", "text/html").await.0,
        404
    );
}

#[tokio::test]
async fn the_sweep_and_the_events_are_there() {
    let local = start();
    assert_eq!(
        post(&local, "/sweep", json!({})).await,
        (200, json!({ "removed": 0 }))
    );
    assert_eq!(
        get(&local, "/events", "application/json").await,
        (200, "{\"events\":[]}".to_owned())
    );
    let (status, page) = get(&local, "/", "text/html").await;
    assert!(status == 200 && page.contains("functions/reminder/run"));
}

#[tokio::test]
async fn attack_without_the_token_nothing_is_there() {
    let local = start();
    let origin = local.control_url().rsplit_once('/').unwrap().0.to_owned();
    for path in [
        "",
        "/",
        "/clock",
        "/wrong/clock",
        "/wrong-token-of-a-plausible-length-and-alphabet-0/clock",
    ] {
        let request = Request::get(format!("{origin}{path}")).body(Vec::new()).unwrap();
        assert_eq!(send(request).await.unwrap().status(), 404, "{path}");
    }
}

/// A page of the attacker's whose name now leads to 127.0.0.1 sends its own name as Host.
#[tokio::test]
async fn attack_dns_rebinding_is_refused_even_with_the_token() {
    let control = {
        let local = start();
        local.control.clone()
    };
    let router = router(control.clone());
    let path = control.url.rsplit_once('/').unwrap().1;
    for host in [
        "evil.example",
        "evil.example:80",
        "127.0.0.1",
        "127.0.0.1.evil.example:1",
    ] {
        let request = Request::get(format!("/{path}/clock"))
            .header("host", host)
            .body(axum::body::Body::empty());
        let answer = router.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
    let request = Request::get(format!("/{path}/clock")).header("host", &control.hosts[0]);
    let answer = router
        .oneshot(request.body(axum::body::Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

/// A form of another site can send these three types without asking.
#[tokio::test]
async fn attack_a_cross_site_form_moves_no_clock() {
    let local = start();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let request = Request::post(format!("{}/clock", local.control_url())).header("content-type", kind);
        let answer = send(request.body(br#"{"advance_seconds":3600}"#.to_vec()).unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    assert_eq!(local.clock().offset().num_seconds(), 0);
}
