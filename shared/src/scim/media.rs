//! Media types (RFC 7644, sections 3.1 and 8.1).

use super::ScimError;

/// What an answer's `Content-Type` may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MediaType {
    /// `application/scim+json`, unless the client takes only the other.
    #[default]
    Scim,
    /// `application/json`.
    Json,
}

impl MediaType {
    /// The header's value.
    #[must_use]
    pub fn header(self) -> &'static str {
        match self {
            Self::Scim => "application/scim+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// Chooses the answer's type from an `Accept` header.
///
/// A client that accepts neither gets `application/scim+json` all the same: RFC 9110, section 12.5.1, allows it, and
/// provisioning clients are known to send what their HTTP library sends.
#[must_use]
pub fn negotiate(accept: Option<&str>) -> MediaType {
    let Some(accept) = accept else {
        return MediaType::Scim;
    };
    let quality = |wanted: &[&str]| -> f32 {
        accept
            .split(',')
            .filter_map(|range| {
                let mut parts = range.split(';').map(str::trim);
                let name = parts.next()?;
                if !wanted.iter().any(|w| w.eq_ignore_ascii_case(name)) {
                    return None;
                }
                Some(parts.find_map(quality_of).unwrap_or(1.0))
            })
            .fold(0.0, f32::max)
    };
    let scim = quality(&["application/scim+json"]);
    let json = quality(&["application/json"]);
    let any = quality(&["*/*", "application/*"]);
    if json > scim && json > any {
        MediaType::Json
    } else {
        MediaType::Scim
    }
}

fn quality_of(parameter: &str) -> Option<f32> {
    let (name, value) = parameter.split_once('=')?;
    name.trim().eq_ignore_ascii_case("q").then_some(())?;
    value.trim().parse().ok()
}

/// Checks the `Content-Type` of a request body. None at all is taken as JSON.
///
/// # Errors
/// [`ScimError::UnsupportedMediaType`] for anything but `application/scim+json` and `application/json`, and for
/// another character set than UTF-8.
pub fn check_content_type(header: Option<&str>) -> Result<(), ScimError> {
    let Some(header) = header.map(str::trim).filter(|h| !h.is_empty()) else {
        return Ok(());
    };
    let mut parts = header.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let known = ["application/scim+json", "application/json"];
    if !known.iter().any(|k| k.eq_ignore_ascii_case(name)) {
        return Err(ScimError::UnsupportedMediaType(
            "Content-Type: wanted application/scim+json or application/json".to_owned(),
        ));
    }
    for (key, value) in parts.filter_map(|p| p.split_once('=')) {
        let charset = value.trim().trim_matches('"');
        let utf8 = charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8");
        if key.trim().eq_ignore_ascii_case("charset") && !utf8 {
            return Err(ScimError::UnsupportedMediaType(
                "Content-Type: wanted charset utf-8".to_owned(),
            ));
        }
    }
    Ok(())
}
