//! Private signing keys over aws-lc-rs: RSA and P-256, from PKCS#8 (RFC 5208).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair, RsaKeyPair};
use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::{PrivateSigningKey, SigningError};
use serde::{Deserialize, Serialize};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::RSAPublicKey;
use zeroize::Zeroizing;

use super::jwk::{Curve, JwkError};
use super::{Algorithm, Jwk};

/// Why a private key cannot be made, read or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// aws-lc-rs could not make a key.
    #[error("a new {0} key could not be generated")]
    Generate(&'static str),
    /// The octets are no PKCS#8 key of the wanted kind.
    #[error("the private key must be PKCS#8 of the kind {0}")]
    Malformed(&'static str),
    /// The public half cannot be used.
    #[error("the public half of the key cannot be used: {0}")]
    Public(#[from] JwkError),
    /// aws-lc-rs refused to sign.
    #[error("the key did not sign")]
    Sign,
}

impl SigningKeyError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Generate(_) => "signing_key_generate",
            Self::Malformed(_) => "signing_key_malformed",
            Self::Public(_) => "signing_key_public",
            Self::Sign => "signing_key_sign",
        }
    }
}

/// What kind of key we generate; each kind signs by one algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyKind {
    /// RSA with 2048 bits, RS256.
    #[serde(rename = "RSA-2048")]
    Rsa2048,
    /// RSA with 3072 bits, RS256.
    #[serde(rename = "RSA-3072")]
    Rsa3072,
    /// P-256, ES256.
    #[serde(rename = "P-256")]
    P256,
}

impl KeyKind {
    /// The kind's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa2048 => "RSA-2048",
            Self::Rsa3072 => "RSA-3072",
            Self::P256 => "P-256",
        }
    }

    /// The one algorithm that keys of this kind sign by.
    #[must_use]
    pub fn algorithm(self) -> Algorithm {
        match self {
            Self::Rsa2048 | Self::Rsa3072 => Algorithm::Rs256,
            Self::P256 => Algorithm::Es256,
        }
    }
}

/// A new private key as PKCS#8 octets. aws-lc-rs draws its own randomness: its key generation takes none.
///
/// # Errors
/// [`SigningKeyError::Generate`].
pub fn generate_pkcs8(kind: KeyKind) -> Result<Zeroizing<Vec<u8>>, SigningKeyError> {
    let failed = |_| SigningKeyError::Generate(kind.name());
    let rsa = |size| -> Result<Zeroizing<Vec<u8>>, SigningKeyError> {
        let pair = RsaKeyPair::generate(size).map_err(failed)?;
        let der: Pkcs8V1Der<'static> = pair.as_der().map_err(failed)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    };
    match kind {
        KeyKind::Rsa2048 => rsa(KeySize::Rsa2048),
        KeyKind::Rsa3072 => rsa(KeySize::Rsa3072),
        KeyKind::P256 => {
            let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
            let document = pair.to_pkcs8v1().map_err(failed)?;
            Ok(Zeroizing::new(document.as_ref().to_vec()))
        }
    }
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

/// A private key that signs by one algorithm. `Debug` shows the key id only; cloning shares the key.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Pair>,
    alg: Algorithm,
    public: Jwk,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.public.kid())
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Reads a PKCS#8 key of that kind. Its key id is its thumbprint (RFC 7638).
    ///
    /// # Errors
    /// [`SigningKeyError::Malformed`] when the octets are another kind of key or none.
    pub fn from_pkcs8(kind: KeyKind, pkcs8: &[u8]) -> Result<Self, SigningKeyError> {
        let malformed = || SigningKeyError::Malformed(kind.name());
        let (pair, public) = match kind {
            KeyKind::Rsa2048 | KeyKind::Rsa3072 => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| malformed())?;
                let (_, der) = RSAPublicKey::from_der(pair.public_key().as_ref()).map_err(|_| malformed())?;
                let public = Jwk::rsa(der.modulus, der.exponent)?;
                (Pair::Rsa(pair), public)
            }
            KeyKind::P256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
                    .map_err(|_| malformed())?;
                let point = pair.public_key().as_ref();
                let coordinates = point.strip_prefix(&[4]).and_then(|xy| xy.split_at_checked(32));
                let (x, y) = coordinates.ok_or_else(malformed)?;
                let public = Jwk::ec(Curve::P256, x, y)?;
                (Pair::P256(pair), public)
            }
        };
        let alg = kind.algorithm();
        Ok(Self {
            pair: Arc::new(pair),
            alg,
            public: public.for_signing(alg),
        })
    }

    /// The algorithm that this key signs by.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.alg
    }

    /// The public half, with `alg`, `use` and `kid`.
    #[must_use]
    pub fn public(&self) -> &Jwk {
        &self.public
    }

    /// Signs `message` by the key's own algorithm.
    ///
    /// # Errors
    /// [`SigningKeyError::Sign`].
    pub fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut out)
                    .map_err(|_| SigningKeyError::Sign)?;
                Ok(out)
            }
            Pair::P256(pair) => {
                let signed = pair.sign(&random, message).map_err(|_| SigningKeyError::Sign)?;
                Ok(signed.as_ref().to_vec())
            }
        }
    }
}

impl PrivateSigningKey for SigningKey {
    type VerificationKey = Jwk;

    fn sign(&self, alg: &CoreJwsSigningAlgorithm, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        if Algorithm::from_core(alg) != Some(self.alg) {
            return Err(SigningError::UnsupportedAlg(format!(
                "this key signs by {} only",
                self.alg.name()
            )));
        }
        self.sign_bytes(message).map_err(|_| SigningError::CryptoError)
    }

    fn as_verification_key(&self) -> Jwk {
        self.public.clone()
    }
}
