//! Request bodies: an explicit limit, the expected content type, and forms without ambiguity.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;

use super::strict_json::{self, TWICE};

/// Limit of a JSON body of our own APIs, in bytes.
pub const JSON_LIMIT: usize = 256 * 1024;
/// Limit of a form that carries no document, in bytes.
pub const FORM_LIMIT: usize = 16 * 1024;
/// Limit of a form that carries a SAML message: 256 KiB of XML in base64, escaped, and room for RelayState; in bytes.
pub const SAML_FORM_LIMIT: usize = 512 * 1024;
/// Fields that a form or query may have.
const MAX_FIELDS: usize = 64;

/// Media type of an HTML form.
const FORM: &str = "application/x-www-form-urlencoded";

/// Why a body or a set of parameters was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Longer than the route allows.
    #[error("the body may have at most {limit} bytes")]
    TooLarge {
        /// The route's limit, in bytes.
        limit: usize,
    },
    /// Another or no content type.
    #[error("wanted Content-Type {wanted}")]
    ContentType {
        /// What the route takes.
        wanted: &'static str,
    },
    /// The connection broke off while the body was read.
    #[error("the body could not be read to its end")]
    Unreadable,
    /// Not UTF-8 after percent-decoding, or a broken percent escape.
    #[error("a parameter is not valid percent-encoded UTF-8")]
    Encoding,
    /// More parameters than anything here takes.
    #[error("more than {MAX_FIELDS} parameters")]
    TooMany,
    /// A parameter stands twice, so that two readers could see different values (RFC 6749, section 3.1).
    #[error("the parameter {name} is given more than once")]
    Duplicate {
        /// Its name, shortened and without control characters.
        name: String,
    },
    /// A parameter is missing or empty.
    #[error("the parameter {name} is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// Not JSON, or not of the wanted shape.
    #[error("the JSON body does not fit: {reason}")]
    Json {
        /// What the parser said: place and expectation, never the value.
        reason: String,
    },
}

impl BodyError {
    /// JSON that does not fit; no value of it is quoted.
    #[must_use]
    pub fn of_json(error: &serde_json::Error) -> Self {
        Self::Json {
            reason: json_reason(error),
        }
    }

    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "body_too_large",
            Self::ContentType { .. } => "content_type_unsupported",
            Self::Unreadable => "body_unreadable",
            Self::Encoding => "parameter_encoding",
            Self::TooMany => "parameter_count",
            Self::Duplicate { .. } => "parameter_duplicate",
            Self::Missing { .. } => "parameter_missing",
            Self::Json { .. } => "body_malformed",
        }
    }

    /// The HTTP status it answers with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unreadable
            | Self::Encoding
            | Self::TooMany
            | Self::Duplicate { .. }
            | Self::Missing { .. }
            | Self::Json { .. } => StatusCode::BAD_REQUEST,
        }
    }
}

/// Reads a body up to `limit` bytes; a longer one is refused before it is read where its length is declared.
///
/// # Errors
/// [`BodyError::TooLarge`] or [`BodyError::Unreadable`].
pub async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<u64>().ok());
    if declared.is_some_and(|length| u64::try_from(limit).is_ok_and(|limit| length > limit)) {
        return Err(BodyError::TooLarge { limit });
    }
    match Limited::new(body, limit).collect().await {
        Ok(read) => Ok(read.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            Err(BodyError::TooLarge { limit })
        }
        Err(_) => Err(BodyError::Unreadable),
    }
}

/// Reads a form of at most `limit` bytes.
///
/// # Errors
/// [`BodyError`] when the content type is another, the body too long, or a parameter ambiguous.
pub async fn read_form(headers: &HeaderMap, body: Body, limit: usize) -> Result<Parameters, BodyError> {
    if !has_content_type(headers, |essence| essence == FORM) {
        return Err(BodyError::ContentType { wanted: FORM });
    }
    Parameters::parse(&read(headers, body, limit).await?)
}

/// Reads JSON of at most `limit` bytes, in which no object has a name twice; `application/json` and any `+json` type are
/// taken.
///
/// # Errors
/// [`BodyError`] when the content type is another, the body too long, or the JSON does not fit `T`.
pub async fn read_json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<T, BodyError> {
    if !has_content_type(headers, |essence| {
        essence == "application/json" || essence.ends_with("+json")
    }) {
        return Err(BodyError::ContentType {
            wanted: "application/json",
        });
    }
    json(&read(headers, body, limit).await?)
}

/// JSON in which no object has a name twice.
///
/// # Errors
/// [`BodyError::Json`].
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BodyError> {
    let read = serde_json::from_slice(bytes).map_err(|error| BodyError::of_json(&error))?;
    strict_json::parse(bytes).map_err(|error| BodyError::of_json(&error))?;
    Ok(read)
}

/// What serde says may quote the value it met (`invalid value: string "…"`): only place and kind are kept.
fn json_reason(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Io => "unreadable",
        serde_json::error::Category::Syntax => "not JSON",
        serde_json::error::Category::Data => return data_reason(error),
        serde_json::error::Category::Eof => "ends too early",
    };
    format!("{kind} at line {} column {}", error.line(), error.column())
}

/// Field names are ours and may be told; a quoted value may not.
fn data_reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let ours = ["missing field", "unknown field", "duplicate field", TWICE];
    let told = ours.iter().any(|start| text.starts_with(start)) && !text.contains('"');
    if told && text.len() <= 300 {
        return text;
    }
    if error.line() == 0 {
        // Read out of a value in memory, which has no place.
        return "a value of the wrong kind".to_owned();
    }
    format!(
        "a value of the wrong kind at line {} column {}",
        error.line(),
        error.column()
    )
}

fn has_content_type(headers: &HeaderMap, fits: impl Fn(&str) -> bool) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    value.to_str().is_ok_and(|value| {
        let essence = value.split(';').next().unwrap_or_default();
        fits(&essence.trim().to_ascii_lowercase())
    })
}

/// Parameters of a form or a query, each name at most once. No `Debug`: values may be secrets.
#[derive(Default)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
}

impl Parameters {
    /// Parses `application/x-www-form-urlencoded` (WHATWG URL, section 5.1), strictly: UTF-8, no name twice.
    ///
    /// # Errors
    /// [`BodyError::Encoding`], [`BodyError::TooMany`] or [`BodyError::Duplicate`].
    pub fn parse(encoded: &[u8]) -> Result<Self, BodyError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in encoded
            .split(|byte| *byte == b'&')
            .filter(|part| !part.is_empty())
        {
            if pairs.len() == MAX_FIELDS {
                return Err(BodyError::TooMany);
            }
            let mut halves = part.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if pairs.iter().any(|(known, _)| *known == name) {
                let name = name.chars().filter(|c| !c.is_control()).take(40).collect();
                return Err(BodyError::Duplicate { name });
            }
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    /// Parses the query of a request; none is an empty set.
    ///
    /// # Errors
    /// As [`Parameters::parse`].
    pub fn of_query(query: Option<&str>) -> Result<Self, BodyError> {
        Self::parse(query.unwrap_or_default().as_bytes())
    }

    /// The value of a parameter; an empty value counts as absent (RFC 6749, section 3.1).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    /// [`BodyError::Missing`] when it is absent or empty.
    pub fn require(&self, name: &'static str) -> Result<&str, BodyError> {
        self.get(name).ok_or(BodyError::Missing { name })
    }

    /// All pairs in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn decode(encoded: &[u8]) -> Result<String, BodyError> {
    let mut rest = encoded;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        match rest.get(at + 1..at + 3) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => {}
            Some(_) | None => return Err(BodyError::Encoding),
        }
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    let spaced: Vec<u8> = encoded
        .iter()
        .map(|&byte| if byte == b'+' { b' ' } else { byte })
        .collect();
    let decoded = percent_decode(&spaced)
        .decode_utf8()
        .map_err(|_| BodyError::Encoding)?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
