//! Request parameters, from a query or a form body, read strictly: one meaning or none.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;

/// The longest query or form body, in octets.
pub const MAX_LEN: usize = 32 * 1024;
/// The most parameters in one request.
pub const MAX_COUNT: usize = 64;

/// Why parameters cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// Longer than [`MAX_LEN`].
    #[error("the parameters may have at most {MAX_LEN} octets, got {0}")]
    TooLong(usize),
    /// More than [`MAX_COUNT`].
    #[error("at most {MAX_COUNT} parameters are read")]
    TooMany,
    /// A `%` that is not followed by two hexadecimal digits, or octets that are no UTF-8.
    #[error("the parameters must be application/x-www-form-urlencoded in UTF-8")]
    Malformed,
}

impl ParameterError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "parameters_too_long",
            Self::TooMany => "parameters_too_many",
            Self::Malformed => "parameters_malformed",
        }
    }
}

/// Decoded parameters. `Debug` shows names only: values hold secrets and addresses.
#[derive(Clone, Default)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.pairs.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Parameters {
    /// Reads `application/x-www-form-urlencoded` text: a raw query without `?`, or a form body.
    ///
    /// # Errors
    /// [`ParameterError`].
    pub fn parse(raw: &str) -> Result<Self, ParameterError> {
        if raw.len() > MAX_LEN {
            return Err(ParameterError::TooLong(raw.len()));
        }
        let mut pairs = Vec::new();
        for part in raw.split('&').filter(|part| !part.is_empty()) {
            if pairs.len() == MAX_COUNT {
                return Err(ParameterError::TooMany);
            }
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            pairs.push((decode(name)?, decode(value)?));
        }
        Ok(Self { pairs })
    }

    /// The value of a parameter. One without a value counts as omitted (RFC 6749 section 3.1); of a repeated one,
    /// the first: callers refuse those by [`Parameters::repeated`].
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
            .filter(|v| !v.is_empty())
    }

    /// The name of a parameter that stands more than once, which RFC 6749 section 3.1 forbids.
    #[must_use]
    pub fn repeated(&self) -> Option<&str> {
        self.pairs.iter().enumerate().find_map(|(at, (name, _))| {
            self.pairs
                .iter()
                .skip(at + 1)
                .any(|(other, _)| other == name)
                .then_some(name.as_str())
        })
    }

    /// Whether this parameter stands more than once.
    #[must_use]
    pub fn is_repeated(&self, name: &str) -> bool {
        self.pairs.iter().filter(|(n, _)| n == name).count() > 1
    }
}

/// Strict form decoding (WHATWG URL section 5.1, but malformed escapes and UTF-8 are refused, not guessed).
pub(crate) fn decode(text: &str) -> Result<String, ParameterError> {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|b| *b == b'%') {
        let tail = rest.get(at + 1..).unwrap_or_default();
        match tail {
            [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => rest = tail,
            _ => return Err(ParameterError::Malformed),
        }
    }
    let spaced: Cow<'_, str> = if text.contains('+') {
        Cow::Owned(text.replace('+', " "))
    } else {
        Cow::Borrowed(text)
    };
    let decoded = percent_decode_str(&spaced)
        .decode_utf8()
        .map_err(|_| ParameterError::Malformed)?;
    Ok(decoded.into_owned())
}
