//! Evaluating a filter: over keys that an index found, thin entries or whole resources, within a budget.

use super::page::too_many_members;
use super::source::{Bound, Found, Source};
use super::{Lister, ScimFailure};

/// Most resources that one request looks at.
const MOST_RESOURCES: usize = 10_000;
/// Most thin entries that one request looks at.
const MOST_ENTRIES: usize = 100_000;
/// Resources that are looked at in one go: what one BatchGetItem reads.
const BATCH: usize = 100;
/// Entries that are looked at in one go.
const ENTRY_BATCH: usize = 2_000;

/// What of the matches is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted<'k> {
    /// Begin behind this key.
    pub after: Option<&'k str>,
    /// Leave out so many matches.
    pub skip: u64,
    /// Keep so many.
    pub count: usize,
    /// Count all matches, and not only to the end of the page.
    pub to_the_end: bool,
}

/// What was found of it.
#[derive(Default)]
pub(super) struct Scanned {
    /// The kept matches.
    pub found: Vec<Found>,
    /// How many matches were seen.
    pub matches: u64,
    /// A match beyond the kept ones was seen.
    pub more: bool,
    /// The budget was used up: the key of what was looked at last.
    pub stopped_at: Option<String>,
}

impl Scanned {
    /// Takes one match; `false` when no further one is of interest.
    fn take(&mut self, found: Found, wanted: &Wanted<'_>) -> bool {
        self.matches += 1;
        if self.matches <= wanted.skip {
            return true;
        }
        if self.found.len() < wanted.count {
            self.found.push(found);
            return true;
        }
        self.more = true;
        wanted.to_the_end
    }
}

impl<S: Source> Lister<'_, S> {
    /// Evaluates the filter.
    pub(super) async fn scan(&self, bound: &Bound, wanted: Wanted<'_>) -> Result<Scanned, ScimFailure> {
        match &self.keys {
            Some(keys) => self.scan_keys(bound, keys, wanted).await,
            None if bound.is_thin(self.source) => self.scan_entries(bound, wanted).await,
            None => self.scan_resources(bound, wanted).await,
        }
    }

    /// The resources of these keys, with what the filter looks at.
    async fn load(&self, keys: &[String]) -> Result<Vec<Found>, ScimFailure> {
        let related = self.filters_related || self.shows_related;
        let found = self.source.load(keys, related).await?;
        if self.filters_related && found.iter().any(|found| found.incomplete) {
            return Err(too_many_members().into());
        }
        Ok(found)
    }

    async fn scan_keys(
        &self,
        bound: &Bound,
        keys: &[String],
        wanted: Wanted<'_>,
    ) -> Result<Scanned, ScimFailure> {
        let mut scanned = Scanned::default();
        let behind = |key: &&String| wanted.after.is_none_or(|after| key.as_str() > after);
        let keys = keys.iter().filter(behind).cloned().collect::<Vec<_>>();
        for (at, batch) in keys.chunks(BATCH).enumerate() {
            for found in self.load(batch).await? {
                if bound.matches(found.kind, &found.resource) && !scanned.take(found, &wanted) {
                    return Ok(scanned);
                }
            }
            if (at + 1) * BATCH >= MOST_RESOURCES {
                scanned.stopped_at = batch.last().cloned();
                return Ok(scanned);
            }
        }
        Ok(scanned)
    }

    async fn scan_resources(&self, bound: &Bound, wanted: Wanted<'_>) -> Result<Scanned, ScimFailure> {
        let mut scanned = Scanned::default();
        let mut after = wanted.after.map(str::to_owned);
        let mut looked_at = 0;
        loop {
            let keys = self.source.keys(after.as_deref(), BATCH).await?;
            for found in self.load(&keys).await? {
                if bound.matches(found.kind, &found.resource) && !scanned.take(found, &wanted) {
                    return Ok(scanned);
                }
            }
            looked_at += keys.len();
            let is_last = keys.len() < BATCH;
            after = keys.into_iter().last().or(after);
            if is_last {
                return Ok(scanned);
            }
            if looked_at >= MOST_RESOURCES {
                scanned.stopped_at = after;
                return Ok(scanned);
            }
        }
    }

    /// Only the page's own resources are loaded.
    async fn scan_entries(&self, bound: &Bound, wanted: Wanted<'_>) -> Result<Scanned, ScimFailure> {
        let mut scanned = Scanned::default();
        let mut after = wanted.after.map(str::to_owned);
        let mut looked_at = 0;
        'list: loop {
            let entries = self.source.entries(after.as_deref(), ENTRY_BATCH).await?;
            looked_at += entries.len();
            let is_last = entries.len() < ENTRY_BATCH;
            after = entries.last().map(|entry| entry.key.clone()).or(after);
            for entry in entries {
                let found = Found {
                    kind: entry.kind,
                    key: entry.key,
                    resource: entry.thin,
                    incomplete: false,
                };
                if bound.matches(found.kind, &found.resource) && !scanned.take(found, &wanted) {
                    break 'list;
                }
            }
            if is_last {
                break;
            }
            if looked_at >= MOST_ENTRIES {
                scanned.stopped_at = after;
                break;
            }
        }
        let keys = scanned
            .found
            .iter()
            .map(|found| found.key.clone())
            .collect::<Vec<_>>();
        scanned.found = self.load(&keys).await?;
        Ok(scanned)
    }
}
