//! Two sources, one behind the other: the root's `.search` (RFC 7644, section 3.4.2.1).

use futures_util::future::try_join;

use super::source::{Entry, Found, Place, Source};
use crate::app::scim::ScimFailure;
use crate::scim::ResourceKind;
use crate::scim::filter::Filter;
use crate::scim::list::ListQuery;

/// Marks the keys of the first source.
const FIRST: char = '1';
/// Marks the keys of the second.
const SECOND: char = '2';

/// Two sources of different types.
#[derive(Clone, Debug)]
pub struct Both<A, B> {
    first: A,
    second: B,
    /// Whether a page shows groups or members, by source.
    shown: (bool, bool),
}

impl<A: Source, B: Source> Both<A, B> {
    /// All of `first`, then all of `second`.
    #[must_use]
    pub fn new(first: A, second: B, query: &ListQuery) -> Self {
        Self {
            shown: (
                first.shows_related(query, false),
                second.shows_related(query, false),
            ),
            first,
            second,
        }
    }
}

fn marked(mark: char, key: &str) -> String {
    format!("{mark}{key}")
}

/// The keys of one source, as it knows them.
fn own(mark: char, keys: &[String]) -> Vec<String> {
    keys.iter()
        .filter_map(|key| key.strip_prefix(mark).map(str::to_owned))
        .collect()
}

/// Behind which key to read in the first source, unless all of it lies before, and in the second.
fn parts(after: Option<&str>) -> (Option<Option<&str>>, Option<&str>) {
    let Some(after) = after else {
        return (Some(None), None);
    };
    match after.strip_prefix(SECOND) {
        Some(after) => (None, Some(after).filter(|after| !after.is_empty())),
        None => (Some(after.strip_prefix(FIRST)), None),
    }
}

fn entry(mark: char, entry: Entry) -> Entry {
    let key = marked(mark, &entry.key);
    Entry { key, ..entry }
}

fn found(mark: char, found: Found) -> Found {
    let key = marked(mark, &found.key);
    Found { key, ..found }
}

impl<A: Source, B: Source> Source for Both<A, B> {
    fn kinds(&self) -> &'static [ResourceKind] {
        &ResourceKind::ALL
    }

    fn thin(&self, kind: ResourceKind) -> &'static [&'static str] {
        if self.first.kinds().contains(&kind) {
            self.first.thin(kind)
        } else {
            self.second.thin(kind)
        }
    }

    async fn place(&self, skipped: u64) -> Result<Place, ScimFailure> {
        let (first, second) = try_join(self.first.place(0), self.second.place(0)).await?;
        let total = first.total + second.total;
        if skipped < first.total {
            let place = self.first.place(skipped).await?;
            let after = place.after.map(|after| marked(FIRST, &after));
            return Ok(Place {
                total,
                after,
                ..place
            });
        }
        let place = self.second.place(skipped - first.total).await?;
        let after = Some(marked(SECOND, place.after.as_deref().unwrap_or_default()));
        Ok(Place {
            total,
            after,
            ..place
        })
    }

    async fn entries(&self, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, ScimFailure> {
        let (in_first, in_second) = parts(after);
        let mut entries: Vec<Entry> = Vec::new();
        if let Some(after) = in_first {
            let found = self.first.entries(after, limit).await?;
            entries.extend(found.into_iter().map(|found| entry(FIRST, found)));
        }
        if entries.len() < limit {
            let found = self.second.entries(in_second, limit - entries.len()).await?;
            entries.extend(found.into_iter().map(|found| entry(SECOND, found)));
        }
        Ok(entries)
    }

    async fn keys(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, ScimFailure> {
        let (in_first, in_second) = parts(after);
        let mut keys: Vec<String> = Vec::new();
        if let Some(after) = in_first {
            let found = self.first.keys(after, limit).await?;
            keys.extend(found.iter().map(|key| marked(FIRST, key)));
        }
        if keys.len() < limit {
            let found = self.second.keys(in_second, limit - keys.len()).await?;
            keys.extend(found.iter().map(|key| marked(SECOND, key)));
        }
        Ok(keys)
    }

    async fn load(&self, keys: &[String], related: bool) -> Result<Vec<Found>, ScimFailure> {
        let (users, groups) = (own(FIRST, keys), own(SECOND, keys));
        let (first, second) = try_join(
            self.first.load(&users, related || self.shown.0),
            self.second.load(&groups, related || self.shown.1),
        )
        .await?;
        let first = first.into_iter().map(|loaded| found(FIRST, loaded));
        let second = second.into_iter().map(|loaded| found(SECOND, loaded));
        Ok(first.chain(second).collect())
    }

    /// Each source shows what it shows alone.
    fn shows_related(&self, _: &ListQuery, _: bool) -> bool {
        false
    }

    /// An index must answer for both: what only one of them knows is evaluated.
    async fn candidates(&self, filter: &Filter) -> Result<Option<Vec<String>>, ScimFailure> {
        let (Some(first), Some(second)) =
            try_join(self.first.candidates(filter), self.second.candidates(filter)).await?
        else {
            return Ok(None);
        };
        let first = first.iter().map(|key| marked(FIRST, key));
        let second = second.iter().map(|key| marked(SECOND, key));
        Ok(Some(first.chain(second).collect()))
    }
}
