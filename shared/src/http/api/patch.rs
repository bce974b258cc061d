//! JSON Merge Patch (RFC 7396) over what was read, into a checked shape.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::http::body::BodyError;
use crate::http::problem::Problem;

/// Deepest nesting of a patch.
const MAX_DEPTH: usize = 16;

/// Applies a merge patch: members are replaced, `null` removes, anything but an object replaces the whole.
pub fn merge_patch(target: &mut Value, patch: &Value) {
    merge(target, patch, 0);
}

fn merge(target: &mut Value, patch: &Value, depth: usize) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() || depth >= MAX_DEPTH {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else { return };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(
                fields.entry(name.clone()).or_insert(Value::Null),
                change,
                depth + 1,
            );
        }
    }
}

/// What `current` is after the patch; the result is read as strictly as a body.
///
/// # Errors
/// 400 `body_malformed` when the patch is no object, or what comes out is not of the shape.
pub fn merge_into<T: Serialize + DeserializeOwned>(current: &T, patch: &Value) -> Result<T, Problem> {
    if !patch.is_object() {
        let reason = "wanted an object".to_owned();
        return Err(BodyError::Json { reason }.into());
    }
    let mut merged = serde_json::to_value(current).map_err(|_| Problem::internal())?;
    merge_patch(&mut merged, patch);
    serde_json::from_value(merged).map_err(|error| BodyError::of_json(&error).into())
}

#[cfg(test)]
#[path = "patch_tests.rs"]
mod tests;
