//! Groups and who is in them.
//!
//! A change is planned without the members: what it names is looked up, not what is there. It is committed on the
//! condition that the group is still at the version that was read, and tried again if it is not, so that concurrent
//! changes lose nothing. What a committed change leaves to do is in [`work`].

mod change;
mod commit;
mod create;
mod delete;
mod members;
mod read;
pub mod work;

pub use change::{patch, replace};
pub use create::create;
pub use delete::delete;
pub use read::{MOST_SHOWN, Shown, get};

use serde_json::{Map, Value, json};

use crate::domain::group::Group;
use crate::scim::normalize::{Member, MemberType};
use crate::scim::resource::{self, Meta, member_values};
use crate::scim::{ResourceKind, ScimError};

/// A group's own attributes, as the protocol has them.
#[must_use]
pub fn attributes(group: &Group) -> Map<String, Value> {
    let mut attributes = Map::new();
    if let Some(id) = &group.external_id {
        attributes.insert("externalId".to_owned(), id.as_str().into());
    }
    attributes.insert("displayName".to_owned(), group.display_name.as_str().into());
    attributes
}

/// A group as it is answered and as filters see it, with the members that were read; `base` is the SCIM base URL.
#[must_use]
pub fn render(base: &str, shown: &Shown) -> Map<String, Value> {
    let group = &shown.record.group;
    let meta = Meta {
        id: group.id.to_string(),
        created: group.created_at,
        last_modified: group.modified_at,
        version: group.version,
    };
    let mut attributes = attributes(group);
    if let Some(ids) = &shown.members {
        let members = ids.iter().map(|id| Member {
            id: id.to_string(),
            kind: Some(MemberType::User),
        });
        let mut members = member_values(base, &members.collect::<Vec<_>>());
        if let Value::Array(list) = &mut members {
            list.extend(group.references.iter().map(|id| json!({ "value": id })));
        }
        attributes.insert("members".to_owned(), members);
    }
    resource::render(ResourceKind::Group, base, &meta, attributes)
}

/// The group with these attributes.
fn with_attributes(group: Group, attributes: &Map<String, Value>) -> Result<Group, ScimError> {
    let text = |name: &str| attributes.get(name).and_then(Value::as_str).map(str::to_owned);
    let display_name = text("displayName");
    let wanted = || ScimError::InvalidValue("displayName is required and must not be blank".to_owned());
    Ok(Group {
        display_name: display_name.ok_or_else(wanted)?,
        external_id: text("externalId").filter(|id| !id.is_empty()),
        ..group
    })
}

fn no_such_group() -> ScimError {
    ScimError::NotFound("no group has this id".to_owned())
}

fn name_taken() -> ScimError {
    ScimError::Uniqueness(
        "another group has this displayName and the same externalId (or both have none)".to_owned(),
    )
}
