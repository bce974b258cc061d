//! Connections: one item that the connection's URLs lead to, a mirror in the tenant's partition, and the context of a
//! sign-in cached for at most 60 seconds.

use std::sync::Arc;

use chrono::TimeDelta;

use super::error::StoreError;
use super::item::{Item, number, read_doc, read_text, text};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction};
use super::{FrontDoor, TenantStore};
use crate::domain::connection::Connection;
use crate::domain::ids::{ConnectionId, UserId};
use crate::domain::onboarding::MembersTold;
use crate::domain::tenant::{ProvenDomains, Tenant};

/// How many connections of one issuer are looked at: beyond that, an issuer alone says nothing.
const MOST_OF_ISSUER: i32 = 20;

/// What was read so lately is the present state.
const JUST_READ: TimeDelta = TimeDelta::seconds(1);

/// All that a sign-in needs to know of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInContext {
    /// The connection.
    pub connection: Connection,
    /// Its tenant.
    pub tenant: Tenant,
    /// The tenant's proven domains.
    pub domains: ProvenDomains,
}

impl FrontDoor {
    /// A connection by its id.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
        let item = self.store.dynamo.get(&keys::connection(id)).await?;
        item.as_ref().map(|item| read_doc("connection", item)).transpose()
    }

    /// Connections that were written with this issuer, at most [`MOST_OF_ISSUER`]; whether they still have it is for the
    /// caller to look at.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn connections_of_issuer(&self, issuer: &str) -> Result<Vec<ConnectionId>, StoreError> {
        let pk = keys::issuer_pk(issuer);
        let page = self
            .store
            .dynamo
            .page(Table::Directory, &pk, "", None, MOST_OF_ISSUER)
            .await?;
        let ids = page.items.iter().filter_map(|item| read_text(item, "sk"));
        Ok(ids.filter_map(|id| ConnectionId::parse(id).ok()).collect())
    }

    /// A connection with its tenant and domains, at most 60 seconds old.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn sign_in_context(&self, id: &ConnectionId) -> Result<Option<Arc<SignInContext>>, StoreError> {
        let now = self.store.dynamo.clock.now();
        if let Some(context) = self.store.contexts.get(id, now) {
            return Ok(Some(context));
        }
        let Some(connection) = self.connection(id).await? else {
            return Ok(None);
        };
        let handle = self.store.tenant(&connection.tenant);
        let Some((tenant, claims)) = handle.record_and_domains().await? else {
            return Ok(None);
        };
        let domains = handle.believed(&claims).await?;
        let context = Arc::new(SignInContext {
            connection,
            tenant,
            domains,
        });
        self.store.contexts.put(id, now, context.clone());
        Ok(Some(context))
    }

    /// What a connection has become, if that is not what is remembered of it; for a refusal that a change may explain. What
    /// was read within the last second is not read again: refusals are cheap to ask for.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn changed_context(
        &self,
        remembered: &SignInContext,
    ) -> Result<Option<Arc<SignInContext>>, StoreError> {
        let (id, now) = (&remembered.connection.id, self.store.dynamo.clock.now());
        self.store.contexts.forget_older(id, now, JUST_READ);
        let present = self.sign_in_context(id).await?;
        Ok(present.filter(|present| **present != *remembered))
    }

    /// Drops what is cached of a connection: after a transaction found it changed.
    pub fn forget_context(&self, id: &ConnectionId) {
        self.store.contexts.forget(id);
    }
}

impl TenantStore {
    /// All connections of the tenant, in id order.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        let items = self
            .store
            .dynamo
            .all(Table::Directory, &keys::tenant_pk(&self.tenant), "C#")
            .await?;
        items.iter().map(|item| read_doc("connection", item)).collect()
    }

    /// A connection of this tenant; one of another tenant is absent.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
        let item = self
            .store
            .dynamo
            .get(&keys::connection_mirror(&self.tenant, id))
            .await?;
        item.as_ref().map(|item| read_doc("connection", item)).transpose()
    }
}

impl TenantTransaction {
    /// Makes a connection.
    pub fn create_connection(&mut self, connection: &Connection) {
        self.put_connection(connection, Expression::absent());
    }

    /// Writes a connection over the version before it (`connection.version - 1`).
    pub fn update_connection(&mut self, connection: &Connection) {
        let read = number(connection.version.saturating_sub(1));
        let own = text(self.handle.tenant.as_str());
        let condition = Expression::new("v = :read AND t = :own")
            .value(":read", read)
            .value(":own", own);
        self.put_connection(connection, condition);
        self.handle.store.contexts.forget(&connection.id);
    }

    /// Writes what is only noted on a connection over the version that was read, which stays: sign-ins under way and
    /// ETags are not disturbed.
    pub fn annotate_connection(&mut self, connection: &Connection) {
        let condition = Expression::new("v = :read AND t = :own")
            .value(":read", number(connection.version))
            .value(":own", text(self.handle.tenant.as_str()));
        self.put_connection(connection, condition);
        self.handle.store.contexts.forget(&connection.id);
    }

    /// Writes how far members were told over exactly what was read of it: of two that go on at once one does.
    pub fn annotate_connection_told(&mut self, connection: &Connection, read: &MembersTold) {
        let key = keys::members_told(&self.handle.tenant, &connection.id);
        let mark = |told: &MembersTold| told.after.as_ref().map_or("", UserId::as_str).to_owned();
        let at = connection
            .onboarding
            .members_told
            .as_ref()
            .map(mark)
            .unwrap_or_default();
        let item = Item::new(key).with("at", text(at));
        let same = Expression::new("attribute_not_exists(pk) OR #at = :read")
            .name("#at", "at")
            .value(":read", text(mark(read)));
        self.inner.put(Guard::Connection, Ok(item), Some(same));
        self.annotate_connection(connection);
    }

    fn put_connection(&mut self, connection: &Connection, condition: Expression) {
        let own = text(self.handle.tenant.as_str());
        let shape = |item: Item| {
            let item = item.doc("connection", connection)?;
            Ok(item.with("v", number(connection.version)).with("t", own.clone()))
        };
        self.inner.put(
            Guard::Connection,
            shape(Item::new(keys::connection(&connection.id))),
            Some(condition),
        );
        if let Some(issuer) = connection.issuer() {
            let mirror = keys::issuer_mirror(&self.handle.tenant, &issuer, &connection.id);
            for key in [keys::issuer(&issuer, &connection.id), mirror] {
                self.inner.put(Guard::Fresh, Ok(Item::new(key)), None);
            }
        }
        let mirror = keys::connection_mirror(&self.handle.tenant, &connection.id);
        self.inner.put(Guard::Fresh, shape(Item::new(mirror)), None);
    }

    /// Lets the transaction hold only while the connection is at this version.
    pub fn check_connection(&mut self, connection: &Connection) {
        let condition = Expression::new("v = :read").value(":read", number(connection.version));
        self.inner
            .check(Guard::Connection, &keys::connection(&connection.id), condition);
    }
}
