//! How an owner comes in without an API key: by a one-time set-up link of the operator's, or by signing in as an owner.
//! Both are redeemed once for a bearer token; its session ends by itself, and with the owner's own access.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::{OnboardingError, Thing};
use super::owners::Ownership;
use super::{Actor, Administration};
use crate::app::Gatehouse;
use crate::domain::ids::{TenantId, UserId};
use crate::openid_provider::pkce::CodeChallenge;
use crate::random;
use crate::redacted::Secret;
use std::sync::Arc;

/// What a session's token begins with.
pub const PREFIX: &str = "ghos_";
/// How long a link is good unless asked otherwise, and at most.
const LINK_LIFETIME: (TimeDelta, TimeDelta) = (TimeDelta::days(3), TimeDelta::days(14));
/// How long a session of a set-up link lasts.
const SETUP_SESSION: TimeDelta = TimeDelta::hours(24);
/// How long a session of an owner who signed in lasts.
const OWNER_SESSION: TimeDelta = TimeDelta::hours(8);
/// How long the code of a sign-in is good.
pub const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(2);
/// How old a sign-in may be for what needs a fresh one.
pub const FRESH: TimeDelta = TimeDelta::minutes(15);

/// What a set-up link stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SetupLink {
    id: String,
    tenant: TenantId,
}

/// What the code of an owner's sign-in stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerCode {
    /// The organization.
    pub owner_tenant: TenantId,
    /// The owner.
    pub owner: UserId,
    /// The owner's epoch.
    pub owner_epoch: u64,
    /// When the identity provider asked the owner; where it does not say, the sign-in is never fresh.
    pub signed_in_at: Option<DateTime<Utc>>,
    /// PKCE (RFC 7636): who began it redeems it.
    pub challenge: CodeChallenge,
}

/// A session on the owner's API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerSession {
    /// Public id.
    pub session: String,
    /// The organization.
    pub session_tenant: TenantId,
    /// The owner who signed in, with the epoch; `None` is a set-up link's.
    pub owner: Option<(UserId, u64)>,
    /// When the identity provider asked the owner.
    pub signed_in_at: Option<DateTime<Utc>>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Makes a one-time set-up link; its token is shown this once.
///
/// # Errors
/// [`OnboardingError`]: `OperatorOnly`, `ExpiryPast`.
pub async fn make_link(
    admin: &Administration,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(String, Secret, DateTime<Utc>), OnboardingError> {
    if !admin.actor.is_operator() {
        return Err(OnboardingError::OperatorOnly);
    }
    let now = admin.now();
    let (usual, most) = LINK_LIFETIME;
    let until = expires_at.unwrap_or(now + usual);
    if until <= now || until > now + most {
        return Err(OnboardingError::ExpiryPast);
    }
    let id = random::uuid()?.to_string();
    let link = SetupLink {
        id: id.clone(),
        tenant: admin.store.id().clone(),
    };
    let token = random::token()?;
    let mut tx = admin.store.begin();
    tx.put_setup_link(&token, &link, until);
    admin.audit(
        &mut tx,
        "setup_link.created",
        json!({ "link": id, "expires_at": until }),
    )?;
    tx.commit().await?;
    Ok((id, Secret::new(token), until))
}

/// Redeems a set-up link: once.
///
/// # Errors
/// [`OnboardingError::NotFound`] for a link that is none, used or over.
pub async fn redeem_link(
    gatehouse: &Arc<Gatehouse>,
    token: &str,
) -> Result<(OwnerSession, Secret), OnboardingError> {
    let door = gatehouse.store.front_door();
    let link = door.take_setup_link::<SetupLink>(token).await?;
    let link = link.ok_or(OnboardingError::NotFound(Thing::SetupLink))?;
    if !gatehouse.store.tenant(&link.tenant).exists().await? {
        return Err(OnboardingError::NotFound(Thing::SetupLink));
    }
    let now = gatehouse.clock.now();
    let session = OwnerSession {
        session: random::uuid()?.to_string(),
        session_tenant: link.tenant,
        owner: None,
        signed_in_at: None,
        expires_at: now + SETUP_SESSION,
    };
    begin(gatehouse, session, json!({ "link": link.id })).await
}

/// Redeems the code of an owner's sign-in: once, by whoever began it.
///
/// # Errors
/// [`OnboardingError::NotFound`] for a code that is none, used, over or another's.
pub async fn redeem_code(
    gatehouse: &Arc<Gatehouse>,
    code: &str,
    verifier: &str,
) -> Result<(OwnerSession, Secret), OnboardingError> {
    let gone = || OnboardingError::NotFound(Thing::SignInCode);
    let door = gatehouse.store.front_door();
    // What else may be parked has other fields, and is left alone.
    let parked = door.parked::<serde_json::Value>(code).await?;
    let found = parked.and_then(|value| serde_json::from_value::<OwnerCode>(value).ok());
    let found = found.ok_or_else(gone)?;
    if door.take_parked::<OwnerCode>(code).await?.is_none() || found.challenge.verify(Some(verifier)).is_err()
    {
        return Err(gone());
    }
    if !gatehouse.store.tenant(&found.owner_tenant).exists().await? {
        return Err(gone());
    }
    let session = OwnerSession {
        session: random::uuid()?.to_string(),
        session_tenant: found.owner_tenant,
        owner: Some((found.owner, found.owner_epoch)),
        signed_in_at: found.signed_in_at,
        expires_at: gatehouse.clock.now() + OWNER_SESSION,
    };
    begin(gatehouse, session, json!({})).await
}

async fn begin(
    gatehouse: &Arc<Gatehouse>,
    session: OwnerSession,
    more: serde_json::Value,
) -> Result<(OwnerSession, Secret), OnboardingError> {
    let token = format!("{PREFIX}{}", random::token()?);
    let admin = of_session(gatehouse.clone(), &session);
    let mut tx = admin.store.begin();
    tx.put_parked(&token, &session, session.expires_at);
    admin.audit(&mut tx, "owner_session.began", more)?;
    tx.commit().await?;
    Ok((session, Secret::new(token)))
}

fn of_session(gatehouse: Arc<Gatehouse>, session: &OwnerSession) -> Administration {
    let store = gatehouse.store.tenant(&session.session_tenant);
    Administration {
        gatehouse,
        store,
        actor: Actor::Session {
            session: session.session.clone(),
            user: session.owner.as_ref().map(|(user, _)| user.clone()),
            signed_in_at: session.signed_in_at,
        },
    }
}

/// The administration behind a session's token; `None` for one that is none, over, or whose owner is owner no more.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn administration(
    gatehouse: Arc<Gatehouse>,
    token: &str,
) -> Result<Option<Administration>, OnboardingError> {
    let door = gatehouse.store.front_door();
    let parked = door.parked::<serde_json::Value>(token).await?;
    let Some(session) = parked.and_then(|value| serde_json::from_value::<OwnerSession>(value).ok()) else {
        return Ok(None);
    };
    let store = gatehouse.store.tenant(&session.session_tenant);
    if let Some((owner, epoch)) = &session.owner {
        let (user, tenant) = try_join(store.user(owner), store.record()).await?;
        let root = tenant.as_ref().and_then(|tenant| tenant.root_user.as_ref());
        let ownership = Ownership::new(&gatehouse.config.role_catalogue, root);
        let still = user.is_some_and(|user| ownership.has(&user) && user.epoch == *epoch);
        if tenant.is_none() || !still {
            return Ok(None);
        }
    } else if !store.exists().await? {
        return Ok(None);
    }
    Ok(Some(of_session(gatehouse, &session)))
}

/// Ends a session.
///
/// # Errors
/// [`OnboardingError::Store`] when the table fails.
pub async fn end(gatehouse: &Gatehouse, token: &str) -> Result<(), OnboardingError> {
    gatehouse
        .store
        .front_door()
        .take_parked::<serde_json::Value>(token)
        .await?;
    Ok(())
}

/// What needs somebody who has just signed in: an owner of flesh and blood, or the operator.
///
/// # Errors
/// [`OnboardingError::FreshSignIn`] for API keys, set-up links and older sign-ins.
pub fn require_fresh(admin: &Administration) -> Result<(), OnboardingError> {
    let fresh = match &admin.actor {
        Actor::Operator { .. } => true,
        Actor::Session {
            signed_in_at: Some(at),
            ..
        } => admin.now() - *at <= FRESH,
        Actor::Session {
            signed_in_at: None, ..
        }
        | Actor::Owner { .. }
        | Actor::Upkeep => false,
    };
    if fresh {
        Ok(())
    } else {
        Err(OnboardingError::FreshSignIn)
    }
}
