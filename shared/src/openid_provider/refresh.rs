//! Refreshing: every refresh token works once; one that was used before revokes its whole family (RFC 9700 section
//! 4.14.2). A refresh extends nothing.

use chrono::{DateTime, Utc};

use super::error::{OAuthError, OAuthErrorCode};
use super::grants::{Ended, Grant, Standing};
use super::opaque::RefreshToken;
use super::scope::{Scope, Scopes};
use crate::domain::ids::ClientId;

/// Why a refresh is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// No such grant, or none that refreshes.
    #[error("the refresh token is unknown, or it has ended: sign in again")]
    Unknown,
    /// The token was issued to another client.
    #[error("the refresh token is unknown, or it has ended: sign in again")]
    OtherClient,
    /// The token was used before: the caller revokes the grant.
    #[error("the refresh token was used before; its whole family is revoked: sign in again")]
    Reused,
    /// The sign-in behind it is over.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// A wider scope than granted.
    #[error("scope may only narrow what was granted, and must hold openid")]
    Scope,
}

impl RefreshError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "refresh_unknown",
            Self::OtherClient => "refresh_other_client",
            Self::Reused => "refresh_reused",
            Self::Ended(ended) => ended.code(),
            Self::Scope => "refresh_scope",
        }
    }

    /// The answer.
    #[must_use]
    pub fn answer(self) -> OAuthError {
        let code = match self {
            Self::Scope => OAuthErrorCode::InvalidScope,
            Self::Unknown | Self::OtherClient | Self::Reused | Self::Ended(_) => OAuthErrorCode::InvalidGrant,
        };
        OAuthError::new(code, &self.to_string())
    }
}

/// Whether a presented token refreshes the grant now, and for which scopes. `asked` is the request's `scope`.
///
/// # Errors
/// [`RefreshError`]; on [`RefreshError::Reused`] the caller revokes the grant.
pub fn refresh(
    stored: Option<&Grant>,
    presented: &RefreshToken,
    client: &ClientId,
    asked: Option<&str>,
    standing: &Standing,
    now: DateTime<Utc>,
) -> Result<Scopes, RefreshError> {
    let grant = stored
        .filter(|grant| names(grant, presented))
        .ok_or(RefreshError::Unknown)?;
    if grant.client_id != *client {
        return Err(RefreshError::OtherClient);
    }
    let current = grant.refresh.ok_or(RefreshError::Unknown)?;
    if !current.same(&presented.digest()) {
        return Err(RefreshError::Reused);
    }
    grant.authentication.check(standing, now)?;
    match asked {
        None => Ok(grant.scopes.clone()),
        Some(text) => narrowed(text, &grant.scopes).ok_or(RefreshError::Scope),
    }
}

/// The token's readable part must say what the grant says: it chose what was read.
fn names(grant: &Grant, presented: &RefreshToken) -> bool {
    let own = &grant.authentication;
    grant.key == presented.grant_key()
        && own.tenant == presented.tenant
        && own.user == presented.user
        && own.session == presented.session
}

/// RFC 6749 section 6: never wider. Unknown words would be wider.
fn narrowed(text: &str, granted: &Scopes) -> Option<Scopes> {
    let known = text
        .split(' ')
        .filter(|word| !word.is_empty())
        .all(|word| Scope::from_name(word).is_some());
    let asked = Scopes::parse(text);
    (known && asked.is_subset(granted) && asked.contains(Scope::OpenId)).then_some(asked)
}

impl Grant {
    /// The grant after a refresh: `next` is now the one token that works. Its end stays.
    #[must_use]
    pub fn rotated(&self, next: &RefreshToken) -> Self {
        Self {
            refresh: Some(next.digest()),
            generation: self.generation.saturating_add(1),
            ..self.clone()
        }
    }

    /// The successor of this grant's refresh token, from fresh randomness.
    #[must_use]
    pub fn successor(&self, presented: &RefreshToken, random: [u8; 32]) -> RefreshToken {
        let own = &self.authentication;
        RefreshToken::new(
            own.tenant.clone(),
            own.user.clone(),
            own.session,
            presented.grant,
            random,
        )
    }
}
