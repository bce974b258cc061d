//! Members of a group.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::complex_object;
use crate::scim::ScimError;
use crate::scim::schema::{Attribute, GROUP};

/// Most bytes of a member's id.
pub const MAX_MEMBER_ID: usize = 256;

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberType {
    /// A user.
    User,
    /// A group within the group.
    Group,
}

impl MemberType {
    /// The type's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }
}

/// A member, as a client names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: String,
    /// What the client says it is; Okta says nothing (O-7).
    pub kind: Option<MemberType>,
}

/// The members attribute.
pub fn attribute() -> Option<&'static Attribute> {
    GROUP.attribute("members")
}

/// Reads a list of members: objects with `value`, or bare ids; one alone may come without a list. Repetitions are
/// dropped. `display` and `$ref` are the server's to say and are not looked at, `null` or not.
///
/// # Errors
/// [`ScimError::InvalidValue`] if a member has no id, or one that is too long, or a type that is neither User nor
/// Group; [`ScimError::InvalidSyntax`] for an unknown sub-attribute.
pub fn members(value: &Value) -> Result<Vec<Member>, ScimError> {
    let values = match value {
        Value::Null => &[],
        Value::Array(values) => values.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut seen: HashSet<&str> = HashSet::with_capacity(values.len());
    let mut list = Vec::with_capacity(values.len());
    for value in values {
        let member = match value {
            Value::String(id) => Member {
                id: id.clone(),
                kind: None,
            },
            Value::Object(given) => member(given)?,
            _ => {
                return Err(ScimError::InvalidValue(
                    "members: wanted a list of objects with a value".to_owned(),
                ));
            }
        };
        check_id(&member.id)?;
        list.push(member);
    }
    let repeated: Vec<bool> = list
        .iter()
        .map(|member| !seen.insert(member.id.as_str()))
        .collect();
    let mut repeated = repeated.into_iter();
    list.retain(|_| repeated.next() == Some(false));
    Ok(list)
}

fn member(given: &Map<String, Value>) -> Result<Member, ScimError> {
    let attribute = attribute().ok_or_else(|| ScimError::Internal("no members attribute".to_owned()))?;
    let object = complex_object(attribute, given)?;
    let Some(id) = object.get("value").and_then(Value::as_str) else {
        return Err(ScimError::InvalidValue("members.value is required".to_owned()));
    };
    let kind = match object.get("type").and_then(Value::as_str) {
        None | Some("") => None,
        Some(name) if name.eq_ignore_ascii_case("User") => Some(MemberType::User),
        Some(name) if name.eq_ignore_ascii_case("Group") => Some(MemberType::Group),
        Some(_) => {
            return Err(ScimError::InvalidValue(
                "members.type: wanted User or Group".to_owned(),
            ));
        }
    };
    Ok(Member {
        id: id.to_owned(),
        kind,
    })
}

fn check_id(id: &str) -> Result<(), ScimError> {
    if id.trim().is_empty() || id.len() > MAX_MEMBER_ID || id.contains('\0') {
        return Err(ScimError::InvalidValue(format!(
            "members.value: wanted an id of 1 to {MAX_MEMBER_ID} bytes, got {}",
            id.len()
        )));
    }
    Ok(())
}
