//! What committed changes leave to do: large changes applied to the end, memberships of deleted users cleared, leavings
//! of deleted groups taken away.
//!
//! All of it can be done by anybody, at any time, twice and at once. The relay does it for each record of the outbox
//! ([`finish_work`]); writers finish what is in their way.

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::app::events;
use crate::domain::event::Event;
use crate::domain::ids::{GroupId, UserId};
use crate::store::{
    ChangePart, CommitError, GroupRecord, Guard, MemberDelta, OutboxRecord, Patience, PendingChange,
    StoreError, TenantStore,
};

/// How long a writer works on a change that is in its way.
const IN_THE_WAY: std::time::Duration = std::time::Duration::from_secs(5);
/// Groups that a deleted user leaves in one transaction.
const LEAVE_AT_ONCE: usize = 8;

/// Does what the change behind an outbox record left to do. `until` is when to stop: then, and on an error, the record
/// has to come again. Whether all is done.
///
/// # Errors
/// [`StoreError`] when the table cannot be read or written.
pub async fn finish_work(
    store: &TenantStore,
    record: &OutboxRecord,
    now: DateTime<Utc>,
    until: Instant,
) -> Result<bool, StoreError> {
    let OutboxRecord::Events { events, .. } = record else {
        return Ok(true);
    };
    let mut done = true;
    for event in events {
        done &= finish_event(store, event, now, until).await?;
    }
    Ok(done)
}

async fn finish_event(
    store: &TenantStore,
    event: &Event,
    now: DateTime<Utc>,
    until: Instant,
) -> Result<bool, StoreError> {
    let group = || GroupId::parse(&event.subject).ok();
    match event.kind.as_str() {
        "group.members_changing" => match group() {
            Some(id) => finish_group(store, &id, now, until).await,
            None => Ok(true),
        },
        "group.deleted" => match group() {
            Some(id) => purge(store, &id, until).await,
            None => Ok(true),
        },
        "user.deleted" => match UserId::parse(&event.subject) {
            Ok(user) => leave_groups(store, &user, now, until).await,
            Err(_) => Ok(true),
        },
        _ => Ok(true),
    }
}

/// Applies what is pending of a group.
async fn finish_group(
    store: &TenantStore,
    id: &GroupId,
    now: DateTime<Utc>,
    until: Instant,
) -> Result<bool, StoreError> {
    match store.group(id).await? {
        Some(record) => apply_pending(store, &record, now, until).await,
        None => Ok(true),
    }
}

/// Applies the change that stands in a writer's way.
///
/// # Errors
/// [`StoreError::Busy`] if five seconds do not suffice; otherwise as [`apply_pending`].
pub(super) async fn finish_pending(
    store: &TenantStore,
    record: &GroupRecord,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if apply_pending(store, record, now, Instant::now() + IN_THE_WAY).await? {
        return Ok(());
    }
    Err(StoreError::Busy {
        operation: "TransactWriteItems",
    })
}

/// Applies the pending parts of `record`, one after the other. Whether nothing is left of them.
///
/// # Errors
/// [`StoreError`] when the table cannot be read or written.
pub(super) async fn apply_pending(
    store: &TenantStore,
    record: &GroupRecord,
    now: DateTime<Utc>,
    until: Instant,
) -> Result<bool, StoreError> {
    let Some(change) = &record.pending else {
        return Ok(true);
    };
    for part in store.change_parts(&record.group.id, change).await? {
        if Instant::now() >= until {
            return Ok(false);
        }
        apply_part(store, record, change, part, now).await?;
    }
    let mut transaction = store.begin();
    transaction.end_change(&record.group.id, change);
    match transaction.commit().await {
        // Refused: another has ended it, or the group.
        Ok(()) | Err(CommitError::Refused(_)) => Ok(true),
        Err(CommitError::Store(error)) => Err(error),
    }
}

async fn apply_part(
    store: &TenantStore,
    record: &GroupRecord,
    change: &PendingChange,
    mut part: ChangePart,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let planned = part.delta.clone();
    let mut patience = Patience::new();
    loop {
        let MemberDelta { add, remove } = &part.delta;
        let happened = vec![events::group_members_changed(&record.group, now, add, remove)];
        let mut transaction = store.begin();
        transaction.apply_part(record, change, (&part, &planned), happened);
        let guards = match transaction.commit().await {
            Ok(()) => return Ok(()),
            Err(CommitError::Store(error)) => return Err(error),
            Err(CommitError::Refused(guards)) => guards,
        };
        if guards.contains(&Guard::ChangePart) {
            // Another applied it, or the group is gone.
            return Ok(());
        }
        // Somebody who was to come has been deleted since the change was planned.
        let living = store.living_users(&part.delta.add).await?;
        part.delta.add.retain(|user| living.contains(user));
        patience.wait("TransactWriteItems").await?;
    }
}

/// Clears the memberships of a deleted user. Whether nothing is left of them.
///
/// # Errors
/// [`StoreError`] when the table cannot be read or written, or stayed busy for 5 seconds.
pub async fn leave_groups(
    store: &TenantStore,
    user: &UserId,
    now: DateTime<Utc>,
    until: Instant,
) -> Result<bool, StoreError> {
    if !store.is_departing(user).await? {
        return Ok(true);
    }
    // A change that was planned while the user was there may still bring a membership.
    for id in store.pending_groups().await? {
        if !finish_group(store, &id, now, until).await? {
            return Ok(false);
        }
    }
    let mut patience = Patience::new();
    loop {
        let mirrors = store.groups_to_leave(user).await?;
        if mirrors.is_empty() {
            return end_departure(store, user).await;
        }
        for ids in mirrors.chunks(LEAVE_AT_ONCE) {
            if Instant::now() >= until {
                return Ok(false);
            }
            if !leave(store, user, ids, now, until).await? {
                if !store.is_departing(user).await? {
                    return Ok(true);
                }
                patience.wait("TransactWriteItems").await?;
            }
        }
    }
}

/// Takes a deleted user out of some groups, in one transaction; false if others were in the way.
async fn leave(
    store: &TenantStore,
    user: &UserId,
    ids: &[GroupId],
    now: DateTime<Utc>,
    until: Instant,
) -> Result<bool, StoreError> {
    let records = store.groups(ids).await?;
    let gone = ids
        .iter()
        .filter(|id| records.iter().all(|found| found.group.id != **id));
    let gone = gone.cloned().collect::<Vec<_>>();
    if !gone.is_empty() {
        store.clear_mirrors(user, &gone).await?;
    }
    if records.is_empty() {
        return Ok(true);
    }
    let delta = MemberDelta {
        add: Vec::new(),
        remove: vec![user.clone()],
    };
    let mut transaction = store.begin();
    transaction.check_departing(user);
    for before in records {
        if before.pending.is_some() {
            apply_pending(store, &before, now, until).await?;
            return Ok(false);
        }
        let record = before.after(before.group.next(now), &delta, None);
        transaction.update_group(&before, &record);
        transaction.change_members(&record.group.id, &delta);
        let group = &record.group;
        let left = events::group_members_changed(group, group.modified_at, &[], &delta.remove);
        transaction.group_events(&group.id, group.version, vec![left]);
    }
    match transaction.commit().await {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(_)) => Ok(false),
        Err(CommitError::Store(error)) => Err(error),
    }
}

async fn end_departure(store: &TenantStore, user: &UserId) -> Result<bool, StoreError> {
    let mut transaction = store.begin();
    transaction.end_departure(user);
    match transaction.commit().await {
        // Refused: another has ended it.
        Ok(()) | Err(CommitError::Refused(_)) => Ok(true),
        Err(CommitError::Store(error)) => Err(error),
    }
}

/// Takes away what is left of a deleted group. Whether nothing is.
async fn purge(store: &TenantStore, id: &GroupId, until: Instant) -> Result<bool, StoreError> {
    while store.purge_group(id).await? {
        if Instant::now() >= until {
            return Ok(false);
        }
    }
    Ok(true)
}
