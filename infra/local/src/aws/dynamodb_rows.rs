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

/// Items that were found, written with commas between.
#[derive(Default)]
struct Found {
    items: Vec<u8>,
    /// Of the whole items, as DynamoDB counts it.
    bytes: usize,
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

    /// DynamoDB's answer to a BatchGetItem. `None` for whatever is not a plain request for items or some of their
    /// attributes, and when SQLite fails: that is for the engine to answer.
    pub fn batch_get_item(&self, body: &[u8]) -> Option<Vec<u8>> {
        let request: BatchGetItem<'_> = serde_json::from_slice(body).ok()?;
        let asked: usize = request.request_items.values().map(|of| of.keys.len()).sum();
        if asked > MOST_KEYS || request.request_items.is_empty() {
            return None;
        }
        let mut answer = b"{\"Responses\":{".to_vec();
        let mut bytes = 0;
        for (index, (table, of)) in request.request_items.iter().enumerate() {
            let found = self.read(&of.wanted(table)?)?;
            bytes += found.bytes;
            let comma = if index > 0 { "," } else { "" };
            answer.extend_from_slice(format!("{comma}\"{table}\":[").as_bytes());
            answer.extend_from_slice(&found.items);
            answer.push(b']');
        }
        answer.extend_from_slice(b"},\"UnprocessedKeys\":{}}");
        (bytes <= LARGEST_BATCH).then_some(answer)
    }

    /// All of one moment.
    fn read(&self, wanted: &Wanted<'_>) -> Option<Found> {
        let Wanted { table, keys, .. } = wanted;
        if ![tables::DIRECTORY, tables::EPHEMERAL].contains(table) || !are_valid(keys) {
            return None;
        }
        let storage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = storage.conn();
        let moment = connection.unchecked_transaction().ok()?;
        let sql = format!("SELECT item_json, item_size FROM \"{table}\" WHERE pk = ?1 AND sk = ?2");
        let mut statement = connection.prepare_cached(&sql).ok()?;
        let mut found = Found::default();
        for key in *keys {
            let mut rows = statement.query([key.pk.stored(), key.sk.stored()]).ok()?;
            if let Some(row) = rows.next().ok()? {
                let size: usize = row.get(1).ok()?;
                found.add(row.get_ref(0).ok()?.as_str().ok()?, size, wanted)?;
            }
        }
        drop(statement);
        moment.finish().ok()?;
        Some(found)
    }
}

impl Found {
    fn add(&mut self, item: &str, bytes: usize, wanted: &Wanted<'_>) -> Option<()> {
        self.bytes += bytes;
        if !self.items.is_empty() {
            self.items.push(b',');
        }
        let Some(names) = &wanted.attributes else {
            self.items.extend_from_slice(item.as_bytes());
            return Some(());
        };
        let attributes: HashMap<&str, &RawValue> = serde_json::from_str(item).ok()?;
        let shown = names
            .iter()
            .filter_map(|name| Some((*name, *attributes.get(name)?)));
        serde_json::to_writer(&mut self.items, &shown.collect::<BTreeMap<_, _>>()).ok()
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
    request_items: BTreeMap<Cow<'a, str>, KeysOfTable<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct KeysOfTable<'a> {
    #[serde(borrow)]
    keys: Vec<Key<'a>>,
    projection_expression: Option<Cow<'a, str>>,
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
        Some(Wanted {
            table,
            keys: &self.keys,
            attributes,
        })
    }
}

/// `None` for a projection other than of attributes that are named by placeholders, each once: of a name itself the
/// engine knows whether it is reserved.
fn attributes<'n>(projection: &str, names: &'n BTreeMap<String, String>) -> Option<Vec<&'n str>> {
    let placeholders = projection.split(',').map(str::trim);
    let attributes = placeholders.map(|placeholder| names.get(placeholder).map(String::as_str));
    let attributes = attributes.collect::<Option<Vec<_>>>()?;
    let different: BTreeSet<_> = attributes.iter().collect();
    let each_once = different.len() == names.len() && attributes.len() == names.len();
    let are_names = names.keys().all(|name| is_placeholder(name)) && !different.contains(&"");
    (each_once && are_names).then_some(attributes)
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
