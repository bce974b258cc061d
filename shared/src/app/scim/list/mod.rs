//! Lists (RFC 7644, section 3.4.2; RFC 9865): one engine over any [`Source`] of resources.
//!
//! List order is id order. A page that follows another begins behind the last key of that one, and not at a number: what
//! is deleted meanwhile moves nothing out of sight. A filter is answered by an index where one narrows it down, and is
//! else evaluated over the list to its end, within a budget.

mod both;
mod groups;
mod page;
mod scan;
mod source;
mod users;
mod whole;

use chrono::{DateTime, Utc};

use super::{Caller, ScimFailure};
use crate::scim::ResourceKind;
use crate::scim::list::{ListQuery, Page};

pub use both::Both;
pub use groups::GroupSource;
pub use source::{Bound, Entry, Found, Place, Shown, Source};
pub use users::UserSource;

/// A page of users.
///
/// # Errors
/// [`crate::scim::ScimError`]: `InvalidFilter`, `InvalidCursor`, `ExpiredCursor`, or `TooMany`, when the filter would
/// have to look at more than one request may.
pub async fn users(caller: &Caller, query: &ListQuery) -> Result<Page, ScimFailure> {
    list(caller, &UserSource::new(caller), query).await
}

/// A page of groups.
///
/// # Errors
/// As [`users`].
pub async fn groups(caller: &Caller, query: &ListQuery) -> Result<Page, ScimFailure> {
    list(caller, &GroupSource::new(caller, query), query).await
}

/// A page of all users, then all groups: the root's search.
///
/// # Errors
/// As [`users`].
pub async fn everything(caller: &Caller, query: &ListQuery) -> Result<Page, ScimFailure> {
    let (users, groups) = (UserSource::new(caller), GroupSource::new(caller, query));
    list(caller, &Both::new(users, groups, query), query).await
}

/// A page of what a source has.
///
/// # Errors
/// As [`users`].
pub async fn list<S: Source>(caller: &Caller, source: &S, query: &ListQuery) -> Result<Page, ScimFailure> {
    let bound = query
        .filter
        .as_ref()
        .map(|filter| source.bind(filter))
        .transpose()?;
    let keys = match &query.filter {
        Some(filter) => source.candidates(filter).await?,
        None => None,
    };
    let looked_up = keys.as_ref().is_some_and(|keys| keys.len() <= LOOKED_UP);
    let uses = |bound: &Bound| source.kinds().iter().any(|kind| bound.uses(related(*kind)));
    let lister = Lister {
        caller,
        source,
        query,
        filters_related: bound.as_ref().is_some_and(uses),
        shows_related: source.shows_related(query, looked_up),
        bound,
        keys,
        now: caller.gatehouse.clock.now(),
    };
    lister.page().await
}

/// So many resources that an index found are shown as each of them is shown alone.
const LOOKED_UP: usize = 10;

/// The attribute that lies elsewhere than in the document.
pub(super) fn related(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::User => "groups",
        ResourceKind::Group => "members",
    }
}

/// One list request.
struct Lister<'a, S> {
    caller: &'a Caller,
    source: &'a S,
    query: &'a ListQuery,
    bound: Option<Bound>,
    /// What an index found: keys in order.
    keys: Option<Vec<String>>,
    /// Whether the filter looks at groups or members.
    filters_related: bool,
    /// Whether the page shows groups or members.
    shows_related: bool,
    now: DateTime<Utc>,
}
