//! The body of a PATCH, before any schema is looked at.

use serde_json::{Map, Value};

use super::PatchOp;
use crate::scim::ScimError;
use crate::scim::text::quote;

/// Schema URN of a PATCH body.
pub const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Most operations in one PATCH.
pub const MAX_OPERATIONS: usize = 10_000;

/// One operation, as sent.
#[derive(Debug)]
pub struct Operation<'b> {
    pub op: PatchOp,
    /// Absent, null and blank are the same: the resource itself.
    pub path: Option<&'b str>,
    pub value: &'b Value,
}

/// Reads the operations. Names of members are taken in any case, and so are the names of operations (E-2).
pub fn operations(body: &Value) -> Result<Vec<Operation<'_>>, ScimError> {
    let Value::Object(body) = body else {
        return Err(ScimError::InvalidSyntax(
            "the body: wanted a JSON object".to_owned(),
        ));
    };
    let is_patch = |urn: &Value| {
        urn.as_str()
            .is_some_and(|urn| urn.eq_ignore_ascii_case(PATCH_SCHEMA))
    };
    let schemas = member(body, "schemas")?.and_then(Value::as_array);
    if !schemas.is_some_and(|urns| urns.iter().any(is_patch)) {
        return Err(ScimError::InvalidSyntax(format!(
            "schemas: wanted {PATCH_SCHEMA}"
        )));
    }
    let operations = member(body, "Operations")?
        .and_then(Value::as_array)
        .filter(|operations| !operations.is_empty())
        .ok_or_else(|| ScimError::InvalidSyntax("Operations: wanted a list of at least one".to_owned()))?;
    if operations.len() > MAX_OPERATIONS {
        return Err(ScimError::InvalidValue(format!(
            "Operations: wanted at most {MAX_OPERATIONS}, got {}",
            operations.len()
        )));
    }
    operations
        .iter()
        .enumerate()
        .map(|(index, value)| operation(value).map_err(|error| error.at_operation(index)))
        .collect()
}

fn operation(value: &Value) -> Result<Operation<'_>, ScimError> {
    let Value::Object(given) = value else {
        return Err(ScimError::InvalidSyntax("wanted a JSON object".to_owned()));
    };
    let op = match member(given, "op")?.and_then(Value::as_str) {
        Some(op) if op.eq_ignore_ascii_case("add") => PatchOp::Add,
        Some(op) if op.eq_ignore_ascii_case("replace") => PatchOp::Replace,
        Some(op) if op.eq_ignore_ascii_case("remove") => PatchOp::Remove,
        Some(op) => {
            return Err(ScimError::InvalidSyntax(format!(
                "op: wanted add, replace or remove, got \"{}\"",
                quote(op)
            )));
        }
        None => {
            return Err(ScimError::InvalidSyntax(
                "op: wanted add, replace or remove".to_owned(),
            ));
        }
    };
    let path = match member(given, "path")? {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) => Some(path.trim()).filter(|path| !path.is_empty()),
        Some(_) => return Err(ScimError::InvalidPath("path: wanted a string".to_owned())),
    };
    let value = member(given, "value")?;
    if op != PatchOp::Remove && value.is_none() {
        return Err(ScimError::InvalidValue(
            "value is required for add and replace".to_owned(),
        ));
    }
    if op == PatchOp::Remove && path.is_none() {
        return Err(ScimError::NoTarget("path is required for remove".to_owned()));
    }
    Ok(Operation {
        op,
        path,
        value: value.unwrap_or(&Value::Null),
    })
}

/// A member of an object, whatever the case of its name.
fn member<'b>(object: &'b Map<String, Value>, name: &str) -> Result<Option<&'b Value>, ScimError> {
    let mut found = object
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value);
    let first = found.next();
    if found.next().is_some() {
        return Err(ScimError::InvalidSyntax(format!(
            "{name} is given more than once"
        )));
    }
    Ok(first)
}
