//! Versions as weak entity tags (RFC 7644, section 3.14; RFC 9110, sections 8.8.3 and 13.1).

use super::ScimError;

/// The entity tag of a version: `W/"7"`. The same text stands in `meta.version` and in the `ETag` header.
#[must_use]
pub fn weak(version: u64) -> String {
    format!("W/\"{version}\"")
}

/// The tags that an `If-Match` or `If-None-Match` header names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tags {
    /// `*`: any version.
    Any,
    /// Any of these versions; tags that no version of ours could have are left out.
    Versions(Vec<u64>),
}

impl Tags {
    /// Reads the header's value. Weak, strong and unquoted tags are taken alike: clients send all three.
    ///
    /// # Errors
    /// [`ScimError::InvalidValue`] when the header names no tag at all.
    pub fn parse(header: &str) -> Result<Self, ScimError> {
        let header = header.trim();
        if header == "*" {
            return Ok(Self::Any);
        }
        let tags: Vec<&str> = header
            .split(',')
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .collect();
        if tags.is_empty() {
            return Err(ScimError::InvalidValue(
                "the header names no entity tag: wanted * or a list of tags such as W/\"7\"".to_owned(),
            ));
        }
        Ok(Self::Versions(tags.into_iter().filter_map(version_of).collect()))
    }

    /// Whether one of the tags is this version.
    #[must_use]
    pub fn matches(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

fn version_of(tag: &str) -> Option<u64> {
    let tag = tag
        .strip_prefix("W/")
        .or_else(|| tag.strip_prefix("w/"))
        .unwrap_or(tag);
    let digits = tag
        .strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .unwrap_or(tag);
    // `+7` and `07` are no tags of ours.
    digits
        .parse::<u64>()
        .ok()
        .filter(|version| version.to_string() == digits)
}

/// Refuses a change of a version that the client did not mean.
///
/// # Errors
/// [`ScimError::PreconditionFailed`] when the header names other versions than `version`;
/// [`ScimError::InvalidValue`] when it cannot be read.
pub fn check_if_match(header: Option<&str>, version: u64) -> Result<(), ScimError> {
    let Some(header) = header else {
        return Ok(());
    };
    if Tags::parse(header)?.matches(version) {
        return Ok(());
    }
    Err(ScimError::PreconditionFailed(format!(
        "If-Match names another version: the resource is at {}",
        weak(version)
    )))
}
