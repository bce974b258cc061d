//! Everything that a tenant has in the tables, found from its lists and from its own partition, without a scan.
//!
//! What lies under a hash alone (attempts, codes, answers to idempotency keys, paging memory) cannot be found by the
//! tenant. It ends by itself within a day, a set-up link within 14 days, and all of it opens nothing once the tenant's
//! record is gone.

use chrono::{Days, NaiveDate};

use super::TenantStore;
use super::api_keys::ApiKey;
use super::error::StoreError;
use super::feed::Pointer;
use super::groups::GroupRecord;
use super::item::{Attributes, read_doc, read_text};
use super::keys::{self, Key, Table};
use super::outbox::OutboxRecord;
use super::traces::Trace;
use super::user_items;
use crate::domain::connection::Connection;
use crate::domain::ids::{GroupId, TeamId, UserId};
use crate::domain::offboarding::PurgeStep;
use crate::domain::team::Team;
use crate::domain::tenant::DomainClaim;
use crate::domain::user::User;

/// What is counted of a tenant in windows of time.
const BUDGETS: [&str; 2] = ["requests", "mails"];
/// Days of the audit trail that one look goes through.
const DAYS_AT_ONCE: usize = 50;
/// How far back the trail is looked at: a little longer than its entries are kept.
const DAYS_BACK: u64 = 405;
/// Users whose things are taken away in one look, as far as they fit.
const PEOPLE: usize = 10;

/// What a look at one kind of a tenant's things found.
#[derive(Clone, Debug, Default)]
pub struct Leavings {
    /// What is to be taken away.
    pub traces: Vec<Trace>,
    /// Where to go on. Without traces and without this, nothing of the kind is left.
    pub after: Option<String>,
    /// The connection among them: its secrets go before it.
    pub connection: Option<Connection>,
}

impl Leavings {
    fn of(traces: Vec<Trace>) -> Self {
        Self {
            traces: Trace::some_of(traces),
            ..Self::default()
        }
    }
}

impl TenantStore {
    /// Some of the tenant's things of the kind that a step takes away.
    ///
    /// # Errors
    /// [`StoreError`] when the tables cannot be read.
    pub async fn leavings(&self, step: PurgeStep, after: Option<&str>) -> Result<Leavings, StoreError> {
        let t = &self.tenant;
        Ok(match step {
            PurgeStep::ApiKeys => Leavings::of(self.keys_left().await?),
            PurgeStep::Connections => self.connections_left().await?,
            PurgeStep::Domains => Leavings::of(self.domains_left().await?),
            PurgeStep::Users => Leavings::of(self.people_left(&keys::user_list_pk(t)).await?),
            PurgeStep::DeletedUsers => Leavings::of(self.people_left(&keys::gone_users_pk(t)).await?),
            PurgeStep::Groups => Leavings::of(self.groups_left(&keys::group_list_pk(t)).await?),
            PurgeStep::DeletedGroups => Leavings::of(self.groups_left(&keys::gone_groups_pk(t)).await?),
            PurgeStep::Teams => Leavings::of(self.teams_left().await?),
            PurgeStep::Waiting => Leavings::of(self.plain("others", &keys::pending_pk(t)).await?),
            PurgeStep::Feed => Leavings::of(self.feed_left().await?),
            PurgeStep::Rest => Leavings::of(self.rest_left().await?),
            PurgeStep::Counters => Leavings::of(self.counters_left().await?),
            PurgeStep::Audit => self.audit_left(after).await?,
            PurgeStep::DataKey | PurgeStep::Done => Leavings::default(),
        })
    }

    /// Each item of a partition.
    async fn plain(&self, kind: &'static str, pk: &str) -> Result<Vec<Trace>, StoreError> {
        let items = self.first(Table::Directory, pk, "").await?;
        let places = items.iter().filter_map(|item| read_text(item, "sk"));
        Ok(places
            .map(|sk| Trace::new(kind, vec![keys::named(pk, sk)]))
            .collect())
    }

    async fn keys_left(&self) -> Result<Vec<Trace>, StoreError> {
        let items = self.first_own("TOK#").await?;
        let trace = |item: &Attributes| {
            let key: ApiKey = read_doc("api key", item)?;
            let mirror = keys::api_key_mirror(&self.tenant, &key.id);
            Ok(Trace::new("api_keys", vec![keys::api_key(&key.hash), mirror]))
        };
        items.iter().map(trace).collect()
    }

    /// The connections, one at a time, then where they were found by their issuers.
    async fn connections_left(&self) -> Result<Leavings, StoreError> {
        let items = self.first_own("C#").await?;
        let Some(item) = items.first() else {
            let issuers = self.first_own("IS#").await?;
            return Ok(Leavings::of(issuers.iter().filter_map(issuer).collect()));
        };
        let connection: Connection = read_doc("connection", item)?;
        let mut keys = vec![
            keys::connection(&connection.id),
            keys::members_told(&self.tenant, &connection.id),
            keys::connection_mirror(&self.tenant, &connection.id),
        ];
        keys.extend(
            connection
                .issuer()
                .map(|issuer| keys::issuer(&issuer, &connection.id)),
        );
        Ok(Leavings {
            traces: vec![Trace::new("connections", keys)],
            after: None,
            connection: Some(connection),
        })
    }

    async fn domains_left(&self) -> Result<Vec<Trace>, StoreError> {
        let mut traces = Vec::new();
        for item in self.first_own("D#").await? {
            let claim: DomainClaim = read_doc("domain claim", &item)?;
            let mut keys = vec![keys::domain_mirror(&self.tenant, &claim.domain)];
            let parents = claim.domain.self_and_parents().skip(1).take(10);
            let below = parents.map(|parent| keys::subdomain(&parent, &claim.domain));
            // Another organization may have taken the domain over, or proven it.
            for key in below.chain([keys::domain(&claim.domain)]) {
                let found = self.store.dynamo.get(&key).await?;
                if found.is_some_and(|item| read_text(&item, "t") == Some(self.tenant.as_str())) {
                    keys.push(key);
                }
            }
            traces.push(Trace::new("domains", keys));
        }
        Ok(traces)
    }

    /// Some of those who stand first in a list of users, with everything of theirs.
    async fn people_left(&self, list: &str) -> Result<Vec<Trace>, StoreError> {
        let entries = self.first(Table::Directory, list, "").await?;
        let ids = entries.iter().filter_map(|entry| read_text(entry, "sk"));
        let read = ids.take(PEOPLE).map(|id| self.one_left(list, id));
        let mut traces = Vec::new();
        for (hanging, person) in futures_util::future::try_join_all(read).await? {
            if !hanging.is_empty() {
                // The record and the entry stay until nothing hangs on them.
                traces.extend(hanging);
                return Ok(traces);
            }
            traces.extend(person);
        }
        Ok(traces)
    }

    /// What hangs on a user's record; where nothing does, the record itself.
    async fn one_left(&self, list: &str, id: &str) -> Result<(Vec<Trace>, Option<Trace>), StoreError> {
        let entry = keys::named(list, id);
        let Ok(user) = UserId::parse(id) else {
            return Ok((Vec::new(), Some(Trace::beside(vec![entry]))));
        };
        let hanging = self.hanging_on(&user).await?;
        if !hanging.is_empty() {
            return Ok((hanging, None));
        }
        Ok((hanging, Some(self.person(&user, entry).await?)))
    }

    /// What hangs on a user's record.
    async fn hanging_on(&self, user: &UserId) -> Result<Vec<Trace>, StoreError> {
        let mut traces = self.session_traces(user).await?;
        let pk = keys::user_pk(&self.tenant, user.as_str());
        for item in self.first(Table::Directory, &pk, "").await? {
            let Some(sk) = read_text(&item, "sk") else {
                continue;
            };
            let own = keys::named(&pk, sk);
            match sk.split_once('#') {
                Some(("", "")) => {}
                Some(("X", _)) => traces.extend(self.identity_trace(user, &item).await?),
                Some(("TM", _)) => traces.extend(self.team_trace(user, &item)),
                Some(("G", group)) => {
                    let member = GroupId::parse(group).ok();
                    let member = member.map(|group| keys::member(&self.tenant, &group, user));
                    let keys = member.into_iter().chain([own]).collect();
                    traces.push(Trace::new("group_memberships", keys));
                }
                Some(("O", _)) => traces.push(Trace::new("events", vec![own])),
                Some(_) | None => traces.push(Trace::beside(vec![own])),
            }
        }
        Ok(traces)
    }

    async fn person(&self, user: &UserId, entry: Key) -> Result<Trace, StoreError> {
        let key = keys::user(&self.tenant, user);
        let found = self.first(Table::Directory, &key.pk, "#").await?;
        let mut keys = vec![key, entry, keys::pending_user(&self.tenant, user)];
        keys.push(keys::gone_user(&self.tenant, user.as_str()));
        let Some(item) = found.first() else {
            return Ok(Trace::beside(keys));
        };
        let user: User = read_doc("user", item)?;
        keys.push(user_items::guard(&user).key);
        keys.extend(user_items::lookups(&user).into_values().map(|item| item.key));
        Ok(Trace::new("users", keys))
    }

    /// The group that stands first in a list, with everything of it.
    async fn groups_left(&self, list: &str) -> Result<Vec<Trace>, StoreError> {
        let entries = self.first(Table::Directory, list, "").await?;
        let Some(id) = entries.first().and_then(|entry| read_text(entry, "sk")) else {
            return Ok(Vec::new());
        };
        let entry = keys::named(list, id);
        let Ok(id) = GroupId::parse(id) else {
            return Ok(vec![Trace::beside(vec![entry])]);
        };
        let members = keys::members_pk(&self.tenant, &id);
        let mut traces = Vec::new();
        for item in self.first(Table::Directory, &members, "").await? {
            let user = read_text(&item, "sk").and_then(|user| UserId::parse(user).ok());
            traces.extend(user.map(|user| {
                let mirror = keys::user_group(&self.tenant, &user, &id);
                let member = keys::member(&self.tenant, &id, &user);
                Trace::new("group_memberships", vec![mirror, member])
            }));
        }
        let pk = keys::group_pk(&self.tenant, &id);
        let mut record = None;
        for item in self.first(Table::Directory, &pk, "").await? {
            match read_text(&item, "sk") {
                Some("#") => record = Some(GroupRecord::read(&item)?),
                Some(sk) => traces.push(Trace::new("events", vec![keys::named(&pk, sk)])),
                None => {}
            }
        }
        if let Some(change) = record.as_ref().and_then(|record| record.pending.as_ref()) {
            let parts = keys::change_parts_pk(&self.tenant, &id, change.as_str());
            let parts = self.plain("others", &parts).await?;
            traces.extend(parts);
        }
        if traces.is_empty() {
            traces.push(self.group_itself(&id, record, entry));
        }
        Ok(traces)
    }

    fn group_itself(&self, id: &GroupId, record: Option<GroupRecord>, entry: Key) -> Trace {
        let t = &self.tenant;
        let mut keys = vec![entry, keys::pending_group(t, id), keys::gone_group(t, id)];
        let Some(record) = record else {
            return Trace::beside(keys);
        };
        let external = record.group.external_id.as_deref();
        keys.push(keys::group(t, id));
        keys.push(keys::group_name(t, &record.group.display_name, external));
        keys.extend(external.map(|external| keys::group_external(t, external, id)));
        Trace::new("groups", keys)
    }

    async fn teams_left(&self) -> Result<Vec<Trace>, StoreError> {
        let list = keys::team_list_pk(&self.tenant);
        let entries = self.first(Table::Directory, &list, "").await?;
        let Some(entry) = entries.first() else {
            return Ok(Vec::new());
        };
        let team: Team = read_doc("team entry", entry)?;
        let id: &TeamId = &team.id;
        let pk = keys::team_pk(&self.tenant, id);
        let items = self.first(Table::Directory, &pk, "").await?;
        let places = items.iter().filter_map(|item| read_text(item, "sk"));
        let members = places.filter_map(|sk| UserId::parse(sk).ok()).map(|user| {
            let mirror = keys::user_team(&self.tenant, &user, id);
            let member = keys::team_member(&self.tenant, id, &user);
            Trace::new("team_memberships", vec![mirror, member])
        });
        let members = members.collect::<Vec<_>>();
        if !members.is_empty() {
            return Ok(members);
        }
        let keys = vec![
            keys::team(&self.tenant, id),
            keys::team_name(&self.tenant, &team.name),
            keys::team_list(&self.tenant, id),
        ];
        Ok(vec![Trace::new("teams", keys)])
    }

    /// The feed, and what its entries lead to.
    async fn feed_left(&self) -> Result<Vec<Trace>, StoreError> {
        let pk = keys::feed_pk(&self.tenant);
        let mut traces = Vec::new();
        for item in self.first(Table::Directory, &pk, "").await? {
            let Some(sk) = read_text(&item, "sk") else {
                continue;
            };
            let at: Pointer = read_doc("feed entry", &item)?;
            let own = self.owns_partition(&at.pk);
            let event = own.then(|| keys::outbox_item(&at.pk, &at.sk));
            let keys = event.into_iter().chain([keys::named(&pk, sk)]);
            traces.push(Trace::new("feed_entries", keys.collect()));
        }
        Ok(traces)
    }

    fn owns_partition(&self, pk: &str) -> bool {
        pk.split('#').nth(1) == Some(self.tenant.as_str())
    }

    /// What else the tenant's own partition holds, and its holds.
    async fn rest_left(&self) -> Result<Vec<Trace>, StoreError> {
        let pk = keys::tenant_pk(&self.tenant);
        let items = self.first(Table::Directory, &pk, "").await?;
        let own = items.iter().map(|item| self.rest_of(&pk, item));
        let mut traces = own.collect::<Result<Vec<_>, _>>()?;
        let holds = keys::sync_holds_pk(&self.tenant);
        traces.extend(self.plain("sync_holds", &holds).await?);
        Ok(traces)
    }

    fn rest_of(&self, pk: &str, item: &Attributes) -> Result<Trace, StoreError> {
        let sk = read_text(item, "sk").unwrap_or_default();
        let own = keys::named(pk, sk);
        let kind = sk.split_once('#').map_or("", |(kind, _)| kind);
        Ok(match kind {
            "BG" => Trace::new("break_glass_addresses", vec![own]),
            "IM" => Trace::new("member_imports", vec![own]),
            "E" => Trace::new("deadlines", vec![own]),
            "ER" => Trace::new("erasures", vec![own]),
            "ED" => Trace::beside(keys::due_of_mirror(sk).into_iter().chain([own]).collect()),
            "ES" => {
                let at = |pk, sk| Some(keys::named(read_text(item, pk)?, read_text(item, sk)?));
                let marked = [at("mpk", "msk"), at("lpk", "lsk")];
                Trace::beside(marked.into_iter().flatten().chain([own]).collect())
            }
            "O" => match read_doc::<OutboxRecord>("outbox", item)? {
                OutboxRecord::Mail(job) => {
                    let secret = keys::mail_secret(&self.tenant, &job.reference);
                    Trace::new("mails", vec![secret, own])
                }
                OutboxRecord::Events { .. } => Trace::new("events", vec![own]),
                OutboxRecord::Work(_) => Trace::beside(vec![own]),
            },
            _other => Trace::beside(vec![own]),
        })
    }

    async fn counters_left(&self) -> Result<Vec<Trace>, StoreError> {
        let mut traces = self.plain("counters", &keys::counters_pk(&self.tenant)).await?;
        for what in BUDGETS {
            let pk = keys::budget_pk(&self.tenant, what);
            let items = self.first(Table::Ephemeral, &pk, "").await?;
            let places = items.iter().filter_map(|item| read_text(item, "sk"));
            traces.extend(places.map(|sk| Trace::beside(vec![keys::budget_item(&pk, sk)])));
        }
        Ok(traces)
    }

    /// The audit trail, day by day from the newest on.
    async fn audit_left(&self, after: Option<&str>) -> Result<Leavings, StoreError> {
        let today = self.store.dynamo.clock.now().date_naive();
        let oldest = today.checked_sub_days(Days::new(DAYS_BACK)).unwrap_or(today);
        let newest = today.checked_add_days(Days::new(1)).unwrap_or(today);
        let mut day = after
            .and_then(|day| day.parse::<NaiveDate>().ok())
            .unwrap_or(newest);
        for _ in 0..DAYS_AT_ONCE {
            if day < oldest {
                return Ok(Leavings::default());
            }
            let pk = keys::audit_pk(&self.tenant, &day.to_string());
            let traces = Trace::some_of(self.plain("audit_entries", &pk).await?);
            if !traces.is_empty() {
                return Ok(Leavings {
                    traces,
                    after: Some(day.to_string()),
                    connection: None,
                });
            }
            let Some(before) = day.pred_opt() else {
                return Ok(Leavings::default());
            };
            day = before;
        }
        Ok(Leavings {
            after: Some(day.to_string()),
            ..Leavings::default()
        })
    }

    async fn first_own(&self, prefix: &str) -> Result<Vec<Attributes>, StoreError> {
        self.first(Table::Directory, &keys::tenant_pk(&self.tenant), prefix)
            .await
    }
}

/// A place where a connection was found by an issuer, now or earlier.
fn issuer(mirror: &Attributes) -> Option<Trace> {
    let sk = read_text(mirror, "sk")?;
    let own = keys::named(read_text(mirror, "pk")?, sk);
    Some(Trace::beside(
        keys::issuer_of_mirror(sk).into_iter().chain([own]).collect(),
    ))
}
