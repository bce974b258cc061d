//! Comparing and quoting text.

/// Folds a string for case-insensitive comparison (RFC 7643, section 2.2, `caseExact` false).
///
/// Lower case, character by character, so that the result does not depend on a character's neighbours; the two
/// forms of the small sigma are one.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'ς' { 'σ' } else { c })
        .collect()
}

/// A name from a request, made fit for an error message: at most 64 characters, none of them a control character.
///
/// For names of attributes and operators only; values may be personal data and are never quoted.
#[must_use]
pub fn quote(name: &str) -> String {
    let mut out: String = name
        .chars()
        .take(64)
        .map(|c| if c.is_control() { '?' } else { c })
        .collect();
    if name.chars().nth(64).is_some() {
        out.push('…');
    }
    out
}
