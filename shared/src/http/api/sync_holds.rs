//! Directory syncs that are held (GH-06). Of people they show ids alone.

use axum::http::{StatusCode, Uri};
use serde_json::{Value, json};

use super::{Admin, Answer, PageQuery, PathIds, bad_cursor, json as answer, page};
use crate::app::onboarding::sync_holds;
use crate::domain::ids::HoldId;
use crate::domain::sync_guard::SyncHold;

/// `GET …/holds`
pub(super) async fn list(Admin(admin): Admin, uri: Uri) -> Answer {
    let query = PageQuery::of(&uri, &[])?;
    let before = query.cursor.as_deref().map(HoldId::parse).transpose();
    let before = before.map_err(|_| bad_cursor())?;
    let (found, next) = sync_holds::list(&admin, before.as_ref(), query.store_limit()).await?;
    let items = found.iter().map(shown).collect::<Vec<_>>();
    Ok(answer(
        StatusCode::OK,
        &page(&items, next.as_ref().map(HoldId::as_str)),
    ))
}

/// `POST …/holds`: announces a removal of many.
pub(super) async fn announce(Admin(admin): Admin) -> Answer {
    let made = sync_holds::announce(&admin).await?;
    Ok(answer(StatusCode::CREATED, &shown(&made)))
}

/// `GET …/holds/{hold}`
pub(super) async fn read(Admin(admin): Admin, ids: PathIds) -> Answer {
    let found = sync_holds::read(&admin, &ids.hold()?).await?;
    Ok(answer(StatusCode::OK, &shown(&found)))
}

/// `POST …/holds/{hold}/release`
pub(super) async fn release(Admin(admin): Admin, ids: PathIds) -> Answer {
    let released = sync_holds::release(&admin, &ids.hold()?).await?;
    Ok(answer(StatusCode::OK, &shown(&released)))
}

/// `POST …/holds/{hold}/dismiss`
pub(super) async fn dismiss(Admin(admin): Admin, ids: PathIds) -> Answer {
    let dismissed = sync_holds::dismiss(&admin, &ids.hold()?).await?;
    Ok(answer(StatusCode::OK, &shown(&dismissed)))
}

fn shown(hold: &SyncHold) -> Value {
    let decided_by = hold
        .by_operator
        .map(|operator| if operator { "operator" } else { "owner" });
    json!({
        "id": hold.id,
        "state": hold.state,
        "opened_at": hold.opened_at,
        "key": hold.key,
        "users": hold.measure.map(|measure| measure.users),
        "limit": hold.measure.map(|measure| measure.limit),
        "removed": hold.measure.map(|measure| measure.removed),
        "held": hold.held,
        "members": hold.users,
        "decided_at": hold.decided_at,
        "decided_by": decided_by,
        "passes_until": hold.passes_until,
    })
}
