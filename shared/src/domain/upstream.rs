//! A refresh token of an identity provider, as it lies in the identity's record (SE-06): sealed, the one exception to
//! AQ-31.

use serde::{Deserialize, Serialize};

/// A token under AES-256-GCM. The identity that it belongs to is authenticated with it, so that it opens there alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedToken {
    /// Version of the tenant's data key in Secrets Manager.
    pub key: String,
    /// Nonce, base64url.
    pub nonce: String,
    /// Ciphertext and tag, base64url.
    pub data: String,
}
