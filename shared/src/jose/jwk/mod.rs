//! Public keys as JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037), verified by aws-lc-rs.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::JsonWebKeyId;
use openidconnect::core::CoreJsonWebKeyUse;
use serde::{Deserialize, Serialize};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::RSAPublicKey;

use super::Algorithm;

mod json;
mod openid;

use json::RawJwk;

/// Why a key cannot be taken, or a signature does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// `kty` or `crv` is none that we know.
    #[error("the key must be RSA, EC (P-256, P-384, P-521) or OKP (Ed25519), got {kty} {crv}")]
    UnsupportedKey {
        /// What `kty` said.
        kty: String,
        /// What `crv` said, or nothing.
        crv: String,
    },
    /// A member is missing, not base64url, or of the wrong length.
    #[error("the key's member {0} must be present, base64url without padding, and of the right length")]
    Malformed(&'static str),
    /// The key brings private or symmetric material, which nobody may publish.
    #[error("the key must be public, but it has the member {0}")]
    PrivateMaterial(&'static str),
    /// An RSA modulus outside 2048 to 8192 bits.
    #[error("an RSA key must have 2048 to 8192 bits, got {0}")]
    RsaSize(usize),
    /// The key may not be used that way (`use`, `alg`, type or curve).
    #[error("this key does not verify {0}")]
    WrongAlgorithm(&'static str),
    /// The signature does not belong to the message and the key.
    #[error("the signature does not match")]
    BadSignature,
}

impl JwkError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnsupportedKey { .. } => "jwk_unsupported_key",
            Self::Malformed(_) => "jwk_malformed",
            Self::PrivateMaterial(_) => "jwk_private_material",
            Self::RsaSize(_) => "jwk_rsa_size",
            Self::WrongAlgorithm(_) => "jwk_wrong_algorithm",
            Self::BadSignature => "jwk_bad_signature",
        }
    }
}

/// The curves of RFC 7518 section 6.2.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

impl Curve {
    fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Octets of one coordinate.
    fn coordinate_len(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::P256, Self::P384, Self::P521]
            .into_iter()
            .find(|curve| curve.name() == name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    Ec {
        curve: Curve,
        x: Vec<u8>,
        y: Vec<u8>,
    },
    Ed25519 {
        x: Vec<u8>,
    },
    /// What the `openidconnect` crate makes for HMAC: verifies nothing.
    Refused,
}

/// A public key. It verifies only what its `use`, `alg`, type and curve allow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawJwk", into = "RawJwk")]
pub struct Jwk {
    material: Material,
    kid: Option<JsonWebKeyId>,
    alg: Option<String>,
    use_: Option<CoreJsonWebKeyUse>,
}

impl Jwk {
    /// An RSA key of 2048 to 8192 bits from its big-endian modulus and exponent.
    ///
    /// # Errors
    /// [`JwkError`] when the parts do not make such a key.
    pub fn rsa(n: &[u8], e: &[u8]) -> Result<Self, JwkError> {
        // Leading zeros are forbidden (RFC 7518 section 6.3.1.1) and seen in the field all the same.
        let n: Vec<u8> = n.iter().copied().skip_while(|b| *b == 0).collect();
        let e: Vec<u8> = e.iter().copied().skip_while(|b| *b == 0).collect();
        let bits = n
            .first()
            .map_or(0, |top| n.len() * 8 - top.leading_zeros() as usize);
        if !(2048..=8192).contains(&bits) {
            return Err(JwkError::RsaSize(bits));
        }
        // An exponent of 1 would let anybody sign; an even one is no RSA key.
        let odd = e.last().is_some_and(|low| low % 2 == 1);
        if !odd || e.len() > 4 || e == [1] {
            return Err(JwkError::Malformed("e"));
        }
        RsaPublicKeyComponents {
            n: n.as_slice(),
            e: e.as_slice(),
        }
        .to_parsed_public_key(&signature::RSA_PKCS1_2048_8192_SHA256)
        .map_err(|_| JwkError::Malformed("e"))?;
        Ok(Self::bare(Material::Rsa { n, e }))
    }

    /// An RSA key from the DER of its public half (`RSAPublicKey`, RFC 8017 appendix A.1.1), as certificates hold it.
    ///
    /// # Errors
    /// [`JwkError`] when the octets are no such key.
    pub fn rsa_der(der: &[u8]) -> Result<Self, JwkError> {
        let (_, key) = RSAPublicKey::from_der(der).map_err(|_| JwkError::Malformed("n"))?;
        Self::rsa(key.modulus, key.exponent)
    }

    /// An elliptic-curve key from its coordinates, each of the curve's full length.
    ///
    /// # Errors
    /// [`JwkError`] when they are no point of the curve.
    pub fn ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, JwkError> {
        if x.len() != curve.coordinate_len() {
            return Err(JwkError::Malformed("x"));
        }
        if y.len() != curve.coordinate_len() {
            return Err(JwkError::Malformed("y"));
        }
        ParsedPublicKey::new(ecdsa(curve), uncompressed(x, y)).map_err(|_| JwkError::Malformed("x"))?;
        Ok(Self::bare(Material::Ec {
            curve,
            x: x.to_vec(),
            y: y.to_vec(),
        }))
    }

    /// An Ed25519 key (RFC 8037).
    ///
    /// # Errors
    /// [`JwkError`] unless `x` has 32 octets.
    pub fn ed25519(x: &[u8]) -> Result<Self, JwkError> {
        if x.len() != 32 {
            return Err(JwkError::Malformed("x"));
        }
        Ok(Self::bare(Material::Ed25519 { x: x.to_vec() }))
    }

    fn bare(material: Material) -> Self {
        Self {
            material,
            kid: None,
            alg: None,
            use_: None,
        }
    }

    /// The same key, published for signatures by `alg`, under its thumbprint.
    #[must_use]
    pub fn for_signing(mut self, alg: Algorithm) -> Self {
        self.kid = Some(JsonWebKeyId::new(self.thumbprint()));
        self.alg = Some(alg.name().to_owned());
        self.use_ = Some(CoreJsonWebKeyUse::Signature);
        self
    }

    /// The key id, when it has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_ref().map(|kid| kid.as_str())
    }

    /// The SHA-256 thumbprint (RFC 7638), base64url.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let canonical = match &self.material {
            Material::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64(e), b64(n)),
            Material::Ec { curve, x, y } => {
                let crv = curve.name();
                format!(
                    r#"{{"crv":"{crv}","kty":"EC","x":"{}","y":"{}"}}"#,
                    b64(x),
                    b64(y)
                )
            }
            Material::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, b64(x)),
            Material::Refused => r#"{"kty":"oct"}"#.to_owned(),
        };
        b64(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref())
    }

    /// Whether this key may verify signatures by `alg`: `use`, `alg`, type and curve all agree.
    #[must_use]
    pub fn serves(&self, alg: Algorithm) -> bool {
        let used = self
            .use_
            .as_ref()
            .is_none_or(|u| *u == CoreJsonWebKeyUse::Signature);
        let named = self.alg.as_deref().is_none_or(|own| own == alg.name());
        used && named && verification(&self.material, alg).is_some()
    }

    /// Verifies `signature` over `message`.
    ///
    /// # Errors
    /// [`JwkError::WrongAlgorithm`] when the key does not serve `alg`; [`JwkError::BadSignature`].
    pub fn verify(&self, alg: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), JwkError> {
        if !self.serves(alg) {
            return Err(JwkError::WrongAlgorithm(alg.name()));
        }
        let verified = match (&self.material, verification(&self.material, alg)) {
            (Material::Rsa { n, e }, Some(Verification::Rsa(parameters))) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            (Material::Ec { x, y, .. }, Some(Verification::Ec(algorithm))) => {
                signature::UnparsedPublicKey::new(algorithm, uncompressed(x, y)).verify(message, signature)
            }
            (Material::Ed25519 { x }, Some(Verification::Ed25519)) => {
                signature::UnparsedPublicKey::new(&signature::ED25519, x).verify(message, signature)
            }
            _ => return Err(JwkError::WrongAlgorithm(alg.name())),
        };
        verified.map_err(|_| JwkError::BadSignature)
    }
}

enum Verification {
    Rsa(&'static RsaParameters),
    Ec(&'static EcdsaVerificationAlgorithm),
    Ed25519,
}

/// How a key of this kind verifies `alg`; nothing when it cannot.
fn verification(material: &Material, alg: Algorithm) -> Option<Verification> {
    use Algorithm as A;
    Some(match (material, alg) {
        (Material::Rsa { .. }, A::Rs256) => Verification::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        (Material::Rsa { .. }, A::Rs384) => Verification::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        (Material::Rsa { .. }, A::Rs512) => Verification::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        (Material::Rsa { .. }, A::Ps256) => Verification::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
        (Material::Rsa { .. }, A::Ps384) => Verification::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
        (Material::Rsa { .. }, A::Ps512) => Verification::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
        (
            Material::Ec {
                curve: Curve::P256, ..
            },
            A::Es256,
        ) => Verification::Ec(ecdsa(Curve::P256)),
        (
            Material::Ec {
                curve: Curve::P384, ..
            },
            A::Es384,
        ) => Verification::Ec(ecdsa(Curve::P384)),
        (
            Material::Ec {
                curve: Curve::P521, ..
            },
            A::Es512,
        ) => Verification::Ec(ecdsa(Curve::P521)),
        (Material::Ed25519 { .. }, A::EdDsa) => Verification::Ed25519,
        _ => return None,
    })
}

fn ecdsa(curve: Curve) -> &'static EcdsaVerificationAlgorithm {
    match curve {
        Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED,
        Curve::P521 => &signature::ECDSA_P521_SHA512_FIXED,
    }
}

/// SEC 1 section 2.3.3, uncompressed.
fn uncompressed(x: &[u8], y: &[u8]) -> Vec<u8> {
    let mut point = Vec::with_capacity(1 + x.len() + y.len());
    point.push(4);
    point.extend_from_slice(x);
    point.extend_from_slice(y);
    point
}
