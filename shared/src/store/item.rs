//! One item: keys, a JSON document, and the few attributes that conditions look at.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::keys::Key;

/// Number of the shape that this code writes; it reads this one and the one before.
const SCHEMA: u64 = FIRST;
/// An item without a number is of the first shape: every page of a list reads a hundred of them.
const FIRST: u64 = 1;

/// Attributes of an item as the SDK has them.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// An item, read or to be written.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub key: Key,
    pub attributes: Attributes,
}

pub(super) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// Seconds since the epoch, as TTL wants them.
pub(super) fn seconds(at: DateTime<Utc>) -> AttributeValue {
    AttributeValue::N(at.timestamp().to_string())
}

impl Item {
    /// An empty item at `key`.
    pub fn new(key: Key) -> Self {
        let mut attributes = key_attributes(&key);
        if SCHEMA > FIRST {
            attributes.insert("sn".to_owned(), number(SCHEMA));
        }
        Self { key, attributes }
    }

    /// With its document.
    pub fn doc(self, kind: &'static str, doc: &impl Serialize) -> Result<Self, StoreError> {
        let json = serde_json::to_string(doc).map_err(|e| StoreError::Corrupt {
            kind,
            cause: format!("cannot be written: {:?}", e.classify()),
        })?;
        Ok(self.with("doc", text(json)))
    }

    /// With one more attribute.
    pub fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.attributes.insert(name.to_owned(), value);
        self
    }

    /// With the instant past which it is absent. Rounded up, so that nothing ends early.
    pub fn until(self, at: DateTime<Utc>) -> Self {
        self.with("ttl", number(u64::try_from(at.timestamp() + 1).unwrap_or(0)))
    }
}

/// The two key attributes.
pub(super) fn key_attributes(key: &Key) -> Attributes {
    HashMap::from([
        ("pk".to_owned(), text(key.pk.clone())),
        ("sk".to_owned(), text(key.sk.clone())),
    ])
}

/// Reads the document of an item, or as much of it as `T` has.
pub(super) fn read_doc<'a, T: Deserialize<'a>>(
    kind: &'static str,
    attributes: &'a Attributes,
) -> Result<T, StoreError> {
    let schema = read_number(attributes, "sn").unwrap_or(FIRST);
    if schema > SCHEMA {
        return Err(StoreError::Corrupt {
            kind,
            cause: format!("schema {schema}; this code reads up to {SCHEMA}"),
        });
    }
    let json = read_text(attributes, "doc").ok_or_else(|| StoreError::Corrupt {
        kind,
        cause: "it has no document".to_owned(),
    })?;
    serde_json::from_str(json).map_err(|e| StoreError::Corrupt {
        kind,
        cause: format!(
            "{:?} error at line {} column {}",
            e.classify(),
            e.line(),
            e.column()
        ),
    })
}

/// A number attribute.
pub(super) fn read_number(attributes: &Attributes, name: &str) -> Option<u64> {
    attributes.get(name)?.as_n().ok()?.parse().ok()
}

/// A text attribute.
pub(super) fn read_text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name)?.as_s().ok().map(String::as_str)
}

/// Whether the item's time is over.
pub(super) fn is_past(attributes: &Attributes, now: DateTime<Utc>) -> bool {
    let ttl = attributes
        .get("ttl")
        .and_then(|v| v.as_n().ok())
        .and_then(|n| n.parse::<i64>().ok());
    ttl.is_some_and(|ttl| ttl <= now.timestamp())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{FIRST, Item, SCHEMA, number, read_doc};
    use crate::store::keys::{Key, Table};

    #[test]
    fn a_later_shape_than_this_code_knows_is_refused() {
        let key = Key {
            table: Table::Directory,
            pk: "p".to_owned(),
            sk: "s".to_owned(),
        };
        let item = Item::new(key).doc("thing", &7).unwrap();
        assert_eq!(read_doc::<u8>("thing", &item.attributes).unwrap(), 7);
        assert_eq!(item.attributes.contains_key("sn"), SCHEMA > FIRST);
        let first = item.clone().with("sn", number(FIRST));
        assert_eq!(read_doc::<u8>("thing", &first.attributes).unwrap(), 7);
        let later = item.with("sn", number(SCHEMA + 1));
        let refused = read_doc::<u8>("thing", &later.attributes).unwrap_err();
        assert!(refused.to_string().contains("schema"), "{refused}");
    }
}
