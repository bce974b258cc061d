//! Opaque secrets that leave the house: authorization codes and refresh tokens. Only their SHA-256 is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::digest::Digest;
use crate::domain::ids::{TenantId, UserId};
use crate::redacted::Secret;

/// A presented secret that has not our form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpaqueError {
    /// No authorization code of ours.
    #[error("the code must be one that this provider issued")]
    Code,
    /// No refresh token of ours.
    #[error("the refresh token must be one that this provider issued")]
    RefreshToken,
}

impl OpaqueError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Code => "code_malformed",
            Self::RefreshToken => "refresh_token_malformed",
        }
    }
}

/// An authorization code: 256 random bits, base64url (RFC 6749 section 10.10 wants 128 at least).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code(Secret);

impl Code {
    /// A code from fresh randomness.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(Secret::new(URL_SAFE_NO_PAD.encode(random)))
    }

    /// Reads a presented code.
    ///
    /// # Errors
    /// [`OpaqueError::Code`] unless it is 32 octets in base64url.
    pub fn parse(text: &str) -> Result<Self, OpaqueError> {
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(Secret::new(text))),
            Ok(_) | Err(_) => Err(OpaqueError::Code),
        }
    }

    /// The code itself, for the redirect.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What the store keeps.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.expose().as_bytes())
    }
}

/// Marks our refresh tokens, so that secret scanners and people know them.
const REFRESH_PREFIX: &str = "ghrt_";

/// A refresh token: `ghrt_` and tenant, user, session, grant and secret, joined by dots. It names them so that one
/// consistent read fetches all that decides; the last part holds 256 random bits. Nothing in it is trusted before the
/// stored digest matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
    /// The key of the session that the grant ends with.
    pub session: Digest,
    /// The grant: the family that all its successors share.
    pub grant: Uuid,
    text: Secret,
}

impl RefreshToken {
    /// A token from fresh randomness.
    #[must_use]
    pub fn new(tenant: TenantId, user: UserId, session: Digest, grant: Uuid, random: [u8; 32]) -> Self {
        let secret = URL_SAFE_NO_PAD.encode(random);
        let text = format!(
            "{REFRESH_PREFIX}{tenant}.{user}.{session}.{}.{secret}",
            grant.as_simple()
        );
        Self {
            tenant,
            user,
            session,
            grant,
            text: Secret::new(text),
        }
    }

    /// Reads a presented token.
    ///
    /// # Errors
    /// [`OpaqueError::RefreshToken`] when it has not our form.
    pub fn parse(text: &str) -> Result<Self, OpaqueError> {
        Self::fields(text).ok_or(OpaqueError::RefreshToken)
    }

    fn fields(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(REFRESH_PREFIX)?.split('.');
        let token = Self {
            tenant: TenantId::parse(parts.next()?).ok()?,
            user: UserId::parse(parts.next()?).ok()?,
            session: Digest::try_from(parts.next()?.to_owned()).ok()?,
            grant: Uuid::try_parse(parts.next()?).ok()?,
            text: Secret::new(text),
        };
        Code::parse(parts.next()?).ok()?;
        parts.next().is_none().then_some(token)
    }

    /// The token itself, for the answer.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// What the store keeps of the whole token.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.expose().as_bytes())
    }

    /// The key that the store keeps the grant under.
    #[must_use]
    pub fn grant_key(&self) -> Digest {
        grant_key(self.grant)
    }
}

/// The key that the store keeps a grant under. Access tokens carry this and not the id, so that nobody who sees one
/// can name the family in a forged refresh token.
#[must_use]
pub fn grant_key(grant: Uuid) -> Digest {
    Digest::of(grant.as_bytes())
}
