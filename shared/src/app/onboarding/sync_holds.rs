//! GH-06: syncs that are held, decided by an owner or the operator; and removals of many that are announced.

use serde_json::json;
use tokio::sync::MutexGuard;

use super::error::{OnboardingError, Thing};
use super::notices::{self, Notice};
use super::{Administration, patiently};
use crate::app::{Gatehouse, events};
use crate::domain::ids::HoldId;
use crate::domain::sync_guard::{HoldState, SyncHold};
use crate::store::{CommitError, OutboxKey, TenantStore, TenantTransaction};

/// What is tried anew when changes of the sync came between.
const DECISION: &str = "a decision about a sync hold";

/// A page of holds, newest first, before the one of `before`; and before which the next one begins.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn list(
    admin: &Administration,
    before: Option<&HoldId>,
    limit: i32,
) -> Result<(Vec<SyncHold>, Option<HoldId>), OnboardingError> {
    Ok(admin.store.sync_holds(before, limit).await?)
}

/// A hold.
///
/// # Errors
/// [`OnboardingError::NotFound`] when the tenant has none of this id.
pub async fn read(admin: &Administration, id: &HoldId) -> Result<SyncHold, OnboardingError> {
    let found = admin.store.sync_hold(id).await?;
    found.ok_or(OnboardingError::NotFound(Thing::SyncHold))
}

/// Lets what is held pass, and whatever comes for 48 hours. Released again, it stays as it is.
///
/// # Errors
/// [`OnboardingError`]: `NotFound`, or `HoldDecided` when it was dismissed.
pub async fn release(admin: &Administration, id: &HoldId) -> Result<SyncHold, OnboardingError> {
    patiently(DECISION, || decide(admin, id, HoldState::Released)).await
}

/// Ends a hold that was a mistake: nothing passes by it, and what is sent again counts as new.
///
/// # Errors
/// [`OnboardingError`]: `NotFound`, or `HoldDecided` when it was released.
pub async fn dismiss(admin: &Administration, id: &HoldId) -> Result<SyncHold, OnboardingError> {
    patiently(DECISION, || decide(admin, id, HoldState::Dismissed)).await
}

/// Changes that join the hold in this process come before or after.
async fn turn(admin: &Administration) -> Option<MutexGuard<'_, ()>> {
    admin
        .gatehouse
        .memory
        .sync_turns
        .at(admin.store.id().as_str())
        .await
}

async fn decide(admin: &Administration, id: &HoldId, to: HoldState) -> Result<SyncHold, OnboardingError> {
    let _turn = turn(admin).await;
    let hold = read(admin, id).await?;
    if hold.state == to {
        return Ok(hold);
    }
    if hold.state != HoldState::Open {
        return Err(OnboardingError::HoldDecided);
    }
    let decided = hold.decided(to, admin.actor.is_operator(), admin.now());
    write(admin, decided).await
}

/// Announces a removal of many: everything passes for 48 hours.
///
/// # Errors
/// [`OnboardingError::HoldOpen`] when a sync is held already.
pub async fn announce(admin: &Administration) -> Result<SyncHold, OnboardingError> {
    patiently(DECISION, || async {
        let _turn = turn(admin).await;
        let guard = admin.store.sync_guard().await?;
        if guard.is_some_and(|guard| guard.hold.is_some()) {
            return Err(OnboardingError::HoldOpen);
        }
        let id = admin.store.new_sync_hold_id()?;
        let by_operator = admin.actor.is_operator();
        let tenant = admin.store.id().clone();
        write(admin, SyncHold::announced(id, tenant, by_operator, admin.now())).await
    })
    .await
}

/// Writes a decided hold with what the guard knows from now on.
async fn write(admin: &Administration, hold: SyncHold) -> Result<SyncHold, OnboardingError> {
    let now = admin.now();
    let read = admin.store.sync_guard().await?;
    let guard = read.clone().unwrap_or_default();
    // Dismissing a hold takes nothing back that was released before.
    let passes_until = hold.passes_until.or(guard.passes_until);
    let mut tx = admin.store.begin();
    tx.put_sync_hold(&hold);
    tx.put_sync_guard(read.as_ref(), &guard.decided(passes_until, now));
    let kind = match hold.state {
        HoldState::Released | HoldState::Open => "sync.released",
        HoldState::Dismissed => "sync.dismissed",
    };
    note(admin, &mut tx, kind, &hold)?;
    tx.commit().await?;
    Ok(hold)
}

fn note(
    admin: &Administration,
    tx: &mut TenantTransaction,
    kind: &str,
    hold: &SyncHold,
) -> Result<(), OnboardingError> {
    let actor = admin.actor.to_value();
    tx.tenant_events(vec![events::sync_decided(kind, hold, admin.now(), &actor)]);
    let data = json!({ "hold": hold.id, "held": hold.held, "passes_until": hold.passes_until });
    Ok(admin.audit(tx, kind, data)?)
}

/// Mails every owner that a sync is held, and takes the work out of the outbox with the same transaction: of two who do
/// it at once one does.
///
/// # Errors
/// [`OnboardingError`] when it cannot be done now.
pub async fn tell_owners(
    gatehouse: &Gatehouse,
    store: &TenantStore,
    at: &OutboxKey,
    hold: &HoldId,
) -> Result<(), OnboardingError> {
    let mut tx = store.begin();
    tx.end_work_once(at);
    let found = store.sync_hold(hold).await?;
    let record = store.record().await?;
    let found = found.and_then(|hold| Some((hold.id, hold.measure?)));
    if let (Some((hold, measure)), Some(tenant)) = (found, record) {
        let notice = Notice::SyncHeld {
            organization: tenant.name,
            hold: hold.to_string(),
            measure,
            url: gatehouse.config.base_url.at("/portal"),
        };
        notices::to_owners(gatehouse, store, &mut tx, &notice).await?;
    }
    match tx.commit().await {
        Ok(()) | Err(CommitError::Refused(_)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
