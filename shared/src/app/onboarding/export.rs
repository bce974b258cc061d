//! Everything that a tenant owns, page by page, in one order: for whoever leaves, or looks. Secrets, hashes of tokens and
//! sealed tokens are no part of it.

use chrono::NaiveDate;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::Administration;
use super::audit::{self, AuditCursor, AuditQuery};
use super::error::OnboardingError;
use crate::domain::connection::Connection;
use crate::domain::deadline::Deadline;
use crate::domain::ids::UserId;
use crate::domain::team::{Team, TeamMembership};
use crate::domain::tenant::{DomainClaim, Tenant};
use crate::domain::user::User;
use crate::store::{ApiKey, AuditRecord, BreakGlass, GroupRecord, LinkedIdentity, MemberImport};

/// Members of one page: each is read with everything of it.
const MOST_MEMBERS: usize = 25;
/// Members that are read at a time.
const AT_ONCE: usize = 8;

/// What an export is made of, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The organization with its settings.
    Tenant,
    /// Domains.
    Domains,
    /// Connections.
    Connections,
    /// Break-glass addresses.
    BreakGlass,
    /// API keys, without tokens.
    ApiKeys,
    /// Deadlines.
    Deadlines,
    /// Imports of members.
    Imports,
    /// Teams.
    Teams,
    /// Groups; who is in them stands at the members.
    Groups,
    /// Members with teams, groups and identities.
    Members,
    /// The audit trail, newest first.
    Audit,
}

/// All sections, in their order.
const SECTIONS: [(Section, &str); 11] = [
    (Section::Tenant, "tenant"),
    (Section::Domains, "domains"),
    (Section::Connections, "connections"),
    (Section::BreakGlass, "break-glass"),
    (Section::ApiKeys, "api-keys"),
    (Section::Deadlines, "deadlines"),
    (Section::Imports, "imports"),
    (Section::Teams, "teams"),
    (Section::Groups, "groups"),
    (Section::Members, "members"),
    (Section::Audit, "audit"),
];

/// One thing of an export.
#[derive(Clone, Debug)]
pub enum Exported {
    /// The organization.
    Tenant(Box<Tenant>),
    /// A domain.
    Domain(DomainClaim),
    /// A connection.
    Connection(Box<Connection>),
    /// A break-glass address.
    BreakGlass(BreakGlass),
    /// An API key.
    ApiKey(ApiKey),
    /// A deadline.
    Deadline(Deadline),
    /// An import.
    Import(MemberImport),
    /// A team.
    Team(Team),
    /// A group.
    Group(Box<GroupRecord>),
    /// A member.
    Member(Box<ExportedMember>),
    /// An entry of the audit trail.
    Audit(AuditRecord),
}

/// A member with everything of it.
#[derive(Clone, Debug)]
pub struct ExportedMember {
    /// The record.
    pub user: User,
    /// Places in teams.
    pub teams: Vec<TeamMembership>,
    /// Groups.
    pub groups: Vec<GroupRecord>,
    /// Who vouches.
    pub identities: Vec<LinkedIdentity>,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportCursor {
    section: Section,
    after: Option<String>,
}

impl Default for ExportCursor {
    fn default() -> Self {
        Self {
            section: Section::Tenant,
            after: None,
        }
    }
}

impl ExportCursor {
    /// Reads what [`Self::to_text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, after) = text.split_once('|')?;
        let (section, _) = SECTIONS.iter().find(|(_, known)| *known == name)?;
        Some(Self {
            section: *section,
            after: Some(after.to_owned()).filter(|after| !after.is_empty()),
        })
    }

    /// As text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let name = SECTIONS.iter().find(|(section, _)| *section == self.section);
        let name = name.map_or("", |(_, name)| name);
        format!("{name}|{}", self.after.as_deref().unwrap_or_default())
    }

    /// The beginning of the next section.
    fn next_section(&self) -> Option<Self> {
        let mut behind = SECTIONS
            .iter()
            .skip_while(|(section, _)| *section != self.section);
        let (section, _) = behind.nth(1)?;
        Some(Self {
            section: *section,
            after: None,
        })
    }
}

/// A page of a section, and behind what the next page of it begins.
type Page = (Vec<Exported>, Option<String>);

/// A page of the export: at most `limit` things, all of one section; and where the next one begins.
///
/// # Errors
/// [`OnboardingError`] when the tables cannot be read.
pub async fn page(
    admin: &Administration,
    at: &ExportCursor,
    limit: usize,
) -> Result<(Vec<Exported>, Option<ExportCursor>), OnboardingError> {
    let mut at = at.clone();
    loop {
        let (found, after) = of_section(admin, &at, limit).await?;
        let next = match after {
            Some(after) => Some(ExportCursor {
                section: at.section,
                after: Some(after),
            }),
            None => at.next_section(),
        };
        // A section that has nothing (more) is passed over.
        match next {
            Some(next) if found.is_empty() && next.section != at.section => at = next,
            next => return Ok((found, next)),
        }
    }
}

async fn of_section(
    admin: &Administration,
    at: &ExportCursor,
    limit: usize,
) -> Result<Page, OnboardingError> {
    let store = &admin.store;
    let after = at.after.as_deref();
    Ok(match at.section {
        Section::Tenant => (vec![Exported::Tenant(Box::new(admin.tenant().await?))], None),
        Section::Domains => {
            let id = |claim: &DomainClaim| claim.domain.to_string();
            cut(store.domains().await?, id, Exported::Domain, (after, limit))
        }
        Section::Connections => {
            let id = |connection: &Connection| connection.id.to_string();
            let of = |connection| Exported::Connection(Box::new(connection));
            cut(store.connections().await?, id, of, (after, limit))
        }
        Section::BreakGlass => {
            let id = |entry: &BreakGlass| entry.email.folded().to_owned();
            cut(
                store.break_glass_list().await?,
                id,
                Exported::BreakGlass,
                (after, limit),
            )
        }
        Section::ApiKeys => {
            let id = |key: &ApiKey| key.id.clone();
            cut(store.api_keys().await?, id, Exported::ApiKey, (after, limit))
        }
        Section::Deadlines => {
            let id = |deadline: &Deadline| format!("{}#{}", deadline.kind.name(), deadline.id);
            cut(store.deadlines().await?, id, Exported::Deadline, (after, limit))
        }
        Section::Imports => {
            let id = |import: &MemberImport| import.id.clone();
            cut(store.imports().await?, id, Exported::Import, (after, limit))
        }
        Section::Teams => {
            let id = |team: &Team| team.id.to_string();
            cut(store.teams().await?, id, Exported::Team, (after, limit))
        }
        Section::Groups => groups(admin, after, limit).await?,
        Section::Members => members(admin, after, limit).await?,
        Section::Audit => trail(admin, after, limit).await?,
    })
}

/// A page of a list that is there whole, in the order of its ids.
fn cut<T>(
    mut all: Vec<T>,
    id: impl Fn(&T) -> String,
    of: impl Fn(T) -> Exported,
    (after, limit): (Option<&str>, usize),
) -> Page {
    all.sort_by_key(&id);
    all.retain(|item| after.is_none_or(|after| id(item).as_str() > after));
    let more = all.len() > limit;
    all.truncate(limit);
    let last = all.last().map(&id).filter(|_| more);
    (all.into_iter().map(of).collect(), last)
}

async fn groups(admin: &Administration, after: Option<&str>, limit: usize) -> Result<Page, OnboardingError> {
    let entries = admin.store.group_entries(after, limit).await?;
    let next = entries.last().filter(|_| entries.len() == limit);
    let next = next.map(|entry| entry.id.to_string());
    let ids = entries.into_iter().map(|entry| entry.id).collect::<Vec<_>>();
    if ids.is_empty() {
        return Ok((Vec::new(), None));
    }
    let found = admin.store.groups(&ids).await?.into_iter();
    Ok((
        found.map(|group| Exported::Group(Box::new(group))).collect(),
        next,
    ))
}

async fn members(admin: &Administration, after: Option<&str>, limit: usize) -> Result<Page, OnboardingError> {
    let store = &admin.store;
    let after = after.and_then(|id| UserId::parse(id).ok());
    let most = i32::try_from(limit.min(MOST_MEMBERS)).unwrap_or(1);
    let (users, next) = store.users_page(after.as_ref(), most).await?;
    let whole = users.into_iter().map(|user| async move {
        let (teams, groups, identities) = futures_util::future::try_join3(
            store.teams_of(&user.id),
            store.user_in_groups(&user.id),
            store.linked_identities(&user.id),
        )
        .await?;
        Ok::<_, OnboardingError>(Exported::Member(Box::new(ExportedMember {
            user,
            teams,
            groups: groups.map(|found| found.groups).unwrap_or_default(),
            identities,
        })))
    });
    let found = stream::iter(whole).buffered(AT_ONCE).try_collect().await?;
    Ok((found, next.map(|id| id.to_string())))
}

/// The trail, with a cursor of day and entry.
async fn trail(admin: &Administration, after: Option<&str>, limit: usize) -> Result<Page, OnboardingError> {
    let at = after.map(|text| text.split_once(' ').unwrap_or((text, "")));
    let cursor = at.and_then(|(day, before)| {
        Some(AuditCursor {
            day: day.parse::<NaiveDate>().ok()?,
            before: Some(before.to_owned()).filter(|before| !before.is_empty()),
        })
    });
    let query = AuditQuery {
        after: cursor,
        limit,
        ..AuditQuery::default()
    };
    let found = audit::read(admin, &query).await?;
    let next = found
        .next
        .map(|at| format!("{} {}", at.day, at.before.unwrap_or_default()));
    Ok((found.records.into_iter().map(Exported::Audit).collect(), next))
}
