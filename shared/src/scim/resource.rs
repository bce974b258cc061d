//! Resources in answers, and what other parts of the system read from a resource.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::etag;
use super::normalize::{Member, is_blank_number};
use super::schema::ResourceKind;

/// The one attribute of which not everything is shown.
const PHONE_NUMBERS: &str = "phoneNumbers";

/// What the server knows about a resource beside its attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub last_modified: DateTime<Utc>,
    /// Its version.
    pub version: u64,
}

/// The same as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct WrittenMeta<'a> {
    /// As [`Meta::id`].
    pub id: &'a str,
    /// As [`Meta::created`] (RFC 3339).
    pub created: &'a str,
    /// As [`Meta::last_modified`] (RFC 3339).
    pub last_modified: &'a str,
    /// As [`Meta::version`].
    pub version: u64,
}

/// `meta` as it is answered (RFC 7643, section 3.1).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownMeta {
    resource_type: &'static str,
    created: String,
    last_modified: String,
    location: String,
    version: String,
}

impl ShownMeta {
    /// Of a resource of this id and version, made and last changed at these times.
    fn new(kind: ResourceKind, base: &str, (id, version): (&str, u64), times: [String; 2]) -> Self {
        let [created, last_modified] = times;
        Self {
            resource_type: kind.name(),
            created,
            last_modified,
            location: location(base, kind, id),
            version: etag::weak(version),
        }
    }
}

impl Meta {
    fn shown(&self, kind: ResourceKind, base: &str) -> ShownMeta {
        let times = [self.created, self.last_modified].map(timestamp);
        ShownMeta::new(kind, base, (&self.id, self.version), times)
    }
}

impl WrittenMeta<'_> {
    fn shown(&self, kind: ResourceKind, base: &str) -> ShownMeta {
        let times = [self.created, self.last_modified].map(written_timestamp);
        ShownMeta::new(kind, base, (self.id, self.version), times)
    }
}

/// The URI of a resource; `base` is the SCIM base URL without a trailing slash.
#[must_use]
pub fn location(base: &str, kind: ResourceKind, id: &str) -> String {
    format!("{base}/{}/{id}", kind.endpoint())
}

/// A resource as it is answered and as filters see it: `schemas`, `id`, the attributes, `meta`.
///
/// A user's `groups` and a group's `members` are not among `attributes`: see [`group_values`] and [`member_values`].
#[must_use]
pub fn render(
    kind: ResourceKind,
    base: &str,
    meta: &Meta,
    attributes: Map<String, Value>,
) -> Map<String, Value> {
    let schemas = schemas(kind, |name| attributes.contains_key(name));
    let mut out = Map::with_capacity(attributes.len() + 4);
    out.insert("schemas".to_owned(), schemas.into());
    out.insert("id".to_owned(), meta.id.as_str().into());
    out.extend(
        attributes
            .into_iter()
            .filter_map(|(name, value)| shown(&name, value).map(|value| (name, value))),
    );
    out.insert("meta".to_owned(), json!(meta.shown(kind, base)));
    out
}

/// As [`render`], written, of attributes that are written already.
///
/// # Errors
/// When a value is no JSON.
pub fn write(
    kind: ResourceKind,
    base: &str,
    meta: &WrittenMeta<'_>,
    attributes: &[(Cow<'_, str>, &RawValue)],
) -> serde_json::Result<Box<RawValue>> {
    let numbers = attributes.iter().find(|(name, _)| *name == PHONE_NUMBERS);
    let numbers = numbers
        .map(|(name, value)| Ok::<_, serde_json::Error>(shown(name, serde_json::from_str(value.get())?)))
        .transpose()?
        .flatten();
    to_raw_value(&Written {
        schemas: schemas(kind, |name| attributes.iter().any(|(own, _)| *own == name)),
        id: meta.id,
        attributes,
        numbers,
        meta: meta.shown(kind, base),
    })
}

/// What [`write`] writes.
struct Written<'a> {
    schemas: Vec<&'static str>,
    id: &'a str,
    attributes: &'a [(Cow<'a, str>, &'a RawValue)],
    /// In place of those among the attributes.
    numbers: Option<Value>,
    meta: ShownMeta,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("schemas", &self.schemas)?;
        out.serialize_entry("id", self.id)?;
        for (name, value) in self.attributes {
            match &self.numbers {
                _ if *name != PHONE_NUMBERS => out.serialize_entry(name, value)?,
                Some(numbers) => out.serialize_entry(name, numbers)?,
                None => {}
            }
        }
        out.serialize_entry("meta", &self.meta)?;
        out.end()
    }
}

/// The schemas of a resource that has these attributes.
fn schemas(kind: ResourceKind, has: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let extensions = kind.extensions().iter().map(|extension| extension.id);
    let extensions = extensions.filter(|id| has(id));
    std::iter::once(kind.schema().id).chain(extensions).collect()
}

/// The value of an attribute without the phone numbers that say only that they are empty.
fn shown(name: &str, value: Value) -> Option<Value> {
    match value {
        Value::Array(mut numbers) if name == PHONE_NUMBERS => {
            numbers.retain(|number| !number.as_object().is_some_and(is_blank_number));
            (!numbers.is_empty()).then(|| numbers.into())
        }
        value => Some(value),
    }
}

/// An instant as SCIM writes it, in milliseconds and UTC.
#[must_use]
pub fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// As [`timestamp`], of an instant in UTC that is written already. One that is written otherwise than we do is read.
fn written_timestamp(at: &str) -> String {
    let cut = || {
        let (seconds, fraction) = at
            .strip_suffix('Z')?
            .split_at_checked("2026-11-28T07:38:23".len())?;
        let digits = fraction.strip_prefix('.')?.get(..3)?;
        Some(format!("{seconds}.{digits}Z"))
    };
    cut().unwrap_or_else(|| {
        DateTime::parse_from_rfc3339(at).map_or_else(|_| at.to_owned(), |at| timestamp(at.to_utc()))
    })
}

/// The value of a group's `members`.
#[must_use]
pub fn member_values<'m>(base: &str, members: impl IntoIterator<Item = &'m Member>) -> Value {
    members
        .into_iter()
        .map(|member| {
            let kind = match member.kind {
                Some(super::normalize::MemberType::Group) => ResourceKind::Group,
                Some(super::normalize::MemberType::User) | None => ResourceKind::User,
            };
            json!({
                "value": member.id,
                "$ref": location(base, kind, &member.id),
                "type": kind.name(),
            })
        })
        .collect()
}

/// The value of a user's `groups`, from pairs of id and displayName.
#[must_use]
pub fn group_values<'g>(base: &str, groups: impl IntoIterator<Item = (&'g str, &'g str)>) -> Value {
    groups
        .into_iter()
        .map(|(id, display)| {
            json!({
                "value": id,
                "$ref": location(base, ResourceKind::Group, id),
                "display": display,
                "type": "direct",
            })
        })
        .collect()
}

/// The user's phone number (AQ-46): the primary one (`primary`, else of type work, else the first); if that is
/// empty, the mobile one, else the next.
#[must_use]
pub fn phone_number(user: &Map<String, Value>) -> Option<&str> {
    let numbers = elements(user, PHONE_NUMBERS);
    let first = numbers
        .iter()
        .position(is_primary)
        .or_else(|| numbers.iter().position(|n| is_type(n, "work")))
        .unwrap_or(0);
    if let Some(number) = numbers.get(first).and_then(text) {
        return Some(number);
    }
    let mut others: Vec<&Value> = numbers
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != first)
        .map(|(_, n)| n)
        .collect();
    others.sort_by_key(|n| !is_type(n, "mobile"));
    others.into_iter().find_map(text)
}

/// The user's e-mail address: the primary one, else of type work, else the first; else the userName if it looks like
/// an address.
#[must_use]
pub fn email_address(user: &Map<String, Value>) -> Option<&str> {
    let addresses = elements(user, "emails");
    let ranked = [
        addresses.iter().find(|a| is_primary(a) && text(a).is_some()),
        addresses.iter().find(|a| is_type(a, "work") && text(a).is_some()),
        addresses.iter().find(|a| text(a).is_some()),
    ];
    ranked.into_iter().flatten().find_map(text).or_else(|| {
        let name = user.get("userName").and_then(Value::as_str)?;
        let (local, domain) = name.rsplit_once('@')?;
        (!local.is_empty() && !domain.is_empty()).then_some(name)
    })
}

fn elements<'u>(user: &'u Map<String, Value>, attribute: &str) -> &'u [Value] {
    user.get(attribute)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text(element: &Value) -> Option<&str> {
    element
        .get("value")
        .and_then(Value::as_str)
        .filter(|v| !v.trim().is_empty())
}

fn is_primary(element: &Value) -> bool {
    element.get("primary").and_then(Value::as_bool) == Some(true)
}

fn is_type(element: &Value, wanted: &str) -> bool {
    element
        .get("type")
        .and_then(Value::as_str)
        .is_some_and(|t| t.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::{timestamp, written_timestamp};

    #[test]
    fn a_written_instant_is_shown_as_one_that_was_read() {
        let from = DateTime::from_timestamp(1_795_851_503, 0).unwrap_or_default();
        for nanos in [
            0,
            1,
            999_999,
            1_000_000,
            423_000_000,
            423_189_000,
            423_189_064,
            999_999_999,
        ] {
            let at = from + TimeDelta::nanoseconds(nanos);
            let written = serde_json::to_value(at).unwrap_or_default();
            let written = written.as_str().unwrap_or_default();
            assert_eq!(written_timestamp(written), timestamp(at), "{written}");
            let elsewhere = at.to_rfc3339();
            assert_eq!(written_timestamp(&elsewhere), timestamp(at), "{elsewhere}");
        }
    }
}
