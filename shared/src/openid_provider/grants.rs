//! Authorization codes and the grants that grow from them (RFC 6749 section 4.1, RFC 9700 section 4.14).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::access_token;
use super::authorize::AuthorizationRequest;
use super::digest::Digest;
use super::error::{OAuthError, OAuthErrorCode};
use super::opaque::RefreshToken;
use super::pkce::{CodeChallenge, PkceError};
use super::scope::{Scope, Scopes};
use super::token_request::CodeExchange;
use crate::domain::ids::{ClientId, ConnectionId, TenantId, UserId};

/// How long a code may be redeemed.
pub const CODE_LIFETIME: TimeDelta = TimeDelta::seconds(60);
/// How long a spent code is remembered, so that its reuse revokes: as long as an access token from it may live.
pub const CODE_MEMORY: TimeDelta = TimeDelta::minutes(10);

/// How and when a person authenticated, and until when that counts. Codes and grants carry it unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
    /// The key that the store keeps the session under: the SHA-256 of its secret.
    pub session: Digest,
    /// The session's public id, for the claim `sid`.
    pub sid: String,
    /// The user's epoch: an older one than the user's is over.
    pub epoch: u64,
    /// The connection that vouched.
    pub connection: ConnectionId,
    /// When the person authenticated, as the IdP says.
    pub auth_time: DateTime<Utc>,
    /// When the IdP last vouched.
    pub confirmed_at: DateTime<Utc>,
    /// When everything from it ends: the earlier of the session's end and the end of access. Nothing extends it.
    pub ends_at: DateTime<Utc>,
    /// Authentication context class.
    #[serde(default)]
    pub acr: Option<String>,
    /// Authentication methods (RFC 8176).
    #[serde(default)]
    pub amr: Vec<String>,
}

/// What the store knows about user and session at this instant, by one consistent read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the user exists and is active.
    pub active: bool,
    /// The user's epoch.
    pub epoch: u64,
    /// Whether the session exists.
    pub session: bool,
}

/// Why something issued earlier counts no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The end of access or of the session has passed.
    #[error("the sign-in behind it has ended: sign in again")]
    Time,
    /// The user is gone, deactivated, or everything of the user was revoked.
    #[error("the sign-in behind it was ended: sign in again")]
    User,
    /// The session was ended.
    #[error("the session behind it was ended: sign in again")]
    Session,
}

impl Ended {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Time => "ended_by_time",
            Self::User => "ended_by_user",
            Self::Session => "ended_by_session",
        }
    }
}

impl Authentication {
    /// Whether it still counts.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn check(&self, standing: &Standing, now: DateTime<Utc>) -> Result<(), Ended> {
        if !standing.active || standing.epoch != self.epoch {
            return Err(Ended::User);
        }
        if !standing.session {
            return Err(Ended::Session);
        }
        if self.ends_at <= now {
            Err(Ended::Time)
        } else {
            Ok(())
        }
    }
}

/// A code as the store keeps it, under the code's digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCode {
    /// Who may redeem it.
    pub client_id: ClientId,
    /// Where it was sent.
    pub redirect_uri: String,
    /// PKCE.
    pub code_challenge: CodeChallenge,
    /// For the ID token.
    pub nonce: Option<String>,
    /// What is granted.
    pub scopes: Scopes,
    /// Whose sign-in it stands for.
    pub authentication: Authentication,
    /// Until when it may be redeemed.
    pub expires_at: DateTime<Utc>,
}

impl StoredCode {
    /// The code for a request, issued at `now`.
    #[must_use]
    pub fn issue(request: &AuthorizationRequest, authentication: Authentication, now: DateTime<Utc>) -> Self {
        Self {
            client_id: request.client_id.clone(),
            redirect_uri: request.target.redirect_uri.clone(),
            code_challenge: request.code_challenge.clone(),
            nonce: request.nonce.clone(),
            scopes: request.scopes.clone(),
            authentication,
            expires_at: now + CODE_LIFETIME,
        }
    }
}

/// Why a code is not redeemed. Everything but the two request errors is `invalid_grant` to the app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedeemError {
    /// No such code.
    #[error("the code is unknown or its time is over")]
    Unknown,
    /// The code was issued to another client.
    #[error("the code is unknown or its time is over")]
    OtherClient,
    /// Redeemed before: the caller revokes the grant of that key.
    #[error("the code was redeemed before; everything issued for it is revoked")]
    Reused(Digest),
    /// Later than [`CODE_LIFETIME`].
    #[error("the code is unknown or its time is over")]
    Expired,
    /// Another `redirect_uri` than in the authorization request.
    #[error("redirect_uri must be the one of the authorization request")]
    RedirectUri,
    /// PKCE.
    #[error(transparent)]
    Pkce(#[from] PkceError),
    /// The sign-in behind it is over.
    #[error(transparent)]
    Ended(#[from] Ended),
}

impl RedeemError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "code_unknown",
            Self::OtherClient => "code_other_client",
            Self::Reused(_) => "code_reused",
            Self::Expired => "code_expired",
            Self::RedirectUri => "code_redirect_uri",
            Self::Pkce(error) => error.code(),
            Self::Ended(ended) => ended.code(),
        }
    }

    /// The answer.
    #[must_use]
    pub fn answer(&self) -> OAuthError {
        OAuthError::new(OAuthErrorCode::InvalidGrant, &self.to_string())
    }
}

/// Whether a code may be redeemed now. `spent_for` is the key of the grant that it was redeemed for already. A refusal
/// changes nothing; only [`RedeemError::Reused`] asks the caller to revoke.
///
/// # Errors
/// [`RedeemError`].
pub fn redeem_code(
    stored: Option<&StoredCode>,
    spent_for: Option<Digest>,
    client: &ClientId,
    request: &CodeExchange,
    standing: &Standing,
    now: DateTime<Utc>,
) -> Result<(), RedeemError> {
    let stored = stored.ok_or(RedeemError::Unknown)?;
    if stored.client_id != *client {
        return Err(RedeemError::OtherClient);
    }
    if let Some(grant) = spent_for {
        return Err(RedeemError::Reused(grant));
    }
    if stored.expires_at <= now {
        return Err(RedeemError::Expired);
    }
    if stored.redirect_uri != request.redirect_uri {
        return Err(RedeemError::RedirectUri);
    }
    let verifier = request.code_verifier.as_ref().map(|verifier| verifier.expose());
    stored.code_challenge.verify(verifier)?;
    stored.authentication.check(standing, now)?;
    Ok(())
}

/// What one code grew into: the family of its access and refresh tokens, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The key that the store keeps it under (see [`super::opaque::grant_key`]).
    pub key: Digest,
    /// Whose it is.
    pub client_id: ClientId,
    /// What is granted.
    pub scopes: Scopes,
    /// Whose sign-in it stands for.
    pub authentication: Authentication,
    /// The digest of the one refresh token that works; none without `offline_access`.
    pub refresh: Option<Digest>,
    /// How often it was refreshed.
    pub generation: u32,
    /// When the store may forget it.
    pub ends_at: DateTime<Utc>,
}

impl Grant {
    /// The grant of a code that was redeemed at `now`. `refresh` is its first refresh token, made by the caller; it is
    /// kept only when the scopes hold `offline_access`.
    #[must_use]
    pub fn begin(code: &StoredCode, key: Digest, refresh: Option<&RefreshToken>, now: DateTime<Utc>) -> Self {
        let authentication = code.authentication.clone();
        let refresh = refresh.filter(|_| code.scopes.contains(Scope::OfflineAccess));
        let ends_at = match refresh {
            Some(_) => authentication.ends_at,
            None => authentication.ends_at.min(now + access_token::LIFETIME),
        };
        Self {
            key,
            client_id: code.client_id.clone(),
            scopes: code.scopes.clone(),
            authentication,
            refresh: refresh.map(RefreshToken::digest),
            generation: 0,
            ends_at,
        }
    }
}
