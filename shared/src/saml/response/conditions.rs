//! Conditions (saml-core 2.5).

use chrono::{DateTime, Utc};

use super::{Expectations, instant};
use crate::saml::names::ASSERTION;
use crate::saml::refusal::{Refusal, RefusalCode, shown};
use crate::saml::xml::El;

/// Checks all conditions; returns NotOnOrAfter, if there is one.
pub(super) fn check(assertion: El<'_>, expect: &Expectations<'_>) -> Result<Option<DateTime<Utc>>, Refusal> {
    let all: Vec<El<'_>> = assertion.children_named(ASSERTION, "Conditions").collect();
    if all.is_empty() {
        return Err(Refusal::new(RefusalCode::ConditionsMissing, "none"));
    }
    let mut earliest: Option<DateTime<Utc>> = None;
    let mut audiences = 0;
    for conditions in all {
        if let Some(until) = check_times(conditions, expect.now)? {
            earliest = Some(earliest.map_or(until, |known| known.min(until)));
        }
        for condition in conditions.children() {
            if condition.is(ASSERTION, "AudienceRestriction") {
                check_audience(condition, expect)?;
                audiences += 1;
            } else if !condition.is(ASSERTION, "OneTimeUse") && !condition.is(ASSERTION, "ProxyRestriction") {
                // OneTimeUse holds for every assertion here; ProxyRestriction binds those who issue assertions.
                let got = shown(condition.local_name()).to_string();
                return Err(Refusal::new(RefusalCode::ConditionUnknown, got));
            }
        }
    }
    if audiences == 0 {
        return Err(Refusal::new(RefusalCode::AudienceMissing, "none"));
    }
    Ok(earliest)
}

/// NotBefore and NotOnOrAfter with the skew.
fn check_times(conditions: El<'_>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Refusal> {
    if let Some(from) = instant::attr(conditions, "NotBefore")?.filter(|from| instant::is_ahead(*from, now)) {
        return Err(Refusal::new(
            RefusalCode::NotYetValid,
            instant::told("NotBefore", from, now),
        ));
    }
    let until = instant::attr(conditions, "NotOnOrAfter")?;
    if let Some(until) = until.filter(|until| instant::has_passed(*until, now)) {
        return Err(Refusal::new(
            RefusalCode::Expired,
            instant::told("NotOnOrAfter", until, now),
        ));
    }
    Ok(until)
}

/// One Audience of the restriction is ours, exactly.
fn check_audience(restriction: El<'_>, expect: &Expectations<'_>) -> Result<(), Refusal> {
    let named: Vec<_> = restriction
        .children_named(ASSERTION, "Audience")
        .filter_map(El::text)
        .collect();
    if named
        .iter()
        .any(|audience| expect.audiences.iter().any(|ours| ours.as_str() == &**audience))
    {
        return Ok(());
    }
    let ours: Vec<String> = expect
        .audiences
        .iter()
        .map(|ours| shown(ours).to_string())
        .collect();
    let wanted = format!("{} in every AudienceRestriction", ours.join(" or "));
    let got = named
        .first()
        .map_or("no audience".to_owned(), |first| shown(first).to_string());
    Err(Refusal::wanting(RefusalCode::AudienceMismatch, wanted, got))
}
