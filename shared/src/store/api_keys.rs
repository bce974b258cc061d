//! API keys of a tenant: stored as SHA-256 only.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::item::{Item, read_doc, text};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction};
use super::{FrontDoor, TenantStore};
use crate::domain::ids::TenantId;

/// What a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyKind {
    /// The owner's JSON API.
    Owner,
    /// SCIM (AQ-30).
    Scim,
}

/// An API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its public id.
    pub id: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// What it opens.
    pub kind: ApiKeyKind,
    /// The name that its owner gave it.
    pub name: String,
    /// SHA-256 of the token, base64url.
    pub hash: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// What is stored of a token.
    #[must_use]
    pub fn hash_of(token: &str) -> String {
        keys::hash(token)
    }
}

impl FrontDoor {
    /// The key behind a token; one past its end is absent.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn api_key(&self, token: &str) -> Result<Option<ApiKey>, StoreError> {
        let item = self.store.dynamo.get(&keys::api_key(&keys::hash(token))).await?;
        let key = item
            .as_ref()
            .map(|item| read_doc::<ApiKey>("api key", item))
            .transpose()?;
        let now = self.store.dynamo.clock.now();
        Ok(key.filter(|key| key.expires_at.is_none_or(|end| now < end)))
    }
}

impl TenantStore {
    /// All keys of the tenant, in id order.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let items = self
            .store
            .dynamo
            .all(Table::Directory, &keys::tenant_pk(&self.tenant), "TOK#")
            .await?;
        items.iter().map(|item| read_doc("api key", item)).collect()
    }
}

impl TenantTransaction {
    /// Adds a key.
    pub fn create_api_key(&mut self, key: &ApiKey) {
        let owner = text(self.handle.tenant.as_str());
        let item = Item::new(keys::api_key(&key.hash))
            .doc("api key", key)
            .map(|item| item.with("t", owner));
        self.inner.put(Guard::Fresh, item, Some(Expression::absent()));
        let mirror = Item::new(keys::api_key_mirror(&self.handle.tenant, &key.id)).doc("api key", key);
        self.inner.put(Guard::Fresh, mirror, None);
    }

    /// Revokes a key of this tenant.
    pub fn delete_api_key(&mut self, key: &ApiKey) {
        self.ends_scim_access = true;
        let own = Expression::new("t = :own").value(":own", text(self.handle.tenant.as_str()));
        self.inner
            .delete(Guard::Fresh, &keys::api_key(&key.hash), Some(own));
        self.inner.delete(
            Guard::Fresh,
            &keys::api_key_mirror(&self.handle.tenant, &key.id),
            None,
        );
    }
}
