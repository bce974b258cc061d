//! A connection's own keys: one ring signs, another decrypts, each in a secret of its own (GH-08, AQ-31).

use chrono::{DateTime, TimeDelta, Utc};

use super::super::error::OnboardingError;
use crate::app::Gatehouse;
use crate::domain::ids::ConnectionId;
use crate::random;
use crate::saml::certificate::Certificate;
use crate::saml::keys::{KeyMaterial, KeyRing, RsaSize};
use crate::secrets::SecretName;

/// How long a certificate is valid: peers pin it, so changing it is work for people.
const VALIDITY: TimeDelta = TimeDelta::days(5 * 365);

/// The public halves, DER in base64, current first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SpCertificates {
    pub signing: Vec<String>,
    pub encryption: Vec<String>,
}

/// Makes both rings unless they are there.
pub(super) async fn ensure(
    gatehouse: &Gatehouse,
    id: &ConnectionId,
) -> Result<SpCertificates, OnboardingError> {
    let now = gatehouse.clock.now();
    let signing = ring(
        gatehouse,
        SecretName::SpSigning(id.clone()),
        "Gatehouse SAML signing",
        now,
    );
    let decryption = ring(
        gatehouse,
        SecretName::SpDecryption(id.clone()),
        "Gatehouse SAML encryption",
        now,
    );
    let (signing, decryption) = futures_util::future::try_join(signing, decryption).await?;
    Ok(SpCertificates {
        signing: base64(&signing.published_for_signing()),
        encryption: base64(&decryption.published_for_encryption()),
    })
}

async fn ring(
    gatehouse: &Gatehouse,
    name: SecretName,
    common_name: &'static str,
    now: DateTime<Utc>,
) -> Result<KeyRing, OnboardingError> {
    let kid = random::uuid()?.simple().to_string();
    // Finding primes takes a tenth of a second and more: not on a thread that serves others.
    let made = tokio::task::spawn_blocking(move || {
        let material = KeyMaterial::generate(common_name, RsaSize::Bits2048, now, VALIDITY)?;
        KeyRing::new(&kid, now, material)
    });
    let ring = made
        .await
        .map_err(|_| crate::saml::keys::KeyError::Generation)??;
    let created = gatehouse
        .secrets
        .create_if_absent(&name, &ring.to_secret()?)
        .await?;
    Ok(KeyRing::from_secret(&created.into_version().value)?)
}

fn base64(certificates: &[Certificate]) -> Vec<String> {
    certificates.iter().map(Certificate::base64).collect()
}
