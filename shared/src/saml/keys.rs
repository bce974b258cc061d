//! The service provider's own keys: RSA with a self-signed certificate each, and their ring of next, current and old
//! (GH-08).
//!
//! One ring signs, another decrypts; each lies in its own secret, so that a function reads only what it needs.

mod error;
mod private_key;
mod ring;
#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use chrono::{DateTime, TimeDelta, Utc};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyUsagePurpose, PublicKeyData, SerialNumber};

use super::certificate::Certificate;

pub use error::KeyError;
pub use private_key::PrivateKey;
pub use ring::{KeyRing, SpKey};

/// Longest validity of a certificate: SAML peers pin it, so it is long, but it ends.
pub const MAX_VALIDITY_DAYS: i64 = 3660;
/// Certificates begin this long before `now`, for peers whose clocks are behind.
const BACKDATED: TimeDelta = TimeDelta::minutes(5);

/// Length of a new RSA key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RsaSize {
    /// 2048 bits: what every IdP takes.
    #[default]
    Bits2048,
    /// 3072 bits: 128 bits of strength (NIST SP 800-57, table 2).
    Bits3072,
}

/// A private key and its certificate, not yet in a ring.
#[derive(Clone, Debug)]
pub struct KeyMaterial {
    /// The private key.
    pub private_key: PrivateKey,
    /// The self-signed certificate of its public half.
    pub certificate: Certificate,
}

impl KeyMaterial {
    /// Makes a key of `size` and a certificate for `common_name`, valid from five minutes before `now` for `validity`.
    ///
    /// Takes a tenth of a second and more: keys are made ahead of time, not in a sign-in.
    ///
    /// # Errors
    /// [`KeyError`] when the name or the validity is out of bounds, or the cryptographic library fails.
    pub fn generate(
        common_name: &str,
        size: RsaSize,
        now: DateTime<Utc>,
        validity: TimeDelta,
    ) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::generate(match size {
            RsaSize::Bits2048 => KeySize::Rsa2048,
            RsaSize::Bits3072 => KeySize::Rsa3072,
        })
        .map_err(|_| KeyError::Generation)?;
        let certificate = self_signed(&pair, common_name, now, validity)?;
        Ok(Self {
            private_key: PrivateKey::from_pair(pair)?,
            certificate,
        })
    }
}

/// A version 3 certificate that `pair` signs for itself; its serial number comes from the key, so it is unique.
fn self_signed(
    pair: &RsaKeyPair,
    common_name: &str,
    now: DateTime<Utc>,
    validity: TimeDelta,
) -> Result<Certificate, KeyError> {
    if common_name.is_empty() || common_name.chars().count() > 64 || common_name.chars().any(char::is_control)
    {
        return Err(KeyError::CommonName);
    }
    if validity <= TimeDelta::zero() || validity > TimeDelta::days(MAX_VALIDITY_DAYS) {
        return Err(KeyError::Validity {
            days: validity.num_days(),
        });
    }
    let mut params = CertificateParams::default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_epoch(now - BACKDATED)?;
    params.not_after = epoch + since_epoch(now + validity)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
    ];
    params.serial_number = Some(serial(pair));
    let made = params
        .self_signed(&SelfSigner { pair })
        .map_err(|error| KeyError::Certificate(error.to_string()))?;
    Certificate::from_der(made.der()).map_err(KeyError::BadCertificate)
}

/// The first 16 bytes of the public key's SHA-256, made positive (RFC 5280, section 4.1.2.2).
fn serial(pair: &RsaKeyPair) -> SerialNumber {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, pair.public_key().as_ref());
    let mut bytes: Vec<u8> = hash.as_ref().iter().take(16).copied().collect();
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    SerialNumber::from(bytes)
}

/// Seconds since 1970 of an instant before the year 10000, which is all a certificate can say.
fn since_epoch(at: DateTime<Utc>) -> Result<Duration, KeyError> {
    const LAST_SECOND: u64 = 253_402_300_799; // 9999-12-31T23:59:59Z
    u64::try_from(at.timestamp())
        .ok()
        .filter(|seconds| *seconds <= LAST_SECOND)
        .map(Duration::from_secs)
        .ok_or(KeyError::Clock)
}

/// Lets the certificate library sign with a key it does not own, so that the key is never copied into it.
struct SelfSigner<'a> {
    pair: &'a RsaKeyPair,
}

impl PublicKeyData for SelfSigner<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl rcgen::SigningKey for SelfSigner<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature)
    }
}
