//! The browser that a request comes from, as its cookie shows it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random::{self, RandomError};
use crate::redacted::Secret;

/// A browser: the value of its cookie, or a new value that it is given with the answer.
#[derive(Clone, Debug)]
pub struct Browser {
    cookie: Option<Secret>,
    fresh: Secret,
    may_hide_cookie: bool,
}

impl Browser {
    /// What a request shows. `may_hide_cookie`: the request may be cross-site and the cookie Lax (loopback only), so
    /// that an absent cookie says nothing.
    ///
    /// # Errors
    /// [`RandomError`] when the system's generator fails.
    pub fn new(cookie: Option<Secret>, may_hide_cookie: bool) -> Result<Self, RandomError> {
        Ok(Self {
            cookie,
            fresh: Secret::new(random::token()?),
            may_hide_cookie,
        })
    }

    /// Whether it showed a cookie.
    #[must_use]
    pub fn has_cookie(&self) -> bool {
        self.cookie.is_some()
    }

    /// Whether an absent cookie may be there all the same.
    #[must_use]
    pub fn may_hide_cookie(&self) -> bool {
        self.may_hide_cookie
    }

    /// The value that the answer sets: only where none was shown, so that tabs do not disturb each other.
    #[must_use]
    pub fn to_set(&self) -> Option<&Secret> {
        (self.cookie.is_none() && !self.may_hide_cookie).then_some(&self.fresh)
    }

    /// SHA-256 of its cookie, or of the value that it is given.
    #[must_use]
    pub fn hash(&self) -> String {
        let value = self.cookie.as_ref().unwrap_or(&self.fresh);
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, value.expose().as_bytes()))
    }

    /// A value that only this browser's cookie, or the one that it is given, can have made for these words (HMAC-SHA-256,
    /// base64url). Every word stands with its length before it, so that no two lists look alike.
    #[must_use]
    pub fn keyed(&self, words: &[&str]) -> String {
        let cookie = self.cookie.as_ref().unwrap_or(&self.fresh);
        let key = hmac::Key::new(hmac::HMAC_SHA256, cookie.expose().as_bytes());
        let mut context = hmac::Context::with_key(&key);
        for word in words {
            context.update(&u64::try_from(word.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(word.as_bytes());
        }
        URL_SAFE_NO_PAD.encode(context.sign())
    }

    /// Whether it showed the cookie of this hash.
    #[must_use]
    pub fn is(&self, hash: &str) -> bool {
        self.has_cookie() && verify_slices_are_equal(self.hash().as_bytes(), hash.as_bytes()).is_ok()
    }
}
