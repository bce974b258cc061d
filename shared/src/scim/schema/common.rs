//! Attributes that every resource has (RFC 7643, section 3.1); they are in no published schema.

use super::attribute::Attribute;

const META: &[Attribute] = &[
    Attribute::string("resourceType", "The name of the resource type.")
        .exact()
        .read_only(),
    Attribute::date_time("created", "When the resource was added.").read_only(),
    Attribute::date_time("lastModified", "When the resource was last changed.").read_only(),
    Attribute::reference("location", &["uri"], "The URI of the resource.").read_only(),
    Attribute::string("version", "The entity tag of the resource.")
        .exact()
        .read_only(),
];

/// `schemas`, `id`, `externalId` and `meta`.
pub const COMMON: &[Attribute] = &[
    Attribute::reference("schemas", &["uri"], "The schemas of the resource.")
        .many()
        .required()
        .read_only()
        .always(),
    Attribute::key("id", "Identifier assigned by the server.")
        .exact()
        .read_only()
        .always()
        .unique(),
    Attribute::key("externalId", "Identifier assigned by the provisioning client.").exact(),
    Attribute::complex("meta", META, "What the server knows about the resource.").read_only(),
];
