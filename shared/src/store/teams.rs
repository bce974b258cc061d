//! Teams and memberships: member and mirror in one transaction.

use super::TenantStore;
use super::error::StoreError;
use super::item::{Item, read_doc, read_text, text};
use super::keys::{self, Table};
use super::transaction::{Expression, Guard, TenantTransaction};
use crate::domain::ids::{TeamId, UserId};
use crate::domain::team::{Team, TeamMembership};

impl TenantStore {
    /// The team of this name, without regard to case.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn team_by_name(&self, name: &str) -> Result<Option<Team>, StoreError> {
        let Some(guard) = self
            .store
            .dynamo
            .get(&keys::team_name(&self.tenant, name))
            .await?
        else {
            return Ok(None);
        };
        let id = read_text(&guard, "tid").and_then(|id| TeamId::parse(id).ok());
        let id = id.ok_or_else(|| StoreError::Corrupt {
            kind: "team name guard",
            cause: "it names no team".to_owned(),
        })?;
        let item = self.store.dynamo.get(&keys::team(&self.tenant, &id)).await?;
        item.as_ref().map(|item| read_doc("team", item)).transpose()
    }

    /// All teams of the tenant, in id order.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn teams(&self) -> Result<Vec<Team>, StoreError> {
        let items = self
            .store
            .dynamo
            .all(Table::Directory, &keys::team_list_pk(&self.tenant), "")
            .await?;
        items.iter().map(|item| read_doc("team entry", item)).collect()
    }

    /// The teams that a user is in, read consistently from the user's partition.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn teams_of(&self, user: &UserId) -> Result<Vec<TeamMembership>, StoreError> {
        let pk = keys::user_pk(&self.tenant, user.as_str());
        let items = self.store.dynamo.all(Table::Directory, &pk, "TM#").await?;
        items
            .iter()
            .map(|item| read_doc("team membership", item))
            .collect()
    }
}

impl TenantTransaction {
    /// Makes a team with the guard of its name.
    pub fn create_team(&mut self, team: &Team) {
        let t = self.handle.tenant.clone();
        self.inner.put(
            Guard::Fresh,
            Item::new(keys::team(&t, &team.id)).doc("team", team),
            Some(Expression::absent()),
        );
        let guard = Item::new(keys::team_name(&t, &team.name)).with("tid", text(team.id.as_str()));
        self.inner.put(Guard::Team, Ok(guard), Some(Expression::absent()));
        self.inner.put(
            Guard::Fresh,
            Item::new(keys::team_list(&t, &team.id)).doc("team entry", team),
            None,
        );
    }

    /// Lets the transaction hold only while the team is there.
    pub fn check_team(&mut self, team: &TeamId) {
        self.inner.check(
            Guard::Team,
            &keys::team(&self.handle.tenant, team),
            Expression::present(),
        );
    }

    /// Puts a user into a team: member and mirror.
    pub fn add_team_member(&mut self, user: &UserId, membership: &TeamMembership) {
        let t = self.handle.tenant.clone();
        let member = Item::new(keys::team_member(&t, &membership.team, user)).doc("team member", membership);
        self.inner
            .put(Guard::Membership, member, Some(Expression::absent()));
        let mirror =
            Item::new(keys::user_team(&t, user, &membership.team)).doc("team membership", membership);
        self.inner.put(Guard::Fresh, mirror, None);
    }

    /// Takes a user out of a team: member and mirror.
    pub fn remove_team_member(&mut self, user: &UserId, team: &TeamId) {
        let t = self.handle.tenant.clone();
        for key in [keys::team_member(&t, team, user), keys::user_team(&t, user, team)] {
            self.inner.delete(Guard::Membership, &key, None);
        }
    }
}
