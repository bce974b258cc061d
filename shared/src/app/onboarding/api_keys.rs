//! API keys of a tenant: for its owner's JSON API, and for SCIM (AQ-30). Stored as SHA-256, shown once.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::error::{OnboardingError, Thing};
use super::{Administration, refused, rounds, rules, scim};
use crate::app::deadlines::{self, Calendar};
use crate::app::events;
use crate::random;
use crate::redacted::Secret;
use crate::store::{ApiKey, ApiKeyKind, Guard};

/// Most keys of one tenant.
const MOST_KEYS: usize = 50;
/// How often a key is tried again when tenant or connection were changed meanwhile.
const MOST_ROUNDS: usize = 4;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// What it opens.
    pub kind: ApiKeyKind,
    /// The name that its owner gives it.
    pub name: String,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What a token of this kind begins with, so that secret scanners and people know it.
#[must_use]
pub fn prefix(kind: ApiKeyKind) -> &'static str {
    match kind {
        ApiKeyKind::Owner => "ghok_",
        ApiKeyKind::Scim => "ghsk_",
    }
}

/// All keys of the tenant.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn list(admin: &Administration) -> Result<Vec<ApiKey>, OnboardingError> {
    Ok(admin.store.api_keys().await?)
}

/// Makes a key; its token is shown this once. The first one for SCIM opts into it (AQ-29).
///
/// # Errors
/// [`OnboardingError`]: for SCIM `NotEntitled` (AQ-01) and `ScimNeedsConnection` (AQ-28); `Text`, `ExpiryPast`, `TooMany`.
pub async fn create(admin: &Administration, new: &NewKey) -> Result<(ApiKey, Secret), OnboardingError> {
    rounds(MOST_ROUNDS, || once(admin, new)).await
}

async fn once(admin: &Administration, new: &NewKey) -> Result<(ApiKey, Secret), OnboardingError> {
    // What was sent is looked at before what is there.
    let name = rules::text("/name", &new.name, (1, rules::MOST_NAME))?;
    let now = admin.now();
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(OnboardingError::ExpiryPast);
    }
    let mut tx = admin.store.begin();
    if new.kind == ApiKeyKind::Scim {
        let tenant = admin.tenant().await?;
        scim::hold_prerequisites(admin, &mut tx, tenant.entitlements).await?;
        if !tenant.settings.scim_enabled {
            scim::switch_on(admin, &mut tx, &tenant)?;
        }
    }
    if admin.store.api_keys().await?.len() >= MOST_KEYS {
        return Err(OnboardingError::TooMany {
            what: "API keys",
            most: MOST_KEYS,
        });
    }
    let token = format!("{}{}", prefix(new.kind), random::token()?);
    let key = ApiKey {
        id: random::uuid()?.to_string(),
        tenant: admin.store.id().clone(),
        kind: new.kind,
        name,
        hash: ApiKey::hash_of(&token),
        created_at: now,
        expires_at: new.expires_at,
    };
    tx.create_api_key(&key);
    Calendar::of(&admin.gatehouse, &admin.store)
        .await?
        .api_key(&mut tx, &key);
    tx.tenant_events(vec![events::api_key_created(&key, &admin.actor.to_value())]);
    admin.audit(
        &mut tx,
        "api_key.created",
        json!({ "key": key.id, "kind": key.kind }),
    )?;
    tx.commit().await.map_err(scim::overtaken)?;
    Ok((key, Secret::new(token)))
}

/// Revokes a key at once.
///
/// # Errors
/// [`OnboardingError::NotFound`] when the tenant has none of this id.
pub async fn revoke(admin: &Administration, id: &str) -> Result<(), OnboardingError> {
    let keys = admin.store.api_keys().await?;
    let gone = || OnboardingError::NotFound(Thing::ApiKey);
    let key = keys.iter().find(|key| key.id == id).ok_or_else(gone)?;
    let mut tx = admin.store.begin();
    tx.delete_api_key(key);
    tx.end_deadline(deadlines::of_key(key.kind), &key.id);
    tx.tenant_events(vec![events::api_key_revoked(
        key,
        admin.now(),
        &admin.actor.to_value(),
    )]);
    admin.audit(
        &mut tx,
        "api_key.revoked",
        json!({ "key": key.id, "kind": key.kind }),
    )?;
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::Fresh, gone()))
}
