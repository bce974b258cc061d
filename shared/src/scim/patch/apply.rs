//! Changes of attributes made on a resource.

use serde_json::{Map, Value};

use super::PatchOp;
use super::change::{Change, ChangeTarget};
use super::plural;
use crate::scim::ScimError;
use crate::scim::normalize::{Name, coerce, complex_object, is_empty};
use crate::scim::schema::Attribute;

/// Makes one change. On an error the resource may be half changed: the caller works on a copy.
pub fn apply(resource: &mut Map<String, Value>, change: &Change) -> Result<(), ScimError> {
    let (extension, attribute, sub, select) = match &change.target {
        ChangeTarget::Extension(extension) => {
            resource.shift_remove(extension.id);
            return Ok(());
        }
        ChangeTarget::Attribute {
            extension,
            attribute,
            sub,
            select,
        } => (*extension, *attribute, *sub, select.as_deref()),
    };
    let Some(extension) = extension else {
        return one(resource, attribute, sub, select, change);
    };
    let mut holder = match resource.shift_remove(extension.id) {
        Some(Value::Object(holder)) => holder,
        _ => Map::new(),
    };
    one(&mut holder, attribute, sub, select, change)?;
    if !holder.is_empty() {
        resource.insert(extension.id.to_owned(), Value::Object(holder));
    }
    Ok(())
}

fn one(
    holder: &mut Map<String, Value>,
    attribute: &'static Attribute,
    sub: Option<&'static Attribute>,
    select: Option<&super::change::Select>,
    change: &Change,
) -> Result<(), ScimError> {
    let old = holder.shift_remove(attribute.name);
    let new = if attribute.multi_valued {
        let elements = match old {
            Some(Value::Array(values)) => values
                .into_iter()
                .filter_map(|value| match value {
                    Value::Object(element) => Some(element),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        let elements = plural::change(attribute, sub, select, elements, change)?;
        Some(Value::Array(elements.into_iter().map(Value::Object).collect()))
    } else if let Some(sub) = sub {
        Some(Value::Object(part(attribute, sub, old, change)?))
    } else {
        whole(attribute, old, change)?
    };
    if let Some(new) = new.filter(|value| !is_empty(value)) {
        holder.insert(attribute.name.to_owned(), new);
    }
    Ok(())
}

/// The value of a single-valued simple attribute, out of the list of one in which Entra ID once wrapped it:
/// `[{"$ref": null, "value": "x"}]`.
pub fn unwrapped(value: &Value) -> &Value {
    let Value::Array(values) = value else {
        return value;
    };
    match values.as_slice() {
        [Value::Object(object)] if object.iter().all(|(key, v)| key == "value" || v.is_null()) => {
            object.get("value").unwrap_or(value)
        }
        [only @ (Value::String(_) | Value::Bool(_) | Value::Number(_))] => only,
        _ => value,
    }
}

/// A single-valued attribute as a whole. The parts of a complex one are merged (RFC 7644, section 3.5.2.3), unless it
/// is identified by a `value` that now becomes another.
fn whole(
    attribute: &'static Attribute,
    old: Option<Value>,
    change: &Change,
) -> Result<Option<Value>, ScimError> {
    if change.op == PatchOp::Remove {
        return Ok(None);
    }
    let merges = attribute.sub("value").is_none();
    match (&change.value.0, old) {
        (Value::Object(given), old) if merges && !attribute.sub_attributes.is_empty() => {
            let mut object = match old {
                Some(Value::Object(object)) => object,
                _ => Map::new(),
            };
            merge(attribute, &mut object, given)?;
            Ok(Some(Value::Object(object)))
        }
        (value, _) if attribute.sub_attributes.is_empty() => {
            coerce(Name::top(attribute.name), attribute, unwrapped(value))
        }
        (value, _) => coerce(Name::top(attribute.name), attribute, value),
    }
}

/// Sets the given parts of a complex value; `null` takes a part away.
pub fn merge(
    attribute: &'static Attribute,
    object: &mut Map<String, Value>,
    given: &Map<String, Value>,
) -> Result<(), ScimError> {
    for (key, _) in given.iter().filter(|(_, value)| value.is_null()) {
        if let Some(sub) = attribute.sub(key) {
            object.shift_remove(sub.name);
        }
    }
    for (name, value) in complex_object(attribute, given)? {
        object.insert(name, value);
    }
    in_order(attribute, object);
    Ok(())
}

/// Puts the parts of a complex value into the order of the schema.
pub fn in_order(attribute: &Attribute, object: &mut Map<String, Value>) {
    let ordered = attribute
        .sub_attributes
        .iter()
        .filter_map(|sub| {
            object
                .shift_remove(sub.name)
                .map(|value| (sub.name.to_owned(), value))
        })
        .collect();
    *object = ordered;
}

/// One part of a single complex value.
fn part(
    attribute: &'static Attribute,
    sub: &'static Attribute,
    old: Option<Value>,
    change: &Change,
) -> Result<Map<String, Value>, ScimError> {
    let mut object = match old {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    let value = match change.op {
        PatchOp::Remove => None,
        PatchOp::Add | PatchOp::Replace => coerce(
            Name::sub(attribute.name, sub.name),
            sub,
            unwrapped(&change.value.0),
        )?,
    };
    let identity = sub.name == "value";
    match value.filter(|value| !(identity && value.as_str() == Some(""))) {
        Some(value) => {
            if identity && object.get("value") != Some(&value) {
                // Another manager: what was said about the former one no longer holds.
                object.clear();
            }
            object.insert(sub.name.to_owned(), value);
        }
        None if identity => object.clear(),
        None => {
            object.shift_remove(sub.name);
        }
    }
    in_order(attribute, &mut object);
    Ok(object)
}
