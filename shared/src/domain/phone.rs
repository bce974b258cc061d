//! Mobile numbers as identity providers give them (IL-28), in E.164 (ITU-T E.164).

use phonenumber::country;
use phonenumber::metadata::DATABASE;

/// Why a number was refused. Never holds the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Not two letters that name a region.
    #[error("wanted an ISO 3166-1 alpha-2 region such as DE")]
    Region,
    /// Other characters than digits, spaces and `+ - . / ( )`, or not 2–32 of them.
    #[error("wanted 2 to 32 digits, spaces and + - . / ( )")]
    Characters,
    /// Well formed, but no number of the region's numbering plan.
    #[error("wanted a number of the region's numbering plan")]
    NotANumber,
}

impl PhoneError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Region => "phone_region_unknown",
            Self::Characters => "phone_characters",
            Self::NotANumber => "phone_not_a_number",
        }
    }
}

/// Reads a national number of a region: `0221 123 123` in `DE` is `+49221123123`. `region` is an ISO 3166-1 alpha-2
/// code; `national` may hold spaces, punctuation and the trunk zero. A number that brings its own country code must
/// bring the region's.
///
/// # Errors
/// [`PhoneError`] naming what was wanted.
pub fn to_e164(national: &str, region: &str) -> Result<String, PhoneError> {
    let region = region.trim();
    if region.len() != 2 || !region.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(PhoneError::Region);
    }
    let region = region.to_ascii_uppercase();
    let id: country::Id = region.parse().map_err(|_| PhoneError::Region)?;
    let code = DATABASE.by_id(&region).map(phonenumber::Metadata::country_code);
    // The parser also takes words, extensions and carrier codes; what directories send here has none of them.
    let national = national.trim();
    let plain = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '-' | '.' | '/' | '(' | ')');
    if !(2..=32).contains(&national.len()) || !national.chars().all(plain) {
        return Err(PhoneError::Characters);
    }
    let number = phonenumber::parse(Some(id), national).map_err(|_| PhoneError::NotANumber)?;
    if Some(number.code().value()) != code || !number.is_valid() {
        return Err(PhoneError::NotANumber);
    }
    Ok(number.format().mode(phonenumber::Mode::E164).to_string())
}

/// Reads a number that brings its country code, as a `tel:` URI (RFC 3966, which SCIM names) or bare: in E.164 where it
/// is one of a numbering plan.
#[must_use]
pub fn international(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = text.strip_prefix("tel:").unwrap_or(text);
    let bare = bare.split(';').next().unwrap_or(bare);
    let plain = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '-' | '.' | '/' | '(' | ')');
    if !bare.starts_with('+') || bare.len() > 32 || !bare.chars().all(plain) {
        return None;
    }
    let number = phonenumber::parse(None, bare).ok()?;
    number
        .is_valid()
        .then(|| number.format().mode(phonenumber::Mode::E164).to_string())
}

#[cfg(test)]
#[path = "phone_tests.rs"]
mod tests;
