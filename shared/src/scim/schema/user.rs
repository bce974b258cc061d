//! The User schema and its enterprise extension (RFC 7643, sections 4.1, 4.3 and 8.7.1).

use super::Schema;
use super::attribute::Attribute;

/// Sub-attributes of an ordinary multi-valued attribute, around its own `value` and usual types.
macro_rules! plural_sub_attributes {
    ($value:expr, $types:expr) => {
        &[
            $value,
            Attribute::string(
                "display",
                "A human-readable name, primarily used for display purposes.",
            ),
            Attribute::string("type", "A label indicating the value's function.").canonical($types),
            Attribute::boolean(
                "primary",
                "Whether this is the preferred value. True no more than once.",
            ),
        ]
    };
}

const NAME: &[Attribute] = &[
    Attribute::string("formatted", "The full name, formatted for display."),
    Attribute::string(
        "familyName",
        "The family name, or last name in most Western languages.",
    ),
    Attribute::string(
        "givenName",
        "The given name, or first name in most Western languages.",
    ),
    Attribute::string("middleName", "The middle name(s)."),
    Attribute::string("honorificPrefix", "The honorific prefix(es), or title."),
    Attribute::string("honorificSuffix", "The honorific suffix(es), or suffix."),
];

const ADDRESS: &[Attribute] = &[
    Attribute::string(
        "formatted",
        "The full mailing address, formatted for display or a mailing label.",
    ),
    Attribute::string(
        "streetAddress",
        "The full street address, which may hold several lines.",
    ),
    Attribute::string("locality", "The city or locality."),
    Attribute::string("region", "The state or region."),
    Attribute::string("postalCode", "The postal code."),
    Attribute::string("country", "The country."),
    Attribute::string("type", "A label indicating the address's function.")
        .canonical(&["work", "home", "other"]),
    Attribute::boolean(
        "primary",
        "Whether this is the preferred address. True no more than once.",
    ),
];

const GROUPS: &[Attribute] = &[
    Attribute::key("value", "The identifier of the user's group.")
        .exact()
        .read_only(),
    Attribute::reference("$ref", &["Group"], "The URI of the group.").read_only(),
    Attribute::string("display", "The group's displayName.").read_only(),
    Attribute::string("type", "How the user belongs to the group.")
        .canonical(&["direct"])
        .read_only(),
];

const MANAGER: &[Attribute] = &[
    Attribute::key("value", "The id of the user who is the manager.").exact(),
    Attribute::reference("$ref", &["User"], "The URI of the user who is the manager."),
    Attribute::string("displayName", "The manager's displayName.").read_only(),
];

/// The User schema.
pub const USER: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    description: "User Account",
    attributes: &[
        Attribute::key(
            "userName",
            "Unique identifier for the user, typically used to sign in.",
        )
        .required()
        .unique(),
        Attribute::complex("name", NAME, "The components of the user's name."),
        Attribute::string("displayName", "The name of the user, suitable for display."),
        Attribute::string("nickName", "The casual way to address the user."),
        Attribute::reference("profileUrl", &["external"], "The user's online profile."),
        Attribute::string("title", "The user's title, such as \"Vice President\"."),
        Attribute::string(
            "userType",
            "The relationship between the organization and the user.",
        ),
        Attribute::string(
            "preferredLanguage",
            "The user's preferred language, such as en-US.",
        ),
        Attribute::string(
            "locale",
            "The user's default location for formatting, such as en-US.",
        ),
        Attribute::string("timezone", "The user's time zone, such as America/Los_Angeles."),
        Attribute::boolean("active", "Whether the user may sign in."),
        Attribute::plural(
            "emails",
            plural_sub_attributes!(
                Attribute::key("value", "An e-mail address of the user."),
                &["work", "home", "other"]
            ),
            "E-mail addresses of the user.",
        ),
        Attribute::plural(
            "phoneNumbers",
            plural_sub_attributes!(
                Attribute::string("value", "A phone number of the user."),
                &["work", "home", "mobile", "fax", "pager", "other"]
            ),
            "Phone numbers of the user.",
        ),
        Attribute::plural(
            "ims",
            plural_sub_attributes!(
                Attribute::string("value", "An instant messaging address of the user."),
                &["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]
            ),
            "Instant messaging addresses of the user.",
        ),
        Attribute::plural(
            "photos",
            plural_sub_attributes!(
                Attribute::reference("value", &["external"], "The URL of a photo of the user."),
                &["photo", "thumbnail"]
            ),
            "URLs of photos of the user.",
        ),
        Attribute::plural("addresses", ADDRESS, "Physical mailing addresses of the user."),
        Attribute::plural("groups", GROUPS, "The groups to which the user belongs.").read_only(),
        Attribute::plural(
            "entitlements",
            plural_sub_attributes!(Attribute::string("value", "The value of an entitlement."), &[]),
            "Things the user has.",
        ),
        Attribute::plural(
            "roles",
            plural_sub_attributes!(Attribute::string("value", "The value of a role."), &[]),
            "Roles that say who the user is.",
        ),
        Attribute::plural(
            "x509Certificates",
            plural_sub_attributes!(
                Attribute::binary("value", "An X.509 certificate, DER in Base64."),
                &[]
            ),
            "Certificates issued to the user.",
        ),
    ],
};

/// The enterprise extension of the User schema.
pub const ENTERPRISE: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    name: "EnterpriseUser",
    description: "Enterprise User",
    attributes: &[
        Attribute::string(
            "employeeNumber",
            "Identifier assigned to the person by the organization.",
        ),
        Attribute::string("costCenter", "The name of a cost center."),
        Attribute::string("organization", "The name of an organization."),
        Attribute::string("division", "The name of a division."),
        Attribute::string("department", "The name of a department."),
        Attribute::complex("manager", MANAGER, "The user's manager."),
    ],
};

/// A password is taken so that no provisioning run fails over it, and dropped at once (AQ-34). It is in no published
/// schema: this server has none.
pub(super) const PASSWORD: Attribute = Attribute::string("password", "Never kept and never returned.")
    .exact()
    .write_only();
