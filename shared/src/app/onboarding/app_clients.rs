//! App clients of the deployment, by the operator. They belong to no tenant; what is done to them goes to the log.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::error::{OnboardingError, Thing};
use super::{refused, rules};
use crate::app::Gatehouse;
use crate::domain::ids::ClientId;
use crate::openid_provider::client_settings::{ClientError, ClientSettings};
use crate::openid_provider::clients::AppClient;
use crate::random;
use crate::redacted::Secret;
use crate::store::Guard;

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
pub async fn create(gatehouse: &Gatehouse, settings: &ClientSettings) -> Result<Versioned, OnboardingError> {
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
    door.put_client(&client.id, &client, None).await?;
    tracing::info!(client.id = %client.id, "an app client was made");
    Ok(Versioned { client, version: 1 })
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
    gatehouse: &Gatehouse,
    id: &ClientId,
    wanted: u64,
    settings: &ClientSettings,
) -> Result<Versioned, OnboardingError> {
    let Versioned { client, version } = read(gatehouse, id).await?;
    rules::version(wanted, version)?;
    let changed = client.with_settings(settings)?;
    sole_default(gatehouse, &changed).await?;
    write(gatehouse, changed, version).await
}

/// Deletes a client: its codes and tokens are refused from then on (within the minute that others believe it).
///
/// # Errors
/// [`OnboardingError::NotFound`] when there is none.
pub async fn delete(gatehouse: &Gatehouse, id: &ClientId) -> Result<(), OnboardingError> {
    let gone = OnboardingError::NotFound(Thing::Client);
    let done = gatehouse.store.front_door().delete_client(id).await;
    done.map_err(|error| refused(error, Guard::Client, gone))?;
    tracing::info!(client.id = %id, "an app client was deleted");
    Ok(())
}

/// Adds a secret, which is shown this once.
///
/// # Errors
/// [`OnboardingError`]: `NotFound`, `Client` (too many, public, expired), `Changed`.
pub async fn add_secret(
    gatehouse: &Gatehouse,
    id: &ClientId,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(Uuid, Secret), OnboardingError> {
    let Versioned { mut client, version } = read(gatehouse, id).await?;
    let secret_id = random::uuid()?;
    let secret = client.add_secret(secret_id, random::bytes()?, gatehouse.clock.now(), expires_at)?;
    write(gatehouse, client, version).await?;
    Ok((secret_id, secret))
}

/// Takes a secret away.
///
/// # Errors
/// [`OnboardingError`]: `NotFound` of the client or the secret, `Changed`.
pub async fn revoke_secret(
    gatehouse: &Gatehouse,
    id: &ClientId,
    secret: Uuid,
) -> Result<(), OnboardingError> {
    let Versioned { mut client, version } = read(gatehouse, id).await?;
    match client.revoke_secret(secret) {
        Ok(()) => {}
        Err(ClientError::UnknownSecret) => return Err(OnboardingError::NotFound(Thing::ClientSecret)),
        Err(error) => return Err(error.into()),
    }
    write(gatehouse, client, version).await?;
    Ok(())
}

async fn write(gatehouse: &Gatehouse, client: AppClient, read: u64) -> Result<Versioned, OnboardingError> {
    gatehouse
        .store
        .front_door()
        .put_client(&client.id, &client, Some(read))
        .await?;
    tracing::info!(client.id = %client.id, client.version = read + 1, "an app client was changed");
    Ok(Versioned {
        client,
        version: read + 1,
    })
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
