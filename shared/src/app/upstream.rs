//! Tokens of identity providers, sealed into the identity's record (SE-06): AES-256-GCM under a data key of the
//! tenant in Secrets Manager, with the identity as additional authenticated data.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Gatehouse;
use crate::domain::ids::{ConnectionId, TenantId};
use crate::domain::upstream::{SealedToken, TokenKind};
use crate::random;
use crate::redacted::Secret;
use crate::secrets::{SecretName, SecretVersion, SecretsError, Stage};

/// What a data key is, for messages.
const WANTED: &str = "32 octets in base64url";

/// Seals a token for one identity; `subject` is its identity hash.
///
/// # Errors
/// [`SecretsError`] when the tenant's data key can be neither read nor made.
pub async fn seal(
    gatehouse: &Gatehouse,
    tenant: &TenantId,
    (connection, subject): (&ConnectionId, &str),
    (kind, token): (TokenKind, &Secret),
) -> Result<SealedToken, SecretsError> {
    let name = SecretName::TenantDataKey(tenant.clone());
    let broken = || gatehouse.secrets.malformed(&name, WANTED);
    let version = data_key(gatehouse, &name).await?;
    let key = opened(&version).ok_or_else(broken)?;
    let nonce = random::bytes::<NONCE_LEN>().map_err(|_| broken())?;
    let mut data = token.expose().as_bytes().to_vec();
    let aad = Aad::from(identity(tenant, connection, subject));
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut data)
        .map_err(|_| broken())?;
    Ok(SealedToken {
        key: version.id,
        nonce: URL_SAFE_NO_PAD.encode(nonce),
        data: URL_SAFE_NO_PAD.encode(data),
        kind,
    })
}

/// Opens a sealed token; `None` when its key is gone, or it belongs to another identity.
///
/// # Errors
/// [`SecretsError`] when Secrets Manager fails.
pub async fn open(
    gatehouse: &Gatehouse,
    tenant: &TenantId,
    (connection, subject): (&ConnectionId, &str),
    sealed: &SealedToken,
) -> Result<Option<Secret>, SecretsError> {
    let name = SecretName::TenantDataKey(tenant.clone());
    let current = gatehouse.secrets.find(&name).await?;
    let mut version = current.filter(|version| version.id == sealed.key);
    if version.is_none() {
        let previous = gatehouse.secrets.get_stage(&name, Stage::Previous).await?;
        version = previous.filter(|version| version.id == sealed.key);
    }
    let aad = identity(tenant, connection, subject);
    Ok(version.and_then(|version| unsealed(&version, sealed, aad)))
}

fn unsealed(version: &SecretVersion, sealed: &SealedToken, aad: Vec<u8>) -> Option<Secret> {
    let nonce = URL_SAFE_NO_PAD.decode(&sealed.nonce).ok()?;
    let nonce = Nonce::try_assume_unique_for_key(&nonce).ok()?;
    let mut data = URL_SAFE_NO_PAD.decode(&sealed.data).ok()?;
    let opened = opened(version)?;
    let text = opened.open_in_place(nonce, Aad::from(aad), &mut data).ok()?;
    String::from_utf8(text.to_vec()).ok().map(Secret::new)
}

/// The tenant's data key; the first sign-in that needs one makes it.
async fn data_key(gatehouse: &Gatehouse, name: &SecretName) -> Result<SecretVersion, SecretsError> {
    if let Some(version) = gatehouse.secrets.find(name).await? {
        return Ok(version);
    }
    let key = random::token().map_err(|_| gatehouse.secrets.malformed(name, WANTED))?;
    let created = gatehouse
        .secrets
        .create_if_absent(name, &Secret::new(key))
        .await?;
    Ok(created.into_version())
}

fn opened(version: &SecretVersion) -> Option<LessSafeKey> {
    let octets = URL_SAFE_NO_PAD.decode(version.value.expose()).ok()?;
    UnboundKey::new(&AES_256_GCM, &octets).ok().map(LessSafeKey::new)
}

fn identity(tenant: &TenantId, connection: &ConnectionId, subject: &str) -> Vec<u8> {
    format!("{tenant}#{connection}#{subject}").into_bytes()
}
