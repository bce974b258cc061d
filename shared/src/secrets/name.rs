//! What secrets are called.

use crate::domain::ids::{ConnectionId, TenantId};

/// Every secret there is; the full name is `{prefix}/{path}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretName {
    /// Keys that a connection's AuthnRequests and logout messages are signed with.
    SpSigning(ConnectionId),
    /// Keys that a connection's encrypted assertions are opened with.
    SpDecryption(ConnectionId),
    /// A connection's client secret or client key at its OpenID Provider or GitHub.
    ClientSecret(ConnectionId),
    /// Keys that our own tokens are signed with.
    OpSigningKeys,
    /// Key that seals a tenant's upstream refresh tokens.
    TenantDataKey(TenantId),
}

impl SecretName {
    /// The full name under a deployment's prefix. Role policies match it by its first and last segment.
    #[must_use]
    pub fn full(&self, prefix: &str) -> String {
        match self {
            Self::SpSigning(connection) => format!("{prefix}/connection/{connection}/sp-signing"),
            Self::SpDecryption(connection) => format!("{prefix}/connection/{connection}/sp-decryption"),
            Self::ClientSecret(connection) => format!("{prefix}/connection/{connection}/client-secret"),
            Self::OpSigningKeys => format!("{prefix}/op/signing-keys"),
            Self::TenantDataKey(tenant) => format!("{prefix}/tenant/{tenant}/data-key"),
        }
    }
}
