//! Which index can narrow a filter down.

use std::fmt;

use chrono::{DateTime, Utc};

use super::matcher::find;
use super::{Filter, Literal, Op};
use crate::scim::schema::ResourceKind;

/// A condition that every match of a filter fulfils and that an index answers. The filter still has to be evaluated
/// over what the index finds: the condition may be one of several, and the index may ignore a value's type.
#[derive(Clone, PartialEq, Eq)]
pub enum Lookup<'f> {
    /// `id eq`
    Id(&'f str),
    /// `userName eq`, without regard to case.
    UserName(&'f str),
    /// `externalId eq`, as written.
    ExternalId(&'f str),
    /// `emails.value eq`, without regard to case.
    Email(&'f str),
    /// `displayName eq` of a group, without regard to case.
    DisplayName(&'f str),
    /// `members.value eq` of a group: the groups of that user.
    Member(&'f str),
    /// `groups.value eq` of a user: the members of that group.
    InGroup(&'f str),
    /// `meta.lastModified gt` or `ge`.
    ModifiedSince {
        /// The instant.
        from: DateTime<Utc>,
        /// Whether the instant itself is meant (`ge`).
        inclusive: bool,
    },
}

/// The kind of condition; values may be personal data.
impl fmt::Debug for Lookup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id(_) => "Id",
            Self::UserName(_) => "UserName",
            Self::ExternalId(_) => "ExternalId",
            Self::Email(_) => "Email",
            Self::DisplayName(_) => "DisplayName",
            Self::Member(_) => "Member",
            Self::InGroup(_) => "InGroup",
            Self::ModifiedSince { .. } => "ModifiedSince",
        })
    }
}

impl Lookup<'_> {
    /// The smaller, the fewer resources it leaves.
    fn rank(&self) -> u8 {
        match self {
            Self::Id(_) => 0,
            Self::UserName(_) => 1,
            Self::ExternalId(_) => 2,
            Self::Email(_) => 3,
            Self::DisplayName(_) => 4,
            Self::Member(_) => 5,
            Self::InGroup(_) => 6,
            Self::ModifiedSince { .. } => 7,
        }
    }
}

/// The conditions of a filter that an index answers, the narrowest first. Only what stands alone or is joined by
/// `and` counts: under `or` or `not` a condition need not hold.
#[must_use]
pub fn lookups(filter: &Filter, kind: ResourceKind) -> Vec<Lookup<'_>> {
    let mut found = Vec::new();
    collect(filter, kind, &mut found);
    found.sort_by_key(Lookup::rank);
    found
}

fn collect<'f>(filter: &'f Filter, kind: ResourceKind, found: &mut Vec<Lookup<'f>>) {
    match filter {
        Filter::And(terms) => terms.iter().for_each(|term| collect(term, kind, found)),
        Filter::Compare { path, op, value } => {
            if let Some((None, attribute, sub)) = find(kind, path) {
                found.extend(condition(kind, attribute.name, sub.map(|s| s.name), *op, value));
            }
        }
        Filter::Has { path, filter } => {
            if let Some((None, attribute, None)) = find(kind, path) {
                collect_inner(filter, kind, attribute.name, found);
            }
        }
        Filter::Present(_) | Filter::Not(_) | Filter::Or(_) => {}
    }
}

fn collect_inner<'f>(
    filter: &'f Filter,
    kind: ResourceKind,
    attribute: &'static str,
    found: &mut Vec<Lookup<'f>>,
) {
    match filter {
        Filter::And(terms) => terms
            .iter()
            .for_each(|term| collect_inner(term, kind, attribute, found)),
        Filter::Compare { path, op, value }
            if path.urn.is_none() && path.sub.is_none() && path.name.eq_ignore_ascii_case("value") =>
        {
            found.extend(condition(kind, attribute, Some("value"), *op, value));
        }
        Filter::Compare { .. } | Filter::Has { .. } | Filter::Present(_) | Filter::Not(_) | Filter::Or(_) => {
        }
    }
}

fn condition<'f>(
    kind: ResourceKind,
    attribute: &str,
    sub: Option<&str>,
    op: Op,
    value: &'f Literal,
) -> Option<Lookup<'f>> {
    let (Literal::String(text) | Literal::Number(text)) = value else {
        return None;
    };
    if op != Op::Eq {
        let inclusive = match op {
            Op::Gt => false,
            Op::Ge => true,
            _ => return None,
        };
        let time = DateTime::parse_from_rfc3339(text).ok()?;
        let is_time = attribute == "meta" && sub == Some("lastModified");
        return is_time.then(|| Lookup::ModifiedSince {
            from: time.to_utc(),
            inclusive,
        });
    }
    let value_of = sub.is_none() || sub == Some("value");
    match (kind, attribute) {
        (_, "id") => Some(Lookup::Id(text)),
        (ResourceKind::User, "userName") => Some(Lookup::UserName(text)),
        (_, "externalId") => Some(Lookup::ExternalId(text)),
        (ResourceKind::User, "emails") if value_of => Some(Lookup::Email(text)),
        (ResourceKind::User, "groups") if value_of => Some(Lookup::InGroup(text)),
        (ResourceKind::Group, "displayName") => Some(Lookup::DisplayName(text)),
        (ResourceKind::Group, "members") if value_of => Some(Lookup::Member(text)),
        _ => None,
    }
}

/// The ids that a filter on groups compares members with, if it asks of members nothing but whether one is in: then the
/// members of these ids are all that evaluating it takes. `None` if it asks for more, or nothing of members.
#[must_use]
pub fn members_asked_for(filter: &Filter) -> Option<Vec<&str>> {
    let mut ids = Vec::new();
    (asks_for_ids(filter, &mut ids) && !ids.is_empty()).then_some(ids)
}

/// Whether all that the filter says of members are ids, which are collected.
fn asks_for_ids<'f>(filter: &'f Filter, ids: &mut Vec<&'f str>) -> bool {
    let of_members =
        |path| find(ResourceKind::Group, path).is_some_and(|(_, found, _)| found.name == "members");
    match filter {
        Filter::And(terms) | Filter::Or(terms) => terms.iter().all(|term| asks_for_ids(term, ids)),
        Filter::Not(inner) => asks_for_ids(inner, ids),
        Filter::Present(path) => !of_members(path),
        Filter::Compare { path, op, value } if of_members(path) => {
            let sub = find(ResourceKind::Group, path).and_then(|(_, _, sub)| sub);
            sub.is_none_or(|sub| sub.name == "value") && is_id(*op, value, ids)
        }
        Filter::Has { path, filter } if of_members(path) => match filter.as_ref() {
            Filter::Compare { path, op, value } => {
                path.urn.is_none()
                    && path.sub.is_none()
                    && path.name.eq_ignore_ascii_case("value")
                    && is_id(*op, value, ids)
            }
            Filter::And(_) | Filter::Or(_) | Filter::Not(_) | Filter::Present(_) | Filter::Has { .. } => {
                false
            }
        },
        Filter::Compare { .. } | Filter::Has { .. } => true,
    }
}

fn is_id<'f>(op: Op, value: &'f Literal, ids: &mut Vec<&'f str>) -> bool {
    match (op, value) {
        (Op::Eq, Literal::String(id) | Literal::Number(id)) => {
            ids.push(id);
            true
        }
        _ => false,
    }
}
