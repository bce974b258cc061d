//! Instants and the tolerated skew.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::CLOCK_SKEW;
use crate::saml::refusal::{Refusal, RefusalCode, shown};
use crate::saml::xml::El;

/// The attribute `name` of `element` as an instant (xs:dateTime). Without a time zone it is UTC, which is how some read
/// "in UTC form, with no time zone component" (saml-core 1.3.3).
pub(in crate::saml) fn attr(element: El<'_>, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
    let Some(text) = element.attr(name) else {
        return Ok(None);
    };
    let zoned = DateTime::parse_from_rfc3339(text).map(|instant| instant.with_timezone(&Utc));
    let bare =
        || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|instant| instant.and_utc());
    match zoned.or_else(|_| bare()) {
        Ok(instant) => Ok(Some(instant)),
        Err(_) => Err(Refusal::new(
            RefusalCode::TimestampMalformed,
            format!("{name} {}", shown(text)),
        )),
    }
}

/// Whether `instant` lies ahead of `now` by more than the skew.
pub(in crate::saml) fn is_ahead(instant: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    instant > plus_skew(now)
}

/// Whether `not_on_or_after` has passed, the skew included.
pub(in crate::saml) fn has_passed(not_on_or_after: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now >= plus_skew(not_on_or_after)
}

/// The instant plus the skew; stays where it is at the end of time.
pub(in crate::saml) fn plus_skew(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant.checked_add_signed(CLOCK_SKEW).unwrap_or(instant)
}

/// "`name` `instant`, our clock `now`", for records.
pub(in crate::saml) fn told(name: &str, instant: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!(
        "{name} {}, while our clock says {}",
        instant.format("%FT%TZ"),
        now.format("%FT%TZ")
    )
}
