//! Keys with self-signed certificates.

use rcgen::{
    CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256,
};

use super::IssueError;

/// Kinds of signing keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA of 2048 bits; also good for encryption.
    Rsa,
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
}

/// A private key and its self-signed certificate. `Debug` does not show the key.
#[derive(Clone)]
pub struct IdpKey {
    kind: KeyKind,
    pkcs8_der: Vec<u8>,
    certificate_der: Vec<u8>,
}

impl std::fmt::Debug for IdpKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdpKey")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl IdpKey {
    /// Makes a key and a certificate for `common_name`.
    ///
    /// # Errors
    /// [`IssueError::Key`].
    pub fn generate(kind: KeyKind, common_name: &str) -> Result<Self, IssueError> {
        let algorithm = match kind {
            KeyKind::Rsa => &PKCS_RSA_SHA256,
            KeyKind::P256 => &PKCS_ECDSA_P256_SHA256,
            KeyKind::P384 => &PKCS_ECDSA_P384_SHA384,
        };
        let failed = |error: rcgen::Error| IssueError::Key(error.to_string());
        let pair = KeyPair::generate_for(algorithm).map_err(failed)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, common_name);
        let certificate = params.self_signed(&pair).map_err(failed)?;
        Ok(Self {
            kind,
            pkcs8_der: pair.serialize_der(),
            certificate_der: certificate.der().to_vec(),
        })
    }

    /// Takes up a key that was stored.
    #[must_use]
    pub fn from_parts(kind: KeyKind, pkcs8_der: Vec<u8>, certificate_der: Vec<u8>) -> Self {
        Self {
            kind,
            pkcs8_der,
            certificate_der,
        }
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The private key, PKCS#8 DER.
    #[must_use]
    pub fn pkcs8_der(&self) -> &[u8] {
        &self.pkcs8_der
    }

    /// The certificate, DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }
}
