//! Lists: what a query asks for and what it is answered (RFC 7644, section 3.4.2; RFC 9865).

mod cursor;
mod projection;
mod query;
mod search;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::ScimError;
use super::filter::Filter;
use super::schema::LIST_RESPONSE_SCHEMA;

pub use cursor::{Cursor, CursorKey};
pub use projection::Projection;
pub use query::{ListQuery, parameters};
pub use search::SEARCH_SCHEMA;

/// Resources on a page when the client names no number.
pub const DEFAULT_COUNT: u32 = 100;
/// Most resources on a page: what one batch read of the store gives.
pub const MAX_COUNT: u32 = 100;
/// Seconds for which a cursor is good.
pub const CURSOR_TIMEOUT_SECONDS: u32 = 3600;

/// Which page is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paging {
    /// By index (RFC 7644, section 3.4.2.4).
    Index {
        /// Place of the first resource, from 1.
        start: u64,
        /// Most resources on the page; 0 asks for the total alone.
        count: u32,
    },
    /// By cursor (RFC 9865).
    Cursor {
        /// The cursor of the page; none for the first.
        cursor: Option<String>,
        /// Most resources on the page.
        count: u32,
    },
}

impl Paging {
    /// Most resources on the page.
    #[must_use]
    pub fn count(&self) -> u32 {
        match self {
            Self::Index { count, .. } | Self::Cursor { count, .. } => *count,
        }
    }
}

/// A page of a list (RFC 7644, section 3.4.2), which is written as its answer. It holds personal data.
pub struct Page {
    /// How many resources the query has in all; by cursor it may be unknown (RFC 9865, section 2).
    pub total: Option<u64>,
    /// The page's resources, projected and written.
    pub resources: Vec<Box<RawValue>>,
    /// Where the page stands.
    pub position: Position,
}

/// Where a page stands in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// Place of its first resource, from 1.
    Index(u64),
    /// The next page's cursor, if more follows.
    Cursor(Option<String>),
}

impl Serialize for Page {
    /// Numbers are numbers (O-8), and `Resources` is there even if it is empty (E-11).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("schemas", &[LIST_RESPONSE_SCHEMA])?;
        if let Some(total) = self.total {
            body.serialize_entry("totalResults", &total)?;
        }
        body.serialize_entry("itemsPerPage", &self.resources.len())?;
        match &self.position {
            Position::Index(start) => body.serialize_entry("startIndex", start)?,
            Position::Cursor(Some(next)) => body.serialize_entry("nextCursor", next)?,
            Position::Cursor(None) => {}
        }
        body.serialize_entry("Resources", &self.resources)?;
        body.end()
    }
}

/// Reads a filter; a blank one is none.
fn filter_of(text: &str) -> Result<Option<Filter>, ScimError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    Filter::parse(text).map(Some).map_err(ScimError::from)
}
