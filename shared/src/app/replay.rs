//! Replay: an app that missed events, or sees a gap in a subject's sequence, asks for them again (GH-03).

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Gatehouse;
use super::outbox_relay::OnTheBus;
use crate::domain::ids::TenantId;
use crate::store::StoreError;

/// Entries of the feed that are younger are not shown yet: what was written before them may still be under way, and a
/// cursor must never pass it over. Longer than the SDK tries one request.
const SETTLES: TimeDelta = TimeDelta::seconds(30);
/// Events of a page unless said otherwise.
const PAGE: u8 = 50;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayQuery {
    /// The tenant.
    pub organization: TenantId,
    /// One user or group.
    pub subject: Option<String>,
    /// With `subject`: only what has a higher sequence.
    #[serde(default)]
    pub after: u64,
    /// Without `subject`: where to go on.
    pub cursor: Option<String>,
    /// Most events, 1 to 100.
    pub limit: Option<u8>,
}

/// Events as they were on the bus.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replay {
    /// The events.
    pub events: Vec<OnTheBus>,
    /// Where to go on in the tenant's feed; of a subject, go on after the highest sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Why there is no replay.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The parameters do not stand together.
    #[error(
        "wanted either subject with after, or cursor, and a limit from 1 to 100; got another combination"
    )]
    Query,
    /// The table cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReplayError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Query => "replay_query",
            Self::Store(error) => error.code(),
        }
    }
}

/// Reads a page of events.
///
/// # Errors
/// [`ReplayError`].
pub async fn replay(gatehouse: &Gatehouse, query: &ReplayQuery) -> Result<Replay, ReplayError> {
    let limit = query.limit.unwrap_or(PAGE);
    let both = query.subject.is_some() && query.cursor.is_some();
    let alone = query.subject.is_none() && query.after != 0;
    let malformed = query.cursor.as_deref().is_some_and(|cursor| !is_cursor(cursor));
    if both || alone || malformed || !(1..=100).contains(&limit) {
        return Err(ReplayError::Query);
    }
    let store = gatehouse.store.tenant(&query.organization);
    let (found, next_cursor) = match &query.subject {
        Some(subject) => (store.events_of(subject, query.after, limit.into()).await?, None),
        None => {
            let before = gatehouse.clock.now() - SETTLES;
            let page = store.feed(query.cursor.as_deref(), before, limit.into()).await?;
            (page.events, page.next.or_else(|| query.cursor.clone()))
        }
    };
    let events = found.into_iter().map(|replayed| OnTheBus {
        id: replayed.id,
        event: replayed.event,
    });
    Ok(Replay {
        events: events.collect(),
        next_cursor,
    })
}

/// Fifteen digits, a number sign, and an event's id.
fn is_cursor(text: &str) -> bool {
    text.split_once('#').is_some_and(|(moment, id)| {
        moment.len() == 15
            && moment.bytes().all(|byte| byte.is_ascii_digit())
            && id.len() == 22
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    })
}
