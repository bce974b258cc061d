//! Groups as they are answered.

use serde_json::{Map, Value};

use crate::app::scim::groups::{self, Shown};
use crate::scim::ResourceKind;
use crate::scim::list::Projection;
use crate::scim::normalize::{Member, MemberType};
use crate::scim::resource::{Meta, member_values, render};

/// A group, as far as it was read and is asked for; `base` is the SCIM base URL.
#[must_use]
pub fn group_view(base: &str, projection: &Projection, shown: &Shown) -> Map<String, Value> {
    let group = &shown.record.group;
    let meta = Meta {
        id: group.id.to_string(),
        created: group.created_at,
        last_modified: group.modified_at,
        version: group.version,
    };
    let mut attributes = groups::attributes(group);
    if let Some(ids) = &shown.members {
        let members = ids.iter().map(|id| Member {
            id: id.to_string(),
            kind: Some(MemberType::User),
        });
        let members = member_values(base, &members.collect::<Vec<_>>());
        attributes.insert("members".to_owned(), members);
    }
    projection.apply(ResourceKind::Group, render(ResourceKind::Group, base, &meta, &attributes))
}
