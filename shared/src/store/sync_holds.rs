//! GH-06: what the guard against mass deprovisioning knows of a tenant, and its holds.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::TenantStore;
use super::error::StoreError;
use super::item::{Item, number, read_doc, seconds};
use super::keys::{self, Table};
use super::outbox::AuditRecord;
use super::transaction::{Expression, Guard, TenantTransaction};
use crate::domain::ids::HoldId;
use crate::domain::sync_guard::{HoldState, SyncGuard, SyncHold};

/// How long one process goes by what it has last seen of a guard; every change is conditioned on it.
pub(super) const BELIEVED: TimeDelta = TimeDelta::hours(1);
/// How long a hold stays that was decided: as long as the audit trail does.
const KEPT: TimeDelta = TimeDelta::days(400);

impl TenantStore {
    /// The guard as this process last saw it: a guess, which saves a request. `None` where nothing of it matters any more.
    #[must_use]
    pub fn known_sync_guard(&self) -> Option<SyncGuard> {
        let now = self.store.dynamo.clock.now();
        let known = self.store.sync_guards.get(&self.tenant, now)?;
        (!is_over(&known, now)).then_some(known)
    }

    /// The guard as it is now.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn sync_guard(&self) -> Result<Option<SyncGuard>, StoreError> {
        let item = self.store.dynamo.get(&keys::sync_guard(&self.tenant)).await?;
        let found = item
            .as_ref()
            .map(|item| read_doc::<SyncGuard>("sync guard", item))
            .transpose()?;
        match &found {
            Some(guard) => self.remember_sync_guard(guard),
            None => self.store.sync_guards.forget(&self.tenant),
        }
        Ok(found)
    }

    pub(super) fn remember_sync_guard(&self, guard: &SyncGuard) {
        let now = self.store.dynamo.clock.now();
        self.store.sync_guards.put(&self.tenant, now, guard.clone());
    }

    pub(super) fn forget_sync_guard(&self) {
        self.store.sync_guards.forget(&self.tenant);
    }

    /// An id for a hold that begins now: holds sort by their time.
    ///
    /// # Errors
    /// [`StoreError`] when randomness fails.
    pub fn new_sync_hold_id(&self) -> Result<HoldId, StoreError> {
        let now = self.store.dynamo.clock.now();
        let id = AuditRecord::new(now, "", Value::Null)?.id;
        HoldId::parse(&id).map_err(|error| StoreError::Corrupt {
            kind: "sync hold",
            cause: error.to_string(),
        })
    }

    /// A hold.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn sync_hold(&self, id: &HoldId) -> Result<Option<SyncHold>, StoreError> {
        let item = self.store.dynamo.get(&keys::sync_hold(&self.tenant, id)).await?;
        item.as_ref().map(|item| read_doc("sync hold", item)).transpose()
    }

    /// The tenant's holds, newest first, before the one of `before`; and before which the next page begins.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn sync_holds(
        &self,
        before: Option<&HoldId>,
        limit: i32,
    ) -> Result<(Vec<SyncHold>, Option<HoldId>), StoreError> {
        let pk = keys::sync_holds_pk(&self.tenant);
        let page = self
            .store
            .dynamo
            .page_back(
                Table::Directory,
                &pk,
                before.map(HoldId::as_str),
                limit.clamp(1, 100),
            )
            .await?;
        let found = page.items.iter().map(|item| read_doc("sync hold", item));
        let next = page.next.as_deref().and_then(|id| HoldId::parse(id).ok());
        Ok((found.collect::<Result<_, _>>()?, next))
    }
}

/// Whether the item is absent, as reads see it.
fn is_over(guard: &SyncGuard, now: DateTime<Utc>) -> bool {
    guard
        .ends_at()
        .is_some_and(|end| end.timestamp() < now.timestamp())
}

impl TenantTransaction {
    /// Writes what the guard knows over what was read ([`Guard::SyncGuard`]).
    pub fn put_sync_guard(&mut self, read: Option<&SyncGuard>, guard: &SyncGuard) {
        let key = keys::sync_guard(&self.handle.tenant);
        let item = Item::new(key).doc("sync guard", guard).map(|item| {
            let item = item.with("v", number(guard.version));
            match guard.ends_at() {
                Some(end) => item.until(end),
                None => item,
            }
        });
        let same = match read {
            Some(read) => Expression::new("v = :read").value(":read", number(read.version)),
            None => Expression::new("attribute_not_exists(pk) OR #ttl <= :now")
                .name("#ttl", "ttl")
                .value(":now", seconds(self.handle.store.dynamo.clock.now())),
        };
        self.inner.put(Guard::SyncGuard, item, Some(same));
        self.sync_guard = Some(guard.clone());
    }

    /// Writes a hold over the version before it ([`Guard::SyncHold`]).
    pub fn put_sync_hold(&mut self, hold: &SyncHold) {
        let key = keys::sync_hold(&self.handle.tenant, &hold.id);
        let item = Item::new(key).doc("sync hold", hold).map(|item| {
            let item = item.with("v", number(hold.version));
            match (hold.state, hold.decided_at) {
                (HoldState::Released | HoldState::Dismissed, Some(at)) => item.until(at + KEPT),
                (HoldState::Open | HoldState::Released | HoldState::Dismissed, _) => item,
            }
        });
        let same = super::erasures::step_before(hold.version);
        self.inner.put(Guard::SyncHold, item, Some(same));
    }
}
