//! Which values are fit to be stored and shown, and what may be said of those that are not.

use std::fmt;

use serde::Serialize;

/// Why something else was taken than what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FallbackReason {
    /// Longer than the attribute may be.
    TooLong,
    /// Control characters, or characters that are invisible or turn the writing direction.
    Characters,
    /// Not of the attribute's form: no number of its region, no absolute https URL.
    Malformed,
    /// A mobile number without its region (IL-28).
    NoRegion,
    /// Not in the operator's catalogue.
    UnknownRole,
    /// Several values where one decides about power.
    SeveralValues,
    /// Role and team role may not stand together.
    ForbiddenPair,
}

/// What came, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// What looks like a role's name: it is what the owner has to correct.
    Name(String),
    /// A value of so many characters.
    Characters(usize),
    /// So many values.
    Values(usize),
}

impl Shape {
    /// The shape of values without what they say.
    pub(super) fn of(values: &[&str]) -> Self {
        match values {
            [one] => Self::Characters(one.chars().count()),
            several => Self::Values(several.len()),
        }
    }

    /// As [`Shape::of`], but a single word of capitals is shown.
    pub(super) fn of_role(values: &[&str]) -> Self {
        match values {
            [one] if looks_like_role(one) => Self::Name((*one).to_owned()),
            _ => Self::of(values),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Characters(length) => write!(f, "a value of {length} characters"),
            Self::Values(count) => write!(f, "{count} values"),
        }
    }
}

fn looks_like_role(value: &str) -> bool {
    (2..=32).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// Why a text of at most `limit` characters is not fit; `None` when it is.
pub(super) fn unfit(text: &str, limit: usize) -> Option<FallbackReason> {
    if text.chars().count() > limit {
        return Some(FallbackReason::TooLong);
    }
    text.chars()
        .any(is_treacherous)
        .then_some(FallbackReason::Characters)
}

/// Control characters, line separators, and characters that make a text look like another one. Joiners (U+200C,
/// U+200D) stay: names in Persian and Indic scripts need them.
fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        )
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}
