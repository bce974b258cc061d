//! Our RelayState: short, opaque, free of anything a page or a query could misread (saml-bindings-2.0-os, 3.4.3).

use std::fmt;
use std::str::FromStr;

/// 1 to 80 characters `A-Z a-z 0-9 _ -`. Eighty bytes is the standard's limit, and ADFS refuses more (MSIS7046).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RelayState(String);

/// A text that is no RelayState of ours. The text itself is not kept: a stranger may have made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("wanted a RelayState of 1 to 80 characters A-Z a-z 0-9 _ -, got another of {length} bytes")]
pub struct RelayStateError {
    length: usize,
}

impl RelayStateError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "relay_state_invalid"
    }
}

impl RelayState {
    /// The longest, in bytes.
    pub const MAX_BYTES: usize = 80;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RelayState {
    type Err = RelayStateError;

    fn from_str(text: &str) -> Result<Self, RelayStateError> {
        let good = (1..=Self::MAX_BYTES).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(RelayStateError { length: text.len() })
        }
    }
}

impl fmt::Display for RelayState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
