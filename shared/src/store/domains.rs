//! Domain claims: one item per domain that all tenants share, and a mirror in the tenant's partition.

use super::error::StoreError;
use super::item::{Item, read_doc, read_text, text};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction};
use super::{FrontDoor, TenantStore};
use crate::domain::domain_name::DomainName;
use crate::domain::tenant::{DomainClaim, DomainState, ProofState, ProvenDomains};

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

impl FrontDoor {
    /// The claim of exactly this domain, whoever has proven it.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn claim_of(&self, domain: &DomainName) -> Result<Option<DomainClaim>, StoreError> {
        let item = self.store.dynamo.get(&keys::domain(domain)).await?;
        item.as_ref()
            .map(|item| read_doc("domain claim", item))
            .transpose()
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

    /// The domains in which addresses are believed: with subdomains where chosen, but for those that others have proven.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn believed(&self, claims: &[DomainClaim]) -> Result<ProvenDomains, StoreError> {
        let mut others = Vec::new();
        for claim in claims.iter().filter(|claim| claim.include_subdomains) {
            let pk = keys::domain_pk(&claim.domain);
            for item in self.store.dynamo.all(Table::Directory, &pk, "S#").await? {
                let foreign = read_text(&item, "t") != Some(self.tenant.as_str());
                let name = read_text(&item, "sk").and_then(|sk| sk.strip_prefix("S#"));
                others.extend(
                    name.filter(|_| foreign)
                        .and_then(|name| DomainName::parse(name).ok()),
                );
            }
        }
        Ok(ProvenDomains::new(claims).without(others))
    }
}

/// What the item that all tenants share says of the state, for conditions.
fn state_text(state: DomainState) -> &'static str {
    match state {
        DomainState::Pending => PENDING,
        DomainState::Proven => "proven",
        DomainState::Warned => "warned",
        DomainState::Lapsed => "lapsed",
    }
}

impl TenantTransaction {
    /// Writes a claim of this tenant: over nothing or over its own, never over another tenant's.
    pub fn put_domain(&mut self, claim: &DomainClaim) {
        let owner = text(self.handle.tenant.as_str());
        let free = Expression::new("attribute_not_exists(pk) OR t = :own").value(":own", owner);
        self.put_claim(claim, free);
    }

    /// Takes a lapsed claim over from the tenant that holds it, while it is lapsed; that tenant keeps a pending one.
    pub fn take_over_domain(&mut self, claim: &DomainClaim, holder: &DomainClaim) {
        let lapsed = Expression::new("t = :holder AND st = :lapsed")
            .value(":holder", text(holder.tenant.as_str()))
            .value(":lapsed", text(state_text(DomainState::Lapsed)));
        self.put_claim(claim, lapsed);
        let key = keys::domain_mirror(&holder.tenant, &holder.domain);
        let pending = DomainClaim {
            state: DomainState::Pending,
            proof_state: ProofState::default(),
            ..holder.clone()
        };
        let left = Item::new(key)
            .doc("domain claim", &pending)
            .map(|item| item.with("st", text(PENDING)));
        self.inner.put(Guard::Domain, left, Some(Expression::present()));
    }

    fn put_claim(&mut self, claim: &DomainClaim, condition: Expression) {
        let owner = text(self.handle.tenant.as_str());
        let item = Item::new(keys::domain(&claim.domain))
            .doc("domain claim", claim)
            .map(|i| {
                i.with("t", owner.clone())
                    .with("st", text(state_text(claim.state)))
            });
        self.inner.put(Guard::Domain, item, Some(condition));
        let mirror =
            Item::new(keys::domain_mirror(&self.handle.tenant, &claim.domain)).doc("domain claim", claim);
        self.inner.put(Guard::Fresh, mirror, None);
        for parent in parents(&claim.domain) {
            let below = Item::new(keys::subdomain(&parent, &claim.domain)).with("t", owner.clone());
            self.inner.put(Guard::Fresh, Ok(below), None);
        }
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
        for parent in parents(domain) {
            self.inner
                .delete(Guard::Fresh, &keys::subdomain(&parent, domain), None);
        }
    }
}

/// The domains above that somebody may claim.
fn parents(domain: &DomainName) -> Vec<DomainName> {
    domain.self_and_parents().skip(1).take(10).collect()
}
