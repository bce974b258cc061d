//! The list of users. The creator of the organization is not in it (AQ-03).

use serde_json::{Map, Value};

use super::source::{Entry, Found, Place, Shown, Source};
use crate::app::scim::users::{add_groups, render, write};
use crate::app::scim::{Caller, ScimFailure};
use crate::domain::ids::{GroupId, UserId};
use crate::scim::ResourceKind;
use crate::scim::filter::{Filter, Lookup, lookups};
use crate::store::{ListEntry, UserInGroups};

/// Most changed users that the index of changes narrows a filter down to.
const MOST_MODIFIED: usize = 5_000;

/// The users of the caller's tenant.
#[derive(Clone, Copy, Debug)]
pub struct UserSource<'a> {
    caller: &'a Caller,
}

impl<'a> UserSource<'a> {
    /// The users that the caller may see.
    #[must_use]
    pub fn new(caller: &'a Caller) -> Self {
        Self { caller }
    }

    async fn lookup(&self, lookup: &Lookup<'_>) -> Result<Option<Vec<String>>, ScimFailure> {
        let store = &self.caller.store;
        Ok(match lookup {
            Lookup::Id(id) => Some(vec![(*id).to_owned()]),
            Lookup::UserName(name) => Some(store.id_by_name(name).await?.into_iter().collect()),
            Lookup::ExternalId(id) => Some(store.ids_by_external_id(id).await?),
            Lookup::Email(address) => Some(store.ids_by_address(address).await?),
            Lookup::ModifiedSince { from, .. } => {
                let (ids, more) = store.ids_modified_since(*from, MOST_MODIFIED).await?;
                (!more).then_some(ids)
            }
            Lookup::InGroup(group) => Some(self.members(group).await?),
            Lookup::DisplayName(_) | Lookup::Member(_) => None,
        })
    }

    fn without_creator(&self, keys: &[String]) -> Vec<String> {
        let others = keys.iter().filter(|key| !self.caller.is_root(key));
        others.cloned().collect()
    }

    async fn with_groups(&self, keys: &[String]) -> Result<Vec<UserInGroups>, ScimFailure> {
        let ids = keys.iter().filter_map(|key| UserId::parse(key).ok());
        let found = self
            .caller
            .store
            .users_in_groups(&ids.collect::<Vec<_>>())
            .await?;
        let living = found.into_iter().filter(|found| !found.user.tombstone);
        Ok(living.collect())
    }

    async fn members(&self, group: &str) -> Result<Vec<String>, ScimFailure> {
        let Ok(id) = GroupId::parse(group) else {
            return Ok(Vec::new());
        };
        let found = self.caller.store.group_with_members(&id).await?;
        let ids = found.into_iter().flat_map(|group| group.ids);
        Ok(ids.map(|id| id.to_string()).collect())
    }

    fn entry(entry: ListEntry) -> Entry {
        let mut thin = Map::with_capacity(3);
        thin.insert("id".to_owned(), entry.id.as_str().into());
        thin.insert("userName".to_owned(), entry.name.into());
        thin.insert("active".to_owned(), Value::Bool(entry.active));
        Entry {
            kind: ResourceKind::User,
            key: entry.id,
            thin,
        }
    }
}

impl Source for UserSource<'_> {
    fn kinds(&self) -> &'static [ResourceKind] {
        &[ResourceKind::User]
    }

    fn thin(&self, _: ResourceKind) -> &'static [&'static str] {
        &["id", "userName", "active"]
    }

    async fn place(&self, skipped: u64) -> Result<Place, ScimFailure> {
        let mut counts = self.caller.store.user_counts().await?;
        if let Some(root) = self.caller.root() {
            counts = counts.without(root);
        }
        Ok(Place::of(&counts, skipped))
    }

    async fn entries(&self, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, ScimFailure> {
        // One more than wanted, should the creator be among them.
        let more = usize::from(self.caller.root().is_some());
        let entries = self.caller.store.user_entries(after, limit + more).await?;
        let seen = entries
            .into_iter()
            .filter(|entry| !self.caller.is_root(&entry.id));
        Ok(seen.take(limit).map(Self::entry).collect())
    }

    async fn keys(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, ScimFailure> {
        let more = usize::from(self.caller.root().is_some());
        let mut keys = self.caller.store.user_ids(after, limit + more).await?;
        keys.retain(|key| !self.caller.is_root(key));
        keys.truncate(limit);
        Ok(keys)
    }

    async fn load(&self, keys: &[String], related: bool) -> Result<Vec<Found>, ScimFailure> {
        let keys = self.without_creator(keys);
        let found = if related {
            self.with_groups(&keys).await?
        } else {
            let users = self.caller.store.users_of(&keys).await?;
            let alone = |user| UserInGroups {
                user,
                groups: Vec::new(),
            };
            users.into_iter().map(alone).collect()
        };
        Ok(found
            .into_iter()
            .map(|UserInGroups { user, groups }| {
                let key = user.id.to_string();
                let mut resource = render(self.caller, user);
                add_groups(self.caller, &mut resource, &groups);
                Found {
                    kind: ResourceKind::User,
                    key,
                    resource,
                    incomplete: false,
                }
            })
            .collect())
    }

    async fn written(&self, keys: &[String]) -> Result<Vec<Shown>, ScimFailure> {
        let keys = self.without_creator(keys);
        let stored = self.caller.store.stored_users_of(&keys).await?;
        let written = stored.iter().map(|stored| write(self.caller, stored));
        let written = written.filter_map(Result::transpose);
        let shown = |(key, json)| Shown {
            key,
            json,
            incomplete: false,
        };
        let mut shown = written
            .map(|written| written.map(shown))
            .collect::<Result<Vec<_>, _>>()?;
        shown.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(shown)
    }

    async fn candidates(&self, filter: &Filter) -> Result<Option<Vec<String>>, ScimFailure> {
        for lookup in lookups(filter, ResourceKind::User) {
            if let Some(mut keys) = self.lookup(&lookup).await? {
                keys.sort_unstable();
                keys.dedup();
                return Ok(Some(keys));
            }
        }
        Ok(None)
    }
}
