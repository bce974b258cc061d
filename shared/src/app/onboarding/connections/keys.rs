//! A connection's own keys: one ring signs, another decrypts, each in a secret of its own (GH-08, AQ-31).

use chrono::{DateTime, TimeDelta, Utc};

use super::super::error::OnboardingError;
use crate::app::Gatehouse;
use crate::domain::connection::sp_keys::SpKeyUse;
use crate::domain::ids::ConnectionId;
use crate::random;
use crate::saml::certificate::Certificate;
use crate::saml::keys::{KeyError, KeyMaterial, KeyRing, RsaSize};
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
        SpKeyUse::Signing,
        now,
    );
    let decryption = ring(
        gatehouse,
        SecretName::SpDecryption(id.clone()),
        SpKeyUse::Encryption,
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
    of: SpKeyUse,
    now: DateTime<Utc>,
) -> Result<KeyRing, OnboardingError> {
    let (_, ring) = generate(of, now).await?;
    let created = gatehouse
        .secrets
        .create_if_absent(&name, &ring.to_secret()?)
        .await?;
    Ok(KeyRing::from_secret(&created.into_version().value)?)
}

/// A new key: its certificate, DER in base64, and its ring.
pub(super) async fn generate(of: SpKeyUse, now: DateTime<Utc>) -> Result<(String, KeyRing), OnboardingError> {
    let common_name = match of {
        SpKeyUse::Signing => "Gatehouse SAML signing",
        SpKeyUse::Encryption => "Gatehouse SAML encryption",
    };
    let kid = random::uuid()?.simple().to_string();
    // Finding primes takes a tenth of a second and more: not on a thread that serves others.
    let made = tokio::task::spawn_blocking(move || {
        let material = KeyMaterial::generate(common_name, RsaSize::Bits2048, now, VALIDITY)?;
        let certificate = material.certificate.base64();
        Ok::<_, KeyError>((certificate, KeyRing::new(&kid, now, material)?))
    });
    Ok(made.await.map_err(|_| KeyError::Generation)??)
}

fn base64(certificates: &[Certificate]) -> Vec<String> {
    certificates.iter().map(Certificate::base64).collect()
}
