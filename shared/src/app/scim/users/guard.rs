//! GH-06: the guard against mass deprovisioning. Whoever takes a person's access away by SCIM (PATCH, PUT or POST that
//! switches an active user off, DELETE of one) is counted in the transaction that does it; what would be one too many is
//! held: the person's sessions end at once, the record stays, and the client is told to come again.

use tokio::sync::MutexGuard;

use super::super::Caller;
use super::existing::Lost;
use crate::app::events;
use crate::domain::ids::HoldId;
use crate::domain::sync_guard::{HoldState, Measure, SyncGuard, SyncHold, SyncMark, Verdict, WINDOW};
use crate::domain::team::Source;
use crate::domain::user::User;
use crate::scim::ScimError;
use crate::store::{CommitError, Guard, StoreError, TenantTransaction, Work};
use crate::telemetry;

/// Seconds after which a client may ask whether somebody has decided.
const RETRY_AFTER: u32 = 15 * 60;

/// What the guard decided, on what was read of it.
enum Decision {
    /// One more goes.
    Goes {
        read: Option<SyncGuard>,
        next: SyncGuard,
    },
    /// One too many: a hold begins.
    Begins {
        read: Option<SyncGuard>,
        guard: SyncGuard,
        measure: Measure,
    },
    /// A hold is open.
    Joins(HoldId),
}

/// Whether somebody is deleted whom SCIM made within the hour: that takes a creation back. It is not counted, so that a
/// first sync can be corrected, and the interface be tried out, without an owner.
pub(super) fn takes_back(before: &User, after: &User) -> bool {
    after.tombstone && before.source == Source::Scim && after.modified_at - before.created_at < WINDOW
}

/// Waits until it is this request's turn to ask the guard, in this process: of many at once the transactions' conditions
/// would let one through, and the others would try again and again.
pub(super) async fn turn(caller: &Caller) -> Option<MutexGuard<'_, ()>> {
    caller
        .gatehouse
        .memory
        .sync_turns
        .at(caller.tenant().id.as_str())
        .await
}

/// Counts one more who goes into the transaction that takes the access of `before` away, or holds the change.
pub(super) async fn admit(
    caller: &Caller,
    before: &User,
    after: &mut User,
    tx: &mut TenantTransaction,
) -> Result<(), Lost> {
    match decide(caller, before).await? {
        Decision::Goes { read, next } => {
            tx.put_sync_guard(read.as_ref(), &next);
            after.sync = before.sync.gone(caller.gatehouse.clock.now());
            Ok(())
        }
        Decision::Begins { read, guard, measure } => {
            let hold = begin(caller, before, (read.as_ref(), &guard), measure).await?;
            Err(held(caller, &hold))
        }
        Decision::Joins(id) => {
            let hold = join(caller, before, &id).await?;
            Err(held(caller, &hold))
        }
    }
}

/// Somebody else was counted meanwhile: what is known of the guard is looked up.
pub(super) async fn look_again(caller: &Caller, error: &CommitError) -> Result<(), StoreError> {
    if error.refused(Guard::SyncGuard) {
        caller.store.sync_guard().await?;
    }
    Ok(())
}

/// What this process last saw of the guard is enough to let somebody go, since the transaction rests on it; to hold
/// somebody it is not.
async fn decide(caller: &Caller, user: &User) -> Result<Decision, StoreError> {
    let now = caller.gatehouse.clock.now();
    let again = user.sync.is_counted(now);
    let known = caller.store.known_sync_guard();
    let guess = known.clone().unwrap_or_default();
    if let Verdict::Passes(next) = guess.admit(now, again) {
        return Ok(Decision::Goes { read: known, next });
    }
    let read = caller.store.sync_guard().await?;
    let mut guard = read.clone().unwrap_or_default();
    loop {
        match guard.admit(now, again) {
            Verdict::Passes(next) => return Ok(Decision::Goes { read, next }),
            Verdict::Joins(hold) => return Ok(Decision::Joins(hold)),
            Verdict::Exceeds(measure) => return Ok(Decision::Begins { read, guard, measure }),
            Verdict::CountUsers => {
                guard = guard.with_active(caller.store.count_seats().await?.active, now);
            }
        }
    }
}

/// Opens a hold with this user in it. Owners and app hear of it once.
async fn begin(
    caller: &Caller,
    before: &User,
    (read, guard): (Option<&SyncGuard>, &SyncGuard),
    measure: Measure,
) -> Result<SyncHold, Lost> {
    let now = caller.gatehouse.clock.now();
    let id = caller.store.new_sync_hold_id()?;
    let (tenant, key) = (caller.tenant().id.clone(), caller.key().id.clone());
    let hold = SyncHold::open(id.clone(), tenant, key, measure, now).with(&before.id);
    let mut tx = caller.store.begin();
    tx.put_sync_guard(read, &guard.holding(&id, now));
    tx.tenant_events(vec![events::sync_held(&hold)]);
    tx.work(&Work::TellOfHold { hold: id });
    written(caller, tx, before, hold).await
}

/// Puts this user into the open hold, once.
async fn join(caller: &Caller, before: &User, id: &HoldId) -> Result<SyncHold, Lost> {
    let hold = caller.store.sync_hold(id).await?;
    let Some(hold) = hold.filter(|hold| hold.state == HoldState::Open) else {
        return Err(Lost::Changed);
    };
    if before.sync.hold.as_ref() == Some(&hold.id) {
        return Ok(hold);
    }
    written(caller, caller.store.begin(), before, hold.with(&before.id)).await
}

/// Every session of the user ends with the hold's own transaction.
async fn written(
    caller: &Caller,
    mut tx: TenantTransaction,
    before: &User,
    hold: SyncHold,
) -> Result<SyncHold, Lost> {
    let after = User {
        epoch: before.epoch + 1,
        version: before.version + 1,
        modified_at: caller.gatehouse.clock.now(),
        sync: SyncMark {
            hold: Some(hold.id.clone()),
            ..before.sync.clone()
        },
        ..before.clone()
    };
    tx.put_sync_hold(&hold);
    tx.update_user(before, &after);
    let ended = events::sessions_revoked(&after);
    tx.user_events(after.id.as_str(), after.version, vec![ended]);
    match tx.commit().await {
        Ok(()) => Ok(hold),
        Err(error @ CommitError::Refused(_)) => {
            look_again(caller, &error).await?;
            Err(Lost::Changed)
        }
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

fn held(caller: &Caller, hold: &SyncHold) -> Lost {
    telemetry::metrics("scim_users", caller.gatehouse.clock.now(), &[("ChangesHeld", 1)]);
    let why = hold.measure.map_or_else(String::new, |measure| {
        format!(
            ": {} of {} users have lost their access within an hour, and at most {} may",
            measure.removed, measure.users, measure.limit
        )
    });
    let detail = format!(
        "sync_held: this change waits for an owner of the organization or the operator of the service to release hold \
         {}{why}; the user's sessions have ended; the same request may be sent again",
        hold.id
    );
    ScimError::Held {
        detail,
        retry_after: RETRY_AFTER,
    }
    .into()
}
