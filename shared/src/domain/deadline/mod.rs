//! Deadlines: what expires, and when its owners hear of it (AQ-20, GH-02).
//!
//! Days are counted on the owner's calendar: "14 days before" is the same time of day on the fourteenth day before, also
//! where the clocks were changed in between.

mod schedule;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::TenantId;

pub use schedule::{InvalidStages, Schedule, Stages, TimeZone, UnknownTimeZone};

/// What expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// The client secret of an OpenID Connect or GitHub connection; its end is what the owner says.
    ClientSecret,
    /// The certificate around our key at a provider (`private_key_jwt`).
    ClientKey,
    /// The last signing certificate of a SAML identity provider.
    IdpCertificate,
    /// The certificate that a SAML connection signs with.
    SpSigningCertificate,
    /// The certificate that assertions to a SAML connection are encrypted to.
    SpEncryptionCertificate,
    /// A key of the OpenID Provider.
    OpKey,
    /// A SCIM key.
    ScimKey,
    /// A key of the owner's API.
    OwnerKey,
    /// A secret of an app client.
    AppClientSecret,
    /// The proof of a domain that has gone missing: it lapses then.
    DomainProof,
}

impl DeadlineKind {
    /// Its name in keys, events and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientSecret => "client_secret",
            Self::ClientKey => "client_key",
            Self::IdpCertificate => "idp_certificate",
            Self::SpSigningCertificate => "sp_signing_certificate",
            Self::SpEncryptionCertificate => "sp_encryption_certificate",
            Self::OpKey => "op_key",
            Self::ScimKey => "scim_key",
            Self::OwnerKey => "owner_key",
            Self::AppClientSecret => "app_client_secret",
            Self::DomainProof => "domain_proof",
        }
    }

    /// Whether a reminder two weeks before is sent whatever the operator configures (AQ-20).
    #[must_use]
    pub fn always_two_weeks_before(self) -> bool {
        self == Self::ClientSecret
    }
}

/// One thing that expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Whose it is; the deployment's own ([`TenantId::of_deployment`]) stand in the operator's digest alone.
    pub tenant: TenantId,
    /// What expires.
    pub kind: DeadlineKind,
    /// Id of the connection, key, client or domain.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Preset or brand of the connection, for instructions; empty where there is none.
    #[serde(default)]
    pub brand: String,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

/// One of the moments at which the owners hear of a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// So many days before.
    Before(u16),
    /// It has expired: 0 at that very moment, then daily.
    Overdue(u32),
}

impl Stage {
    /// Its name in keys and events: `d14`, `o3`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Before(days) => format!("d{days}"),
            Self::Overdue(days) => format!("o{days}"),
        }
    }
}

#[cfg(test)]
mod tests;
