//! A private key that never shows itself.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::RsaKeyPair;
use zeroize::Zeroizing;

use super::KeyError;

/// An RSA private key in PKCS#8 (RFC 5958). `Debug` prints `[redacted]`, memory is wiped when the last clone goes.
#[derive(Clone)]
pub struct PrivateKey {
    pkcs8: Arc<Zeroizing<Vec<u8>>>,
}

impl PrivateKey {
    /// Takes PKCS#8 DER of an RSA key.
    ///
    /// # Errors
    /// [`KeyError::NotPkcs8`] when it is anything else, or below 2048 bits.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        RsaKeyPair::from_pkcs8(der).map_err(|_| KeyError::NotPkcs8)?;
        Ok(Self {
            pkcs8: Arc::new(Zeroizing::new(der.to_vec())),
        })
    }

    /// The key of `pair`.
    pub(super) fn from_pair(pair: &RsaKeyPair) -> Result<Self, KeyError> {
        let der = AsDer::<Pkcs8V1Der<'static>>::as_der(pair).map_err(|_| KeyError::Generation)?;
        Ok(Self {
            pkcs8: Arc::new(Zeroizing::new(der.as_ref().to_vec())),
        })
    }

    /// The key in PKCS#8 DER: only where it signs or decrypts.
    #[must_use]
    pub fn pkcs8_der(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The key ready to sign.
    pub(in crate::saml) fn pair(&self) -> Result<RsaKeyPair, KeyError> {
        RsaKeyPair::from_pkcs8(&self.pkcs8).map_err(|_| KeyError::NotPkcs8)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
