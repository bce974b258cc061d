//! What SCIM says of a person, beside the record that everything else reads.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The attributes of a person as the identity provider pushed them (RFC 7643), in schema spelling and types.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScimRecord {
    /// The attributes. Neither `id`, `meta` nor a password is ever among them.
    pub attributes: Map<String, Value>,
    /// The request that made the person a SCIM user, or gave one back.
    pub made: Option<Made>,
}

/// A creating request, kept so that its retry is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// SHA-256 of what it asked for.
    pub digest: String,
    /// When it was done.
    pub at: DateTime<Utc>,
}

/// As much of a [`ScimRecord`] as lists show, as it is written.
#[derive(Debug, Deserialize)]
pub struct WrittenRecord<'a> {
    /// The attributes.
    #[serde(borrow)]
    pub attributes: WrittenAttributes<'a>,
}

/// Attributes in their order, each value as the JSON that it is written as.
pub struct WrittenAttributes<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

/// Borrowed where it is written without escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The names of the attributes; their values are personal data.
impl fmt::Debug for WrittenAttributes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for WrittenAttributes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(16);
                while let Some((Name(name), value)) = map.next_entry()? {
                    pairs.push((name, value));
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(Pairs).map(Self)
    }
}

/// The names of the attributes; their values are personal data.
impl fmt::Debug for ScimRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimRecord")
            .field("attributes", &self.attributes.keys().collect::<Vec<_>>())
            .field("made", &self.made)
            .finish()
    }
}

impl ScimRecord {
    /// The client's own id of the person.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.attributes.get("externalId")?.as_str()
    }

    /// Every e-mail address, as it was sent.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        let emails = self.attributes.get("emails").and_then(Value::as_array);
        let emails = emails.into_iter().flatten();
        emails.filter_map(|email| email.get("value")?.as_str())
    }

    /// The name that people see, where the client sent one.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        let display = self.attributes.get("displayName");
        let formatted = || self.attributes.get("name")?.get("formatted");
        let names = [display, formatted()];
        let mut texts = names.into_iter().flatten().filter_map(Value::as_str);
        texts.find(|name| !name.trim().is_empty())
    }
}
