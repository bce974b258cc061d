//! Sessions, found by tenant, user and the hash of their secret.

use super::TenantStore;
use super::error::StoreError;
use super::item::{Attributes, Item, read_doc, read_text, text};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction};
use crate::domain::ids::UserId;
use crate::domain::session::{Session, SessionToken};
use crate::domain::user::User;

impl TenantStore {
    /// A session with its user, in one consistent read. Neither epoch nor freshness is judged here.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn session_and_user(
        &self,
        token: &SessionToken,
    ) -> Result<Option<(Session, User)>, StoreError> {
        let hash = keys::hash(token.secret.expose());
        let wanted = [
            keys::session(&self.tenant, &token.user, &hash),
            keys::user(&self.tenant, &token.user),
        ];
        let found = self.store.dynamo.get_all(&wanted).await?;
        let at = |sk: &str| found.iter().find(|item| read_text(item, "sk") == Some(sk));
        let (Some(session), Some(user)) = (at(&hash), at("#")) else {
            return Ok(None);
        };
        Ok(Some((read_doc("session", session)?, read_doc("user", user)?)))
    }

    /// The sessions of a user.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn sessions(&self, user: &UserId) -> Result<Vec<Session>, StoreError> {
        let all = self.session_hashes(user).await?;
        Ok(all.into_iter().map(|(_, session)| session).collect())
    }

    /// The sessions of a user, each with the hash that it lies under.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn session_hashes(&self, user: &UserId) -> Result<Vec<(String, Session)>, StoreError> {
        let pk = keys::session_pk(&self.tenant, user);
        let items = self.store.dynamo.all(Table::Ephemeral, &pk, "").await?;
        let read = |item: &Attributes| {
            let hash = read_text(item, "sk").unwrap_or_default().to_owned();
            Ok((hash, read_doc("session", item)?))
        };
        items.iter().map(read).collect()
    }
}

impl TenantTransaction {
    /// Writes a new session, and where single logout finds it.
    pub fn put_session(&mut self, token: &SessionToken, session: &Session) {
        let hash = keys::hash(token.secret.expose());
        let item =
            Item::new(keys::session(&self.handle.tenant, &session.user, &hash)).doc("session", session);
        let item = item.map(|item| item.until(session.expires_at));
        self.inner.put(Guard::Fresh, item, Some(Expression::absent()));
        if let Some(name_id) = &session.name_id_hash {
            let index = session.session_index.as_deref();
            let item = Item::new(keys::name_id_session(&session.connection, name_id, index, &hash))
                .with("t", text(self.handle.tenant.as_str()))
                .with("uid", text(session.user.as_str()))
                .with("hash", text(hash))
                .until(session.expires_at);
            self.inner.put(Guard::Fresh, Ok(item), None);
        }
    }

    /// Lets the transaction hold only while the session is there.
    pub fn check_session(&mut self, token: &SessionToken) {
        let hash = keys::hash(token.secret.expose());
        let key = keys::session(&self.handle.tenant, &token.user, &hash);
        self.inner.check(Guard::Session, &key, Expression::present());
    }

    /// Lets the transaction hold only while the session of this hash is there.
    pub fn check_session_hash(&mut self, user: &UserId, hash: &str) {
        let key = keys::session(&self.handle.tenant, user, hash);
        self.inner.check(Guard::Session, &key, Expression::present());
    }

    /// Ends the session of this hash.
    pub fn delete_session_hash(&mut self, user: &UserId, hash: &str) {
        let key = keys::session(&self.handle.tenant, user, hash);
        self.inner.delete(Guard::Session, &key, None);
    }

    /// Ends a session.
    pub fn delete_session(&mut self, token: &SessionToken) {
        let hash = keys::hash(token.secret.expose());
        self.inner.delete(
            Guard::Session,
            &keys::session(&self.handle.tenant, &token.user, &hash),
            None,
        );
    }
}
