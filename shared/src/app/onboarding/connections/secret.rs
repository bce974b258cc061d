//! How we authenticate at a provider: the client secret that the owner gives, or keys of ours (AQ-13). Both lie in
//! Secrets Manager alone (AQ-31), are written here and never read.
//!
//! A key follows another in two steps, so that the owner can bring it to the provider in between: [`next_key`] lays
//! it aside as the pending version of the secret and publishes its public half; [`activate_next_key`] makes it the
//! current version.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{Administration, error::OnboardingError};
use super::{Change, entitled, write};
use crate::app::client_key::StoredClientKey;
use crate::domain::connection::{ClientAuthentication, ClientKey, Connection, Protocol};
use crate::domain::ids::ConnectionId;
use crate::redacted::Secret;
use crate::saml::keys::{KeyError, KeyMaterial, RsaSize};
use crate::secrets::SecretName;

/// Longest client secret, in bytes.
const MOST_SECRET: usize = 4_096;
/// How long a certificate around a client key is valid: Entra ID takes no longer ones by policy.
const VALIDITY: TimeDelta = TimeDelta::days(2 * 365);

/// Sets a client secret without an end; see [`set_until`].
///
/// # Errors
/// As [`set_until`].
pub async fn set(
    admin: &Administration,
    read: &Connection,
    secret: &Secret,
) -> Result<Connection, OnboardingError> {
    set_until(admin, read, secret, None).await
}

/// Sets the client secret, over the version of the connection that was read. Its owners are reminded of `expires_at`
/// (AQ-20); the reminders of the secret before end.
///
/// # Errors
/// [`OnboardingError`]: `NotEntitled` (AQ-01), `OtherProtocol` where the provider knows us by no secret, `Text`,
/// `ExpiryPast`, `Changed`, or what Secrets Manager says.
pub async fn set_until(
    admin: &Administration,
    read: &Connection,
    secret: &Secret,
    expires_at: Option<DateTime<Utc>>,
) -> Result<Connection, OnboardingError> {
    let field = "/client_secret";
    entitled(admin).await?;
    if expires_at.is_some_and(|end| end <= admin.now()) {
        return Err(OnboardingError::ExpiryPast);
    }
    let mut connection = read.clone();
    let (set_at, ends_at) = match &mut connection.protocol {
        Protocol::Oidc(oidc) => match oidc.settings.client_authentication {
            ClientAuthentication::ClientSecretBasic | ClientAuthentication::ClientSecretPost => {
                (&mut oidc.secret_set_at, &mut oidc.secret_expires_at)
            }
            ClientAuthentication::PrivateKeyJwt => {
                let wanted = "no client secret: this connection authenticates by private_key_jwt";
                return Err(OnboardingError::Setting { field, wanted });
            }
        },
        Protocol::GitHub(github) => (&mut github.secret_set_at, &mut github.secret_expires_at),
        Protocol::Saml(_) => return Err(OnboardingError::OtherProtocol { field }),
    };
    *set_at = Some(admin.now());
    *ends_at = expires_at;
    let text = secret.expose();
    if !(1..=MOST_SECRET).contains(&text.len()) || text.chars().any(char::is_control) || text.trim() != text {
        return Err(OnboardingError::Text {
            field,
            min: 1,
            max: MOST_SECRET,
            got: text.len(),
        });
    }
    let name = SecretName::ClientSecret(read.id.clone());
    admin.gatehouse.secrets.put(&name, secret).await?;
    write(
        admin,
        read,
        connection,
        Change::quiet("connection.client_secret_set"),
    )
    .await
}

/// Makes the key that will follow: published, not in use yet. One that was made before and never used is replaced.
///
/// # Errors
/// [`OnboardingError`]: `NotEntitled` (AQ-01), `OtherProtocol` unless the provider knows us by a key, `Changed`.
pub async fn next_key(admin: &Administration, read: &Connection) -> Result<Connection, OnboardingError> {
    entitled(admin).await?;
    let mut connection = read.clone();
    let keys = keys(&mut connection)?;
    let current = keys.first().cloned().ok_or(OnboardingError::NoNextClientKey)?;
    let (mut key, secret) = generate(admin.now()).await?;
    let name = SecretName::ClientSecret(read.id.clone());
    key.secret_version = admin.gatehouse.secrets.put_pending(&name, &secret).await?.id;
    *keys = vec![current, key];
    write(
        admin,
        read,
        connection,
        Change::quiet("connection.client_key_added"),
    )
    .await
}

/// Makes the following key the current one; the one before stays published until the next is made.
///
/// # Errors
/// [`OnboardingError`]: `NotEntitled` (AQ-01), `OtherProtocol`, `NoNextClientKey`, `Changed`.
pub async fn activate_next_key(
    admin: &Administration,
    read: &Connection,
) -> Result<Connection, OnboardingError> {
    entitled(admin).await?;
    let mut connection = read.clone();
    let keys = keys(&mut connection)?;
    let [current, next] = keys.as_slice() else {
        return Err(OnboardingError::NoNextClientKey);
    };
    if next.created_at < current.created_at {
        return Err(OnboardingError::NoNextClientKey);
    }
    let name = SecretName::ClientSecret(read.id.clone());
    let (to, from) = (next.secret_version.clone(), current.secret_version.clone());
    admin.gatehouse.secrets.promote_over(&name, &to, &from).await?;
    keys.reverse();
    write(
        admin,
        read,
        connection,
        Change::quiet("connection.client_key_activated"),
    )
    .await
}

fn keys(connection: &mut Connection) -> Result<&mut Vec<ClientKey>, OnboardingError> {
    match &mut connection.protocol {
        Protocol::Oidc(oidc)
            if oidc.settings.client_authentication == ClientAuthentication::PrivateKeyJwt =>
        {
            Ok(&mut oidc.client_keys)
        }
        Protocol::Oidc(_) | Protocol::Saml(_) | Protocol::GitHub(_) => Err(OnboardingError::OtherProtocol {
            field: "/oidc/client_authentication",
        }),
    }
}

/// The first key of a connection that is to authenticate by one.
pub(super) async fn first_key(
    admin: &Administration,
    id: &ConnectionId,
) -> Result<ClientKey, OnboardingError> {
    let (mut key, secret) = generate(admin.now()).await?;
    let name = SecretName::ClientSecret(id.clone());
    key.secret_version = admin.gatehouse.secrets.put(&name, &secret).await?.id;
    Ok(key)
}

/// A key: what is published of it, and what lies in the secret. RSA, because every provider takes it.
async fn generate(now: DateTime<Utc>) -> Result<(ClientKey, Secret), OnboardingError> {
    // Finding primes takes a tenth of a second and more: not on a thread that serves others.
    let made = tokio::task::spawn_blocking(move || {
        KeyMaterial::generate(
            "Gatehouse OpenID Connect client",
            RsaSize::Bits2048,
            now,
            VALIDITY,
        )
    });
    let material = made.await.map_err(|_| KeyError::Generation)??;
    let stored = StoredClientKey::of(&material)?;
    let key = ClientKey {
        kid: stored.kid.clone(),
        certificate: material.certificate.base64(),
        secret_version: String::new(),
        created_at: now,
    };
    Ok((key, stored.to_secret()?))
}
