//! Import of the members that the app has already, in parts of CSV or JSON.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::query::page_of;
use super::{Admin, Answer, ApiJson, PathIds, json as answer};
use crate::app::onboarding::members::imports::{self, Line, Progress};
use crate::app::onboarding::{OnboardingError, Thing};
use crate::http::body::{self, BodyError};
use crate::http::problem::Problem;
use crate::store::{ImportPart, MemberImport, RefusedLine};

/// Limit of the body of a part, in bytes.
const PART_LIMIT: usize = 1024 * 1024;

/// An import as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    parts: u32,
}

/// A part as a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    members: Vec<Value>,
}

/// `GET …/member-imports`
pub(super) async fn list(Admin(admin): Admin, uri: Uri) -> Answer {
    let found = imports::all(&admin).await?;
    let show = |import: &MemberImport| json!({ "id": import.id, "parts": import.parts, "started_at": import.started_at });
    let page = page_of(&uri, &found, |import| import.id.clone(), show)?;
    Ok(answer(StatusCode::OK, &page))
}

/// `POST …/member-imports`
pub(super) async fn begin(Admin(admin): Admin, ApiJson(wanted): ApiJson<Wanted>) -> Answer {
    let begun = imports::begin(&admin, wanted.parts).await?;
    Ok(answer(StatusCode::CREATED, &shown(&begun)))
}

/// `GET …/member-imports/{import}`
pub(super) async fn read(Admin(admin): Admin, ids: PathIds) -> Answer {
    let found = imports::progress(&admin, ids.text("import")).await?;
    Ok(answer(StatusCode::OK, &shown(&found)))
}

/// `GET …/member-imports/{import}/parts/{part}`
pub(super) async fn read_part(Admin(admin): Admin, ids: PathIds) -> Answer {
    let part = imports::part(&admin, ids.text("import"), number(&ids)?).await?;
    Ok(answer(StatusCode::OK, &shown_part(&part)))
}

/// `PUT …/member-imports/{import}/parts/{part}`: goes through the lines; sent again, it goes on where it stopped.
pub(super) async fn send_part(Admin(admin): Admin, ids: PathIds, request: Request) -> Answer {
    let number = number(&ids)?;
    let (parts, body) = request.into_parts();
    let form = Form::of(&parts.headers)?;
    let sent = body::read(&parts.headers, body, PART_LIMIT).await?;
    let lines = form.lines(&sent)?;
    let part = imports::send_part(&admin, ids.text("import"), number, (&sent, &lines)).await?;
    Ok(answer(StatusCode::OK, &shown_part(&part)))
}

fn number(ids: &PathIds) -> Result<u32, Problem> {
    let text = ids.text("part");
    let number = text
        .parse()
        .ok()
        .filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    Ok(number.ok_or(OnboardingError::NotFound(Thing::ImportPart))?)
}

/// What a part is written in.
enum Form {
    Csv,
    Json,
}

impl Form {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut values = headers.get_all(header::CONTENT_TYPE).iter();
        let kind = values.next().filter(|_| values.next().is_none());
        let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = kind
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match essence.as_str() {
            "text/csv" => Ok(Self::Csv),
            "application/json" => Ok(Self::Json),
            _other => Err(BodyError::ContentType {
                wanted: "text/csv or application/json",
            }
            .into()),
        }
    }

    fn lines(&self, sent: &[u8]) -> Result<Vec<Line>, Problem> {
        match self {
            Self::Csv => Ok(imports::table(sent)?),
            Self::Json => {
                let list: List = body::json(sent)?;
                Ok(imports::list(list.members)?)
            }
        }
    }
}

fn shown(progress: &Progress) -> Value {
    let import = &progress.import;
    let sum = |count: fn(&ImportPart) -> usize| progress.parts.iter().map(count).sum::<usize>();
    json!({
        "id": import.id,
        "started_at": import.started_at,
        "state": if progress.is_done() { "done" } else { "under_way" },
        "parts": import.parts,
        "parts_done": progress.parts.iter().filter(|part| part.done == part.lines).count(),
        "lines": sum(|part| usize::try_from(part.lines).unwrap_or(0)),
        "lines_done": sum(|part| usize::try_from(part.done).unwrap_or(0)),
        "made": sum(|part| usize::try_from(part.made).unwrap_or(0)),
        "refused": sum(|part| part.refused.len()),
    })
}

fn shown_part(part: &ImportPart) -> Value {
    let refused = part.refused.iter().map(shown_line);
    json!({
        "part": part.part,
        "state": if part.done == part.lines { "done" } else { "under_way" },
        "lines": part.lines,
        "lines_done": part.done,
        "made": part.made,
        "refused": refused.collect::<Vec<_>>(),
    })
}

fn shown_line(line: &RefusedLine) -> Value {
    json!({ "line": line.line, "code": line.code, "field": line.field, "detail": line.detail })
}
