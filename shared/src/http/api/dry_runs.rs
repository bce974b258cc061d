//! Dry runs of changes of a connection (GH-06).

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Admin, Answer, ApiJson, PathIds, json as answer, merge_into};
use crate::app::onboarding::connections::dry_run::{self, DryRun, Newcomer};
use crate::app::onboarding::connections::{self, ConnectionEdit};
use crate::domain::ids::ConnectionId;

/// A change as it would be sent by PATCH, and the test sign-in to try it on; absent, the last one that passed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    change: Value,
    test: Option<String>,
}

/// `POST …/connections/{connection}/dry-run`
pub(super) async fn work_out(Admin(admin): Admin, ids: PathIds, ApiJson(wanted): ApiJson<Wanted>) -> Answer {
    let read = connections::read(&admin, &ids.connection()?).await?;
    let edit = merge_into(&ConnectionEdit::of(&read), &wanted.change)?;
    let found = dry_run::dry_run(&admin, &read, edit, wanted.test.as_deref()).await?;
    Ok(answer(StatusCode::OK, &shown(&read.id, &found)))
}

fn shown(connection: &ConnectionId, run: &DryRun) -> Value {
    let mut changes = run
        .renamed
        .iter()
        .map(|one| json!({ "field": one.field, "from": one.from, "to": one.to }))
        .collect::<Vec<_>>();
    let (from, to) = &run.subject;
    if from != to {
        changes.push(json!({ "field": "/subject", "from": from, "to": to }));
    }
    let newcomer = run.newcomers.as_ref().map(|newcomers| {
        json!({
            "test": newcomers.test,
            "before": newcomers.before.as_ref().map(person),
            "after": newcomers.after.as_ref().map(person),
        })
    });
    let unrecognized = run.unrecognized.map(
        |found| json!({ "looked_at": found.looked_at, "linked": found.linked, "complete": found.complete }),
    );
    json!({
        "connection": connection,
        "version": run.version,
        "state": run.state,
        "changes": changes,
        "newcomer": newcomer,
        "unrecognized": unrecognized,
        "findings": run.findings,
    })
}

fn person(newcomer: &Newcomer) -> Value {
    let profile = &newcomer.profile;
    json!({
        "email": newcomer.email,
        "email_verified": newcomer.email_verified,
        "first_name": profile.first_name,
        "last_name": profile.last_name,
        "position": profile.position,
        "department": profile.department,
        "mobile": profile.mobile,
        "picture": profile.picture,
        "role": profile.role,
        "team_name": profile.team_name,
        "team_role": profile.team_role,
        "fallbacks": profile.fallbacks,
    })
}
