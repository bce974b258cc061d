//! Planned changes made true: in one transaction, or in parts with one commit.

use std::time::Duration;

use super::work;
use crate::app::events;
use crate::app::scim::{Caller, ScimFailure};
use crate::domain::event::Event;
use crate::domain::group::Group;
use crate::store::{CommitError, GroupRecord, Guard, MemberDelta, PendingChange, TenantTransaction};

/// Whoever committed a large change applies it until the request has taken so long; the relay does the rest. API Gateway
/// waits for 30 seconds, and staging has its share of them.
const APPLY_UNTIL: Duration = Duration::from_secs(12);

/// What became of a change.
pub(super) enum Outcome {
    /// It is true.
    Done(GroupRecord),
    /// Another group has the name.
    NameTaken,
    /// Something that was read has changed since: worth another look. The group as it is now, if nothing else has
    /// changed.
    Overtaken(Option<GroupRecord>),
}

/// A change that lies aside in parts, ready to be committed.
pub(super) struct Staged {
    change: PendingChange,
    delta: MemberDelta,
}

/// Makes a group.
pub(super) async fn create(
    caller: &Caller,
    group: Group,
    delta: &MemberDelta,
) -> Result<Outcome, ScimFailure> {
    let pending = stage(caller, &group, delta, true, &mut None).await?;
    let record = GroupRecord::new(group, &delta.add, pending);
    let mut transaction = caller.store.begin();
    transaction.create_group(&record);
    let happened = vec![events::group_created(&record.group)];
    finish(caller, transaction, record, delta, happened).await
}

/// Changes a group that was read as `before` into `group`, one version on. `staged` is what an earlier try has written
/// aside.
pub(super) async fn change(
    caller: &Caller,
    before: &GroupRecord,
    group: Group,
    delta: &MemberDelta,
    staged: &mut Option<Staged>,
) -> Result<Outcome, ScimFailure> {
    let old = &before.group;
    let renamed = old.display_name != group.display_name || old.external_id != group.external_id;
    let pending = stage(caller, &group, delta, renamed, staged).await?;
    let record = before.after(group, delta, pending);
    let mut transaction = caller.store.begin();
    transaction.update_group(before, &record);
    let told = renamed || old.references != record.group.references;
    let happened = told.then(|| events::group_updated(&record.group));
    finish(caller, transaction, record, delta, happened.into_iter().collect()).await
}

/// Writes a change that is too large for one transaction aside.
async fn stage(
    caller: &Caller,
    group: &Group,
    delta: &MemberDelta,
    names: bool,
    staged: &mut Option<Staged>,
) -> Result<Option<PendingChange>, ScimFailure> {
    if delta.fits_one_transaction(names) {
        return Ok(None);
    }
    if let Some(ready) = staged.as_ref().filter(|ready| ready.delta == *delta) {
        return Ok(Some(ready.change.clone()));
    }
    let change = PendingChange::new()?;
    caller.store.stage_change(&group.id, &change, delta).await?;
    *staged = Some(Staged {
        change: change.clone(),
        delta: delta.clone(),
    });
    Ok(Some(change))
}

async fn finish(
    caller: &Caller,
    mut transaction: TenantTransaction,
    record: GroupRecord,
    delta: &MemberDelta,
    mut happened: Vec<Event>,
) -> Result<Outcome, ScimFailure> {
    let group = &record.group;
    if record.pending.is_some() {
        let (come, go) = (delta.add.len(), delta.remove.len());
        happened.push(events::group_members_changing(group, come, go));
    } else if !delta.is_empty() {
        transaction.change_members(&group.id, delta);
        let at = group.modified_at;
        happened.push(events::group_members_changed(
            group,
            at,
            &delta.add,
            &delta.remove,
        ));
    }
    transaction.group_events(&group.id, group.version, happened);
    if let Err((error, now)) = transaction.commit_group().await {
        return overtaken(caller, &record, error, now).await;
    }
    if record.pending.is_some() {
        apply(caller, &record).await;
    }
    Ok(Outcome::Done(record))
}

/// The change is committed: what goes wrong from here on delays it, and undoes nothing.
async fn apply(caller: &Caller, record: &GroupRecord) {
    let until = caller.after(APPLY_UNTIL);
    let now = caller.gatehouse.clock.now();
    match work::apply_pending(&caller.store, record, now, until).await {
        Ok(true) => {}
        Ok(false) => tracing::info!(group.id = %record.group.id, "a large change is left to the relay"),
        Err(error) => tracing::warn!(error.code = error.code(), error = %error, group.id = %record.group.id,
            "a committed change is left to the relay"),
    }
}

async fn overtaken(
    caller: &Caller,
    record: &GroupRecord,
    error: CommitError,
    now: Option<GroupRecord>,
) -> Result<Outcome, ScimFailure> {
    match error {
        CommitError::Store(error) => Err(error.into()),
        CommitError::Refused(guards) if guards.contains(&Guard::Group) => {
            let others = guards
                .iter()
                .any(|guard| matches!(guard, Guard::Membership | Guard::User));
            Ok(Outcome::Overtaken(now.filter(|_| !others)))
        }
        // A cancelled create, or rename, reads its guard before it says that the name is taken.
        CommitError::Refused(guards) if guards.contains(&Guard::GroupName) => {
            let group = &record.group;
            let holder = caller
                .store
                .group_by_guard(&group.display_name, group.external_id.as_deref())
                .await?;
            match (holder, &caller.store.group(&group.id).await?) {
                (Some(id), Some(found)) if id == group.id => Ok(Outcome::Done(found.clone())),
                (Some(_), _) => Ok(Outcome::NameTaken),
                (None, _) => Ok(Outcome::Overtaken(None)),
            }
        }
        CommitError::Refused(_) => Ok(Outcome::Overtaken(None)),
    }
}
