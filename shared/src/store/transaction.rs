//! One transaction on one tenant's items. Each part names the guard that its condition stands for.

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};

use super::dynamo::{Outcome, cannot_build};
use super::error::{CommitError, StoreError};
use super::item::{Attributes, Item, key_attributes};
use super::keys::Key;
use super::{Store, TenantStore};
use crate::domain::event::Event;
use crate::domain::sync_guard::SyncGuard;

/// DynamoDB's limit of items in one transaction.
const MOST_ITEMS: usize = 100;

/// What the condition on a part of a transaction protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The tenant is at the version that was read.
    Tenant,
    /// The domain is not claimed by another.
    Domain,
    /// The connection is at the version that was read.
    Connection,
    /// The app client is at the version that was read.
    Client,
    /// The user is active, at the epoch or version that was read.
    User,
    /// The user name is free.
    UserName,
    /// Nobody who did not come by SCIM has the address.
    Address,
    /// The identity is not known yet, or still the one that was read.
    Identity,
    /// Seats have not changed since they were counted.
    Seats,
    /// The team's name is free, or its team still there.
    Team,
    /// The membership is not there yet.
    Membership,
    /// The group is at the version that was read, with no large change pending.
    Group,
    /// The group's name, with its external id, is free.
    GroupName,
    /// The large change of a group is still pending, and this part of it not applied.
    ChangePart,
    /// The deleted user's memberships are still to be cleared.
    Departure,
    /// The account still waits for its check.
    Recheck,
    /// The attempt is still open.
    Attempt,
    /// The assertion (or another one-time id) has not been seen.
    OneTimeId,
    /// The code is there and unused.
    Code,
    /// The session is there.
    Session,
    /// The refresh token is the one that was read.
    RefreshToken,
    /// The part of an import is at the step that was read.
    ImportPart,
    /// Work that is done in parts is at the step that was read, and what it looks at as it was read.
    Work,
    /// What the guard against mass deprovisioning knows is what was read.
    SyncGuard,
    /// The hold is at the step that was read.
    SyncHold,
    /// The break-glass address is on the list, or not yet.
    BreakGlass,
    /// The record is new: its random id cannot be taken.
    Fresh,
}

/// An expression with its values.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    pub(super) text: String,
    pub(super) names: Vec<(&'static str, &'static str)>,
    pub(super) values: Vec<(&'static str, AttributeValue)>,
    /// Whether a put whose condition does not hold shows what lies there.
    pub(super) seen: bool,
}

impl Expression {
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            names: Vec::new(),
            values: Vec::new(),
            seen: false,
        }
    }

    pub fn value(mut self, name: &'static str, value: AttributeValue) -> Self {
        self.values.push((name, value));
        self
    }

    /// Lets a put whose condition does not hold show what lies there.
    pub fn seeing(self) -> Self {
        Self { seen: true, ..self }
    }

    /// Stands for an attribute whose name is a reserved word.
    pub fn name(mut self, placeholder: &'static str, name: &'static str) -> Self {
        self.names.push((placeholder, name));
        self
    }

    /// Nothing lies at the key.
    pub fn absent() -> Self {
        Self::new("attribute_not_exists(pk)")
    }

    /// Something lies at the key.
    pub fn present() -> Self {
        Self::new("attribute_exists(pk)")
    }
}

/// A transaction being put together: nothing happens before `commit`.
#[derive(Debug)]
pub struct Transaction {
    pub(super) store: Store,
    parts: Vec<(Guard, TransactWriteItem)>,
    failed: Option<StoreError>,
}

impl Transaction {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            parts: Vec::new(),
            failed: None,
        }
    }

    /// Remembers the first failure of building, which `commit` answers.
    pub(super) fn item(&mut self, item: Result<Item, StoreError>) -> Option<Item> {
        match item {
            Ok(item) => Some(item),
            Err(error) => {
                self.failed.get_or_insert(error);
                None
            }
        }
    }

    pub(super) fn put(
        &mut self,
        guard: Guard,
        item: Result<Item, StoreError>,
        condition: Option<Expression>,
    ) {
        let Some(item) = self.item(item) else { return };
        let table = self.store.dynamo.table(item.key.table).to_owned();
        let mut put = Put::builder().table_name(table).set_item(Some(item.attributes));
        if let Some(condition) = condition {
            put = put.condition_expression(condition.text);
            let shows = condition
                .seen
                .then_some(ReturnValuesOnConditionCheckFailure::AllOld);
            put = put.set_return_values_on_condition_check_failure(shows);
            for (name, value) in condition.values {
                put = put.expression_attribute_values(name, value);
            }
            for (placeholder, name) in condition.names {
                put = put.expression_attribute_names(placeholder, name);
            }
        }
        match put.build() {
            Ok(put) => self
                .parts
                .push((guard, TransactWriteItem::builder().put(put).build())),
            Err(e) => self.cannot_build(&e),
        }
    }

    pub(super) fn update(
        &mut self,
        guard: Guard,
        key: &Key,
        change: Expression,
        condition: Option<Expression>,
    ) {
        let table = self.store.dynamo.table(key.table).to_owned();
        let mut update = Update::builder()
            .table_name(table)
            .set_key(Some(key_attributes(key)));
        update = update.update_expression(change.text);
        let (mut values, mut names) = (change.values, change.names);
        if let Some(condition) = condition {
            update = update.condition_expression(condition.text);
            values.extend(condition.values);
            names.extend(condition.names);
        }
        for (placeholder, name) in names {
            update = update.expression_attribute_names(placeholder, name);
        }
        for (name, value) in values {
            update = update.expression_attribute_values(name, value);
        }
        match update.build() {
            Ok(update) => self
                .parts
                .push((guard, TransactWriteItem::builder().update(update).build())),
            Err(e) => self.cannot_build(&e),
        }
    }

    pub(super) fn delete(&mut self, guard: Guard, key: &Key, condition: Option<Expression>) {
        let table = self.store.dynamo.table(key.table).to_owned();
        let mut delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key_attributes(key)));
        if let Some(condition) = condition {
            delete = delete.condition_expression(condition.text);
            for (name, value) in condition.values {
                delete = delete.expression_attribute_values(name, value);
            }
            for (placeholder, name) in condition.names {
                delete = delete.expression_attribute_names(placeholder, name);
            }
        }
        match delete.build() {
            Ok(delete) => self
                .parts
                .push((guard, TransactWriteItem::builder().delete(delete).build())),
            Err(e) => self.cannot_build(&e),
        }
    }

    pub(super) fn check(&mut self, guard: Guard, key: &Key, condition: Expression) {
        let table = self.store.dynamo.table(key.table).to_owned();
        let mut check = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(key_attributes(key)));
        check = check.condition_expression(condition.text);
        for (name, value) in condition.values {
            check = check.expression_attribute_values(name, value);
        }
        for (placeholder, name) in condition.names {
            check = check.expression_attribute_names(placeholder, name);
        }
        match check.build() {
            Ok(check) => self
                .parts
                .push((guard, TransactWriteItem::builder().condition_check(check).build())),
            Err(e) => self.cannot_build(&e),
        }
    }

    fn cannot_build(&mut self, error: &impl std::fmt::Display) {
        self.failed
            .get_or_insert(cannot_build("TransactWriteItems", error));
    }

    /// Writes all parts or none.
    ///
    /// # Errors
    /// [`CommitError::Refused`] names the guards whose condition did not hold; [`CommitError::Store`] otherwise.
    pub(super) async fn commit(self) -> Result<(), CommitError> {
        self.commit_seeing().await.map_err(|(error, _)| error)
    }

    /// As [`Self::commit`], with the items that conditions of a refused transaction asked to see.
    pub(super) async fn commit_seeing(self) -> Result<(), (CommitError, Vec<Attributes>)> {
        let alone = |error: CommitError| (error, Vec::new());
        if let Some(error) = self.failed {
            return Err(alone(error.into()));
        }
        if self.parts.len() > MOST_ITEMS {
            let cause = format!(
                "{} parts; at most {MOST_ITEMS} fit one transaction",
                self.parts.len()
            );
            let error = StoreError::Unavailable {
                operation: "TransactWriteItems",
                cause,
            };
            return Err(alone(error.into()));
        }
        let (guards, items): (Vec<_>, Vec<_>) = self.parts.into_iter().unzip();
        let outcome = self.store.dynamo.transact(items).await;
        match outcome.map_err(|error| alone(error.into()))? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(unfulfilled) => {
                let named = unfulfilled
                    .iter()
                    .filter_map(|one| guards.get(one.position).copied())
                    .collect();
                let seen = unfulfilled.into_iter().filter_map(|one| one.seen).collect();
                Err((CommitError::Refused(named), seen))
            }
        }
    }
}

/// A transaction on one tenant's items; the parts are added by the methods in the file of each aggregate.
#[derive(Debug)]
pub struct TenantTransaction {
    pub(super) handle: TenantStore,
    pub(super) inner: Transaction,
    /// Whether it changes what this process remembers of SCIM keys and their tenant.
    pub(super) ends_scim_access: bool,
    /// Events for the outbox, put there at the end.
    pub(super) events: Vec<(Key, Vec<Event>)>,
    /// Whether the transaction writes entries of the audit trail.
    pub(super) audited: bool,
    /// What the guard against mass deprovisioning knows once this is committed.
    pub(super) sync_guard: Option<SyncGuard>,
}

impl TenantTransaction {
    pub(super) fn new(handle: TenantStore) -> Self {
        let inner = Transaction::new(handle.store.clone());
        Self {
            handle,
            inner,
            ends_scim_access: false,
            events: Vec::new(),
            audited: false,
            sync_guard: None,
        }
    }

    /// Writes all parts or none.
    ///
    /// # Errors
    /// [`CommitError::Refused`] names the guards whose condition did not hold; [`CommitError::Store`] otherwise.
    pub async fn commit(self) -> Result<(), CommitError> {
        self.commit_seeing().await.map_err(|(error, _)| error)
    }

    /// As [`Self::commit`], with the items that conditions of a refused transaction asked to see.
    pub(super) async fn commit_seeing(mut self) -> Result<(), (CommitError, Vec<Attributes>)> {
        self.write_events();
        let outcome = self.inner.commit_seeing().await;
        match (&self.sync_guard, &outcome) {
            (Some(guard), Ok(())) => self.handle.remember_sync_guard(guard),
            // Whatever was guessed may be wrong.
            (Some(_), Err(_)) => self.handle.forget_sync_guard(),
            (None, _) => {}
        }
        outcome?;
        if self.ends_scim_access {
            self.handle.forget_scim_access();
        }
        Ok(())
    }
}
