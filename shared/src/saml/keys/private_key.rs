//! A private key that never shows itself.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::RsaKeyPair;
use zeroize::Zeroizing;

use super::KeyError;

/// An RSA private key in PKCS#8 (RFC 5958). `Debug` prints `[redacted]`, memory is wiped when the last clone goes.
///
/// To read a key is to check it, which takes longer than to sign with it: it is done once.
#[derive(Clone)]
pub struct PrivateKey {
    pkcs8: Arc<Zeroizing<Vec<u8>>>,
    pair: Arc<RsaKeyPair>,
}

impl PrivateKey {
    /// Takes PKCS#8 DER of an RSA key.
    ///
    /// # Errors
    /// [`KeyError::NotPkcs8`] when it is anything else, or below 2048 bits.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| KeyError::NotPkcs8)?;
        Ok(Self {
            pkcs8: Arc::new(Zeroizing::new(der.to_vec())),
            pair: Arc::new(pair),
        })
    }

    /// The key of `pair`.
    pub(super) fn from_pair(pair: RsaKeyPair) -> Result<Self, KeyError> {
        let der = AsDer::<Pkcs8V1Der<'static>>::as_der(&pair).map_err(|_| KeyError::Generation)?;
        Ok(Self {
            pkcs8: Arc::new(Zeroizing::new(der.as_ref().to_vec())),
            pair: Arc::new(pair),
        })
    }

    /// The key in PKCS#8 DER: only where it signs or decrypts.
    #[must_use]
    pub fn pkcs8_der(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The key ready to sign.
    pub(in crate::saml) fn pair(&self) -> &Arc<RsaKeyPair> {
        &self.pair
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
