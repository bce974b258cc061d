//! Where a list's resources come from.

use std::future::Future;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::related;
use crate::app::scim::ScimFailure;
use crate::scim::filter::{Filter, Matcher, Scope};
use crate::scim::list::{ListQuery, Projection};
use crate::scim::{ResourceKind, ScimError};
use crate::store::ListCounts;

/// Resources in the order of their keys.
pub trait Source: Sync {
    /// The types of its resources.
    fn kinds(&self) -> &'static [ResourceKind];

    /// The attributes of a type that a thin entry holds.
    fn thin(&self, kind: ResourceKind) -> &'static [&'static str];

    /// How many there are, and where the one behind the first `skipped` lies.
    fn place(&self, skipped: u64) -> impl Future<Output = Result<Place, ScimFailure>> + Send;

    /// Entries behind a key, at most `limit`; fewer only at the end.
    fn entries(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Entry>, ScimFailure>> + Send;

    /// The keys of as many, where nothing else of the entries is looked at.
    fn keys(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<String>, ScimFailure>> + Send;

    /// The resources of these keys that are there, in their order; `related` loads groups and members with them.
    fn load(
        &self,
        keys: &[String],
        related: bool,
    ) -> impl Future<Output = Result<Vec<Found>, ScimFailure>> + Send;

    /// As [`Self::load`] without what is related, as answers show it that ask for nothing in particular.
    fn written(&self, keys: &[String]) -> impl Future<Output = Result<Vec<Shown>, ScimFailure>> + Send {
        async {
            let found = self.load(keys, false).await?;
            let usual = Projection::default();
            Ok(found.into_iter().map(|found| Shown::of(found, &usual)).collect())
        }
    }

    /// The keys of all resources that can match, in order, if an index knows them.
    fn candidates(
        &self,
        filter: &Filter,
    ) -> impl Future<Output = Result<Option<Vec<String>>, ScimFailure>> + Send;

    /// Whether a page shows groups or members: when they are asked for by name, or for the few that an index found
    /// (`looked_up`), as each of them is shown alone.
    fn shows_related(&self, query: &ListQuery, looked_up: bool) -> bool {
        let mut kinds = self.kinds().iter();
        let asked = kinds.any(|kind| query.projection.asks_for(*kind, related(*kind)));
        asked || (looked_up && query.projection.is_default())
    }

    /// Binds a filter to the types.
    ///
    /// # Errors
    /// [`ScimError::InvalidFilter`].
    fn bind(&self, filter: &Filter) -> Result<Bound, ScimError> {
        let kinds = self.kinds();
        let scope = if kinds.len() == 1 {
            Scope::One
        } else {
            Scope::Several
        };
        let matchers = kinds
            .iter()
            .map(|kind| Ok((*kind, Matcher::compile(filter, *kind, scope)?)));
        matchers.collect::<Result<_, ScimError>>().map(Bound)
    }
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// How many resources the list has.
    pub total: u64,
    /// The key behind which to begin reading; none at the beginning.
    pub after: Option<String>,
    /// How many of what follows are still to be left out.
    pub skip: usize,
}

impl Place {
    /// The place behind the first `skipped` of as many as are counted.
    #[must_use]
    pub fn of(counts: &ListCounts, skipped: u64) -> Self {
        let total = counts.total();
        if skipped == 0 {
            return Self {
                total,
                after: None,
                skip: 0,
            };
        }
        let (after, skip) = counts.seek(skipped);
        Self {
            total,
            after: Some(after),
            skip: usize::try_from(skip).unwrap_or(usize::MAX),
        }
    }
}

/// A thin entry of a list.
#[derive(Clone)]
pub struct Entry {
    /// The type of its resource.
    pub kind: ResourceKind,
    /// Its key.
    pub key: String,
    /// The attributes that it holds.
    pub thin: Map<String, Value>,
}

/// A resource as filters see it.
#[derive(Clone)]
pub struct Found {
    /// Its type.
    pub kind: ResourceKind,
    /// Its key.
    pub key: String,
    /// Its attributes.
    pub resource: Map<String, Value>,
    /// Whether members are missing that were to be loaded: more than one answer shows.
    pub incomplete: bool,
}

/// A resource as it is answered.
pub struct Shown {
    /// Its key.
    pub key: String,
    /// All of it that is shown.
    pub json: Box<RawValue>,
    /// As [`Found::incomplete`].
    pub incomplete: bool,
}

impl Shown {
    /// Once it is written, its parts are let go.
    #[must_use]
    pub fn of(found: Found, projection: &Projection) -> Self {
        let shown = projection.apply(found.kind, found.resource);
        Self {
            key: found.key,
            // What is JSON already can be written.
            json: to_raw_value(&shown).unwrap_or_default(),
            incomplete: found.incomplete,
        }
    }
}

/// A filter, bound to each type of a source.
#[derive(Clone, Debug)]
pub struct Bound(Vec<(ResourceKind, Matcher)>);

impl Bound {
    /// Whether a resource, or as much of it as the filter looks at, fulfils the filter.
    #[must_use]
    pub fn matches(&self, kind: ResourceKind, resource: &Map<String, Value>) -> bool {
        self.0
            .iter()
            .any(|(own, matcher)| *own == kind && matcher.matches(resource))
    }

    /// Whether the filter looks at an attribute.
    #[must_use]
    pub fn uses(&self, attribute: &str) -> bool {
        self.0.iter().any(|(_, matcher)| matcher.uses(attribute))
    }

    /// Whether thin entries of a source can answer.
    #[must_use]
    pub fn is_thin(&self, source: &impl Source) -> bool {
        self.0
            .iter()
            .all(|(kind, matcher)| matcher.uses_only(source.thin(*kind)))
    }
}
