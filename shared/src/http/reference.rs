//! The reference that a person reads out and the owner looks up (GH-04).

use std::convert::Infallible;
use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};

use crate::random::{self, RandomError};

/// Crockford's base32: no I, L, O, U, so that it survives being read out.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Names one request: 12 characters of 60 random bits, in groups of four, such as `7K3Q-M9XZ-2PBW`. It says nothing
/// by itself; the record it points to does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference(String);

impl Reference {
    /// A new reference.
    ///
    /// # Errors
    /// [`RandomError`] when the system's generator fails.
    pub fn new() -> Result<Self, RandomError> {
        let bytes = random::bytes::<12>()?;
        let mut text = String::with_capacity(14);
        for (place, byte) in bytes.iter().enumerate() {
            if place == 4 || place == 8 {
                text.push('-');
            }
            let symbol = ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'0');
            text.push(char::from(symbol));
        }
        Ok(Self(text))
    }

    /// A reference as typed by a person: case, spaces and dashes do not matter, and O, I, L are read as 0, 1, 1.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let mut symbols = Vec::with_capacity(12);
        for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if symbols.len() == 12 || !u8::try_from(c).is_ok_and(|byte| ALPHABET.contains(&byte)) {
                return None;
            }
            symbols.push(c);
        }
        if symbols.len() != 12 {
            return None;
        }
        let groups: Vec<String> = symbols.chunks(4).map(|group| group.iter().collect()).collect();
        Some(Self(groups.join("-")))
    }

    /// The reference as it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The reference that [`super::edge::wrap`] gave this request, to be shown and to be kept in the record.
impl<S: Sync> FromRequestParts<S> for Reference {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(Self::unknown))
    }
}

impl Reference {
    /// What a request outside [`super::edge::wrap`] has.
    fn unknown() -> Self {
        Self("0000-0000-0000".to_owned())
    }
}
