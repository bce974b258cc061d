//! Queries of lists: `limit` and `cursor`, and nothing that is not known.

use axum::http::{StatusCode, Uri};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};

use crate::http::body::Parameters;
use crate::http::problem::Problem;

/// Entries of a page unless asked otherwise.
const DEFAULT_LIMIT: usize = 50;
/// Most entries of a page.
const MAX_LIMIT: usize = 100;

/// What a list was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// Most entries, 1 to 100.
    pub limit: usize,
    /// Where to go on, as an earlier page said.
    pub cursor: Option<String>,
    /// The other parameters that the route knows.
    others: Vec<(String, String)>,
}

impl PageQuery {
    /// Reads the query; `known` are further parameters of the route.
    ///
    /// # Errors
    /// 400 for a parameter that is unknown, twice there or of another kind.
    pub fn of(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let parameters = Parameters::of_query(uri.query())?;
        let mut others = Vec::new();
        for (name, value) in parameters.iter() {
            if known.contains(&name) {
                others.push((name.to_owned(), value.to_owned()));
            } else if !["limit", "cursor"].contains(&name) {
                let known = known
                    .iter()
                    .copied()
                    .chain(["limit", "cursor"])
                    .collect::<Vec<_>>()
                    .join(", ");
                return Err(bad("parameter_unknown", format!("Known parameters are {known}.")));
            }
        }
        let limit = match parameters.get("limit").map(str::parse) {
            None => DEFAULT_LIMIT,
            Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => limit,
            Some(Ok(_) | Err(_)) => {
                return Err(bad(
                    "parameter_limit",
                    format!("Wanted a limit of 1 to {MAX_LIMIT}."),
                ));
            }
        };
        let cursor = parameters.get("cursor").map(decode).transpose()?;
        Ok(Self {
            limit,
            cursor,
            others,
        })
    }

    /// One of the further parameters; an empty one counts as absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self
            .others
            .iter()
            .find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// The limit as the store takes it.
    #[must_use]
    pub fn store_limit(&self) -> i32 {
        i32::try_from(self.limit).unwrap_or(100)
    }
}

/// A page: `items`, and `next_cursor` while more may follow.
pub fn page(items: &[impl Serialize], next: Option<&str>) -> Value {
    json!({ "items": items, "next_cursor": next.map(|next| URL_SAFE_NO_PAD.encode(next)) })
}

/// A page of a list that is there whole, in the order of the ids that `id` gives. The cursor is the id of the last item
/// of the page before; it need not be there any more.
///
/// # Errors
/// 400 for a query that is none.
pub fn page_of<T>(
    uri: &Uri,
    all: &[T],
    id: impl Fn(&T) -> String,
    show: impl Fn(&T) -> Value,
) -> Result<Value, Problem> {
    let query = PageQuery::of(uri, &[])?;
    let begin = query.cursor.as_ref().map_or(0, |after| {
        let behind = all.iter().position(|item| id(item) > *after);
        behind.unwrap_or(all.len())
    });
    let rest = all.get(begin..).unwrap_or_default();
    let (shown, more) = rest.split_at(rest.len().min(query.limit));
    let items = shown.iter().map(show).collect::<Vec<_>>();
    let next = shown.last().filter(|_| !more.is_empty()).map(&id);
    Ok(page(&items, next.as_deref()))
}

/// 400 for a cursor that no page of ours gave.
#[must_use]
pub fn bad_cursor() -> Problem {
    bad(
        "cursor_invalid",
        "Wanted a cursor as an earlier page gave it.".to_owned(),
    )
}

fn decode(cursor: &str) -> Result<String, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad_cursor())?;
    String::from_utf8(bytes).map_err(|_| bad_cursor())
}

fn bad(code: &'static str, detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code, detail)
}
