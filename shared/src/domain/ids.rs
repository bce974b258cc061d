//! Opaque identifiers. They are never reused and mean nothing outside Gatehouse.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::random::{self, RandomError};

/// The text is no identifier of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("wanted an identifier of 1 to 64 letters, digits, '-' or '_'; got {length} characters or others")]
pub struct InvalidId {
    /// Length in bytes of what came.
    pub length: usize,
}

impl InvalidId {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "invalid_id"
    }
}

fn checked(text: &str) -> Result<String, InvalidId> {
    let fits = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(InvalidId { length: text.len() })
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// A fresh random identifier (UUID version 4).
            ///
            /// # Errors
            /// [`RandomError`] when the system's generator fails.
            pub fn generate() -> Result<Self, RandomError> {
                Ok(Self(random::uuid()?.to_string()))
            }

            /// Reads an identifier.
            ///
            /// # Errors
            /// [`InvalidId`] unless it is 1 to 64 of `[A-Za-z0-9_-]`.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                checked(text).map(Self)
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// One customer organization.
    TenantId
);
impl TenantId {
    /// Stands for the deployment itself, for records that belong to no tenant. Tenants' ids are UUIDs.
    #[must_use]
    pub fn of_deployment() -> Self {
        Self("deployment".to_owned())
    }
}

id!(
    /// One connection of a tenant to an identity provider.
    ConnectionId
);
id!(
    /// A person's record in one tenant; the `sub` that the app sees.
    UserId
);
impl UserId {
    /// Whether a text has the form of the ids that we give: 36 hexadecimal digits and '-'. Nobody's id ever has another.
    #[must_use]
    pub fn has_form_of(text: &str) -> bool {
        text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
    }
}

id!(
    /// A team that the app knows.
    TeamId
);
id!(
    /// A group that SCIM pushes.
    GroupId
);
id!(
    /// A directory sync that was held (GH-06).
    HoldId
);
id!(
    /// An app client (OAuth 2.0 `client_id`, RFC 6749 section 2.2).
    ClientId
);
