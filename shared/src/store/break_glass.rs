//! Break-glass addresses of a tenant (AQ-21), one item each in its own partition.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::item::{Item, read_doc};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction};
use super::{FrontDoor, TenantStore};
use crate::domain::domain_name::DomainName;
use crate::domain::email::EmailAddress;
use crate::domain::ids::ClientId;
use crate::domain::tenant::DomainClaim;

/// An address whose owner may sign in beside single sign-on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakGlass {
    /// The address.
    pub email: EmailAddress,
    /// When it was put on the list.
    pub added_at: DateTime<Utc>,
    /// When the app was last told that it may pass.
    pub used_at: Option<DateTime<Utc>>,
}

impl FrontDoor {
    /// The claims of a domain and of every domain above it, nearest first, whatever they say of subdomains.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn claims_above(&self, domain: &DomainName) -> Result<Vec<DomainClaim>, StoreError> {
        let names = domain.self_and_parents().take(10).collect::<Vec<_>>();
        let keys = names.iter().map(keys::domain).collect::<Vec<_>>();
        let found = self.store.dynamo.get_all(&keys).await?;
        let claims = found
            .iter()
            .map(|item| read_doc::<DomainClaim>("domain claim", item));
        let mut claims = claims.collect::<Result<Vec<_>, _>>()?;
        claims.sort_by_key(|claim| std::cmp::Reverse(claim.domain.as_str().len()));
        Ok(claims)
    }
}

impl TenantStore {
    /// The tenant's list.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn break_glass_list(&self) -> Result<Vec<BreakGlass>, StoreError> {
        let pk = keys::tenant_pk(&self.tenant);
        let items = self.store.dynamo.all(Table::Directory, &pk, "BG#").await?;
        items
            .iter()
            .map(|item| read_doc("break-glass address", item))
            .collect()
    }

    /// Exactly this address, if it is on the list now.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn break_glass(&self, address: &EmailAddress) -> Result<Option<BreakGlass>, StoreError> {
        let key = keys::break_glass(&self.tenant, address);
        let item = self.store.dynamo.get(&key).await?;
        item.as_ref()
            .map(|item| read_doc("break-glass address", item))
            .transpose()
    }
}

impl TenantTransaction {
    /// Puts an address on the list; refused ([`Guard::BreakGlass`]) when it is there.
    pub fn add_break_glass(&mut self, entry: &BreakGlass) {
        self.put_break_glass(entry, Expression::absent());
    }

    /// Notes that an address was let through, while it is on the list ([`Guard::BreakGlass`]).
    pub fn use_break_glass(&mut self, entry: &BreakGlass) {
        self.put_break_glass(entry, Expression::present());
    }

    /// Takes an address off the list; refused ([`Guard::BreakGlass`]) when it is not there.
    pub fn remove_break_glass(&mut self, address: &EmailAddress) {
        let key = keys::break_glass(&self.handle.tenant, address);
        self.inner
            .delete(Guard::BreakGlass, &key, Some(Expression::present()));
    }

    fn put_break_glass(&mut self, entry: &BreakGlass, condition: Expression) {
        let key = keys::break_glass(&self.handle.tenant, &entry.email);
        let item = Item::new(key).doc("break-glass address", entry);
        self.inner.put(Guard::BreakGlass, item, Some(condition));
    }

    /// Marks what an app asked under this id as answered until `until`; refused ([`Guard::OneTimeId`]) the second time.
    pub fn answer_once(&mut self, client: &ClientId, request: &str, until: DateTime<Utc>) {
        let item = Item::new(keys::spent_jti(client, &format!("bypass#{request}"))).until(until);
        self.inner
            .put(Guard::OneTimeId, Ok(item), Some(Expression::absent()));
    }
}
