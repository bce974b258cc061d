//! Authorization codes and the token families that grow from them. The documents are the OpenID Provider's.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::StoreError;
use super::item::{Item, read_doc, read_text, text};
use super::keys;
use super::transaction::{Expression, Guard, TenantTransaction};
use super::{FrontDoor, TenantStore};
use crate::domain::ids::UserId;
use crate::domain::user::User;

/// A code that was issued.
#[derive(Clone, Debug)]
pub struct StoredCode<T> {
    /// What it stands for.
    pub grant: T,
    /// The token family that it was redeemed for, once it was.
    pub redeemed_for: Option<String>,
}

/// What decides whether tokens still hold.
#[derive(Clone, Debug)]
pub struct FamilyRead<T> {
    /// The token family.
    pub family: Option<T>,
    /// Its user.
    pub user: Option<User>,
    /// Whether its session is there.
    pub session: bool,
}

impl FrontDoor {
    /// A code, redeemed or not.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn code<T: DeserializeOwned>(&self, code: &str) -> Result<Option<StoredCode<T>>, StoreError> {
        let Some(item) = self.store.dynamo.get(&keys::code(&keys::hash(code))).await? else {
            return Ok(None);
        };
        let redeemed_for = read_text(&item, "fam").map(str::to_owned);
        Ok(Some(StoredCode {
            grant: read_doc("code", &item)?,
            redeemed_for,
        }))
    }
}

impl TenantStore {
    /// A token family with its user, and whether its session is there, in one consistent read. `family` and `session`
    /// are the hashes that they lie under.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn family<T: DeserializeOwned>(
        &self,
        user: &UserId,
        family: Option<&str>,
        session: &str,
    ) -> Result<FamilyRead<T>, StoreError> {
        let mut wanted = vec![
            keys::user(&self.tenant, user),
            keys::session(&self.tenant, user, session),
        ];
        wanted.extend(family.map(|family| keys::refresh(&self.tenant, user, family)));
        let found = self.store.dynamo.get_all(&wanted).await?;
        let at = |key: &keys::Key| {
            let same = |item: &&super::item::Attributes| {
                read_text(item, "pk") == Some(&key.pk) && read_text(item, "sk") == Some(&key.sk)
            };
            found.iter().find(same)
        };
        let [user, session, ..] = wanted.as_slice() else {
            return Ok(FamilyRead {
                family: None,
                user: None,
                session: false,
            });
        };
        Ok(FamilyRead {
            family: wanted
                .get(2)
                .and_then(at)
                .map(|item| read_doc("token family", item))
                .transpose()?,
            user: at(user).map(|item| read_doc("user", item)).transpose()?,
            session: at(session).is_some(),
        })
    }
}

impl TenantTransaction {
    /// Issues a code. It stays readable until `until`, also after it is redeemed, so that reuse is noticed.
    pub fn put_code(&mut self, code: &str, grant: &impl Serialize, until: DateTime<Utc>) {
        let item = Item::new(keys::code(&keys::hash(code)))
            .doc("code", grant)
            .map(|item| item.until(until));
        self.inner.put(Guard::Fresh, item, Some(Expression::absent()));
    }

    /// Redeems a code for a token family; of several callers one succeeds ([`Guard::Code`]).
    pub fn redeem_code(&mut self, code: &str, family: &str) {
        let change = Expression::new("SET fam = :family").value(":family", text(family));
        let unused = Expression::new("attribute_exists(pk) AND attribute_not_exists(fam)");
        self.inner
            .update(Guard::Code, &keys::code(&keys::hash(code)), change, Some(unused));
    }

    /// Begins a token family. `current` is the hash of its refresh token, if it has one.
    pub fn create_family(
        &mut self,
        user: &UserId,
        family: &str,
        document: &impl Serialize,
        current: &str,
        until: DateTime<Utc>,
    ) {
        let item = self.family_item(user, family, document, current, until);
        self.inner.put(Guard::Fresh, item, Some(Expression::absent()));
    }

    /// Rotates the refresh token of a family from the hash `from` to the hash `to` ([`Guard::RefreshToken`]).
    pub fn rotate_family(
        &mut self,
        user: &UserId,
        family: &str,
        document: &impl Serialize,
        (from, to): (&str, &str),
        until: DateTime<Utc>,
    ) {
        let item = self.family_item(user, family, document, to, until);
        let same = Expression::new("cur = :from").value(":from", text(from));
        self.inner.put(Guard::RefreshToken, item, Some(same));
    }

    /// Ends a token family and all its tokens.
    pub fn delete_family(&mut self, user: &UserId, family: &str) {
        self.inner.delete(
            Guard::RefreshToken,
            &keys::refresh(&self.handle.tenant, user, family),
            None,
        );
    }

    fn family_item(
        &self,
        user: &UserId,
        family: &str,
        document: &impl Serialize,
        current: &str,
        until: DateTime<Utc>,
    ) -> Result<Item, StoreError> {
        let item =
            Item::new(keys::refresh(&self.handle.tenant, user, family)).doc("token family", document)?;
        Ok(item.with("cur", text(current)).until(until))
    }
}
