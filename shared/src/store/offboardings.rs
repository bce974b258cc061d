//! Offboardings of tenants: the report lies with the deployment, and stays.

use super::erasures::step_before;
use super::error::StoreError;
use super::item::{Item, number, read_doc};
use super::keys::{self, Table};
use super::outbox::{AuditRecord, OutboxRecord, Work, audit_item};
use super::transaction::{Expression, Guard, TenantTransaction};
use super::{FrontDoor, TenantStore};
use crate::domain::event::Event;
use crate::domain::ids::TenantId;
use crate::domain::offboarding::Offboarding;
use crate::domain::tenant::Tenant;
use crate::random;

impl TenantStore {
    /// How far the tenant's offboarding came.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn offboarding(&self) -> Result<Option<Offboarding>, StoreError> {
        let item = self.store.dynamo.get(&keys::offboarding(&self.tenant)).await?;
        item.as_ref()
            .map(|item| read_doc("offboarding", item))
            .transpose()
    }

    /// Whether the tenant's record is there.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn exists(&self) -> Result<bool, StoreError> {
        Ok(self
            .store
            .dynamo
            .get(&keys::tenant(&self.tenant))
            .await?
            .is_some())
    }

    /// Lets this process look at everything of the tenant anew.
    pub fn forget(&self) {
        self.forget_scim_access();
        let own = |context: &std::sync::Arc<super::SignInContext>| context.tenant.id == self.tenant;
        self.store.contexts.forget_where(own);
    }
}

impl FrontDoor {
    /// A page of the offboardings in the order of the tenants' ids, after `after`; and behind which the next one begins.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn offboardings(
        &self,
        after: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<Offboarding>, Option<String>), StoreError> {
        let prefix = keys::OFFBOARDINGS;
        let after = after.map(|tenant| format!("{prefix}{tenant}"));
        let page = self
            .store
            .dynamo
            .page(
                Table::Directory,
                &keys::offboardings_pk(),
                prefix,
                after.as_deref(),
                limit.clamp(1, 100),
            )
            .await?;
        let found = page.items.iter().map(|item| read_doc("offboarding", item));
        let next = page.next.as_deref().and_then(|sk| sk.strip_prefix(prefix));
        Ok((found.collect::<Result<_, _>>()?, next.map(str::to_owned)))
    }
}

impl TenantTransaction {
    /// Takes the tenant's record away over the version that was read ([`Guard::Tenant`]): from then on nobody finds the
    /// tenant. The offboarding, its event, its audit entry and the work that follows lie with the deployment.
    pub fn begin_offboarding(
        &mut self,
        tenant: &Tenant,
        begun: &Offboarding,
        (event, audit): (Event, &AuditRecord),
    ) {
        let read = Expression::new("v = :read").value(":read", number(tenant.version));
        let t = self.handle.tenant.clone();
        self.inner.delete(Guard::Tenant, &keys::tenant(&t), Some(read));
        self.inner.delete(Guard::Fresh, &keys::tenant_entry(&t), None);
        self.put_offboarding(begun);
        let deployment = TenantId::of_deployment();
        let at = keys::tenant_event(&deployment, &audit.id);
        self.outbox(
            at,
            &OutboxRecord::Events {
                events: vec![event],
                audited: true,
            },
        );
        self.inner.put(Guard::Fresh, audit_item(&deployment, audit), None);
        self.ends_scim_access = true;
    }

    /// Lets the relay go on with the tenant's offboarding; the work lies with the deployment.
    ///
    /// # Errors
    /// [`StoreError::Random`] when the system's randomness fails.
    pub fn purge_work(&mut self) -> Result<(), StoreError> {
        let at = keys::tenant_event(&TenantId::of_deployment(), &random::uuid()?.to_string());
        let tenant = self.handle.tenant.clone();
        self.outbox(at, &OutboxRecord::Work(Work::Purge { tenant }));
        Ok(())
    }

    /// Writes how far the tenant's offboarding came, over the step before ([`Guard::Work`]).
    pub fn put_offboarding(&mut self, offboarding: &Offboarding) {
        let key = keys::offboarding(&self.handle.tenant);
        let item = Item::new(key).doc("offboarding", offboarding);
        let item = item.map(|item| item.with("v", number(offboarding.version)));
        let before = step_before(offboarding.version);
        self.inner.put(Guard::Work, item, Some(before));
    }
}
