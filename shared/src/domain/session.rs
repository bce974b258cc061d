//! A session of one person in one tenant, and the secret that names it.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{ConnectionId, TenantId, UserId};
use crate::redacted::Secret;

/// A session (DESIGN section 3, "Freshness"). It is found by tenant, user and the hash of its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Public id (`sid`, OpenID Connect Front-Channel Logout 1.0 section 3).
    pub sid: String,
    /// The organization.
    pub tenant: TenantId,
    /// The person.
    pub user: UserId,
    /// The connection that vouched.
    pub connection: ConnectionId,
    /// When the person signed in, as the identity provider says (`auth_time`); else when it vouched.
    pub auth_time: DateTime<Utc>,
    /// Whether the identity provider said it: else no session is young enough for an app that asks by `max_age`.
    #[serde(default = "stated")]
    pub auth_time_stated: bool,
    /// When the identity provider last vouched.
    pub confirmed_at: DateTime<Utc>,
    /// SE-08: access to the organization ends here, unless the identity provider vouches again.
    pub access_until: DateTime<Utc>,
    /// SE-07: the session ends here.
    pub expires_at: DateTime<Utc>,
    /// The user's epoch when it was made: an older one than the user's is over.
    pub epoch: u64,
    /// SHA-256 of the NameID, for single logout.
    pub name_id_hash: Option<String>,
    /// SessionIndex of the assertion (SAML core 2.7.2).
    pub session_index: Option<String>,
    /// Authentication context class, as `acr`.
    pub authn_context: Option<String>,
    /// The provider's ID token, where its logout is to be told who leaves; sealed by the session's own secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_hint: Option<String>,
}

/// Sessions from before the field was there.
fn stated() -> bool {
    true
}

/// The secret that names a session; tenant and user are part of it, so that its key can be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionToken {
    /// The organization.
    pub tenant: TenantId,
    /// The person.
    pub user: UserId,
    /// 256 random bits.
    pub secret: Secret,
}

impl SessionToken {
    /// The token as the cookie carries it.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}.{}", self.tenant, self.user, self.secret.expose())
    }
}

/// The text is no session token. The text itself stays out of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("wanted a session token; what came is not one")]
pub struct InvalidSessionToken;

impl FromStr for SessionToken {
    type Err = InvalidSessionToken;

    fn from_str(text: &str) -> Result<Self, InvalidSessionToken> {
        let mut parts = text.split('.');
        let (Some(tenant), Some(user), Some(secret), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidSessionToken);
        };
        let is_secret = secret.len() == 43
            && secret
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if !is_secret {
            return Err(InvalidSessionToken);
        }
        Ok(Self {
            tenant: TenantId::parse(tenant).map_err(|_| InvalidSessionToken)?,
            user: UserId::parse(user).map_err(|_| InvalidSessionToken)?,
            secret: Secret::new(secret),
        })
    }
}

/// How many organizations one browser may be signed in to.
const MOST_SESSIONS: usize = 8;

/// What the session cookie holds: one token per organization, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionCookie(Vec<SessionToken>);

impl SessionCookie {
    /// Reads a cookie's value; what is no token is passed over.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        Self(
            value
                .split('~')
                .filter_map(|text| text.parse().ok())
                .take(MOST_SESSIONS)
                .collect(),
        )
    }

    /// The tokens, newest first.
    #[must_use]
    pub fn tokens(&self) -> &[SessionToken] {
        &self.0
    }

    /// The token of one organization.
    #[must_use]
    pub fn of(&self, tenant: &TenantId) -> Option<&SessionToken> {
        self.0.iter().find(|token| token.tenant == *tenant)
    }

    /// With a new token, in place of the same organization's.
    #[must_use]
    pub fn with(mut self, token: SessionToken) -> Self {
        self.0.retain(|other| other.tenant != token.tenant);
        self.0.insert(0, token);
        self.0.truncate(MOST_SESSIONS);
        self
    }

    /// Without the token of one organization.
    #[must_use]
    pub fn without(mut self, tenant: &TenantId) -> Self {
        self.0.retain(|other| other.tenant != *tenant);
        self
    }

    /// The cookie's value.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0
            .iter()
            .map(SessionToken::to_text)
            .collect::<Vec<_>>()
            .join("~")
    }
}
