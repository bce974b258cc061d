//! Changes of multi-valued attributes.

use serde_json::{Map, Value};

use super::PatchOp;
use super::apply::{in_order, merge, unwrapped};
use super::change::{Change, Select};
use crate::scim::ScimError;
use crate::scim::filter::{Filter, Literal, Op};
use crate::scim::normalize::{
    MAX_VALUES, Name, coerce, drop_repetitions, has_content, is_kept, plural_elements, settle_primary,
};
use crate::scim::schema::{Attribute, DataType};
use crate::scim::text::fold;

type Element = Map<String, Value>;

/// The values after the change.
pub fn change(
    attribute: &'static Attribute,
    sub: Option<&'static Attribute>,
    select: Option<&Select>,
    mut elements: Vec<Element>,
    change: &Change,
) -> Result<Vec<Element>, ScimError> {
    let touched = match (change.op, sub, select) {
        (PatchOp::Remove, None, None) => {
            remove_values(attribute, &mut elements, &change.value.0)?;
            Vec::new()
        }
        (PatchOp::Remove, None, Some(select)) => {
            elements.retain(|element| !select.matcher.matches(element));
            Vec::new()
        }
        (PatchOp::Remove, Some(sub), select) => {
            for element in elements.iter_mut().filter(|e| selected(select, e)) {
                element.shift_remove(sub.name);
            }
            elements.retain(has_content);
            Vec::new()
        }
        (PatchOp::Add, None, None) => add(attribute, &mut elements, &change.value.0)?,
        (PatchOp::Replace, None, None) => {
            elements = plural_elements(attribute, &change.value.0)?;
            (0..elements.len()).collect()
        }
        (PatchOp::Add | PatchOp::Replace, None, Some(select)) => {
            set_selected(attribute, &mut elements, select, change)?
        }
        (PatchOp::Add | PatchOp::Replace, Some(sub), select) => {
            set_part(attribute, sub, select, &mut elements, change)?
        }
    };
    settle_primary(attribute, &mut elements, &touched)?;
    elements.retain(|element| is_kept(attribute, element));
    drop_repetitions(&mut elements);
    if elements.len() > MAX_VALUES {
        return Err(ScimError::InvalidValue(format!(
            "{}: wanted at most {MAX_VALUES} values, got {}",
            attribute.name,
            elements.len()
        )));
    }
    Ok(elements)
}

fn selected(select: Option<&Select>, element: &Element) -> bool {
    select.is_none_or(|select| select.matcher.matches(element))
}

/// All values, or only the ones given (E-7).
fn remove_values(
    attribute: &'static Attribute,
    elements: &mut Vec<Element>,
    value: &Value,
) -> Result<(), ScimError> {
    if value.is_null() {
        elements.clear();
        return Ok(());
    }
    let given = plural_elements(attribute, value)?;
    let covered = |element: &Element| {
        given.iter().any(|wanted| {
            let compared = |key: &str| key != "display" && key != "primary";
            wanted
                .iter()
                .filter(|(key, _)| compared(key))
                .all(|(key, value)| {
                    element
                        .get(key)
                        .is_some_and(|have| same(attribute.sub(key), have, value))
                })
        })
    };
    elements.retain(|element| !covered(element));
    Ok(())
}

/// Adds values. One that is there already (same `value`, and same type if both have one) takes the new parts.
fn add(
    attribute: &'static Attribute,
    elements: &mut Vec<Element>,
    value: &Value,
) -> Result<Vec<usize>, ScimError> {
    let mut touched = Vec::new();
    for new in plural_elements(attribute, value)? {
        let known = elements
            .iter()
            .position(|old| same_identity(attribute, old, &new));
        match known.and_then(|index| elements.get_mut(index).map(|old| (index, old))) {
            Some((index, old)) => {
                old.extend(new);
                in_order(attribute, old);
                touched.push(index);
            }
            None => {
                touched.push(elements.len());
                elements.push(new);
            }
        }
    }
    touched.dedup();
    Ok(touched)
}

fn same_identity(attribute: &Attribute, old: &Element, new: &Element) -> bool {
    let Some(value) = attribute.sub("value") else {
        return old == new;
    };
    let same_value = match (old.get("value"), new.get("value")) {
        (Some(old), Some(new)) => same(Some(value), old, new),
        _ => old == new,
    };
    let same_type = match (old.get("type"), new.get("type")) {
        (Some(old), Some(new)) => same(attribute.sub("type"), old, new),
        _ => true,
    };
    same_value && same_type
}

/// Equal, heeding case only where the attribute does.
fn same(attribute: Option<&Attribute>, left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) if attribute.is_none_or(|a| !a.case_exact) => {
            fold(left) == fold(right)
        }
        _ => left == right,
    }
}

/// `emails[type eq "work"]`: the chosen values take the new parts (add) or become the new value (replace). Where
/// nothing is chosen, a value is made that the filter chooses (E-3).
fn set_selected(
    attribute: &'static Attribute,
    elements: &mut Vec<Element>,
    select: &Select,
    change: &Change,
) -> Result<Vec<usize>, ScimError> {
    let given = match &change.value.0 {
        Value::Array(values) => match values.as_slice() {
            [only] => only.clone(),
            _ => return Err(one_value(attribute, values.len())),
        },
        other => other.clone(),
    };
    if given.is_null() {
        elements.retain(|element| !select.matcher.matches(element));
        return Ok(Vec::new());
    }
    let given = match given {
        Value::Object(given) => given,
        Value::String(_) if attribute.sub("value").is_some() => Map::from_iter([("value".to_owned(), given)]),
        _ => {
            return Err(ScimError::InvalidValue(format!(
                "{}: wanted an object",
                attribute.name
            )));
        }
    };
    let mut chosen = matching(elements, Some(select));
    if chosen.is_empty() {
        if given.values().all(is_blank) {
            return Ok(chosen);
        }
        chosen.push(elements.len());
        elements.push(template(attribute, &select.filter)?);
    } else if change.op == PatchOp::Replace {
        // What the filter says of a value stays true of it unless the new value says otherwise.
        let base = template(attribute, &select.filter).unwrap_or_default();
        for index in &chosen {
            if let Some(element) = elements.get_mut(*index) {
                element.clone_from(&base);
            }
        }
    }
    for index in &chosen {
        if let Some(element) = elements.get_mut(*index) {
            merge(attribute, element, &given)?;
            if !has_content(element) && !given.values().any(is_blank) {
                return Err(nothing_chosen(attribute));
            }
        }
    }
    Ok(chosen)
}

/// `emails[type eq "work"].value`, or `emails.value` without a filter.
fn set_part(
    attribute: &'static Attribute,
    sub: &'static Attribute,
    select: Option<&Select>,
    elements: &mut Vec<Element>,
    change: &Change,
) -> Result<Vec<usize>, ScimError> {
    let value = unwrapped(&change.value.0);
    let value = coerce(Name::sub(attribute.name, sub.name), sub, value)?;
    let mut chosen = matching(elements, select);
    if select.is_none() && chosen.len() > 1 {
        return Err(ScimError::InvalidPath(format!(
            "{name} has {count} values: choose by a filter, such as {name}[type eq \"work\"].{sub}",
            name = attribute.name,
            count = chosen.len(),
            sub = sub.name
        )));
    }
    if chosen.is_empty() {
        if value.as_ref().is_none_or(is_blank) {
            return Ok(chosen);
        }
        let mut made = match select {
            Some(select) => template(attribute, &select.filter)?,
            None => Map::new(),
        };
        made.insert(sub.name.to_owned(), value.clone().unwrap_or_default());
        if !has_content(&made) {
            return Err(nothing_chosen(attribute));
        }
        chosen.push(elements.len());
        elements.push(made);
    }
    for index in &chosen {
        let Some(element) = elements.get_mut(*index) else {
            continue;
        };
        match &value {
            Some(value) => {
                element.insert(sub.name.to_owned(), value.clone());
            }
            None => {
                element.shift_remove(sub.name);
            }
        }
        in_order(attribute, element);
    }
    Ok(chosen)
}

/// Null or an empty string: what takes a value away.
fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn matching(elements: &[Element], select: Option<&Select>) -> Vec<usize> {
    elements
        .iter()
        .enumerate()
        .filter(|(_, e)| selected(select, e))
        .map(|(index, _)| index)
        .collect()
}

fn nothing_chosen(attribute: &Attribute) -> ScimError {
    ScimError::NoTarget(format!(
        "{}: the path chooses no value, and none can be made from it",
        attribute.name
    ))
}

fn one_value(attribute: &Attribute, got: usize) -> ScimError {
    ScimError::InvalidValue(format!(
        "{}: wanted one value for the chosen ones, got {got}",
        attribute.name
    ))
}

/// A value that the filter chooses: possible if it asks for equality alone, joined by `and`.
fn template(attribute: &'static Attribute, filter: &Filter) -> Result<Element, ScimError> {
    let mut element = Map::new();
    fill(attribute, filter, &mut element)?;
    in_order(attribute, &mut element);
    Ok(element)
}

fn fill(attribute: &'static Attribute, filter: &Filter, element: &mut Element) -> Result<(), ScimError> {
    let no_target = || nothing_chosen(attribute);
    match filter {
        Filter::And(terms) => terms.iter().try_for_each(|term| fill(attribute, term, element)),
        Filter::Compare {
            path,
            op: Op::Eq,
            value,
        } => {
            let sub = attribute.sub(&path.name).ok_or_else(no_target)?;
            let value = match value {
                Literal::Null => return Ok(()),
                Literal::Bool(value) if sub.data_type == DataType::Boolean => Value::Bool(*value),
                Literal::Bool(value) => Value::String(value.to_string()),
                Literal::Number(text) | Literal::String(text) => Value::String(text.clone()),
            };
            let value = coerce(Name::sub(attribute.name, sub.name), sub, &value)?.ok_or_else(no_target)?;
            match element.insert(sub.name.to_owned(), value.clone()) {
                Some(other) if !same(Some(sub), &other, &value) => Err(no_target()),
                _ => Ok(()),
            }
        }
        Filter::Compare { .. } | Filter::Present(_) | Filter::Has { .. } | Filter::Not(_) | Filter::Or(_) => {
            Err(no_target())
        }
    }
}
