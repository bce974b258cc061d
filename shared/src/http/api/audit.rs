//! A tenant's audit trail, and its failed sign-ins (GH-04).

use axum::http::{StatusCode, Uri};
use chrono::NaiveDate;

use super::query::bad_cursor;
use super::{Admin, Answer, PageQuery, json, page, view};
use crate::app::onboarding::Administration;
use crate::app::onboarding::audit::{self, AuditCursor, AuditQuery};
use crate::http::problem::Problem;
use crate::http::reference::Reference;

/// Parts day and entry in a cursor; no id has it.
const PART: char = '~';

/// `GET …/sign-in-failures`, newest first; `reference` as a person reads it out.
pub(super) async fn failures(Admin(admin): Admin, uri: Uri) -> Answer {
    let query = PageQuery::of(&uri, &["reference"])?;
    let reference = query
        .get("reference")
        .map(|typed| Reference::parse(typed).ok_or_else(bad_reference));
    let reference = reference
        .transpose()?
        .map(|reference| reference.as_str().to_owned());
    let found = read(
        &admin,
        &query,
        AuditQuery {
            failures_only: true,
            reference,
            ..AuditQuery::default()
        },
    );
    let found = found.await?;
    let items = found.records.iter().map(view::failure).collect::<Vec<_>>();
    Ok(json(
        StatusCode::OK,
        &page(&items, found.next.map(text).as_deref()),
    ))
}

/// `GET …/audit`, newest first.
pub(super) async fn trail(Admin(admin): Admin, uri: Uri) -> Answer {
    audit_trail(&admin, &uri).await
}

/// A page of the trail of whatever `admin` is a hand on.
///
/// # Errors
/// [`Problem`] for a query that is none, or when the table cannot be read.
pub async fn audit_trail(admin: &Administration, uri: &Uri) -> Answer {
    let query = PageQuery::of(uri, &[])?;
    let found = read(admin, &query, AuditQuery::default()).await?;
    let operator = admin.actor.is_operator();
    let items = found
        .records
        .iter()
        .map(|record| view::audit(record, operator))
        .collect::<Vec<_>>();
    Ok(json(
        StatusCode::OK,
        &page(&items, found.next.map(text).as_deref()),
    ))
}

async fn read(
    admin: &Administration,
    query: &PageQuery,
    wanted: AuditQuery,
) -> Result<audit::AuditPage, Problem> {
    let after = query.cursor.as_deref().map(cursor).transpose()?;
    Ok(audit::read(
        admin,
        &AuditQuery {
            after,
            limit: query.limit,
            ..wanted
        },
    )
    .await?)
}

fn cursor(given: &str) -> Result<AuditCursor, Problem> {
    let (day, before) = given.split_once(PART).ok_or_else(bad_cursor)?;
    let day = day.parse::<NaiveDate>().map_err(|_| bad_cursor())?;
    let before = Some(before.to_owned()).filter(|before| !before.is_empty());
    Ok(AuditCursor { day, before })
}

fn text(cursor: AuditCursor) -> String {
    format!("{}{PART}{}", cursor.day, cursor.before.unwrap_or_default())
}

fn bad_reference() -> Problem {
    let detail = "Wanted a reference of 12 letters and digits, such as 7K3Q-M9XZ-2PBW.";
    Problem::new(StatusCode::BAD_REQUEST, "reference_invalid", detail).with_field("reference", detail)
}
