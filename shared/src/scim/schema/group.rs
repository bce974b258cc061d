//! The Group schema (RFC 7643, sections 4.2 and 8.7.1).

use super::Schema;
use super::attribute::Attribute;

const MEMBERS: &[Attribute] = &[
    Attribute::key("value", "Identifier of the member.")
        .exact()
        .immutable(),
    Attribute::reference("$ref", &["User", "Group"], "The URI of the member.").immutable(),
    Attribute::string("type", "The type of the member.")
        .canonical(&["User", "Group"])
        .immutable(),
    Attribute::string("display", "The member's display name.").read_only(),
];

/// The Group schema.
pub const GROUP: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    description: "Group",
    attributes: &[
        Attribute::key("displayName", "A human-readable name for the group.").required(),
        Attribute::plural("members", MEMBERS, "The members of the group."),
    ],
};
