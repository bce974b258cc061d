//! Pages of a whole list: its keys say what follows, and only the page's own resources are loaded.

use futures_util::future::try_join;

use super::page::{Stretch, to_u64, total};
use super::source::{Place, Shown, Source};
use super::{Lister, ScimFailure};
use crate::scim::list::Page;
use crate::store::Walk;

/// The keys of a page.
struct Listed {
    keys: Vec<String>,
    /// The last of them, if anything follows.
    next: Option<String>,
}

impl<S: Source> Lister<'_, S> {
    /// A page by index, which begins where `walk` says, if there is one. What the next page needs is remembered while
    /// this one is loaded.
    pub(super) async fn whole_by_index(
        &self,
        name: &str,
        start: u64,
        count: usize,
        walk: Option<Walk>,
    ) -> Result<Page, ScimFailure> {
        let (listed, counted) = match walk {
            Some(walk) => (self.listed(Some(&walk.after), 0, count).await?, walk.total),
            None if start == 1 => {
                let (place, listed) = try_join(self.source.place(0), self.listed(None, 0, count)).await?;
                (listed, place.total)
            }
            None => {
                let Place { total, after, skip } = self.source.place(start - 1).await?;
                (self.listed(after.as_deref(), skip, count).await?, total)
            }
        };
        let length = to_u64(listed.keys.len());
        let ahead = listed.next.clone().map(|after| {
            let total = total(start, length, true, Some(counted));
            (start + length, Walk { after, total })
        });
        let remember = async {
            match &ahead {
                Some((start, walk)) => Ok(self.caller.store.remember_walk(name, *start, walk).await?),
                None => Ok(()),
            }
        };
        let (shown, ()) = try_join(self.loaded(&listed.keys), remember).await?;
        let stretch = Stretch {
            shown,
            next: listed.next,
            total: Some(counted),
        };
        self.indexed(name, start, count, stretch, ahead).await
    }

    /// What follows a key.
    pub(super) async fn whole(&self, after: Option<&str>, count: usize) -> Result<Stretch, ScimFailure> {
        let Listed { keys, next } = self.listed(after, 0, count).await?;
        Ok(Stretch {
            shown: self.loaded(&keys).await?,
            next,
            total: None,
        })
    }

    async fn listed(&self, after: Option<&str>, skip: usize, count: usize) -> Result<Listed, ScimFailure> {
        let mut keys = self.source.keys(after, skip + count + 1).await?;
        let more = keys.len() > skip + count;
        keys.drain(..skip.min(keys.len()));
        keys.truncate(count);
        let next = keys.last().filter(|_| more).cloned();
        Ok(Listed { keys, next })
    }

    async fn loaded(&self, keys: &[String]) -> Result<Vec<Shown>, ScimFailure> {
        let projection = &self.query.projection;
        if projection.is_default() && !self.shows_related {
            return self.source.written(keys).await;
        }
        let found = self.source.load(keys, self.shows_related).await?;
        Ok(found
            .into_iter()
            .map(|found| Shown::of(found, projection))
            .collect())
    }
}
