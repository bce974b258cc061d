//! The list of groups.

use std::collections::HashSet;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Map, Value};

use super::source::{Entry, Found, Place, Source};
use crate::app::scim::groups::{MOST_SHOWN, Shown, render};
use crate::app::scim::{Caller, ScimFailure};
use crate::domain::ids::{GroupId, UserId};
use crate::scim::ResourceKind;
use crate::scim::filter::{Filter, Lookup, lookups, members_asked_for};
use crate::scim::list::ListQuery;
use crate::store::{GroupEntry, GroupRecord};

/// Groups whose members are read at a time.
const PARALLEL: usize = 8;

/// The groups of the caller's tenant.
#[derive(Clone, Debug)]
pub struct GroupSource<'a> {
    caller: &'a Caller,
    /// Whether the page shows members.
    shows_members: bool,
    /// The users whose membership is all that the filter looks at, if it names them one by one.
    asked_for: Option<Vec<UserId>>,
}

impl<'a> GroupSource<'a> {
    /// The groups, for a query.
    #[must_use]
    pub fn new(caller: &'a Caller, query: &ListQuery) -> Self {
        let named = query.filter.as_ref().and_then(members_asked_for);
        // What is no id of ours may be a reference, which lies in each record.
        let named = named.filter(|ids| ids.iter().all(|id| UserId::has_form_of(id)));
        let parsed = |ids: Vec<&str>| ids.into_iter().filter_map(|id| UserId::parse(id).ok()).collect();
        Self {
            caller,
            shows_members: query.projection.shows(ResourceKind::Group, "members"),
            asked_for: named.map(parsed),
        }
    }

    async fn lookup(&self, lookup: &Lookup<'_>) -> Result<Option<Vec<String>>, ScimFailure> {
        let store = &self.caller.store;
        let text = |ids: Vec<GroupId>| Some(ids.into_iter().map(String::from).collect());
        Ok(match lookup {
            Lookup::Id(id) => Some(vec![(*id).to_owned()]),
            Lookup::DisplayName(name) => text(store.groups_by_name(name).await?),
            Lookup::ExternalId(id) => text(store.groups_by_external_id(id).await?),
            Lookup::Member(id) => match UserId::parse(id) {
                Ok(user) if UserId::has_form_of(id) => {
                    let found = store.groups_of(&user).await?;
                    text(found.into_iter().map(|found| found.group.id).collect())
                }
                Ok(_) | Err(_) => None,
            },
            Lookup::UserName(_) | Lookup::Email(_) | Lookup::InGroup(_) | Lookup::ModifiedSince { .. } => {
                None
            }
        })
    }

    /// The members of a group as far as the query looks at them; `None` when they are too many to be read.
    async fn members(
        &self,
        record: GroupRecord,
        gone: &HashSet<UserId>,
    ) -> Result<Option<Shown>, ScimFailure> {
        let store = &self.caller.store;
        if let Some(ids) = &record.listed {
            let members = ids.iter().filter(|id| !gone.contains(*id)).cloned().collect();
            return Ok(Some(Shown {
                members: Some(members),
                record,
            }));
        }
        if let Some(asked) = self.asked_for.as_ref().filter(|_| !self.shows_members)
            && record.pending.is_none()
        {
            let found = store.group_standing(&record.group.id, asked, &[]).await?;
            let found = found.map(|(standing, _)| standing);
            return Ok(found
                .filter(|found| found.record.pending.is_none())
                .map(|found| Shown {
                    members: Some(
                        found
                            .members
                            .into_iter()
                            .filter(|id| !gone.contains(id))
                            .collect(),
                    ),
                    record: found.record,
                }));
        }
        if record.members > MOST_SHOWN {
            return Ok(Some(Shown {
                record,
                members: None,
            }));
        }
        let found = store.group_with_members(&record.group.id).await?;
        Ok(found.map(|found| Shown {
            record: found.record,
            members: Some(found.ids),
        }))
    }

    /// Groups with their members, until there are more than one answer shows.
    async fn with_members(&self, records: Vec<GroupRecord>) -> Result<Vec<Found>, ScimFailure> {
        let gone = self.caller.store.departing_users().await?;
        let mut left = MOST_SHOWN;
        let mut reads = Vec::with_capacity(records.len());
        for record in records {
            let whole = self.shows_members || self.asked_for.is_none();
            let fits = !whole || record.members <= left;
            left = match (fits, whole) {
                (true, true) => left - record.members,
                (true, false) => left,
                // What follows the first one that does not fit is on the next page.
                (false, _) => 0,
            };
            let gone = &gone;
            reads.push(async move {
                if fits {
                    self.members(record, gone).await
                } else {
                    Ok(Some(Shown {
                        record,
                        members: None,
                    }))
                }
            });
        }
        let shown: Vec<Option<Shown>> = stream::iter(reads).buffered(PARALLEL).try_collect().await?;
        let found = shown.into_iter().flatten();
        Ok(found
            .map(|shown| Found {
                incomplete: shown.members.is_none(),
                ..self.found(&shown)
            })
            .collect())
    }

    fn found(&self, shown: &Shown) -> Found {
        Found {
            kind: ResourceKind::Group,
            key: shown.record.group.id.to_string(),
            resource: render(&self.caller.base, shown),
            incomplete: false,
        }
    }

    fn entry(entry: GroupEntry) -> Entry {
        let mut thin = Map::with_capacity(3);
        thin.insert("id".to_owned(), entry.id.as_str().into());
        thin.insert("displayName".to_owned(), entry.display_name.into());
        if let Some(id) = entry.external_id {
            thin.insert("externalId".to_owned(), Value::String(id));
        }
        Entry {
            kind: ResourceKind::Group,
            key: entry.id.to_string(),
            thin,
        }
    }
}

impl Source for GroupSource<'_> {
    fn kinds(&self) -> &'static [ResourceKind] {
        &[ResourceKind::Group]
    }

    fn thin(&self, _: ResourceKind) -> &'static [&'static str] {
        &["id", "displayName", "externalId"]
    }

    /// A list shows members as the group alone does: clients import groups by it.
    fn shows_related(&self, query: &ListQuery, _: bool) -> bool {
        query.projection.shows(ResourceKind::Group, "members")
    }

    async fn place(&self, skipped: u64) -> Result<Place, ScimFailure> {
        Ok(Place::of(&self.caller.store.group_counts().await?, skipped))
    }

    async fn entries(&self, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, ScimFailure> {
        let entries = self.caller.store.group_entries(after, limit).await?;
        Ok(entries.into_iter().map(Self::entry).collect())
    }

    async fn keys(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, ScimFailure> {
        Ok(self.caller.store.group_ids(after, limit).await?)
    }

    async fn load(&self, keys: &[String], related: bool) -> Result<Vec<Found>, ScimFailure> {
        let ids = keys.iter().filter_map(|key| GroupId::parse(key).ok());
        let ids = ids.collect::<Vec<_>>();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let records = self.caller.store.groups(&ids).await?;
        if related {
            return self.with_members(records).await;
        }
        let shown = records.into_iter().map(|record| Shown {
            record,
            members: None,
        });
        Ok(shown.map(|shown| self.found(&shown)).collect())
    }

    async fn candidates(&self, filter: &Filter) -> Result<Option<Vec<String>>, ScimFailure> {
        for lookup in lookups(filter, ResourceKind::Group) {
            if let Some(mut keys) = self.lookup(&lookup).await? {
                keys.sort_unstable();
                keys.dedup();
                return Ok(Some(keys));
            }
        }
        Ok(None)
    }
}
