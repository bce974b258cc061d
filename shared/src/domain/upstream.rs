//! A token of an identity provider, as it lies in the identity's record (SE-06): sealed, the one exception to
//! AQ-31.

use serde::{Deserialize, Serialize};

/// What a sealed token is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A refresh token (RFC 6749 section 6).
    #[default]
    Refresh,
    /// An access token that does not expire, as GitHub gives it to OAuth apps.
    Access,
}

/// A token under AES-256-GCM. The identity that it belongs to is authenticated with it, so that it opens there alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedToken {
    /// Version of the tenant's data key in Secrets Manager.
    pub key: String,
    /// Nonce, base64url.
    pub nonce: String,
    /// Ciphertext and tag, base64url.
    pub data: String,
    /// What it is.
    #[serde(default)]
    pub kind: TokenKind,
}
