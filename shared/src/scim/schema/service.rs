//! The schemas of the discovery documents themselves (RFC 7643, sections 5 to 8; RFC 9865, section 4).

use super::Schema;
use super::attribute::Attribute;

const SUPPORTED: Attribute = Attribute::boolean("supported", "Whether the operation is supported.")
    .required()
    .read_only();

const BULK: &[Attribute] = &[
    SUPPORTED,
    Attribute::integer("maxOperations", "The maximum number of operations.")
        .required()
        .read_only(),
    Attribute::integer("maxPayloadSize", "The maximum payload size in bytes.")
        .required()
        .read_only(),
];

const FILTER: &[Attribute] = &[
    SUPPORTED,
    Attribute::integer("maxResults", "The maximum number of resources in an answer.")
        .required()
        .read_only(),
];

const PAGINATION: &[Attribute] = &[
    Attribute::boolean("cursor", "Whether cursor-based paging is supported.")
        .required()
        .read_only(),
    Attribute::boolean("index", "Whether index-based paging is supported.")
        .required()
        .read_only(),
    Attribute::string(
        "defaultPaginationMethod",
        "The method used when the client names none.",
    )
    .canonical(&["cursor", "index"])
    .read_only(),
    Attribute::integer(
        "defaultPageSize",
        "Results on a page when the client asks for no number.",
    )
    .read_only(),
    Attribute::integer("maxPageSize", "The maximum number of results on a page.").read_only(),
    Attribute::integer("cursorTimeout", "Seconds for which a cursor is good at least.").read_only(),
];

const AUTHENTICATION: &[Attribute] = &[
    Attribute::string("type", "The authentication scheme.")
        .canonical(&["oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"])
        .required()
        .read_only(),
    Attribute::string("name", "The common name of the scheme.")
        .required()
        .read_only(),
    Attribute::string("description", "A description of the scheme.")
        .required()
        .read_only(),
    Attribute::reference("specUri", &["external"], "The scheme's specification.").read_only(),
    Attribute::reference("documentationUri", &["external"], "The scheme's documentation.").read_only(),
    Attribute::boolean("primary", "Whether this is the preferred scheme.").read_only(),
];

/// The ServiceProviderConfig schema.
pub const SERVICE_PROVIDER_CONFIG: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
    name: "ServiceProviderConfig",
    description: "What this service provider supports",
    attributes: &[
        Attribute::reference("documentationUri", &["external"], "Help for people.").read_only(),
        Attribute::complex("patch", &[SUPPORTED], "PATCH.")
            .required()
            .read_only(),
        Attribute::complex("bulk", BULK, "Bulk operations.")
            .required()
            .read_only(),
        Attribute::complex("filter", FILTER, "Filters.")
            .required()
            .read_only(),
        Attribute::complex("changePassword", &[SUPPORTED], "Changing passwords.")
            .required()
            .read_only(),
        Attribute::complex("sort", &[SUPPORTED], "Sorting.")
            .required()
            .read_only(),
        Attribute::complex("etag", &[SUPPORTED], "Entity tags.")
            .required()
            .read_only(),
        Attribute::complex("pagination", PAGINATION, "Paging.").read_only(),
        Attribute::plural(
            "authenticationSchemes",
            AUTHENTICATION,
            "How clients authenticate.",
        )
        .required()
        .read_only(),
    ],
};

const SCHEMA_EXTENSIONS: &[Attribute] = &[
    Attribute::reference("schema", &["uri"], "The URI of an extension.")
        .required()
        .read_only(),
    Attribute::boolean("required", "Whether every resource has the extension.")
        .required()
        .read_only(),
];

/// The ResourceType schema.
pub const RESOURCE_TYPE: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
    name: "ResourceType",
    description: "A type of resource",
    attributes: &[
        Attribute::string("name", "The resource type's name.")
            .required()
            .read_only(),
        Attribute::string("description", "The resource type's description.").read_only(),
        Attribute::reference("endpoint", &["uri"], "The endpoint, relative to the base URL.")
            .required()
            .read_only(),
        Attribute::reference("schema", &["uri"], "The URI of the core schema.")
            .required()
            .read_only(),
        Attribute::plural("schemaExtensions", SCHEMA_EXTENSIONS, "The extensions.").read_only(),
    ],
};

/// The characteristics of an attribute, as `/Schemas` shows them, around the lists of its parts.
macro_rules! characteristics {
    ($($more:expr)?) => {
        &[
            Attribute::string("name", "The attribute's name.").exact().required().read_only(),
            Attribute::string("type", "The attribute's data type.")
                .canonical(&[
                    "string", "complex", "boolean", "decimal", "integer", "dateTime", "reference", "binary",
                ])
                .required()
                .read_only(),
            Attribute::boolean("multiValued", "Whether the attribute has several values.")
                .required()
                .read_only(),
            Attribute::string("description", "A description of the attribute.").read_only(),
            Attribute::boolean("required", "Whether the attribute must have a value.").read_only(),
            Attribute::string("canonicalValues", "Usual values.").many().exact().read_only(),
            Attribute::boolean("caseExact", "Whether comparison heeds case.").read_only(),
            Attribute::string("mutability", "Who may change the attribute.")
                .canonical(&["readOnly", "readWrite", "immutable", "writeOnly"])
                .exact()
                .read_only(),
            Attribute::string("returned", "When the attribute is returned.")
                .canonical(&["always", "never", "default", "request"])
                .exact()
                .read_only(),
            Attribute::string("uniqueness", "Whether the attribute is unique.")
                .canonical(&["none", "server", "global"])
                .exact()
                .read_only(),
            Attribute::string("referenceTypes", "What a reference may point to.").many().exact().read_only(),
            $($more)?
        ]
    };
}

const SUB_CHARACTERISTICS: &[Attribute] = characteristics!();
const CHARACTERISTICS: &[Attribute] = characteristics!(
    Attribute::plural(
        "subAttributes",
        SUB_CHARACTERISTICS,
        "The parts of a complex attribute."
    )
    .read_only()
);

/// The Schema schema.
pub const SCHEMA: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:Schema",
    name: "Schema",
    description: "A schema",
    attributes: &[
        Attribute::string("name", "The schema's name.")
            .required()
            .read_only(),
        Attribute::string("description", "The schema's description.").read_only(),
        Attribute::plural("attributes", CHARACTERISTICS, "The schema's attributes.")
            .required()
            .read_only(),
    ],
};
