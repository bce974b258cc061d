//! Identities of one user, as support looks at them: listed, unlinked, handed over to another user.

use super::TenantStore;
use super::error::StoreError;
use super::item::{Item, read_doc, read_text, text};
use super::keys;
use super::transaction::{Expression, Guard, TenantTransaction};
use super::users::KnownIdentity;
use crate::domain::ids::{ConnectionId, UserId};

/// An identity with where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedIdentity {
    /// The connection that vouches.
    pub connection: ConnectionId,
    /// The identity hash.
    pub subject: String,
    /// What is known of it.
    pub known: KnownIdentity,
}

impl LinkedIdentity {
    /// Its public id.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}.{}", self.connection, self.subject)
    }
}

impl TenantStore {
    /// The identities that lead to a user, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn linked_identities(&self, user: &UserId) -> Result<Vec<LinkedIdentity>, StoreError> {
        let places = self.identities(user).await?;
        let wanted = places
            .iter()
            .map(|(connection, subject)| keys::identity(&self.tenant, connection, subject))
            .collect::<Vec<_>>();
        let mut all = Vec::with_capacity(places.len());
        for (batch, places) in wanted.chunks(100).zip(places.chunks(100)) {
            let found = self.store.dynamo.get_all(batch).await?;
            for (key, (connection, subject)) in batch.iter().zip(places) {
                let item = found.iter().find(|item| read_text(item, "pk") == Some(&key.pk));
                let Some(item) = item else { continue };
                let known: KnownIdentity = read_doc("identity", item)?;
                if known.user == *user {
                    all.push(LinkedIdentity {
                        connection: connection.clone(),
                        subject: subject.clone(),
                        known,
                    });
                }
            }
        }
        Ok(all)
    }
}

impl TenantTransaction {
    /// Takes an identity away, while it still leads to that user.
    pub fn unlink_identity(&mut self, identity: &LinkedIdentity) {
        let LinkedIdentity {
            connection,
            subject,
            known,
        } = identity;
        let key = keys::identity(&self.handle.tenant, connection, subject);
        let same = Expression::new("uid = :uid").value(":uid", text(known.user.as_str()));
        self.inner.delete(Guard::Identity, &key, Some(same));
        let mirror = keys::user_identity(&self.handle.tenant, &known.user, connection, subject);
        self.inner.delete(Guard::Identity, &mirror, None);
    }

    /// Lets an identity lead to another user, at this epoch, while it is as it was read.
    pub fn hand_identity_over(&mut self, identity: &LinkedIdentity, to: &UserId, epoch: u64) {
        let LinkedIdentity {
            connection,
            subject,
            known,
        } = identity;
        let after = KnownIdentity {
            user: to.clone(),
            epoch,
            ..known.clone()
        };
        self.replace_identity((connection, subject), known, &after);
        let tenant = self.handle.tenant.clone();
        let old = keys::user_identity(&tenant, &known.user, connection, subject);
        self.inner.delete(Guard::Identity, &old, None);
        let new = keys::user_identity(&tenant, to, connection, subject);
        self.inner.put(Guard::Identity, Ok(Item::new(new)), None);
    }
}
