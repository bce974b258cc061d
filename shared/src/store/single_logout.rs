//! Sessions by the NameID that the identity provider knows them by, and the LogoutRequests that were carried out.

use chrono::{DateTime, Utc};

use super::TenantStore;
use super::error::StoreError;
use super::item::{Item, read_doc, read_text};
use super::keys::{self, Key, Table};
use super::transaction::{Guard, TenantTransaction};
use crate::domain::ids::{ConnectionId, UserId};
use crate::domain::session::Session;

/// A session that an identity provider's logout ends.
#[derive(Clone, Debug)]
pub struct NamedSession {
    /// Its user.
    pub user: UserId,
    /// The session; `None` when it ended otherwise.
    pub session: Option<Session>,
    by_name: Key,
    key: Key,
}

impl TenantStore {
    /// The sessions of a NameID at a connection: those of the given SessionIndexes, or all when there are none.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn sessions_by_name_id(
        &self,
        connection: &ConnectionId,
        name_id_hash: &str,
        session_indexes: &[String],
    ) -> Result<Vec<NamedSession>, StoreError> {
        let wanted = session_indexes.iter();
        let wanted = wanted
            .map(|index| keys::session_index_hash(Some(index)))
            .collect::<Vec<_>>();
        let pk = keys::name_id_pk(connection, name_id_hash);
        let items = self.store.dynamo.all(Table::Ephemeral, &pk, "").await?;
        let mut found = Vec::new();
        for item in &items {
            let (Some(sk), Some(user), Some(hash)) = (
                read_text(item, "sk"),
                read_text(item, "uid"),
                read_text(item, "hash"),
            ) else {
                continue;
            };
            let index = sk.split_once('#').map_or(sk, |(index, _)| index);
            let own = read_text(item, "t") == Some(self.tenant.as_str());
            let Ok(user) = UserId::parse(user) else { continue };
            if own && (wanted.is_empty() || wanted.iter().any(|wanted| wanted == index)) {
                found.push(NamedSession {
                    by_name: keys::name_id_item(&pk, sk),
                    key: keys::session(&self.tenant, &user, hash),
                    user,
                    session: None,
                });
            }
        }
        self.fill(&mut found).await?;
        Ok(found)
    }

    /// Reads the sessions themselves.
    async fn fill(&self, named: &mut [NamedSession]) -> Result<(), StoreError> {
        let wanted = named.iter().map(|named| named.key.clone()).collect::<Vec<_>>();
        let items = self.store.dynamo.get_all(&wanted).await?;
        for named in named {
            let same = items.iter().find(|item| {
                read_text(item, "pk") == Some(&named.key.pk) && read_text(item, "sk") == Some(&named.key.sk)
            });
            named.session = same.map(|item| read_doc("session", item)).transpose()?;
        }
        Ok(())
    }

    /// Whether a LogoutRequest was carried out before.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn logout_was_done(&self, connection: &ConnectionId, id: &str) -> Result<bool, StoreError> {
        let key = keys::logout_request(connection, id);
        Ok(self.store.dynamo.get(&key).await?.is_some())
    }
}

impl TenantTransaction {
    /// Ends a session that a NameID names.
    pub fn end_named_session(&mut self, named: &NamedSession) {
        self.inner.delete(Guard::Session, &named.key, None);
        self.inner.delete(Guard::Session, &named.by_name, None);
    }

    /// Marks a LogoutRequest as carried out until `until`.
    pub fn consume_logout(&mut self, connection: &ConnectionId, id: &str, until: DateTime<Utc>) {
        let item = Item::new(keys::logout_request(connection, id)).until(until);
        let now = self.handle.store.dynamo.clock.now();
        self.inner
            .put(Guard::OneTimeId, Ok(item), Some(super::attempts::unseen(now)));
    }
}
