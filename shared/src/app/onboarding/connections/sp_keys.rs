//! Our own keys at a SAML connection follow one another (GH-08): announced, taken over, ended. The private halves are
//! written to Secrets Manager and never read here.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::super::{Administration, error::OnboardingError};
use super::keys::generate;
use super::{Change, entitled, write};
use crate::domain::connection::sp_keys::{ANNOUNCED, MOST_ANNOUNCED, NextSpKey, SpKeyUse};
use crate::domain::connection::{Connection, Protocol, SamlConnection};
use crate::domain::ids::ConnectionId;
use crate::secrets::{SecretName, Stage};

/// Announces a key that follows the one in use: published beside it, used from `takes_over_at` on.
///
/// # Errors
/// [`OnboardingError`]: `NotEntitled` (AQ-01), `OtherProtocol`, `Setting` for a time that is past or too far, `Changed`, or
/// what Secrets Manager says.
pub async fn announce(
    admin: &Administration,
    read: &Connection,
    of: SpKeyUse,
    takes_over_at: Option<DateTime<Utc>>,
) -> Result<Connection, OnboardingError> {
    entitled(admin).await?;
    let now = admin.now();
    let takes_over_at = takes_over_at.unwrap_or(now + ANNOUNCED);
    if takes_over_at <= now || takes_over_at > now + MOST_ANNOUNCED {
        return Err(OnboardingError::Setting {
            field: "/takes_over_at",
            wanted: "a time to come, at most 90 days ahead",
        });
    }
    let mut connection = read.clone();
    let saml = saml(&mut connection)?;
    let (material, ring) = generate(of, now).await?;
    let name = secret_of(of, &read.id);
    let version = admin
        .gatehouse
        .secrets
        .put_pending(&name, &ring.to_secret()?)
        .await?;
    saml.announce_sp_key(
        of,
        NextSpKey {
            certificate: material,
            secret_version: version.id,
            announced_at: now,
            takes_over_at,
        },
    );
    write(admin, read, connection, change("connection.sp_key_announced", of)).await
}

/// Lets the key that was announced take over now.
///
/// # Errors
/// [`OnboardingError`]: `NotEntitled` (AQ-01), `OtherProtocol`, `NoNextSpKey`, `Changed`, or what Secrets Manager says.
pub async fn activate(
    admin: &Administration,
    read: &Connection,
    of: SpKeyUse,
) -> Result<Connection, OnboardingError> {
    entitled(admin).await?;
    take_over(admin, read, of).await
}

async fn take_over(
    admin: &Administration,
    read: &Connection,
    of: SpKeyUse,
) -> Result<Connection, OnboardingError> {
    let mut connection = read.clone();
    let saml = saml(&mut connection)?;
    let next = saml.sp_keys(of).0.next.as_ref();
    let to = next.map(|next| next.secret_version.clone());
    let to = to.ok_or(OnboardingError::NoNextSpKey)?;
    saml.take_over_sp_key(of, admin.now());
    let name = secret_of(of, &read.id);
    let secrets = &admin.gatehouse.secrets;
    // Whoever was cut off before the connection was written has moved it already.
    let current = secrets.version_in(&name, Stage::Current).await?;
    if let Some(from) = current.filter(|current| *current != to) {
        secrets.promote_over(&name, &to, &from).await?;
    }
    write(admin, read, connection, change("connection.sp_key_activated", of)).await
}

/// Ends the key before, ahead of its time.
///
/// # Errors
/// [`OnboardingError`]: `NotEntitled` (AQ-01), `OtherProtocol`, `NoOldSpKey`, `Changed`.
pub async fn retire(
    admin: &Administration,
    read: &Connection,
    of: SpKeyUse,
) -> Result<Connection, OnboardingError> {
    entitled(admin).await?;
    end(admin, read, of).await
}

async fn end(admin: &Administration, read: &Connection, of: SpKeyUse) -> Result<Connection, OnboardingError> {
    let mut connection = read.clone();
    if !saml(&mut connection)?.retire_sp_key(of) {
        return Err(OnboardingError::NoOldSpKey);
    }
    write(admin, read, connection, change("connection.sp_key_retired", of)).await
}

/// Whether something of a connection's keys is due.
#[must_use]
pub fn is_due(connection: &Connection, now: DateTime<Utc>) -> bool {
    SpKeyUse::ALL
        .into_iter()
        .any(|of| due(connection, of, now).is_some())
}

enum Due {
    TakeOver,
    End,
}

fn due(connection: &Connection, of: SpKeyUse, now: DateTime<Utc>) -> Option<Due> {
    let (rotation, _) = connection.protocol.saml()?.sp_keys(of);
    if rotation
        .next
        .as_ref()
        .is_some_and(|next| next.takes_over_at <= now)
    {
        return Some(Due::TakeOver);
    }
    let old = rotation.old.as_ref();
    old.filter(|old| old.ends_at <= now).map(|_| Due::End)
}

/// Does what is due, for the upkeep.
///
/// # Errors
/// [`OnboardingError`]; the next run goes on.
pub async fn follow(admin: &Administration, read: &Connection) -> Result<(), OnboardingError> {
    let mut connection = read.clone();
    for of in SpKeyUse::ALL {
        connection = match due(&connection, of, admin.now()) {
            Some(Due::TakeOver) => take_over(admin, &connection, of).await?,
            Some(Due::End) => end(admin, &connection, of).await?,
            None => connection,
        };
    }
    Ok(())
}

fn change(action: &'static str, of: SpKeyUse) -> Change {
    Change {
        action,
        data: json!({ "use": of.name() }),
    }
}

fn saml(connection: &mut Connection) -> Result<&mut SamlConnection, OnboardingError> {
    match &mut connection.protocol {
        Protocol::Saml(saml) => Ok(saml),
        Protocol::Oidc(_) | Protocol::GitHub(_) => Err(OnboardingError::OtherProtocol { field: "/use" }),
    }
}

fn secret_of(of: SpKeyUse, id: &ConnectionId) -> SecretName {
    match of {
        SpKeyUse::Signing => SecretName::SpSigning(id.clone()),
        SpKeyUse::Encryption => SecretName::SpDecryption(id.clone()),
    }
}
