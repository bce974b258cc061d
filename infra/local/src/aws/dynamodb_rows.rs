//! Batches of items by their keys, as the engine has stored them: a row holds an item as an answer does.
//!
//! The engine itself compiles a statement for each row, takes two locks of the file, reads the item into a tree and writes
//! it again: two fifths of the work of a page of SCIM users.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use dynoxide::DynoxideError;
use dynoxide::storage::Storage;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::tables;

/// Most keys of a batch.
const MOST_KEYS: usize = 100;
/// Most bytes of a partition key and of a sort key.
const LONGEST_KEY: (usize, usize) = (2048, 1024);
/// Most bytes of an expression.
const LONGEST_EXPRESSION: usize = 4096;
/// Most bytes of all items of a batch; what is over them is left to be asked again.
const LARGEST_BATCH: usize = 16 * 1024 * 1024;

/// A connection to the tables' file that reads and never writes.
pub(super) struct Rows(Mutex<Storage>);

/// What of a table is asked for.
struct Wanted<'a> {
    table: &'a str,
    keys: &'a [Key<'a>],
    /// Names of the attributes; whole items without.
    attributes: Option<Vec<&'a str>>,
}

impl Rows {
    /// Of a file that holds both tables.
    ///
    /// # Errors
    /// [`DynoxideError`] when SQLite fails.
    pub fn open(path: &Path) -> Result<Self, DynoxideError> {
        let storage = Storage::new(&path.to_string_lossy())?;
        storage.conn().pragma_update(None, "query_only", true)?;
        Ok(Self(Mutex::new(storage)))
    }

    /// DynamoDB's answer to a BatchGetItem, all of one moment. `None` for whatever is not a plain request for items or some
    /// of their attributes, and when SQLite fails: that is for the engine to answer.
    pub fn batch_get_item(&self, body: &[u8]) -> Option<Vec<u8>> {
        let request: BatchGetItem<'_> = serde_json::from_slice(body).ok()?;
        let tables = request.request_items.iter();
        let wanted: Vec<_> = tables
            .map(|(table, of)| of.wanted(table))
            .collect::<Option<_>>()?;
        let asked: usize = wanted.iter().map(|wanted| wanted.keys.len()).sum();
        if !(1..=MOST_KEYS).contains(&asked) {
            return None;
        }
        self.read(&wanted).unwrap_or_else(|error| {
            tracing::warn!(%error, "a batch was not read from the file of the tables");
            None
        })
    }

    fn read(&self, wanted: &[Wanted<'_>]) -> Result<Option<Vec<u8>>, DynoxideError> {
        let storage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = storage.conn().unchecked_transaction()?;
        let mut answer = b"{\"Responses\":{".to_vec();
        let mut bytes_left = LARGEST_BATCH;
        for (index, of) in wanted.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            answer.extend_from_slice(format!("{comma}\"{}\":[", of.table).as_bytes());
            if !read_table(&storage, of, &mut answer, &mut bytes_left)? {
                return Ok(None);
            }
            answer.push(b']');
        }
        moment.finish()?;
        answer.extend_from_slice(b"},\"UnprocessedKeys\":{}}");
        Ok(Some(answer))
    }
}

/// Writes the items that are there, with commas between; `false` when they are too many bytes, or one cannot be read.
fn read_table(
    storage: &Storage,
    wanted: &Wanted<'_>,
    answer: &mut Vec<u8>,
    bytes_left: &mut usize,
) -> Result<bool, DynoxideError> {
    let table = wanted.table;
    let sql = format!("SELECT item_json, item_size FROM \"{table}\" WHERE pk = ?1 AND sk = ?2");
    let mut statement = storage.conn().prepare_cached(&sql)?;
    let mut first = true;
    for key in wanted.keys {
        let mut rows = statement.query([key.pk.stored(), key.sk.stored()])?;
        let Some(row) = rows.next()? else { continue };
        let Some(left) = bytes_left.checked_sub(row.get(1)?) else {
            return Ok(false);
        };
        *bytes_left = left;
        if !std::mem::take(&mut first) {
            answer.push(b',');
        }
        let item: String = row.get(0)?;
        if !wanted.write(&item, answer) {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Wanted<'_> {
    /// `false` for an item whose attributes cannot be told apart without reading it whole.
    fn write(&self, item: &str, answer: &mut Vec<u8>) -> bool {
        let Some(names) = &self.attributes else {
            answer.extend_from_slice(item.as_bytes());
            return true;
        };
        let Ok(attributes) = serde_json::from_str::<HashMap<&str, &RawValue>>(item) else {
            return false;
        };
        let shown = names
            .iter()
            .filter_map(|name| Some((*name, *attributes.get(name)?)));
        serde_json::to_writer(answer, &shown.collect::<BTreeMap<_, _>>()).is_ok()
    }
}

/// Keys that an item may have, none of them twice.
fn are_valid(keys: &[Key<'_>]) -> bool {
    let different: BTreeSet<_> = keys.iter().collect();
    let fits = |key: &Key<'_>| key.pk.fits(LONGEST_KEY.0) && key.sk.fits(LONGEST_KEY.1);
    !keys.is_empty() && different.len() == keys.len() && keys.iter().all(fits)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct BatchGetItem<'a> {
    #[serde(borrow)]
    request_items: BTreeMap<String, KeysOfTable<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct KeysOfTable<'a> {
    #[serde(borrow)]
    keys: Vec<Key<'a>>,
    projection_expression: Option<String>,
    expression_attribute_names: Option<BTreeMap<String, String>>,
    /// Every read is consistent here.
    #[serde(rename = "ConsistentRead")]
    _consistent_read: Option<bool>,
}

impl KeysOfTable<'_> {
    fn wanted<'w>(&'w self, table: &'w str) -> Option<Wanted<'w>> {
        let attributes = match (&self.projection_expression, &self.expression_attribute_names) {
            (None, None) => None,
            (Some(projection), Some(names)) => Some(attributes(projection, names)?),
            _ => return None,
        };
        let ours = [tables::DIRECTORY, tables::EPHEMERAL].contains(&table);
        (ours && are_valid(&self.keys)).then_some(Wanted {
            table,
            keys: &self.keys,
            attributes,
        })
    }
}

/// `None` for a projection other than of attributes that are named by placeholders, each once: of a name itself the
/// engine knows whether it is reserved.
fn attributes<'n>(projection: &str, names: &'n BTreeMap<String, String>) -> Option<Vec<&'n str>> {
    let fits = projection.len() <= LONGEST_EXPRESSION;
    let placeholders = projection.split(',').map(str::trim_ascii);
    let attributes = placeholders.map(|placeholder| names.get(placeholder).map(String::as_str));
    let attributes = attributes.collect::<Option<Vec<_>>>()?;
    let different: BTreeSet<_> = attributes.iter().collect();
    let each_once = different.len() == names.len() && attributes.len() == names.len();
    let are_names = names.keys().all(|name| is_placeholder(name)) && !different.contains(&"");
    (fits && each_once && are_names).then_some(attributes)
}

fn is_placeholder(name: &str) -> bool {
    let rest = name.strip_prefix('#').unwrap_or_default();
    !rest.is_empty()
        && rest
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key<'a> {
    #[serde(borrow)]
    pk: Text<'a>,
    #[serde(borrow)]
    sk: Text<'a>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text<'a> {
    #[serde(rename = "S", borrow)]
    value: Cow<'a, str>,
}

impl Text<'_> {
    fn fits(&self, most_bytes: usize) -> bool {
        (1..=most_bytes).contains(&self.value.len())
    }

    /// As the engine writes it in a row's key.
    fn stored(&self) -> String {
        format!("S:{}", self.value)
    }
}

#[cfg(test)]
#[path = "dynamodb_rows_tests.rs"]
mod tests;
