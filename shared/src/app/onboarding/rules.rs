//! Checks that several use cases share.

use super::error::OnboardingError;
use crate::domain::role_catalogue::RoleCatalogue;

/// Most characters of a name that people see.
pub(super) const MOST_NAME: usize = 80;

/// A text of `min` to `max` characters without control characters, white space around it dropped.
pub(super) fn text(
    field: &'static str,
    given: &str,
    (min, max): (usize, usize),
) -> Result<String, OnboardingError> {
    let trimmed = given.trim();
    let got = trimmed.chars().count();
    if (min..=max).contains(&got) && !trimmed.chars().any(char::is_control) {
        Ok(trimmed.to_owned())
    } else {
        Err(OnboardingError::Text { field, min, max, got })
    }
}

/// An optional text; an empty one counts as absent.
pub(super) fn optional_text(
    field: &'static str,
    given: Option<&str>,
    max: usize,
) -> Result<Option<String>, OnboardingError> {
    match given.map(str::trim) {
        None | Some("") => Ok(None),
        Some(given) => text(field, given, (1, max)).map(Some),
    }
}

/// A name that is looked up exactly: kept as it is, white space included.
pub(super) fn exact(field: &'static str, given: Option<&str>, max: usize) -> Result<(), OnboardingError> {
    let Some(given) = given else { return Ok(()) };
    let got = given.chars().count();
    if (1..=max).contains(&got) && !given.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(OnboardingError::Text {
            field,
            min: 1,
            max,
            got,
        })
    }
}

/// A role of the catalogue.
pub(super) fn role(
    catalogue: &RoleCatalogue,
    field: &'static str,
    name: &str,
) -> Result<(), OnboardingError> {
    match catalogue.role(name) {
        Some(_) => Ok(()),
        None => Err(OnboardingError::UnknownRole {
            field,
            known: listed(catalogue.roles().iter().map(|role| role.as_str())),
        }),
    }
}

/// The names of a catalogue, for a message.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// The caller's version must be the current one.
pub(super) fn version(wanted: u64, current: u64) -> Result<(), OnboardingError> {
    if wanted == current {
        Ok(())
    } else {
        Err(OnboardingError::VersionMismatch { wanted, current })
    }
}
