//! The identity provider's signing key (RSA 2048) and its certificate, made once and kept.

use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The keys cannot be made, kept or used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read or written.
    #[error("the demo identity provider's key file: {0}")]
    File(#[from] std::io::Error),
    /// The file is not ours, or broken.
    #[error("the demo identity provider's key file is damaged: move it away, or start with --fresh")]
    Damaged,
    /// The cryptographic library refused.
    #[error("the demo identity provider's keys cannot be made: {0}")]
    Crypto(String),
}

/// A signing key and the certificate around it.
pub struct IdpKeys {
    pkcs8: Vec<u8>,
    certificate: Vec<u8>,
    pair: RsaKeyPair,
}

impl std::fmt::Debug for IdpKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdpKeys([redacted])")
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    pkcs8: String,
    certificate: String,
}

impl IdpKeys {
    /// Reads the keys of an earlier run from `file`, or makes new ones and keeps them there.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn open(file: Option<&Path>) -> Result<Self, KeysError> {
        let Some(path) = file else { return Self::generate() };
        match std::fs::read(path) {
            Ok(bytes) => {
                let kept: Kept = serde_json::from_slice(&bytes).map_err(|_| KeysError::Damaged)?;
                let decode = |text: &str| STANDARD.decode(text).map_err(|_| KeysError::Damaged);
                Self::assemble(decode(&kept.pkcs8)?, decode(&kept.certificate)?)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let keys = Self::generate()?;
                let kept = Kept {
                    pkcs8: STANDARD.encode(&keys.pkcs8),
                    certificate: STANDARD.encode(&keys.certificate),
                };
                let text = serde_json::to_vec_pretty(&kept).map_err(std::io::Error::from)?;
                crate::data_dir::write_private(path, &text)?;
                Ok(keys)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// New keys.
    ///
    /// # Errors
    /// [`KeysError::Crypto`].
    pub fn generate() -> Result<Self, KeysError> {
        let crypto = |error: rcgen::Error| KeysError::Crypto(error.to_string());
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(crypto)?;
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Gatehouse demo identity provider");
        params.not_before = rcgen::date_time_ymd(2024, 1, 1);
        params.not_after = rcgen::date_time_ymd(2044, 1, 1);
        let certificate = params.self_signed(&key).map_err(crypto)?;
        Self::assemble(key.serialize_der(), certificate.der().to_vec())
    }

    fn assemble(pkcs8: Vec<u8>, certificate: Vec<u8>) -> Result<Self, KeysError> {
        let pair = RsaKeyPair::from_pkcs8(&pkcs8).map_err(|error| KeysError::Crypto(error.to_string()))?;
        Ok(Self {
            pkcs8,
            certificate,
            pair,
        })
    }

    /// The private key, PKCS #8 DER.
    #[must_use]
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The certificate, DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The certificate as metadata and set-up forms want it: base64 without armour.
    #[must_use]
    pub fn certificate_base64(&self) -> String {
        STANDARD.encode(&self.certificate)
    }

    /// The key's id in the JWK set: a hash of its certificate.
    #[must_use]
    pub fn kid(&self) -> String {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.certificate);
        URL_SAFE_NO_PAD.encode(hash.as_ref()).chars().take(16).collect()
    }

    /// The JWK set (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Value {
        let public = self.pair.public_key();
        json!({ "keys": [{
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid(),
            "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
        }] })
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2).
    ///
    /// # Errors
    /// [`KeysError::Crypto`].
    pub fn sign_rs256(&self, message: &[u8]) -> Result<Vec<u8>, KeysError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| KeysError::Crypto("RSA signing failed".to_owned()))?;
        Ok(signature)
    }

    /// A signed JWT (RFC 7519).
    ///
    /// # Errors
    /// [`KeysError::Crypto`].
    pub fn jwt(&self, claims: &Value) -> Result<String, KeysError> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.kid() });
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self.sign_rs256(signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
