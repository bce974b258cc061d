//! The token endpoint (OpenID Connect Core 1.0 section 3.1.3): a code is redeemed once; a refresh token is rotated, and
//! its reuse ends the whole family.

use chrono::{DateTime, Utc};
use futures_util::future::try_join;

use super::authenticate_client::authenticate;
use super::{ProviderError, access_end, keys, profile, shorten, standing};
use crate::app::Gatehouse;
use crate::domain::team::TeamMembership;
use crate::domain::user::User;
use crate::openid_provider::access_token;
use crate::openid_provider::clients::AppClient;
use crate::openid_provider::digest::Digest;
use crate::openid_provider::grants::{Grant, RedeemError, StoredCode, redeem_code};
use crate::openid_provider::id_token::{self, IdTokenContext};
use crate::openid_provider::opaque::{RefreshToken, grant_key};
use crate::openid_provider::params::Parameters;
use crate::openid_provider::refresh::{RefreshError, refresh};
use crate::openid_provider::scope::{Scope, Scopes};
use crate::openid_provider::token_request::{CodeExchange, RefreshExchange, TokenRequest, TokenResponse};
use crate::random;
use crate::store::{CommitError, FamilyRead, Guard};

/// Answers a token request.
///
/// # Errors
/// [`ProviderError`]; [`ProviderError::answer`] is what the app is told.
pub async fn token(
    gatehouse: &Gatehouse,
    authorization: Option<&str>,
    form: &Parameters,
) -> Result<TokenResponse, ProviderError> {
    let (client, _) = authenticate(gatehouse, authorization, form, "/oauth2/token").await?;
    let request = TokenRequest::parse(form).map_err(|error| ProviderError::Refused {
        code: error.code(),
        answer: error.answer(),
    })?;
    match request {
        TokenRequest::Code(exchange) => redeem(gatehouse, &client, &exchange).await,
        TokenRequest::Refresh(exchange) => renew(gatehouse, &client, &exchange).await,
    }
}

fn refused(error: &RedeemError) -> ProviderError {
    ProviderError::Refused {
        code: error.code(),
        answer: error.answer(),
    }
}

async fn redeem(
    gatehouse: &Gatehouse,
    client: &AppClient,
    exchange: &CodeExchange,
) -> Result<TokenResponse, ProviderError> {
    let now = gatehouse.clock.now();
    let stored = gatehouse
        .store
        .front_door()
        .code::<StoredCode>(exchange.code.expose())
        .await?;
    let Some(stored) = stored else {
        return Err(refused(&RedeemError::Unknown));
    };
    let mut code = stored.grant;
    code.authentication.ends_at = access_end(gatehouse, &code.authentication, now).await?;
    let spent = stored
        .redeemed_for
        .and_then(|family| Digest::try_from(family).ok());
    let who = &code.authentication;
    let store = gatehouse.store.tenant(&who.tenant);
    let session = who.session.to_string();
    let (read, teams): (FamilyRead<Grant>, _) =
        try_join(store.family(&who.user, None, &session), store.teams_of(&who.user)).await?;
    let allowed = redeem_code(Some(&code), spent, &client.id, exchange, &standing(&read), now);
    if let Err(error) = allowed {
        if let RedeemError::Reused(family) = &error {
            end_family(gatehouse, &code, family).await?;
        }
        return Err(refused(&error));
    }
    let user = read.user.ok_or_else(|| refused(&RedeemError::Unknown))?;
    let (grant, first) = begin(&code, now)?;
    let mut tx = store.begin();
    tx.redeem_code(exchange.code.expose(), &grant.key.to_string());
    tx.check_user(&user.id, who.epoch);
    tx.check_session_hash(&user.id, &session);
    let current = grant.refresh.map(|digest| digest.to_string()).unwrap_or_default();
    tx.create_family(&user.id, &grant.key.to_string(), &grant, &current, grant.ends_at);
    match tx.commit().await {
        Ok(()) => {}
        Err(error) if error.refused(Guard::Code) => return Err(reused_meanwhile(gatehouse, exchange).await?),
        // The session or the user ended between reading and writing.
        Err(CommitError::Refused(_)) => return Err(refused(&RedeemError::Unknown)),
        Err(error) => return Err(error.into()),
    }
    let scopes = grant.scopes.clone();
    let issue = Issue {
        client,
        user: &user,
        grant: &grant,
        scopes: &scopes,
        nonce: code.nonce.as_deref(),
    };
    issue.response(gatehouse, teams, first.as_ref(), now).await
}

/// The code was redeemed between reading and writing: that is reuse as well, and ends the family.
async fn reused_meanwhile(
    gatehouse: &Gatehouse,
    exchange: &CodeExchange,
) -> Result<ProviderError, ProviderError> {
    let stored = gatehouse
        .store
        .front_door()
        .code::<StoredCode>(exchange.code.expose())
        .await?;
    let family = stored
        .as_ref()
        .and_then(|stored| Digest::try_from(stored.redeemed_for.clone()?).ok());
    match (stored, family) {
        (Some(stored), Some(family)) => {
            end_family(gatehouse, &stored.grant, &family).await?;
            Ok(refused(&RedeemError::Reused(family)))
        }
        _ => Ok(refused(&RedeemError::Unknown)),
    }
}

/// The family of a code, with its first refresh token where the scopes ask for one.
fn begin(code: &StoredCode, now: DateTime<Utc>) -> Result<(Grant, Option<RefreshToken>), ProviderError> {
    let who = &code.authentication;
    let id = random::uuid()?;
    let first = if code.scopes.contains(Scope::OfflineAccess) {
        let token = RefreshToken::new(
            who.tenant.clone(),
            who.user.clone(),
            who.session,
            id,
            random::bytes()?,
        );
        Some(token)
    } else {
        None
    };
    Ok((Grant::begin(code, grant_key(id), first.as_ref(), now), first))
}

/// RFC 6749 section 4.1.2: a code that comes twice ends what it grew into.
async fn end_family(gatehouse: &Gatehouse, code: &StoredCode, family: &Digest) -> Result<(), ProviderError> {
    let mut tx = gatehouse.store.tenant(&code.authentication.tenant).begin();
    tx.delete_family(&code.authentication.user, &family.to_string());
    Ok(tx.commit().await?)
}

async fn renew(
    gatehouse: &Gatehouse,
    client: &AppClient,
    exchange: &RefreshExchange,
) -> Result<TokenResponse, ProviderError> {
    let now = gatehouse.clock.now();
    let presented = &exchange.token;
    let store = gatehouse.store.tenant(&presented.tenant);
    let key = presented.grant_key().to_string();
    let session = presented.session.to_string();
    let family = store.family::<Grant>(&presented.user, Some(&key), &session);
    let (mut read, teams) = try_join(family, store.teams_of(&presented.user)).await?;
    shorten(gatehouse, read.family.as_mut(), now).await?;
    let stored = read.family.as_ref();
    let allowed = refresh(
        stored,
        presented,
        &client.id,
        exchange.scope.as_deref(),
        &standing(&read),
        now,
    );
    let scopes = match allowed {
        Ok(scopes) => scopes,
        Err(error) => {
            if error == RefreshError::Reused {
                let mut tx = store.begin();
                tx.delete_family(&presented.user, &key);
                tx.commit().await?;
            }
            return Err(ProviderError::Refused {
                code: error.code(),
                answer: error.answer(),
            });
        }
    };
    let (Some(grant), Some(user)) = (read.family.as_ref(), read.user.as_ref()) else {
        return Err(unknown());
    };
    let next = grant.successor(presented, random::bytes()?);
    let rotated = grant.rotated(&next);
    let mut tx = store.begin();
    let step = (presented.digest().to_string(), next.digest().to_string());
    tx.rotate_family(&user.id, &key, &rotated, (&step.0, &step.1), rotated.ends_at);
    tx.check_user(&user.id, rotated.authentication.epoch);
    match tx.commit().await {
        Ok(()) => {}
        // The same token twice at once: one rotates it, the other is told that it works no more.
        Err(CommitError::Refused(_)) => return Err(unknown()),
        Err(error) => return Err(error.into()),
    }
    let issue = Issue {
        client,
        user,
        grant: &rotated,
        scopes: &scopes,
        nonce: None,
    };
    issue.response(gatehouse, teams, Some(&next), now).await
}

fn unknown() -> ProviderError {
    let error = RefreshError::Unknown;
    ProviderError::Refused {
        code: error.code(),
        answer: error.answer(),
    }
}

/// Tokens about to be issued.
struct Issue<'a> {
    client: &'a AppClient,
    user: &'a User,
    grant: &'a Grant,
    scopes: &'a Scopes,
    nonce: Option<&'a str>,
}

impl Issue<'_> {
    async fn response(
        &self,
        gatehouse: &Gatehouse,
        teams: Vec<TeamMembership>,
        refresh: Option<&RefreshToken>,
        now: DateTime<Utc>,
    ) -> Result<TokenResponse, ProviderError> {
        let who = &self.grant.authentication;
        let (keys, profile) = (
            keys::provider_keys(gatehouse).await?,
            profile::profile(gatehouse, self.user, teams, &who.connection).await?,
        );
        let key = keys
            .signing(self.client.id_token_alg)
            .map_err(super::keys::KeysError::from)?;
        let issuer = gatehouse.config.base_url.as_str();
        let access = access_token::issue(key, issuer, self.grant, self.scopes, random::uuid()?, now)
            .map_err(|error| ProviderError::Signing(error.code()))?;
        let context = IdTokenContext {
            issuer,
            client_id: &self.client.id,
            nonce: self.nonce,
            authentication: who,
            profile: &profile,
            scopes: self.scopes,
            access_token: access.token.expose(),
        };
        let id_token =
            id_token::issue(key, &context, now).map_err(|error| ProviderError::Signing(error.code()))?;
        Ok(TokenResponse::new(access, refresh, id_token, self.scopes))
    }
}
