//! Schemas and resource types (RFC 7643): one table that validation, filters, PATCH, projection and the discovery
//! documents read.

pub mod attribute;
mod common;
mod documents;
mod group;
mod service;
mod user;

use serde_json::{Value, json};

pub use attribute::{Attribute, DataType, Mutability, Returned};
pub use common::COMMON;
pub use documents::{
    LIST_RESPONSE_SCHEMA, resource_type, resource_types, schema, schemas, service_provider_config,
};
pub use group::GROUP;
pub use user::{ENTERPRISE, USER};

/// A schema: a URN and its attributes.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Its URN.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// Its attributes, in the order of answers.
    pub attributes: &'static [Attribute],
}

impl Schema {
    /// The attribute of that name, whatever its case.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name))
    }

    /// The schema as `/Schemas/{id}` shows it; `base` is the SCIM base URL without a trailing slash.
    #[must_use]
    pub fn document(&self, base: &str) -> Value {
        let attributes: Vec<Value> = self.attributes.iter().map(Attribute::document).collect();
        json!({
            "schemas": [service::SCHEMA.id],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": attributes,
            "meta": {
                "resourceType": "Schema",
                "location": format!("{base}/Schemas/{}", self.id),
            },
        })
    }
}

/// The types of resources this server keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// A person.
    User,
    /// A set of members.
    Group,
}

/// What a URN in a request means to a resource type.
#[derive(Clone, Copy, Debug)]
pub enum UrnMeaning {
    /// The type's own schema.
    Core,
    /// One of its extensions.
    Extension(&'static Schema),
}

/// URNs that stand for the core schema of either type: SCIM 1.1 and its shortened SCIM 2 form (OL-1).
const CORE_ALIASES: &[&str] = &[
    "urn:scim:schemas:core:1.0",
    "urn:scim:schemas:core:2.0",
    "urn:ietf:params:scim:schemas:core:2.0",
];

/// URNs that stand for the enterprise extension.
const ENTERPRISE_ALIASES: &[&str] = &[
    "urn:scim:schemas:extension:enterprise:1.0",
    "urn:scim:schemas:extension:enterprise:2.0",
    "urn:scim:schemas:extension:enterprise:2.0:User",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0",
];

impl ResourceKind {
    /// Every type.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// The type's name, as in `meta.resourceType`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.schema().name
    }

    /// The path of its endpoint below the base URL, without a slash.
    #[must_use]
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// Its core schema.
    #[must_use]
    pub fn schema(self) -> &'static Schema {
        match self {
            Self::User => &USER,
            Self::Group => &GROUP,
        }
    }

    /// Its extensions.
    #[must_use]
    pub fn extensions(self) -> &'static [Schema] {
        match self {
            Self::User => &[ENTERPRISE],
            Self::Group => &[],
        }
    }

    /// The core or common attribute of that name, whatever its case. `password` is one, though no schema shows it.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'static Attribute> {
        const PASSWORD: &Attribute = &user::PASSWORD;
        let password = self == Self::User && PASSWORD.name.eq_ignore_ascii_case(name);
        COMMON
            .iter()
            .find(|a| a.name.eq_ignore_ascii_case(name))
            .or_else(|| self.schema().attribute(name))
            .or_else(|| password.then_some(PASSWORD))
    }

    /// What a URN means for this type, whatever its case; aliases of older or careless clients included (E-10, OL-1).
    #[must_use]
    pub fn urn(self, urn: &str) -> Option<UrnMeaning> {
        let is = |known: &str| known.eq_ignore_ascii_case(urn);
        if is(self.schema().id)
            || CORE_ALIASES.iter().any(|alias| is(alias))
            || is(&format!("urn:scim:schemas:core:2.0:{}", self.name()))
            || is(&format!(
                "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/{}",
                self.name()
            ))
        {
            return Some(UrnMeaning::Core);
        }
        self.extensions()
            .iter()
            .find(|extension| {
                is(extension.id)
                    || (extension.id == ENTERPRISE.id && ENTERPRISE_ALIASES.iter().any(|alias| is(alias)))
            })
            .map(UrnMeaning::Extension)
    }
}
