//! PATCH (RFC 7644, section 3.5.2).
//!
//! [`plan`] reads a body against the schema, without the resource: every operation becomes [`Change`]s of attributes
//! or [`MemberOp`]s. [`PatchPlan::apply`] makes the changes on a copy, so that a refused operation leaves nothing
//! behind. Members are changed by [`MemberChange`] alone: no group is loaded to add one member to it.
//!
//! An operation is done or refused, never ignored. Two exceptions, both asked for: a `password` is dropped (AQ-34),
//! and an object without path may carry what the server owns (`id` if it is the right one, `schemas`, `meta`,
//! `groups`) beside what is changed (O-6).

mod apply;
mod change;
mod members;
mod plural;
mod request;

use serde_json::{Map, Value};

use super::ScimError;
use super::normalize;
use super::schema::ResourceKind;

pub use change::Change;
pub use members::{MemberChange, MemberOp};
pub use request::{MAX_OPERATIONS, PATCH_SCHEMA};

/// Most changes of multi-valued attributes, members apart, in one PATCH: each goes through all values.
pub const MAX_PLURAL_CHANGES: usize = 1_000;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchOp {
    /// Adds values, or sets one.
    Add,
    /// Sets values.
    Replace,
    /// Takes values away.
    Remove,
}

/// A PATCH, read and checked against the schema.
#[derive(Clone, Debug)]
pub struct PatchPlan {
    kind: ResourceKind,
    changes: Vec<Change>,
    members: Vec<MemberOp>,
}

/// Reads the body of a PATCH. `id` is the id of the resource it goes to.
///
/// # Errors
/// [`ScimError`] with the `scimType` of RFC 7644, table 9; its text names the operation, from 0.
pub fn plan(kind: ResourceKind, id: &str, body: &Value) -> Result<PatchPlan, ScimError> {
    let mut plan = PatchPlan {
        kind,
        changes: Vec::new(),
        members: Vec::new(),
    };
    for (index, operation) in request::operations(body)?.into_iter().enumerate() {
        let changes = change::changes(kind, id, index, &operation).map_err(|e| e.at_operation(index))?;
        for change in changes {
            match members::operation(kind, &change).map_err(|e| e.at_operation(index))? {
                Some(operation) => plan.members.push(operation),
                None => plan.changes.push(change),
            }
        }
    }
    let plural = plan.changes.iter().filter(|change| change.is_plural()).count();
    if plural > MAX_PLURAL_CHANGES {
        return Err(ScimError::InvalidValue(format!(
            "Operations: wanted at most {MAX_PLURAL_CHANGES} changes of multi-valued attributes, got {plural}"
        )));
    }
    Ok(plan)
}

impl PatchPlan {
    /// The resource with the changes made: attributes in schema spelling and order, as
    /// [`normalize::Incoming::attributes`]. Equal to what was given if nothing changes, in which case version and
    /// `lastModified` stay as they are (RFC 7644, section 3.5.2.1).
    ///
    /// # Errors
    /// [`ScimError`] if an operation cannot be made or a required attribute would be lost.
    pub fn apply(&self, attributes: &Map<String, Value>) -> Result<Map<String, Value>, ScimError> {
        if self.changes.is_empty() {
            return Ok(attributes.clone());
        }
        let mut copy = attributes.clone();
        for change in &self.changes {
            apply::apply(&mut copy, change).map_err(|e| e.at_operation(change.operation))?;
        }
        for required in self.kind.schema().attributes.iter().filter(|a| a.required) {
            if !copy.contains_key(required.name) {
                return Err(ScimError::Mutability(format!(
                    "{} is required: it cannot be removed",
                    required.name
                )));
            }
        }
        normalize::finish(self.kind, copy)
    }

    /// Whether attributes other than members are touched.
    #[must_use]
    pub fn touches_attributes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// The operations on a group's members, in order.
    #[must_use]
    pub fn member_ops(&self) -> &[MemberOp] {
        &self.members
    }

    /// What the operations on members come to.
    #[must_use]
    pub fn member_change(&self) -> MemberChange {
        MemberChange::of(&self.members)
    }
}
