//! Pages: by index, with walks; by cursor.

use futures_util::future::try_join;
use serde_json::value::RawValue;

use super::scan::{Scanned, Wanted};
use super::source::{Bound, Shown, Source};
use super::{Lister, ScimFailure};
use crate::scim::ScimError;
use crate::scim::list::{Cursor, Page, Paging, Position};
use crate::store::Walk;

/// Most bytes of a page, written as JSON: a function's answer has at most 6 MB. A page may have fewer resources than
/// were asked for.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A stretch of the list.
pub(super) struct Stretch {
    pub shown: Vec<Shown>,
    /// Behind which key what follows begins, if anything follows.
    pub next: Option<String>,
    /// How many there are in all, as far as this was counted.
    pub total: Option<u64>,
}

/// As much of a stretch as fits one answer.
struct Fitting {
    resources: Vec<Box<RawValue>>,
    next: Option<String>,
    total: Option<u64>,
}

impl<S: Source> Lister<'_, S> {
    /// The answer.
    pub(super) async fn page(&self) -> Result<Page, ScimFailure> {
        match &self.query.paging {
            Paging::Index { start, count } => self.by_index(*start, to_usize(*count)).await,
            Paging::Cursor { cursor, count } => self.by_cursor(cursor.as_deref(), *count).await,
        }
    }

    async fn by_index(&self, start: u64, count: usize) -> Result<Page, ScimFailure> {
        let name = self.walk_name();
        let walk = if start > 1 && count > 0 {
            self.caller.store.walk(&name, start).await?
        } else {
            None
        };
        let stretch = match (&self.bound, &walk) {
            (None, _) if count > 0 => return self.whole_by_index(&name, start, count, walk).await,
            (None, _) => self.total_alone().await?,
            (Some(_), Some(walk)) => Stretch {
                total: Some(walk.total),
                ..self.behind(Some(&walk.after), count).await?
            },
            (Some(bound), None) => self.counted(bound, start, count).await?,
        };
        self.indexed(&name, start, count, stretch, None).await
    }

    /// A page by index of what was found; `remembered` is the walk that is stored already.
    pub(super) async fn indexed(
        &self,
        name: &str,
        start: u64,
        count: usize,
        stretch: Stretch,
        remembered: Option<(u64, Walk)>,
    ) -> Result<Page, ScimFailure> {
        let fitting = fitting(stretch)?;
        let length = to_u64(fitting.resources.len());
        if length == 0 && count > 0 && fitting.next.is_some() {
            return Err(too_many().into());
        }
        let total = total(start, length, fitting.next.is_some(), fitting.total);
        if let Some(after) = fitting.next.filter(|_| length > 0) {
            let next = (start + length, Walk { after, total });
            if remembered.as_ref() != Some(&next) {
                let (start, walk) = next;
                self.caller.store.remember_walk(name, start, &walk).await?;
            }
        }
        Ok(Page {
            total: Some(total),
            resources: fitting.resources,
            position: Position::Index(start),
        })
    }

    async fn by_cursor(&self, cursor: Option<&str>, count: u32) -> Result<Page, ScimFailure> {
        let scope = self.caller.tenant().id.as_str();
        let (keys, kinds) = (&self.caller.cursors, self.source.kinds());
        let filter = self.query.filter.as_ref();
        let before = cursor
            .map(|text| Cursor::decode(text, keys, scope, kinds, filter, count, self.now))
            .transpose()?;
        let stretch = match &before {
            Some(before) => self.behind(Some(&before.after), to_usize(count)).await?,
            None if self.bound.is_some() => self.behind(None, to_usize(count)).await?,
            None if count == 0 => self.total_alone().await?,
            None => {
                let (place, whole) =
                    try_join(self.source.place(0), self.whole(None, to_usize(count))).await?;
                let total = Some(place.total);
                Stretch { total, ..whole }
            }
        };
        let fitting = fitting(stretch)?;
        let given = before.as_ref().map_or(0, |before| before.given);
        let length = to_u64(fitting.resources.len());
        // A filter that is not evaluated to its end has no total: the last page knows it.
        let counted = fitting
            .total
            .or(before.map(|before| before.total))
            .filter(|total| *total > 0);
        let follows = fitting.next.is_some();
        let all = (counted.is_some() || !follows).then(|| total(given + 1, length, follows, counted));
        let next = fitting.next.filter(|_| count > 0).map(|after| {
            let next = Cursor {
                after,
                given: given + length,
                total: all.unwrap_or(0),
            };
            next.encode(keys, scope, kinds, filter, count, self.now)
        });
        Ok(Page {
            total: all,
            resources: fitting.resources,
            position: Position::Cursor(next),
        })
    }

    /// What follows a key; nothing is counted.
    async fn behind(&self, after: Option<&str>, count: usize) -> Result<Stretch, ScimFailure> {
        let Some(bound) = &self.bound else {
            return self.whole(after, count).await;
        };
        let wanted = Wanted {
            after,
            skip: 0,
            count,
            to_the_end: false,
        };
        Ok(self.stretch(self.scan(bound, wanted).await?))
    }

    /// Nothing of the whole list but how many there are.
    async fn total_alone(&self) -> Result<Stretch, ScimFailure> {
        Ok(Stretch {
            shown: Vec::new(),
            next: None,
            total: Some(self.source.place(0).await?.total),
        })
    }

    /// What fulfils the filter from a place on; all of it is counted.
    async fn counted(&self, bound: &Bound, start: u64, count: usize) -> Result<Stretch, ScimFailure> {
        let wanted = Wanted {
            after: None,
            skip: start - 1,
            count,
            to_the_end: true,
        };
        let scanned = self.scan(bound, wanted).await?;
        if scanned.stopped_at.is_some() {
            return Err(too_many().into());
        }
        let total = Some(scanned.matches);
        Ok(Stretch {
            total,
            ..self.stretch(scanned)
        })
    }

    fn stretch(&self, scanned: Scanned) -> Stretch {
        let next = match scanned.stopped_at {
            Some(stopped_at) => Some(stopped_at),
            None => scanned
                .found
                .last()
                .filter(|_| scanned.more)
                .map(|found| found.key.clone()),
        };
        let projection = &self.query.projection;
        let shown = scanned.found.into_iter();
        Stretch {
            shown: shown.map(|found| Shown::of(found, projection)).collect(),
            next,
            total: None,
        }
    }

    /// Whose walk it is, and over what.
    fn walk_name(&self) -> String {
        let kinds = self
            .source
            .kinds()
            .iter()
            .map(|kind| kind.name())
            .collect::<Vec<_>>();
        let filter = self.query.filter.as_ref().map(ToString::to_string);
        serde_json::json!([self.caller.key().hash, kinds, filter]).to_string()
    }
}

fn fitting(stretch: Stretch) -> Result<Fitting, ScimFailure> {
    let mut resources = Vec::with_capacity(stretch.shown.len());
    let mut next = stretch.next;
    let mut bytes = 0;
    let mut last = None;
    for shown in stretch.shown {
        bytes += shown.json.get().len();
        if shown.incomplete || (bytes > MOST_BYTES && last.is_some()) {
            next = Some(last.ok_or_else(too_many_members)?);
            break;
        }
        resources.push(shown.json);
        last = Some(shown.key);
    }
    Ok(Fitting {
        resources,
        next,
        total: stretch.total,
    })
}

/// How many there are in all: never fewer than this page shows, and exactly so many once nothing follows it.
pub(super) fn total(start: u64, length: u64, follows: bool, counted: Option<u64>) -> u64 {
    match (follows, length) {
        (true, _) => counted.unwrap_or(0).max(start + length),
        // Beyond the end, or asked for the total alone.
        (false, 0) => counted.unwrap_or(start - 1),
        (false, _) => start - 1 + length,
    }
}

fn too_many() -> ScimError {
    ScimError::TooMany(
        "filter: no index answers it, and the organization has more resources than one request looks at; page by \
         cursor (an empty `cursor` parameter asks for the first page, RFC 9865) or name userName, externalId, emails \
         or id"
            .to_owned(),
    )
}

pub(super) fn too_many_members() -> ScimError {
    ScimError::TooMany(
        "a group has more members than one answer shows: ask with excludedAttributes=members, or for single members by \
         members[value eq \"id\"] without showing them"
            .to_owned(),
    )
}

fn to_usize(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

pub(super) fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
