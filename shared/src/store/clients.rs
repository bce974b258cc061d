//! App clients: the registry behind the OpenID Provider, cached for at most 60 seconds.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::FrontDoor;
use super::error::{CommitError, StoreError};
use super::item::{Item, number, read_doc, read_number, read_text};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction};
use crate::domain::ids::{ClientId, TenantId};

impl FrontDoor {
    /// An app client, as of now.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn client<T: DeserializeOwned>(&self, id: &ClientId) -> Result<Option<T>, StoreError> {
        let item = self.store.dynamo.get(&keys::client(id)).await?;
        item.as_ref().map(|item| read_doc("client", item)).transpose()
    }

    /// An app client with the version to update over.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn client_and_version<T: DeserializeOwned>(
        &self,
        id: &ClientId,
    ) -> Result<Option<(T, u64)>, StoreError> {
        let Some(item) = self.store.dynamo.get(&keys::client(id)).await? else {
            return Ok(None);
        };
        Ok(Some((
            read_doc("client", &item)?,
            read_number(&item, "v").unwrap_or(0),
        )))
    }

    /// An app client, at most 60 seconds old.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn cached_client<T: DeserializeOwned>(&self, id: &ClientId) -> Result<Option<T>, StoreError> {
        let now = self.store.dynamo.clock.now();
        if let Some(json) = self.store.clients.get(id, now) {
            let read = serde_json::from_str(&json);
            return read.map(Some).map_err(|e| StoreError::Corrupt {
                kind: "client",
                cause: e.to_string(),
            });
        }
        let Some(item) = self.store.dynamo.get(&keys::client(id)).await? else {
            return Ok(None);
        };
        if let Some(json) = read_text(&item, "doc") {
            self.store.clients.put(id, now, json.to_owned());
        }
        read_doc("client", &item).map(Some)
    }

    /// Makes a client, or writes it over the version that was read.
    ///
    /// # Errors
    /// [`CommitError::Refused`] with [`Guard::Client`] when it exists, or has changed since.
    pub async fn put_client(
        &self,
        id: &ClientId,
        client: &impl Serialize,
        read_version: Option<u64>,
    ) -> Result<(), CommitError> {
        let mut tx = self.store.tenant(&TenantId::of_deployment()).begin();
        tx.put_client(id, client, read_version);
        let done = tx.commit().await;
        self.forget_client(id);
        done
    }

    /// Drops what is cached of a client: after it was changed.
    pub fn forget_client(&self, id: &ClientId) {
        self.store.clients.forget(id);
    }

    /// Ids of all app clients, in id order. An operator has few of them.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn clients(&self) -> Result<Vec<ClientId>, StoreError> {
        let items = self.store.dynamo.all(Table::Directory, keys::CLIENTS, "").await?;
        let ids = items.iter().filter_map(|item| read_text(item, "sk"));
        ids.map(|id| {
            ClientId::parse(id).map_err(|e| StoreError::Corrupt {
                kind: "client entry",
                cause: e.to_string(),
            })
        })
        .collect()
    }
}

impl TenantTransaction {
    /// Makes a client, or writes it over the version that was read ([`Guard::Client`]).
    pub fn put_client(&mut self, id: &ClientId, client: &impl Serialize, read_version: Option<u64>) {
        let condition = match read_version {
            None => Expression::absent(),
            Some(read) => Expression::new("v = :read").value(":read", number(read)),
        };
        let version = read_version.unwrap_or(0) + 1;
        let item = Item::new(keys::client(id))
            .doc("client", client)
            .map(|i| i.with("v", number(version)));
        self.inner.put(Guard::Client, item, Some(condition));
        self.inner
            .put(Guard::Fresh, Ok(Item::new(keys::client_entry(id))), None);
    }

    /// Deletes a client; refused ([`Guard::Client`]) when there is none.
    pub fn delete_client(&mut self, id: &ClientId) {
        self.inner
            .delete(Guard::Client, &keys::client(id), Some(Expression::present()));
        self.inner.delete(Guard::Fresh, &keys::client_entry(id), None);
    }
}
