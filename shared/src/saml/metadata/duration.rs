//! Dates and durations of XML Schema (XML Schema part 2, sections 3.2.6 and 3.2.7).

use chrono::{DateTime, NaiveDateTime, Utc};

/// Longest duration that is kept: a hundred years in seconds.
const MAX_SECONDS: u64 = 100 * 365 * 86_400;

/// Reads `xs:dateTime`. Without a zone it is UTC, as SAML wants all its times (saml-core 1.3.3).
pub(super) fn date_time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(zoned) = DateTime::parse_from_rfc3339(text) {
        return Some(zoned.with_timezone(&Utc));
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .ok()
        .map(|naive| naive.and_utc())
}

/// Reads `xs:duration` in seconds: a year is 365 days, a month 30; fractions of a second are dropped, and what is longer
/// than a hundred years is a hundred years. Negative ones are refused.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let rest = text.trim().strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let date = sum(date, &[('Y', 365 * 86_400), ('M', 30 * 86_400), ('D', 86_400)])?;
    let time = sum(time, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    Some(date.saturating_add(time).min(MAX_SECONDS))
}

/// Adds up `number unit` pairs whose units come in the given order, each at most once.
fn sum(text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut units = units.iter();
    let (mut rest, mut total) = (text, 0_u64);
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, unit_on) = rest.split_at_checked(end)?;
        let unit = unit_on.chars().next()?;
        rest = unit_on.get(1..)?;
        let (_, factor) = units.find(|(name, _)| *name == unit)?;
        let whole = match number.split_once('.') {
            Some((whole, fraction)) if unit == 'S' && is_digits(fraction) => whole,
            Some(_) => return None,
            None => number,
        };
        if !is_digits(whole) {
            return None;
        }
        total = total.saturating_add(whole.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(*factor));
    }
    Some(total)
}

/// One digit and more.
fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
