//! Our keys in the `openidconnect` crate's words, so that its verifiers run on aws-lc-rs.

use aws_lc_rs::digest;
use openidconnect::core::{CoreJsonWebKeyType, CoreJsonWebKeyUse, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, JsonWebKeyAlgorithm, JsonWebKeyId, SignatureVerificationError};

use super::{Algorithm, Jwk, JwkError, Material};

impl JsonWebKey for Jwk {
    type KeyUse = CoreJsonWebKeyUse;
    type SigningAlgorithm = CoreJwsSigningAlgorithm;

    fn key_id(&self) -> Option<&JsonWebKeyId> {
        self.kid.as_ref()
    }

    fn key_type(&self) -> &CoreJsonWebKeyType {
        match self.material {
            Material::Rsa { .. } => &CoreJsonWebKeyType::RSA,
            Material::Ec { .. } => &CoreJsonWebKeyType::EllipticCurve,
            Material::Ed25519 { .. } => &CoreJsonWebKeyType::OctetKeyPair,
            Material::Refused => &CoreJsonWebKeyType::Symmetric,
        }
    }

    fn key_use(&self) -> Option<&CoreJsonWebKeyUse> {
        self.use_.as_ref()
    }

    fn signing_alg(&self) -> JsonWebKeyAlgorithm<&CoreJwsSigningAlgorithm> {
        match self.alg.as_deref() {
            None => JsonWebKeyAlgorithm::Unspecified,
            Some(name) => Algorithm::from_name(name).map_or(JsonWebKeyAlgorithm::Unsupported, |alg| {
                JsonWebKeyAlgorithm::Algorithm(alg.core())
            }),
        }
    }

    fn new_symmetric(_key: Vec<u8>) -> Self {
        Self::bare(Material::Refused)
    }

    fn verify_signature(
        &self,
        signature_alg: &CoreJwsSigningAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureVerificationError> {
        let alg = Algorithm::from_core(signature_alg)
            .ok_or_else(|| SignatureVerificationError::UnsupportedAlg("HMAC or none".to_owned()))?;
        self.verify(alg, message, signature).map_err(|error| match error {
            JwkError::BadSignature => SignatureVerificationError::CryptoError(error.to_string()),
            JwkError::UnsupportedKey { .. }
            | JwkError::Malformed(_)
            | JwkError::PrivateMaterial(_)
            | JwkError::RsaSize(_)
            | JwkError::WrongAlgorithm(_) => SignatureVerificationError::InvalidKey(error.to_string()),
        })
    }

    fn hash_bytes(&self, bytes: &[u8], alg: &CoreJwsSigningAlgorithm) -> Result<Vec<u8>, String> {
        let alg = Algorithm::from_core(alg).filter(|alg| self.serves(*alg));
        let alg = alg.ok_or_else(|| "this key does not serve that algorithm".to_owned())?;
        Ok(digest::digest(alg.digest(), bytes).as_ref().to_vec())
    }
}
