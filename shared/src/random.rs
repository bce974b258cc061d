//! The one source of randomness: the operating system's, by aws-lc-rs.

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// The system's random number generator could not answer; nothing may go on without it.
#[derive(Debug, thiserror::Error)]
#[error("the system's random number generator did not answer")]
pub struct RandomError;

impl RandomError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "random_unavailable"
    }
}

/// `N` random bytes.
///
/// # Errors
/// [`RandomError`] when the system's generator fails.
#[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
pub fn bytes<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut out = [0u8; N];
    rand::fill(&mut out).map_err(|_| RandomError)?;
    Ok(out)
}

/// A token of 256 random bits, base64url without padding (43 characters).
///
/// # Errors
/// [`RandomError`] when the system's generator fails.
pub fn token() -> Result<String, RandomError> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<32>()?))
}

/// An opaque version 4 UUID (RFC 9562, section 5.4).
///
/// # Errors
/// [`RandomError`] when the system's generator fails.
pub fn uuid() -> Result<Uuid, RandomError> {
    Ok(uuid::Builder::from_random_bytes(bytes::<16>()?).into_uuid())
}
