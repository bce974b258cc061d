//! One value against its attribute's definition.

use std::collections::HashSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use chrono::DateTime;
use serde_json::{Map, Value};

use super::{MAX_VALUES, is_empty};
use crate::scim::ScimError;
use crate::scim::schema::{Attribute, DataType, Mutability};
use crate::scim::text::quote;

/// The name of an attribute or sub-attribute, for messages.
#[derive(Clone, Copy, Debug)]
pub struct Name<'n> {
    parent: Option<&'n str>,
    name: &'n str,
}

impl<'n> Name<'n> {
    /// A top-level attribute.
    pub fn top(name: &'n str) -> Self {
        Self { parent: None, name }
    }

    /// A sub-attribute.
    pub fn sub(parent: &'n str, name: &'n str) -> Self {
        Self {
            parent: Some(parent),
            name,
        }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.name)
    }
}

/// The value in the attribute's type, or nothing if it unassigns the attribute.
///
/// # Errors
/// [`ScimError::InvalidValue`] naming the attribute, what was wanted and the kind of thing that came.
pub fn coerce(
    name: Name<'_>,
    attribute: &'static Attribute,
    value: &Value,
) -> Result<Option<Value>, ScimError> {
    if value.is_null() {
        return Ok(None);
    }
    if attribute.multi_valued {
        let elements = plural_elements(attribute, value)?;
        let touched: Vec<usize> = (0..elements.len()).collect();
        let mut elements = elements;
        settle_primary(attribute, &mut elements, &touched)?;
        let values: Vec<Value> = elements.into_iter().map(Value::Object).collect();
        return Ok((!values.is_empty()).then_some(Value::Array(values)));
    }
    match attribute.data_type {
        DataType::Complex => single_complex(name, attribute, value),
        DataType::Boolean => boolean(name, value).map(Some),
        DataType::Integer => match value {
            Value::Number(number) if number.is_i64() || number.is_u64() => Ok(Some(value.clone())),
            _ => Err(wrong(name, "a whole number", value)),
        },
        DataType::String | DataType::Reference | DataType::DateTime | DataType::Binary => {
            text(name, attribute, value).map(Some)
        }
    }
}

/// True and false, also as strings of any case (E-1).
fn boolean(name: Name<'_>, value: &Value) -> Result<Value, ScimError> {
    match value {
        Value::Bool(_) => Ok(value.clone()),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
        _ => Err(wrong(name, "true or false", value)),
    }
}

fn text(name: Name<'_>, attribute: &Attribute, value: &Value) -> Result<Value, ScimError> {
    let wanted = match attribute.data_type {
        DataType::DateTime => "an RFC 3339 date and time",
        DataType::Binary => "Base64",
        _ => "a string",
    };
    let Value::String(text) = value else {
        return Err(wrong(name, wanted, value));
    };
    if text.len() > attribute.max_bytes {
        return Err(ScimError::InvalidValue(format!(
            "{name}: wanted at most {} bytes, got {}",
            attribute.max_bytes,
            text.len()
        )));
    }
    if text.contains('\0') {
        return Err(ScimError::InvalidValue(format!(
            "{name}: wanted text without NUL characters"
        )));
    }
    let good = match attribute.data_type {
        DataType::DateTime => DateTime::parse_from_rfc3339(text).is_ok(),
        DataType::Binary => is_base64(text),
        _ => true,
    };
    if good {
        Ok(value.clone())
    } else {
        Err(wrong(name, wanted, value))
    }
}

fn is_base64(text: &str) -> bool {
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .any(|engine| engine.decode(&compact).is_ok())
}

/// A single complex value. One with a `value` may come as a bare string, as a list of one, or as nothing (E-6).
fn single_complex(
    name: Name<'_>,
    attribute: &'static Attribute,
    value: &Value,
) -> Result<Option<Value>, ScimError> {
    let with_value = attribute.sub("value").is_some();
    match value {
        Value::Array(values) if with_value => match values.as_slice() {
            [] => Ok(None),
            [Value::Array(_)] => Err(wrong(name, "an object", value)),
            [only] => coerce(name, attribute, only),
            _ => Err(ScimError::InvalidValue(format!(
                "{name}: wanted one value, got {}",
                values.len()
            ))),
        },
        Value::String(text) if with_value => {
            let mut object = Map::new();
            object.insert("value".to_owned(), Value::String(text.clone()));
            single_complex(name, attribute, &Value::Object(object))
        }
        Value::Object(given) => {
            let object = complex_object(attribute, given)?;
            let cleared = with_value && object.get("value").and_then(Value::as_str) == Some("");
            Ok((!object.is_empty() && !cleared).then_some(Value::Object(object)))
        }
        _ => Err(wrong(name, "an object", value)),
    }
}

/// The parts of a complex value in schema spelling and order; parts that the server owns are dropped, unassigned
/// ones left out.
///
/// # Errors
/// [`ScimError::InvalidSyntax`] for an unknown part or one given twice; [`ScimError::InvalidValue`] for a wrong type.
pub fn complex_object(
    attribute: &'static Attribute,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, ScimError> {
    /// Parts that any multi-valued attribute may have (RFC 7643, section 2.4), kept or not.
    const DEFAULT_PARTS: [&str; 5] = ["type", "primary", "display", "value", "$ref"];
    let mut parts: Vec<Option<Value>> = vec![None; attribute.sub_attributes.len()];
    let mut seen = vec![false; attribute.sub_attributes.len()];
    for (key, value) in given {
        let found = attribute
            .sub_attributes
            .iter()
            .zip(parts.iter_mut().zip(seen.iter_mut()));
        let Some((sub, (slot, seen))) = found
            .into_iter()
            .find(|(sub, _)| sub.name.eq_ignore_ascii_case(key))
        else {
            let known = DEFAULT_PARTS.iter().any(|part| part.eq_ignore_ascii_case(key));
            if value.is_null() || (attribute.multi_valued && known) {
                continue;
            }
            return Err(ScimError::InvalidSyntax(format!(
                "unknown sub-attribute {} of {}",
                quote(key),
                attribute.name
            )));
        };
        if *seen {
            return Err(ScimError::InvalidSyntax(format!(
                "{}.{} is given more than once",
                attribute.name, sub.name
            )));
        }
        *seen = true;
        if sub.mutability != Mutability::ReadOnly {
            *slot = coerce(Name::sub(attribute.name, sub.name), sub, value)?;
        }
    }
    Ok(attribute
        .sub_attributes
        .iter()
        .zip(parts)
        .filter_map(|(sub, part)| Some((sub.name.to_owned(), part?)))
        .collect())
}

/// The values of a multi-valued attribute: a list, or one value without a list; each an object, or a bare string
/// where the attribute has a `value`. Values without content and exact repetitions are left out.
///
/// # Errors
/// As [`complex_object`]; [`ScimError::InvalidValue`] for more than [`MAX_VALUES`].
pub fn plural_elements(
    attribute: &'static Attribute,
    value: &Value,
) -> Result<Vec<Map<String, Value>>, ScimError> {
    let values = match value {
        Value::Null => &[],
        Value::Array(values) => values.as_slice(),
        single => std::slice::from_ref(single),
    };
    if values.len() > MAX_VALUES {
        return Err(ScimError::InvalidValue(format!(
            "{}: wanted at most {MAX_VALUES} values, got {}",
            attribute.name,
            values.len()
        )));
    }
    let mut elements: Vec<Map<String, Value>> = Vec::with_capacity(values.len());
    for value in values {
        let element = match value {
            Value::Object(given) => complex_object(attribute, given)?,
            Value::String(_) if attribute.sub("value").is_some() => {
                let mut given = Map::new();
                given.insert("value".to_owned(), value.clone());
                complex_object(attribute, &given)?
            }
            Value::Null => continue,
            other => return Err(wrong(Name::top(attribute.name), "a list of objects", other)),
        };
        if is_kept(attribute, &element) {
            elements.push(element);
        }
    }
    drop_repetitions(&mut elements);
    Ok(elements)
}

/// Of equal values the first stays. They are told apart by their text: their parts are in the order of the schema.
pub fn drop_repetitions(elements: &mut Vec<Map<String, Value>>) {
    if elements.len() < 2 {
        return;
    }
    let mut seen = HashSet::with_capacity(elements.len());
    elements.retain(|element| serde_json::to_string(element).map_or(true, |text| seen.insert(text)));
}

/// Whether a value stays. A phone number that is said to be empty does where it would be the one that counts: only
/// then another may stand in for it (AQ-46). Answers do not show it.
pub fn is_kept(attribute: &Attribute, element: &Map<String, Value>) -> bool {
    has_content(element) || (attribute.name == "phoneNumbers" && is_blank_number(element))
}

/// An empty phone number that is primary or of type work.
pub fn is_blank_number(number: &Map<String, Value>) -> bool {
    let text = |name: &str| number.get(name).and_then(Value::as_str);
    let counts = number.get("primary") == Some(&Value::Bool(true))
        || text("type").is_some_and(|kind| kind.eq_ignore_ascii_case("work"));
    counts && text("value").is_some_and(|value| value.trim().is_empty())
}

/// Whether a value says something: labels alone, or an empty string, do not.
pub fn has_content(element: &Map<String, Value>) -> bool {
    let blank = |value: &Value| is_empty(value) || value.as_str().is_some_and(str::is_empty);
    element
        .iter()
        .any(|(key, value)| key != "type" && key != "primary" && !blank(value))
}

/// Keeps at most one value primary (RFC 7643, section 2.4): if one of the values just set is, the others no longer
/// are.
///
/// # Errors
/// [`ScimError::InvalidValue`] if several of the values just set are primary.
pub fn settle_primary(
    attribute: &Attribute,
    elements: &mut [Map<String, Value>],
    touched: &[usize],
) -> Result<(), ScimError> {
    let is_primary =
        |element: &Map<String, Value>| element.get("primary").and_then(Value::as_bool) == Some(true);
    let mut chosen = None;
    for index in touched
        .iter()
        .copied()
        .filter(|index| elements.get(*index).is_some_and(is_primary))
    {
        if chosen.replace(index).is_some() {
            return Err(ScimError::InvalidValue(format!(
                "{}: wanted at most one primary value, got several",
                attribute.name
            )));
        }
    }
    let Some(chosen) = chosen else {
        return Ok(());
    };
    for (index, element) in elements.iter_mut().enumerate() {
        if index != chosen && is_primary(element) {
            element.insert("primary".to_owned(), Value::Bool(false));
        }
    }
    Ok(())
}

fn wrong(name: Name<'_>, wanted: &str, value: &Value) -> ScimError {
    let got = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "another string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    let got = if wanted == "a string" && got == "another string" {
        "a string"
    } else {
        got
    };
    ScimError::InvalidValue(format!("{name}: wanted {wanted}, got {got}"))
}
