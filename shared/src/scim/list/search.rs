//! The body of a `.search` request (RFC 7644, section 3.4.3).

use serde_json::{Map, Value};

use super::ListQuery;
use super::query::{Raw, names};
use crate::scim::ScimError;

/// Schema URN of a search request.
pub const SEARCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

impl ListQuery {
    /// Reads the body of a `.search` request.
    ///
    /// # Errors
    /// [`ScimError::InvalidSyntax`] for a body of another shape or without the schema; otherwise as
    /// [`ListQuery::from_query`].
    pub fn from_search(body: &Value) -> Result<Self, ScimError> {
        let Value::Object(body) = body else {
            return Err(ScimError::InvalidSyntax(
                "the body: wanted a JSON object".to_owned(),
            ));
        };
        let is_search = |urn: &Value| {
            urn.as_str()
                .is_some_and(|urn| urn.eq_ignore_ascii_case(SEARCH_SCHEMA))
        };
        let schemas = get(body, "schemas").and_then(Value::as_array);
        if !schemas.is_some_and(|urns| urns.iter().any(is_search)) {
            return Err(ScimError::InvalidSyntax(format!(
                "schemas: wanted {SEARCH_SCHEMA}"
            )));
        }
        Raw {
            filter: text(body, "filter")?,
            attributes: list(body, "attributes")?,
            excluded: list(body, "excludedAttributes")?,
            sort_by: text(body, "sortBy")?,
            sort_order: text(body, "sortOrder")?,
            start: number(body, "startIndex")?,
            count: number(body, "count")?,
            cursor: text(body, "cursor")?,
        }
        .finish()
    }
}

fn get<'b>(body: &'b Map<String, Value>, name: &str) -> Option<&'b Value> {
    body.iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .filter(|value| !value.is_null())
}

fn text(body: &Map<String, Value>, name: &str) -> Result<Option<String>, ScimError> {
    match get(body, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ScimError::InvalidValue(format!("{name}: wanted a string"))),
    }
}

fn number(body: &Map<String, Value>, name: &str) -> Result<Option<i64>, ScimError> {
    match get(body, name) {
        None => Ok(None),
        Some(value) => match (value.as_i64(), value.as_u64()) {
            (Some(number), _) => Ok(Some(number)),
            (None, Some(_)) => Ok(Some(i64::MAX)),
            (None, None) => Err(ScimError::InvalidValue(format!("{name}: wanted a whole number"))),
        },
    }
}

fn list(body: &Map<String, Value>, name: &str) -> Result<Option<Vec<String>>, ScimError> {
    let wanted = || ScimError::InvalidValue(format!("{name}: wanted a list of strings"));
    match get(body, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(names(text))),
        Some(Value::Array(values)) => {
            let mut all = Vec::new();
            for value in values {
                all.extend(names(value.as_str().ok_or_else(wanted)?));
            }
            Ok(Some(all))
        }
        Some(_) => Err(wanted()),
    }
}
