//! Domain claims: one item per domain that all tenants share, and a mirror in the tenant's partition.

use super::error::StoreError;
use super::item::{Item, read_doc, text};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction};
use super::{FrontDoor, TenantStore};
use crate::domain::domain_name::DomainName;
use crate::domain::tenant::DomainClaim;

/// Marks the mirror of a claim that is not proven yet.
const PENDING: &str = "pending";

impl FrontDoor {
    /// The claim that routes addresses of `domain`: its own, else the nearest parent's that takes subdomains.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn claim_for(&self, domain: &DomainName) -> Result<Option<DomainClaim>, StoreError> {
        let names = domain.self_and_parents().take(10).collect::<Vec<_>>();
        let found = self
            .store
            .dynamo
            .get_all(&names.iter().map(keys::domain).collect::<Vec<_>>())
            .await?;
        let claims = found
            .iter()
            .map(|item| read_doc::<DomainClaim>("domain claim", item));
        let claims = claims.collect::<Result<Vec<_>, _>>()?;
        let counts = |claim: &&DomainClaim| claim.domain == *domain || claim.include_subdomains;
        Ok(claims
            .iter()
            .filter(counts)
            .max_by_key(|claim| claim.domain.as_str().len())
            .cloned())
    }
}

impl TenantStore {
    /// All domain claims of the tenant.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn domains(&self) -> Result<Vec<DomainClaim>, StoreError> {
        let items = self
            .store
            .dynamo
            .all(Table::Directory, &keys::tenant_pk(&self.tenant), "D#")
            .await?;
        items.iter().map(|item| read_doc("domain claim", item)).collect()
    }
}

impl TenantTransaction {
    /// Writes a claim of this tenant: over nothing or over its own, never over another tenant's.
    pub fn put_domain(&mut self, claim: &DomainClaim) {
        let owner = text(self.handle.tenant.as_str());
        let condition = Expression::new("attribute_not_exists(pk) OR t = :own").value(":own", owner.clone());
        let item = Item::new(keys::domain(&claim.domain))
            .doc("domain claim", claim)
            .map(|i| i.with("t", owner));
        self.inner.put(Guard::Domain, item, Some(condition));
        let mirror =
            Item::new(keys::domain_mirror(&self.handle.tenant, &claim.domain)).doc("domain claim", claim);
        self.inner.put(Guard::Fresh, mirror, None);
    }

    /// Writes a claim that is not proven yet. It lies in the tenant's own partition alone: it neither routes anybody nor
    /// keeps another tenant from proving the domain. Refused ([`Guard::Domain`]) over a proven one.
    pub fn put_pending_domain(&mut self, claim: &DomainClaim) {
        let condition =
            Expression::new("attribute_not_exists(pk) OR st = :pending").value(":pending", text(PENDING));
        let mirror = Item::new(keys::domain_mirror(&self.handle.tenant, &claim.domain))
            .doc("domain claim", claim)
            .map(|i| i.with("st", text(PENDING)));
        self.inner.put(Guard::Domain, mirror, Some(condition));
    }

    /// Takes a claim back that is not proven yet; refused ([`Guard::Domain`]) once it is.
    pub fn delete_pending_domain(&mut self, domain: &DomainName) {
        let condition = Expression::new("st = :pending").value(":pending", text(PENDING));
        let key = keys::domain_mirror(&self.handle.tenant, domain);
        self.inner.delete(Guard::Domain, &key, Some(condition));
    }

    /// Gives a proven domain of this tenant up.
    pub fn delete_domain(&mut self, domain: &DomainName) {
        let own = Expression::new("t = :own").value(":own", text(self.handle.tenant.as_str()));
        self.inner.delete(Guard::Domain, &keys::domain(domain), Some(own));
        self.inner.delete(
            Guard::Fresh,
            &keys::domain_mirror(&self.handle.tenant, domain),
            None,
        );
    }
}
