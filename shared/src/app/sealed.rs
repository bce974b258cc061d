//! Texts that only who brings a secret can open again: sealed by AES-256-GCM under a key that HKDF-SHA-256 derives from
//! that secret, which is stored nowhere. The table alone opens nothing.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random::{self, RandomError};

/// A text could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The system's randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The cipher failed.
    #[error("a text could not be sealed")]
    Cipher,
}

fn key(purpose: &str, secret: &str) -> Result<LessSafeKey, Unspecified> {
    let extracted = Salt::new(HKDF_SHA256, purpose.as_bytes()).extract(secret.as_bytes());
    let expanded = extracted.expand(&[b"answer"], &AES_256_GCM)?;
    Ok(LessSafeKey::new(UnboundKey::from(expanded)))
}

/// Seals `text` for whoever has `secret`. One secret has a key for each purpose.
///
/// # Errors
/// [`SealError`].
pub(super) fn seal(purpose: &str, secret: &str, text: &[u8]) -> Result<String, SealError> {
    let nonce = random::bytes::<NONCE_LEN>()?;
    let mut sealed = text.to_vec();
    key(purpose, secret)
        .and_then(|key| {
            key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
        })
        .map_err(|_| SealError::Cipher)?;
    Ok(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
}

/// Opens what was sealed; `None` for another secret or purpose, and for what was tampered with.
pub(super) fn open(purpose: &str, secret: &str, sealed: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let (nonce, rest) = bytes.split_first_chunk::<NONCE_LEN>()?;
    let mut rest = rest.to_vec();
    let key = key(purpose, secret).ok()?;
    let opened = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut rest);
    opened.ok().map(|opened| opened.to_vec())
}
