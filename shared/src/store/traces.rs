//! What is left of a person or a tenant: items that go together, under the name that a report has for them.
//!
//! Whoever takes them away does so by transactions on the record of the work ([`super::erasures`],
//! [`super::offboardings`]): of two at once one goes on, what was taken is counted once, and a process that dies leaves
//! what it had not taken.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::TenantStore;
use super::error::StoreError;
use super::item::{Attributes, read_doc, read_text};
use super::keys::{self, Key, Table};
use super::transaction::{Guard, TenantTransaction};
use super::users::KnownIdentity;
use crate::domain::ids::{ConnectionId, TeamId, UserId};
use crate::domain::recheck::hour_of;
use crate::domain::session::Session;

/// Items that are taken away in one transaction, unless one trace alone has more.
const MOST: usize = 80;
/// Items of one partition that are looked at in one go.
pub(super) const SOME: i32 = 60;
/// In which hours' queues an account may wait: a few behind, when checks are late, and those of the next check.
const QUEUES: (i64, i64) = (-24, 8);

/// Items that are taken away together.
#[derive(Clone, Debug)]
pub struct Trace {
    kind: &'static str,
    count: u64,
    keys: Vec<Key>,
}

impl Trace {
    /// One thing of this kind.
    pub(super) fn new(kind: &'static str, keys: Vec<Key>) -> Self {
        Self { kind, count: 1, keys }
    }

    /// What is no thing of its own.
    pub(super) fn beside(keys: Vec<Key>) -> Self {
        Self {
            kind: "",
            count: 0,
            keys,
        }
    }

    /// As many of these as one transaction takes away; of some, at least one.
    #[must_use]
    pub fn some_of(traces: Vec<Self>) -> Vec<Self> {
        let mut items = 0;
        let fits = |trace: &Self| {
            let first = items == 0;
            items += trace.keys.len();
            first || items <= MOST
        };
        traces.into_iter().take_while(fits).collect()
    }

    /// Adds what these are to a count by kind.
    pub fn count(traces: &[Self], into: &mut BTreeMap<String, u64>) {
        for trace in traces.iter().filter(|trace| trace.count > 0) {
            *into.entry(trace.kind.to_owned()).or_insert(0) += trace.count;
        }
    }
}

impl TenantTransaction {
    /// Takes these away.
    pub fn remove(&mut self, traces: &[Trace]) {
        let mut seen = BTreeSet::new();
        for key in traces.iter().flat_map(|trace| &trace.keys) {
            // An item is named once in a transaction, whoever led to it.
            if seen.insert((key.pk.as_str(), key.sk.as_str())) {
                self.inner.delete(Guard::Fresh, key, None);
            }
        }
    }
}

impl TenantStore {
    /// A user's places in teams.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn team_traces(&self, user: &UserId) -> Result<Vec<Trace>, StoreError> {
        let pk = keys::user_pk(&self.tenant, user.as_str());
        let items = self.first(Table::Directory, &pk, "TM#").await?;
        Ok(items
            .iter()
            .filter_map(|item| self.team_trace(user, item))
            .collect())
    }

    pub(super) fn team_trace(&self, user: &UserId, mirror: &Attributes) -> Option<Trace> {
        let team = TeamId::parse(read_text(mirror, "sk")?.strip_prefix("TM#")?).ok()?;
        let member = keys::team_member(&self.tenant, &team, user);
        let mirror = keys::user_team(&self.tenant, user, &team);
        Some(Trace::new("team_memberships", vec![member, mirror]))
    }

    /// The identities that lead to a user, with the places where they wait for their check.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn identity_traces(&self, user: &UserId) -> Result<Vec<Trace>, StoreError> {
        let pk = keys::user_pk(&self.tenant, user.as_str());
        let items = self.first(Table::Directory, &pk, "X#").await?;
        let mut traces = Vec::with_capacity(items.len());
        for item in &items {
            traces.extend(self.identity_trace(user, item).await?);
        }
        Ok(traces)
    }

    pub(super) async fn identity_trace(
        &self,
        user: &UserId,
        mirror: &Attributes,
    ) -> Result<Option<Trace>, StoreError> {
        let place = |item: &Attributes| {
            let (connection, subject) = read_text(item, "sk")?.strip_prefix("X#")?.split_once('#')?;
            Some((ConnectionId::parse(connection).ok()?, subject.to_owned()))
        };
        let Some((connection, subject)) = place(mirror) else {
            return Ok(None);
        };
        let mut keys = vec![keys::user_identity(&self.tenant, user, &connection, &subject)];
        let key = keys::identity(&self.tenant, &connection, &subject);
        if let Some(item) = self.store.dynamo.get(&key).await? {
            let known: KnownIdentity = read_doc("identity", &item)?;
            if known.recheck.is_some() {
                keys.extend(self.queues(&connection, &subject).await?);
            }
            if known.user == *user {
                keys.push(key);
            }
        }
        Ok(Some(Trace::new("identities", keys)))
    }

    /// Where an account waits for its check.
    async fn queues(&self, connection: &ConnectionId, subject: &str) -> Result<Vec<Key>, StoreError> {
        let now = hour_of(self.store.dynamo.clock.now());
        let hours = (QUEUES.0..=QUEUES.1).map(|hours| now + TimeDelta::hours(hours));
        let wanted = hours.map(|hour| keys::recheck(hour, subject, &self.tenant, connection));
        let wanted = wanted.collect::<Vec<_>>();
        let found = self.store.dynamo.get_all(&wanted).await?;
        let lies = |key: &Key| found.iter().any(|item| read_text(item, "pk") == Some(&key.pk));
        Ok(wanted.into_iter().filter(lies).collect())
    }

    /// A user's sessions, with where single logout finds them, and refresh tokens.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn session_traces(&self, user: &UserId) -> Result<Vec<Trace>, StoreError> {
        let pk = keys::session_pk(&self.tenant, user);
        let mut traces = Vec::new();
        for item in self.first(Table::Ephemeral, &pk, "").await? {
            let Some(hash) = read_text(&item, "sk") else {
                continue;
            };
            let mut keys = vec![keys::session(&self.tenant, user, hash)];
            let session: Session = read_doc("session", &item)?;
            keys.extend(session.name_id_hash.as_ref().map(|name_id| {
                keys::name_id_session(
                    &session.connection,
                    name_id,
                    session.session_index.as_deref(),
                    hash,
                )
            }));
            traces.push(Trace::new("sessions", keys));
        }
        let pk = keys::refresh_pk(&self.tenant, user);
        let families = self.first(Table::Ephemeral, &pk, "").await?;
        let families = families.iter().filter_map(|item| read_text(item, "sk"));
        traces
            .extend(families.map(|hash| Trace::new("grants", vec![keys::refresh(&self.tenant, user, hash)])));
        Ok(traces)
    }

    /// The first items of a partition, those past their time among them.
    pub(super) async fn first(
        &self,
        table: Table,
        pk: &str,
        prefix: &str,
    ) -> Result<Vec<Attributes>, StoreError> {
        self.store.dynamo.first(table, pk, prefix, SOME).await
    }
}
