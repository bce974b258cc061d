//! Query strings.

use percent_encoding::percent_decode_str;

use super::projection::Projection;
use super::{DEFAULT_COUNT, MAX_COUNT, Paging, filter_of};
use crate::scim::ScimError;
use crate::scim::filter::Filter;
use crate::scim::path::AttrPath;

/// What a list request asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    /// Which resources.
    pub filter: Option<Filter>,
    /// Which of their attributes.
    pub projection: Projection,
    /// Which page.
    pub paging: Paging,
}

/// The parameters as they come, before they are understood together.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub filter: Option<String>,
    pub attributes: Option<Vec<String>>,
    pub excluded: Option<Vec<String>>,
    pub sort_by: Option<String>,
    pub sort_order: Option<String>,
    pub start: Option<i64>,
    pub count: Option<i64>,
    pub cursor: Option<String>,
}

/// Decodes a query string into pairs of name and value.
///
/// Tolerates what clients send: a leading `?`, empty parts and trailing `&` (OL-2), names without value
/// (`aadOptscim062020`), `+` for spaces. A value with `%20` was written by a client that does not use `+` for spaces:
/// there, a `+` is a plus, as in many addresses.
///
/// # Errors
/// [`ScimError::InvalidSyntax`] if a value is not UTF-8.
pub fn parameters(query: &str) -> Result<Vec<(String, String)>, ScimError> {
    query
        .trim_start_matches('?')
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

fn decode(text: &str) -> Result<String, ScimError> {
    let plus_is_space = !text.contains("%20");
    let spaced = if plus_is_space {
        text.replace('+', " ")
    } else {
        text.to_owned()
    };
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| ScimError::InvalidSyntax("the query string: wanted UTF-8".to_owned()))
}

impl ListQuery {
    /// Reads the query string of a list request. Parameters that SCIM does not know are left alone.
    ///
    /// # Errors
    /// [`ScimError::InvalidFilter`], [`ScimError::InvalidCount`] (with a cursor) or [`ScimError::InvalidValue`] for a
    /// parameter that cannot be read, is given twice, or does not go with another.
    pub fn from_query(query: &str) -> Result<Self, ScimError> {
        let mut raw = Raw::default();
        for (name, value) in parameters(query)? {
            raw.take(&name, value)?;
        }
        raw.finish()
    }
}

impl Projection {
    /// Reads `attributes` and `excludedAttributes` from the query string of a request for one resource.
    ///
    /// # Errors
    /// [`ScimError::InvalidValue`] if both are given, or one is given twice.
    pub fn from_query(query: &str) -> Result<Self, ScimError> {
        let mut raw = Raw::default();
        for (name, value) in parameters(query)? {
            let wanted = ["attributes", "excludedAttributes"];
            if wanted.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                raw.take(&name, value)?;
            }
        }
        Self::of(raw.attributes.as_deref(), raw.excluded.as_deref())
    }
}

impl Raw {
    fn take(&mut self, name: &str, value: String) -> Result<(), ScimError> {
        let repeated = match name.to_ascii_lowercase().as_str() {
            "filter" => self.filter.replace(value).is_some(),
            "attributes" => self.attributes.replace(names(&value)).is_some(),
            "excludedattributes" => self.excluded.replace(names(&value)).is_some(),
            "sortby" => self.sort_by.replace(value).is_some(),
            "sortorder" => self.sort_order.replace(value).is_some(),
            "cursor" => self.cursor.replace(value).is_some(),
            "startindex" => match number("startIndex", &value)? {
                Some(number) => self.start.replace(number).is_some(),
                None => false,
            },
            "count" => match number("count", &value)? {
                Some(number) => self.count.replace(number).is_some(),
                None => false,
            },
            _ => false,
        };
        if repeated {
            return Err(ScimError::InvalidValue(format!("{name} is given more than once")));
        }
        Ok(())
    }

    /// Understands the parameters together.
    pub fn finish(self) -> Result<ListQuery, ScimError> {
        check_sort(self.sort_by.as_deref(), self.sort_order.as_deref())?;
        let paging = self.paging()?;
        Ok(ListQuery {
            filter: self.filter.as_deref().map_or(Ok(None), filter_of)?,
            projection: Projection::of(self.attributes.as_deref(), self.excluded.as_deref())?,
            paging,
        })
    }

    fn paging(&self) -> Result<Paging, ScimError> {
        let Some(cursor) = &self.cursor else {
            let count = self
                .count
                .unwrap_or(i64::from(DEFAULT_COUNT))
                .clamp(0, i64::from(MAX_COUNT));
            return Ok(Paging::Index {
                start: self.start.unwrap_or(1).max(1).unsigned_abs(),
                count: u32::try_from(count).unwrap_or(MAX_COUNT),
            });
        };
        if self.start.is_some() {
            return Err(ScimError::InvalidValue(
                "cursor and startIndex exclude each other: wanted one of them".to_owned(),
            ));
        }
        let count = match self.count {
            None => DEFAULT_COUNT,
            Some(count) => u32::try_from(count)
                .ok()
                .filter(|count| *count <= MAX_COUNT)
                .ok_or_else(|| {
                    ScimError::InvalidCount(format!("count: wanted 0 to {MAX_COUNT} with a cursor"))
                })?,
        };
        let cursor = Some(cursor.clone()).filter(|cursor| !cursor.is_empty());
        Ok(Paging::Cursor { cursor, count })
    }
}

/// Lists come in the order of ids. That may be asked for; another order is refused, not ignored.
fn check_sort(by: Option<&str>, order: Option<&str>) -> Result<(), ScimError> {
    let by = by.map(str::trim).filter(|by| !by.is_empty());
    let by_id = by.is_none_or(|by| {
        AttrPath::from_word(by).is_some_and(|path| path.sub.is_none() && path.name.eq_ignore_ascii_case("id"))
    });
    let ascending = by.is_none() || order.is_none_or(|o| o.is_empty() || o.eq_ignore_ascii_case("ascending"));
    if by_id && ascending {
        return Ok(());
    }
    Err(ScimError::InvalidValue(
        "sortBy: sorting is not supported; lists come by id, ascending".to_owned(),
    ))
}

fn number(name: &str, value: &str) -> Result<Option<i64>, ScimError> {
    let value = value.trim();
    if value.is_empty() {
        return Ok(None);
    }
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ScimError::InvalidValue(format!("{name}: wanted a whole number")));
    }
    // Larger than any list: the largest number means the same.
    let limit = if value.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    Ok(Some(value.parse().unwrap_or(limit)))
}

/// Names separated by commas.
pub(super) fn names(list: &str) -> Vec<String> {
    list.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}
