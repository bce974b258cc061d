//! What clients send, made into resources (RFC 7643, section 2; RFC 7644, sections 3.3 and 3.5.1).
//!
//! Names are put into schema spelling, values into the schema's types; what the server owns is dropped, as the RFC
//! says; what no schema has is refused, never silently lost. Tolerated beside the RFC: truth values as strings (E-1),
//! the forms of `manager` (E-6), a single value where several may stand, bare strings for complex values with a
//! `value`, `null` anywhere, foreign schema URNs without data (E-10, OL-1), passwords (AQ-34).

mod member;
mod value;

use std::fmt;

use serde_json::{Map, Value};

use super::ScimError;
use super::schema::{Attribute, Mutability, ResourceKind, Schema, UrnMeaning};
use super::text::quote;

pub(super) use member::members;
pub use member::{MAX_MEMBER_ID, Member, MemberType};
pub(super) use value::{
    Name, coerce, complex_object, drop_repetitions, has_content, is_blank_number, is_kept, plural_elements,
    settle_primary,
};

/// Most values of one multi-valued attribute (members are not counted here).
pub const MAX_VALUES: usize = 256;
/// Most bytes of a resource, written as JSON without its members. A table item holds 400 KB.
pub const MAX_RESOURCE_BYTES: usize = 128 * 1024;

/// A resource as a client wants it to be.
#[derive(Clone, PartialEq)]
pub struct Incoming {
    /// Its attributes in schema spelling and order, without `schemas`, `id`, `meta`, `groups`, `members` and
    /// `password`.
    pub attributes: Map<String, Value>,
    /// The members of a group; `None` if the client said nothing about them.
    pub members: Option<Vec<Member>>,
}

/// The names of the attributes; their values are personal data.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("attributes", &self.attributes.keys().collect::<Vec<_>>())
            .field("members", &self.members.as_ref().map(Vec::len))
            .finish()
    }
}

/// Reads the body of a POST or PUT.
///
/// # Errors
/// [`ScimError::InvalidSyntax`] for a body of another shape, a wrong or missing `schemas`, an unknown attribute or
/// one that is given twice; [`ScimError::InvalidValue`] for a missing required value or a value of a wrong type.
pub fn resource(kind: ResourceKind, body: &Value) -> Result<Incoming, ScimError> {
    let Value::Object(body) = body else {
        return Err(ScimError::InvalidSyntax(
            "the body: wanted a JSON object".to_owned(),
        ));
    };
    let mut reader = Reader {
        kind,
        attributes: Map::new(),
        members: None,
        schemas: false,
        seen: Vec::new(),
    };
    for (key, value) in body {
        reader.entry(key, value)?;
    }
    if !reader.schemas {
        return Err(ScimError::InvalidSyntax(format!(
            "schemas: wanted {} among them",
            kind.schema().id
        )));
    }
    let attributes = finish(kind, reader.attributes)?;
    Ok(Incoming {
        attributes,
        members: reader.members,
    })
}

struct Reader {
    kind: ResourceKind,
    attributes: Map<String, Value>,
    members: Option<Vec<Member>>,
    schemas: bool,
    seen: Vec<String>,
}

impl Reader {
    fn entry(&mut self, key: &str, value: &Value) -> Result<(), ScimError> {
        if let Some(attribute) = self.kind.attribute(key) {
            self.once(attribute.name)?;
            return self.core(attribute, value);
        }
        match self.kind.urn(key) {
            Some(UrnMeaning::Extension(extension)) => {
                self.once(extension.id)?;
                if let Some(object) = extension_object(extension, value)? {
                    self.attributes
                        .insert(extension.id.to_owned(), Value::Object(object));
                }
                Ok(())
            }
            Some(UrnMeaning::Core) | None if is_empty(value) => Ok(()),
            Some(UrnMeaning::Core) | None => Err(self.unknown(key)),
        }
    }

    fn core(&mut self, attribute: &'static Attribute, value: &Value) -> Result<(), ScimError> {
        if attribute.name == "schemas" {
            self.schemas = names_core_schema(self.kind, value)?;
            return Ok(());
        }
        if attribute.name == "members" {
            self.members = Some(members(value)?);
            return Ok(());
        }
        match attribute.mutability {
            // "readOnly" values SHALL be ignored (RFC 7644, section 3.3); a password is dropped (AQ-34).
            Mutability::ReadOnly | Mutability::WriteOnly => Ok(()),
            Mutability::ReadWrite | Mutability::Immutable => {
                if let Some(value) = coerce(Name::top(attribute.name), attribute, value)? {
                    self.attributes.insert(attribute.name.to_owned(), value);
                }
                Ok(())
            }
        }
    }

    fn once(&mut self, name: &str) -> Result<(), ScimError> {
        if self.seen.iter().any(|seen| seen == name) {
            return Err(ScimError::InvalidSyntax(format!(
                "{name} is given more than once, in different spellings"
            )));
        }
        self.seen.push(name.to_owned());
        Ok(())
    }

    fn unknown(&self, key: &str) -> ScimError {
        let hint = self.kind.extensions().iter().find_map(|extension| {
            let attribute = extension.attribute(key)?;
            Some(format!(
                ": {} belongs into the object {}",
                attribute.name, extension.id
            ))
        });
        ScimError::InvalidSyntax(format!(
            "unknown attribute {} of {}{}",
            quote(key),
            self.kind.name(),
            hint.unwrap_or_default()
        ))
    }
}

/// The data of an extension, or nothing if none of it has a value.
fn extension_object(
    extension: &'static Schema,
    value: &Value,
) -> Result<Option<Map<String, Value>>, ScimError> {
    let Value::Object(given) = value else {
        return if is_empty(value) {
            Ok(None)
        } else {
            Err(ScimError::InvalidValue(format!(
                "{}: wanted an object",
                extension.id
            )))
        };
    };
    let mut object = Map::new();
    let mut seen: Vec<&str> = Vec::new();
    // Some clients write an extension's URN into the extension itself.
    let given = given
        .iter()
        .filter(|(key, _)| !key.eq_ignore_ascii_case("schemas"));
    for (key, value) in given {
        let Some(attribute) = extension.attribute(key) else {
            return Err(ScimError::InvalidSyntax(format!(
                "unknown attribute {} of {}",
                quote(key),
                extension.id
            )));
        };
        if seen.contains(&attribute.name) {
            return Err(ScimError::InvalidSyntax(format!(
                "{} is given more than once",
                attribute.name
            )));
        }
        seen.push(attribute.name);
        if let Some(value) = coerce(Name::top(attribute.name), attribute, value)? {
            object.insert(attribute.name.to_owned(), value);
        }
    }
    Ok((!object.is_empty()).then_some(object))
}

/// Whether `schemas` names the core schema of the type. Foreign URNs beside it are tolerated (E-10, OL-1): they bring
/// no data. The schema of another type is not.
fn names_core_schema(kind: ResourceKind, value: &Value) -> Result<bool, ScimError> {
    let wanted = || ScimError::InvalidSyntax("schemas: wanted a list of URNs".to_owned());
    let urns = match value {
        Value::Array(urns) => urns.as_slice(),
        Value::String(_) => std::slice::from_ref(value),
        _ => return Err(wanted()),
    };
    let mut core = false;
    for urn in urns {
        let urn = urn.as_str().ok_or_else(wanted)?;
        if matches!(kind.urn(urn), Some(UrnMeaning::Core)) {
            core = true;
        } else if let Some(other) = ResourceKind::ALL
            .into_iter()
            .find(|other| other.schema().id.eq_ignore_ascii_case(urn))
        {
            return Err(ScimError::InvalidSyntax(format!(
                "schemas: wanted {}, got {}",
                kind.schema().id,
                other.schema().id
            )));
        }
    }
    Ok(core)
}

/// Puts attributes into schema order and checks what only the whole can tell: required values and size.
///
/// # Errors
/// [`ScimError::InvalidValue`] if a required attribute has no value or the whole is too large.
pub(super) fn finish(
    kind: ResourceKind,
    mut attributes: Map<String, Value>,
) -> Result<Map<String, Value>, ScimError> {
    let mut ordered = Map::new();
    for extension in kind.extensions() {
        if let Some(Value::Object(object)) = attributes.get_mut(extension.id) {
            *object = extension
                .attributes
                .iter()
                .filter_map(|a| {
                    object
                        .shift_remove(a.name)
                        .map(|value| (a.name.to_owned(), value))
                })
                .collect();
        }
    }
    let mut take = |name: &str| {
        if let Some(value) = attributes.shift_remove(name).filter(|value| !is_empty(value)) {
            ordered.insert(name.to_owned(), value);
        }
    };
    take("externalId");
    kind.schema()
        .attributes
        .iter()
        .for_each(|attribute| take(attribute.name));
    kind.extensions().iter().for_each(|extension| take(extension.id));
    for attribute in kind.schema().attributes.iter().filter(|a| a.required) {
        let blank = ordered
            .get(attribute.name)
            .and_then(Value::as_str)
            .is_none_or(|v| v.trim().is_empty());
        if blank {
            return Err(ScimError::InvalidValue(format!(
                "{} is required and must not be blank",
                attribute.name
            )));
        }
    }
    let size = serde_json::to_string(&ordered).map_or(usize::MAX, |text| text.len());
    if size > MAX_RESOURCE_BYTES {
        return Err(ScimError::InvalidValue(format!(
            "the resource: wanted at most {MAX_RESOURCE_BYTES} bytes without its members, got {size}"
        )));
    }
    Ok(ordered)
}

/// Unassigned (RFC 7643, section 2.5): null, an empty list, an object without values.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
