//! App clients of the deployment, by the operator. They belong to no tenant: event and
//! audit entry of a change are the deployment's own.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::error::{OnboardingError, Thing};
use super::{Administration, refused, rules};
use crate::app::deadlines::{self, Calendar};
use crate::app::{Gatehouse, events};
use crate::domain::ids::ClientId;
use crate::openid_provider::client_settings::{ClientError, ClientSettings};
use crate::openid_provider::clients::AppClient;
use crate::random;
use crate::redacted::Secret;
use crate::store::{Guard, TenantTransaction};

/// Most app clients of a deployment.
const MOST_CLIENTS: usize = 200;

/// A client with the version to change it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The client.
    pub client: AppClient,
    /// Its version.
    pub version: u64,
}

/// Makes a client without secrets.
///
/// # Errors
/// [`OnboardingError`]: `Client`, `DefaultClientTaken`, `TooMany`.
pub async fn create(admin: &Administration, settings: &ClientSettings) -> Result<Versioned, OnboardingError> {
    let gatehouse = &admin.gatehouse;
    let door = gatehouse.store.front_door();
    if door.clients().await?.len() >= MOST_CLIENTS {
        return Err(OnboardingError::TooMany {
            what: "app clients",
            most: MOST_CLIENTS,
        });
    }
    let id = ClientId::generate()?;
    let client = AppClient::register(id, settings, gatehouse.clock.now())?;
    sole_default(gatehouse, &client).await?;
    write(admin, client, None, "app_client.created").await
}

/// All clients, in id order.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn list(gatehouse: &Gatehouse) -> Result<Vec<Versioned>, OnboardingError> {
    let door = gatehouse.store.front_door();
    let ids = door.clients().await?;
    let read = ids.iter().map(|id| door.client_and_version::<AppClient>(id));
    let found = futures_util::future::try_join_all(read).await?;
    let versioned = |(client, version)| Versioned { client, version };
    Ok(found.into_iter().flatten().map(versioned).collect())
}

/// A client by its id.
///
/// # Errors
/// [`OnboardingError::NotFound`] when there is none.
pub async fn read(gatehouse: &Gatehouse, id: &ClientId) -> Result<Versioned, OnboardingError> {
    let found = gatehouse
        .store
        .front_door()
        .client_and_version::<AppClient>(id)
        .await?;
    let (client, version) = found.ok_or(OnboardingError::NotFound(Thing::Client))?;
    Ok(Versioned { client, version })
}

/// Writes all settings over the version that the caller read; secrets stay.
///
/// # Errors
/// [`OnboardingError`]: `VersionMismatch`, `Changed`, `Client`, `DefaultClientTaken`.
pub async fn update(
    admin: &Administration,
    id: &ClientId,
    wanted: u64,
    settings: &ClientSettings,
) -> Result<Versioned, OnboardingError> {
    let Versioned { client, version } = read(&admin.gatehouse, id).await?;
    rules::version(wanted, version)?;
    let changed = client.with_settings(settings)?;
    sole_default(&admin.gatehouse, &changed).await?;
    write(admin, changed, Some(version), "app_client.updated").await
}

/// Deletes a client: its codes and tokens are refused from then on (within the minute that others believe it).
///
/// # Errors
/// [`OnboardingError::NotFound`] when there is none.
pub async fn delete(admin: &Administration, id: &ClientId) -> Result<(), OnboardingError> {
    let Versioned { client, version } = read(&admin.gatehouse, id).await?;
    let mut tx = admin.store.begin();
    tx.delete_client(id);
    let gone: Vec<String> = client
        .secrets
        .iter()
        .map(|secret| secret.id.to_string())
        .collect();
    deadlines::end_app_client(&mut tx, &client, &gone);
    noted(admin, &mut tx, "app_client.deleted", (&client, version + 1))?;
    let done = tx.commit().await;
    admin.gatehouse.store.front_door().forget_client(id);
    done.map_err(|error| refused(error, Guard::Client, OnboardingError::NotFound(Thing::Client)))
}

/// Adds a secret, which is shown this once.
///
/// # Errors
/// [`OnboardingError`]: `NotFound`, `Client` (too many, public, expired), `Changed`.
pub async fn add_secret(
    admin: &Administration,
    id: &ClientId,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(Uuid, Secret), OnboardingError> {
    let Versioned { mut client, version } = read(&admin.gatehouse, id).await?;
    let secret_id = random::uuid()?;
    let secret = client.add_secret(secret_id, random::bytes()?, admin.now(), expires_at)?;
    write(admin, client, Some(version), "app_client.secret_added").await?;
    Ok((secret_id, secret))
}

/// Takes a secret away.
///
/// # Errors
/// [`OnboardingError`]: `NotFound` of the client or the secret, `Changed`.
pub async fn revoke_secret(
    admin: &Administration,
    id: &ClientId,
    secret: Uuid,
) -> Result<(), OnboardingError> {
    let Versioned { mut client, version } = read(&admin.gatehouse, id).await?;
    match client.revoke_secret(secret) {
        Ok(()) => {}
        Err(ClientError::UnknownSecret) => return Err(OnboardingError::NotFound(Thing::ClientSecret)),
        Err(error) => return Err(error.into()),
    }
    let gone = [secret.to_string()];
    write_without(admin, client, Some(version), "app_client.secret_revoked", &gone).await?;
    Ok(())
}

async fn write(
    admin: &Administration,
    client: AppClient,
    read: Option<u64>,
    action: &'static str,
) -> Result<Versioned, OnboardingError> {
    write_without(admin, client, read, action, &[]).await
}

/// Writes a client whose secrets of these ids are gone.
async fn write_without(
    admin: &Administration,
    client: AppClient,
    read: Option<u64>,
    action: &'static str,
    gone: &[String],
) -> Result<Versioned, OnboardingError> {
    let version = read.unwrap_or(0) + 1;
    let mut tx = admin.store.begin();
    tx.put_client(&client.id, &client, read);
    let calendar = Calendar::of(&admin.gatehouse, &admin.store).await?;
    calendar.app_client(&mut tx, &client);
    deadlines::end_app_client(&mut tx, &client, gone);
    noted(admin, &mut tx, action, (&client, version))?;
    let done = tx.commit().await;
    admin.gatehouse.store.front_door().forget_client(&client.id);
    done?;
    Ok(Versioned { client, version })
}

/// Event and audit entry of one change, in its transaction.
fn noted(
    admin: &Administration,
    tx: &mut TenantTransaction,
    action: &'static str,
    (client, version): (&AppClient, u64),
) -> Result<(), OnboardingError> {
    let actor = admin.actor.to_value();
    let event = events::app_client_changed(action, client, (version, admin.now()), &actor);
    tx.tenant_events(vec![event]);
    let data = json!({ "client": client.id, "version": version });
    Ok(admin.audit(tx, action, data)?)
}

/// IdP-initiated sign-ins lead to one client.
async fn sole_default(gatehouse: &Gatehouse, client: &AppClient) -> Result<(), OnboardingError> {
    if !client.default {
        return Ok(());
    }
    let others = list(gatehouse).await?;
    if others
        .iter()
        .any(|other| other.client.default && other.client.id != client.id)
    {
        return Err(OnboardingError::DefaultClientTaken);
    }
    Ok(())
}
