//! Tenants: the record, and the list of all of them.

use super::error::{CommitError, StoreError};
use super::item::{Item, number, read_doc, read_text};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction, Transaction};
use super::{FrontDoor, TenantStore};
use crate::domain::ids::TenantId;
use crate::domain::tenant::{DomainClaim, Tenant};

fn tenant_item(tenant: &Tenant) -> Result<Item, StoreError> {
    Ok(Item::new(keys::tenant(&tenant.id))
        .doc("tenant", tenant)?
        .with("v", number(tenant.version)))
}

impl FrontDoor {
    /// Makes a tenant.
    ///
    /// # Errors
    /// [`CommitError::Refused`] with [`Guard::Tenant`] when its id is taken.
    pub async fn create_tenant(&self, tenant: &Tenant) -> Result<(), CommitError> {
        let mut tx = Transaction::new(self.store.clone());
        tx.put(Guard::Tenant, tenant_item(tenant), Some(Expression::absent()));
        tx.put(Guard::Fresh, Ok(Item::new(keys::tenant_entry(&tenant.id))), None);
        tx.commit().await
    }

    /// Ids of the tenants after `after`, at most `limit`, in id order.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn tenants(&self, after: Option<&TenantId>, limit: i32) -> Result<Vec<TenantId>, StoreError> {
        let after = after.map(TenantId::as_str);
        let page = self
            .store
            .dynamo
            .page(Table::Directory, keys::TENANTS, "", after, limit)
            .await?;
        let ids = page.items.iter().filter_map(|item| read_text(item, "sk"));
        ids.map(|id| {
            TenantId::parse(id).map_err(|e| StoreError::Corrupt {
                kind: "tenant entry",
                cause: e.to_string(),
            })
        })
        .collect()
    }
}

impl FrontDoor {
    /// The records of the tenants after `after`, at most `limit` (and 100), in id order.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn tenant_records(
        &self,
        after: Option<&TenantId>,
        limit: i32,
    ) -> Result<Vec<Tenant>, StoreError> {
        let ids = self.tenants(after, limit.clamp(1, 100)).await?;
        let keys = ids.iter().map(keys::tenant).collect::<Vec<_>>();
        let found = self.store.dynamo.get_all(&keys).await?;
        let records = found.iter().map(|item| read_doc::<Tenant>("tenant", item));
        let mut records = records.collect::<Result<Vec<_>, _>>()?;
        records.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(records)
    }
}

impl TenantStore {
    /// The tenant's record.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn record(&self) -> Result<Option<Tenant>, StoreError> {
        let item = self.store.dynamo.get(&keys::tenant(&self.tenant)).await?;
        item.as_ref().map(|item| read_doc("tenant", item)).transpose()
    }

    /// The tenant's record and its domain claims, from its own partition. One after the other: a process that has just
    /// started has one connection, and another handshake takes longer than the second answer.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn record_and_domains(&self) -> Result<Option<(Tenant, Vec<DomainClaim>)>, StoreError> {
        let Some(record) = self.record().await? else {
            return Ok(None);
        };
        Ok(Some((record, self.domains().await?)))
    }
}

impl TenantTransaction {
    /// Makes the tenant ([`Guard::Tenant`] when its id is taken).
    pub fn create_tenant(&mut self, tenant: &Tenant) {
        self.inner
            .put(Guard::Tenant, tenant_item(tenant), Some(Expression::absent()));
        self.inner
            .put(Guard::Fresh, Ok(Item::new(keys::tenant_entry(&tenant.id))), None);
    }

    /// Writes the tenant's record over the version before it (`tenant.version - 1`).
    pub fn update_tenant(&mut self, tenant: &Tenant) {
        self.ends_scim_access = true;
        let read = tenant.version.saturating_sub(1);
        let condition = Expression::new("v = :read").value(":read", number(read));
        self.inner
            .put(Guard::Tenant, tenant_item(tenant), Some(condition));
    }
}
