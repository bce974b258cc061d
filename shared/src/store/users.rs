//! Users: the record with its guards and list entry, and the identities that lead to it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::TenantStore;
use super::error::StoreError;
use super::item::{Attributes, Item, number, read_doc, read_text, seconds, text};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction};
use super::user_items::{self, SECONDARY};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{ConnectionId, UserId};
use crate::domain::recheck::Recheck;
use crate::domain::upstream::SealedToken;
use crate::domain::user::User;

/// How many users may share one address before a look-up gives up: more than one is ambiguous already.
const MOST_SHARED: usize = 10;
/// How many entries of one address are looked at for that.
const MOST_LOOKED_AT: i32 = 100;

/// That person at one connection, as last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownIdentity {
    /// The user that it leads to.
    pub user: UserId,
    /// The user's epoch at the last sign-in.
    pub epoch: u64,
    /// The address that the identity provider last gave.
    pub email: Option<EmailAddress>,
    /// When it was first linked.
    pub linked_at: DateTime<Utc>,
    /// When the identity provider last vouched.
    pub last_sign_in: DateTime<Utc>,
    /// Its refresh token, sealed for this identity (SE-06).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<SealedToken>,
    /// How it is checked between sign-ins; it waits in a queue exactly while this is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recheck: Option<Recheck>,
    /// Since when the identity provider does not vouch for it any more; the next sign-in there takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<DateTime<Utc>>,
}

impl TenantStore {
    /// A user, read consistently.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        let item = self.store.dynamo.get(&keys::user(&self.tenant, id)).await?;
        item.as_ref().map(|item| read_doc("user", item)).transpose()
    }

    /// The users with this primary address, active or not; those that SCIM deleted are among them for 30 days.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn users_by_email(&self, address: &EmailAddress) -> Result<Vec<User>, StoreError> {
        let pk = keys::email_pk(&self.tenant, address);
        let page = self
            .store
            .dynamo
            .page(Table::Directory, &pk, "", None, MOST_LOOKED_AT)
            .await?;
        // Somebody's second address is no proof of anything, and leads nobody in.
        let primary = page.items.iter().filter(|item| !item.contains_key(SECONDARY));
        let ids = primary.filter_map(|item| read_text(item, "sk"));
        let mut users = self.read_users(ids.take(MOST_SHARED)).await?;
        users.retain(|user| user.email.as_ref() == Some(address));
        Ok(users)
    }

    /// The user with this user name, without regard to case.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn user_by_name(&self, user_name: &str) -> Result<Option<User>, StoreError> {
        let Some(guard) = self
            .store
            .dynamo
            .get(&keys::user_name(&self.tenant, user_name))
            .await?
        else {
            return Ok(None);
        };
        match read_text(&guard, "uid").map(UserId::parse) {
            Some(Ok(id)) => self.user(&id).await,
            Some(Err(e)) => Err(StoreError::Corrupt {
                kind: "user name guard",
                cause: e.to_string(),
            }),
            None => Err(StoreError::Corrupt {
                kind: "user name guard",
                cause: "it names no user".to_owned(),
            }),
        }
    }

    /// A page of users in id order, after `after`; at most 100.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn users(&self, after: Option<&UserId>, limit: i32) -> Result<Vec<User>, StoreError> {
        Ok(self.users_page(after, limit).await?.0)
    }

    /// As [`Self::users`], with whom the next page follows; `None` behind the last one. A page may hold fewer than
    /// `limit` users while more follow: somebody may be deleted between list and record.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn users_page(
        &self,
        after: Option<&UserId>,
        limit: i32,
    ) -> Result<(Vec<User>, Option<UserId>), StoreError> {
        let pk = keys::user_list_pk(&self.tenant);
        let after = after.map(UserId::as_str);
        let page = self
            .store
            .dynamo
            .page(Table::Directory, &pk, "", after, limit.clamp(1, 100))
            .await?;
        let next = page.next.as_deref().and_then(|id| UserId::parse(id).ok());
        let mut users = self
            .read_users(page.items.iter().filter_map(|item| read_text(item, "sk")))
            .await?;
        users.retain(|user| !user.tombstone);
        users.sort_by(|a, b| a.id.cmp(&b.id));
        Ok((users, next))
    }

    pub(super) async fn read_users(&self, ids: impl Iterator<Item = &str>) -> Result<Vec<User>, StoreError> {
        let found = self.user_documents(ids).await?;
        found.iter().map(|item| read_doc("user", item)).collect()
    }

    pub(super) async fn user_documents(
        &self,
        ids: impl Iterator<Item = &str>,
    ) -> Result<Vec<Attributes>, StoreError> {
        let ids = ids.filter_map(|id| UserId::parse(id).ok());
        let keys = ids.map(|id| keys::user(&self.tenant, &id)).collect::<Vec<_>>();
        self.store.dynamo.documents(&keys).await
    }

    /// What is known of a person at a connection; `subject` is the identity hash.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn identity(
        &self,
        connection: &ConnectionId,
        subject: &str,
    ) -> Result<Option<KnownIdentity>, StoreError> {
        let item = self
            .store
            .dynamo
            .get(&keys::identity(&self.tenant, connection, subject))
            .await?;
        item.as_ref().map(|item| read_doc("identity", item)).transpose()
    }

    /// The connections at which a user has an identity, each with its identity hash.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn identities(&self, user: &UserId) -> Result<Vec<(ConnectionId, String)>, StoreError> {
        let pk = keys::user_pk(&self.tenant, user.as_str());
        let items = self.store.dynamo.all(Table::Directory, &pk, "X#").await?;
        let parse = |item: &Attributes| {
            let (connection, subject) = read_text(item, "sk")?.strip_prefix("X#")?.split_once('#')?;
            Some((ConnectionId::parse(connection).ok()?, subject.to_owned()))
        };
        Ok(items.iter().filter_map(parse).collect())
    }
}

impl TenantTransaction {
    /// Makes a user with guard, look-ups, list entry and counter.
    pub fn create_user(&mut self, user: &User) {
        self.inner.put(
            Guard::Fresh,
            user_items::document(user),
            Some(Expression::absent()),
        );
        self.put_name_guard(user);
        for item in user_items::lookups(user).into_values() {
            self.inner.put(Guard::Fresh, Ok(item), None);
        }
        self.count_user(user.id.as_str(), 1, i64::from(user.active));
    }

    /// Writes a user over what was read; guards, look-ups and counters follow the difference. A tombstone is no member
    /// of any list, and not counted. `user.version` is `before.version + 1`.
    pub fn update_user(&mut self, before: &User, user: &User) {
        let condition = Expression::new("v = :read").value(":read", number(before.version));
        self.inner
            .put(Guard::User, user_items::document(user), Some(condition));
        self.move_name_guard(before, user);
        let mut old = user_items::lookups(before);
        for (key, item) in user_items::lookups(user) {
            match old.remove(&key) {
                Some(same) if same.attributes == item.attributes => {}
                Some(_) | None => self.inner.put(Guard::Fresh, Ok(item), None),
            }
        }
        for item in old.into_values() {
            self.inner.delete(Guard::Fresh, &item.key, None);
        }
        let list = keys::gone_user(&self.handle.tenant, user.id.as_str());
        match (before.tombstone, user.tombstone) {
            (false, true) => self.inner.put(Guard::Fresh, Ok(Item::new(list)), None),
            (true, false) => self.inner.delete(Guard::Fresh, &list, None),
            (false, false) | (true, true) => {}
        }
        let counted = |user: &User| i64::from(!user.tombstone);
        let users = counted(user) - counted(before);
        let active = i64::from(user.active) - i64::from(before.active);
        if (users, active) != (0, 0) {
            self.count_user(user.id.as_str(), users, active);
        }
    }

    /// Nobody has the name, or had it and is gone for good.
    fn put_name_guard(&mut self, user: &User) {
        let free = Expression::new("attribute_not_exists(pk) OR #ttl <= :now")
            .name("#ttl", "ttl")
            .value(":now", seconds(self.handle.store.dynamo.clock.now()));
        self.inner
            .put(Guard::UserName, Ok(user_items::guard(user)), Some(free));
    }

    /// The guard follows the name, and lasts as long as a tombstone does.
    fn move_name_guard(&mut self, before: &User, user: &User) {
        let guard = user_items::guard(user);
        let old = user_items::guard(before);
        if old.key != guard.key {
            self.put_name_guard(user);
            self.inner.delete(Guard::Fresh, &old.key, None);
        } else if old.attributes != guard.attributes {
            let own = Expression::new("uid = :own").value(":own", text(user.id.as_str()));
            self.inner.put(Guard::UserName, Ok(guard), Some(own));
        }
    }

    /// Lets the transaction hold only while the user is active and at this epoch.
    pub fn check_user(&mut self, id: &UserId, epoch: u64) {
        let condition = Expression::new("e = :epoch AND #on = :one")
            .name("#on", "on")
            .value(":epoch", number(epoch))
            .value(":one", number(1));
        self.inner
            .check(Guard::User, &keys::user(&self.handle.tenant, id), condition);
    }

    /// Links an identity that nobody has yet.
    pub fn create_identity(&mut self, connection: &ConnectionId, subject: &str, identity: &KnownIdentity) {
        let item = self.identity_item(connection, subject, identity);
        self.inner.put(Guard::Identity, item, Some(Expression::absent()));
        let mirror = keys::user_identity(&self.handle.tenant, &identity.user, connection, subject);
        self.inner.put(Guard::Fresh, Ok(Item::new(mirror)), None);
    }

    /// Writes the facts of one more sign-in beside the identity, while it still leads to the same user and its refresh
    /// token is the one in `before`: a token that was replaced meanwhile is not written over by the spent one.
    pub fn touch_identity(
        &mut self,
        (connection, subject): (&ConnectionId, &str),
        before: Option<&KnownIdentity>,
        identity: &KnownIdentity,
    ) {
        let item = self.identity_item(connection, subject, identity);
        let uid = text(identity.user.as_str());
        let same = match before.and_then(upstream_mark) {
            Some(mark) => Expression::new("uid = :uid AND up = :up").value(":up", text(mark)),
            None => Expression::new("uid = :uid AND attribute_not_exists(up)"),
        };
        self.inner
            .put(Guard::Identity, item, Some(same.value(":uid", uid)));
    }

    pub(super) fn identity_item(
        &self,
        connection: &ConnectionId,
        subject: &str,
        identity: &KnownIdentity,
    ) -> Result<Item, StoreError> {
        let key = keys::identity(&self.handle.tenant, connection, subject);
        let item = Item::new(key).doc("identity", identity)?;
        let item = item.with("uid", text(identity.user.as_str()));
        Ok(match upstream_mark(identity) {
            Some(mark) => item.with("up", text(mark)),
            None => item,
        })
    }
}

/// Changes with the refresh token, and with what is known of it.
fn upstream_mark(identity: &KnownIdentity) -> Option<String> {
    let token = identity.upstream.as_ref()?;
    let recheck = identity.recheck.clone().unwrap_or_default();
    let asked = recheck.asked_at.map(|at| at.timestamp_millis());
    Some(keys::hash(&format!(
        "{} {} {asked:?} {} {:?}",
        token.nonce, token.data, recheck.in_doubt, recheck.rotates
    )))
}
