//! The routes behind the token.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Control;
use super::mails::ReadMail;
use crate::dns::Zone;

/// Inside the frame nothing runs and nothing loads; a link opens a new tab.
const MAIL_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

pub(super) fn router(control: Control) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/clock", get(tell_time).post(move_clock))
        .route("/sweep", post(sweep))
        .route("/functions", get(functions))
        .route("/functions/{name}/run", post(run_function))
        .route("/dns", post(set_dns))
        .route("/mails", get(mails))
        .route("/mails/{id}", get(mail))
        .route("/mails/{id}/body", get(mail_body))
        .route("/mails/{id}/raw", get(mail_raw))
        .route("/events", get(events))
        .with_state(control)
}

#[derive(Template)]
#[template(path = "control_index.html")]
struct IndexPage {
    now: String,
    url: String,
    mails: usize,
    events: usize,
    functions: Vec<String>,
}

#[derive(Template)]
#[template(path = "control_mails.html")]
struct MailsPage {
    mails: Vec<ReadMail>,
}

#[derive(Template)]
#[template(path = "control_mail.html")]
struct MailPage {
    mail: ReadMail,
}

/// Either member; anything else is refused rather than ignored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum MoveClock {
    AdvanceSeconds(i64),
    Set(DateTime<Utc>),
}

fn problem(status: StatusCode, detail: impl Into<String>) -> Response {
    (status, Json(json!({ "error": detail.into() }))).into_response()
}

fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

fn time(control: &Control) -> Value {
    json!({
        "now": control.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "offset_seconds": control.clock.offset().num_seconds(),
    })
}

async fn index(State(control): State<Control>) -> Response {
    page(&IndexPage {
        now: control
            .clock
            .now()
            .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        url: control.url.clone(),
        mails: control.services.mailbox.mails().len(),
        events: control.services.events.events().len(),
        functions: control.functions.by_name.keys().cloned().collect(),
    })
}

async fn tell_time(State(control): State<Control>) -> Json<Value> {
    Json(time(&control))
}

async fn move_clock(State(control): State<Control>, body: String) -> Response {
    let wanted: MoveClock = match serde_json::from_str(&body) {
        Ok(wanted) => wanted,
        Err(error) => {
            let detail = format!("wanted {{\"advance_seconds\": n}} or {{\"set\": \"RFC 3339\"}}: {error}");
            return problem(StatusCode::BAD_REQUEST, detail);
        }
    };
    let delta = match wanted {
        MoveClock::AdvanceSeconds(seconds) => TimeDelta::try_seconds(seconds),
        MoveClock::Set(to) => Some(to - control.clock.now()),
    };
    // Beyond a century something else is wrong, and dates would overflow.
    let Some(delta) = delta.filter(|delta| delta.num_days().abs() < 36_525) else {
        return problem(StatusCode::BAD_REQUEST, "the clock moves by less than a century");
    };
    control.clock.advance(delta);
    Json(time(&control)).into_response()
}

/// What the name server says of a name from now on: `{"name", "txt": […]}`, or `{"name", "fails": true}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetDns {
    name: String,
    #[serde(default)]
    txt: Vec<String>,
    #[serde(default)]
    fails: bool,
}

async fn set_dns(State(control): State<Control>, body: String) -> Response {
    match serde_json::from_str::<SetDns>(&body) {
        Ok(wanted) => {
            let zone = if wanted.fails {
                Zone::Fails
            } else {
                Zone::Records(wanted.txt)
            };
            control.dns.set(&wanted.name, zone);
            Json(json!({ "name": wanted.name })).into_response()
        }
        Err(error) => {
            let detail = format!("wanted {{\"name\": …, \"txt\": […]}} or \"fails\": true: {error}");
            problem(StatusCode::BAD_REQUEST, detail)
        }
    }
}

async fn sweep(State(control): State<Control>) -> Response {
    let dynamodb = control.dynamodb.clone();
    match tokio::task::spawn_blocking(move || dynamodb.sweep_ttl()).await {
        Ok(Ok(removed)) => Json(json!({ "removed": removed })).into_response(),
        Ok(Err(error)) => problem(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

async fn functions(State(control): State<Control>) -> Json<Value> {
    Json(json!({ "functions": control.functions.by_name.keys().collect::<Vec<_>>() }))
}

async fn run_function(State(control): State<Control>, Path(name): Path<String>) -> Response {
    let Some(run) = control.functions.by_name.get(&name) else {
        let known: Vec<_> = control.functions.by_name.keys().cloned().collect();
        let detail = format!("no scheduled function {name:?}; there are: {}", known.join(", "));
        return problem(StatusCode::NOT_FOUND, detail);
    };
    match run().await {
        Ok(result) => Json(json!({ "function": name, "result": result })).into_response(),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, error),
    }
}

async fn mails(State(control): State<Control>, headers: HeaderMap) -> Response {
    let mut mails = ReadMail::all(&control.services.mailbox);
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or("");
    if accept.contains("text/html") {
        mails.reverse();
        return page(&MailsPage { mails });
    }
    Json(json!({ "mails": mails })).into_response()
}

async fn mail(State(control): State<Control>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Some(mail) = ReadMail::find(&control.services.mailbox, &id) else {
        return problem(StatusCode::NOT_FOUND, "no such mail");
    };
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or("");
    if accept.contains("text/html") {
        page(&MailPage { mail })
    } else {
        Json(json!(mail)).into_response()
    }
}

/// What the mail's frame shows: its HTML, else its text.
async fn mail_body(State(control): State<Control>, Path(id): Path<String>) -> Response {
    let Some(mail) = ReadMail::find(&control.services.mailbox, &id) else {
        return problem(StatusCode::NOT_FOUND, "no such mail");
    };
    let policy = [(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)];
    match (mail.html, mail.text) {
        (Some(html), _) => (policy, Html(format!("<base target=\"_blank\">{html}"))).into_response(),
        (None, text) => (policy, text.unwrap_or_default()).into_response(),
    }
}

async fn mail_raw(State(control): State<Control>, Path(id): Path<String>) -> Response {
    match control.services.mailbox.raw(&id) {
        Some(raw) => {
            // As text: a browser must not take a part of it for a page.
            let headers = [
                (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, raw).into_response()
        }
        None => problem(StatusCode::NOT_FOUND, "no such mail"),
    }
}

async fn events(State(control): State<Control>) -> Json<Value> {
    Json(json!({ "events": control.services.events.events() }))
}
