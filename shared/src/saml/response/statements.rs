//! AuthnStatement and AttributeStatement (saml-core 2.7).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::instant;
use crate::saml::names::{ASSERTION, XSI};
use crate::saml::refusal::{Refusal, RefusalCode};
use crate::saml::xml::El;

/// What the AuthnStatements say.
pub(super) struct Authn {
    pub instant: DateTime<Utc>,
    pub session_index: Option<String>,
    pub session_not_on_or_after: Option<DateTime<Utc>>,
    pub context: Option<String>,
}

/// Reads the first AuthnStatement; of several session ends the earliest counts.
pub(super) fn authn(assertion: El<'_>, now: DateTime<Utc>) -> Result<Authn, Refusal> {
    let statements: Vec<El<'_>> = assertion.children_named(ASSERTION, "AuthnStatement").collect();
    let missing = |got: &str| Refusal::new(RefusalCode::AuthnStatementMissing, got);
    let first = *statements.first().ok_or_else(|| missing("none"))?;
    let at = instant::attr(first, "AuthnInstant")?.ok_or_else(|| missing("one without AuthnInstant"))?;
    if instant::is_ahead(at, now) {
        return Err(Refusal::new(
            RefusalCode::AuthnInstantInFuture,
            instant::told("AuthnInstant", at, now),
        ));
    }
    let mut end: Option<DateTime<Utc>> = None;
    for statement in statements {
        if let Some(until) = instant::attr(statement, "SessionNotOnOrAfter")? {
            end = Some(end.map_or(until, |known| known.min(until)));
        }
    }
    if let Some(end) = end.filter(|end| instant::has_passed(*end, now)) {
        return Err(Refusal::new(
            RefusalCode::SessionExpired,
            instant::told("SessionNotOnOrAfter", end, now),
        ));
    }
    let context = first
        .child(ASSERTION, "AuthnContext")
        .and_then(|c| c.child(ASSERTION, "AuthnContextClassRef"));
    Ok(Authn {
        instant: at,
        session_index: first.attr("SessionIndex").map(str::to_owned),
        session_not_on_or_after: end,
        context: context.and_then(El::text).map(|text| text.into_owned()),
    })
}

/// Collects attribute values by Name, those of Attributes with the same Name in one list (Keycloak repeats them).
pub(super) fn attributes(assertion: El<'_>) -> Result<BTreeMap<String, Vec<String>>, Refusal> {
    let mut attributes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for statement in assertion.children_named(ASSERTION, "AttributeStatement") {
        if statement.child(ASSERTION, "EncryptedAttribute").is_some() {
            return Err(Refusal::new(
                RefusalCode::EncryptedIdentifier,
                "an EncryptedAttribute",
            ));
        }
        for attribute in statement.children_named(ASSERTION, "Attribute") {
            let name = attribute.attr("Name").filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| Refusal::new(RefusalCode::AttributeUnnamed, "one without"))?;
            let values = attributes.entry(name.to_owned()).or_default();
            values.extend(
                attribute
                    .children_named(ASSERTION, "AttributeValue")
                    .filter_map(value),
            );
        }
    }
    Ok(attributes)
}

/// A value as text: its own, or that of a NameID inside (eduPersonTargetedID). Null and other structures are none.
fn value(element: El<'_>) -> Option<String> {
    if matches!(element.attr_in(Some(XSI), "nil"), Some("true" | "1")) {
        return None;
    }
    if element.children().next().is_none() {
        return Some(element.text().unwrap_or_default().into_owned());
    }
    let mut children = element.children();
    match (children.next(), children.next()) {
        (Some(name), None) if name.is(ASSERTION, "NameID") && !element.has_loose_text() => {
            name.text().map(|text| text.into_owned())
        }
        _ => None,
    }
}
