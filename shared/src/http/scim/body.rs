//! Request bodies: of JSON, of a bounded size and depth, each name once.

use std::fmt;

use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde_json::Value;

use crate::http::body::{self, BodyError};
use crate::http::strict_json::{self, TWICE};
use crate::scim::ScimError;
use crate::scim::media::check_content_type;

/// Limit of a body, in bytes: more than 30,000 members of a group in one request.
pub const LIMIT: usize = 4 * 1024 * 1024;

/// A JSON body of at most [`LIMIT`].
#[derive(Clone)]
pub struct ScimJson(pub Value);

/// It may hold personal data.
impl fmt::Debug for ScimJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScimJson([personal])")
    }
}

impl<S: Sync> FromRequest<S> for ScimJson {
    type Rejection = ScimError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ScimError> {
        let (parts, body) = request.into_parts();
        let kinds = parts.headers.get_all(header::CONTENT_TYPE).iter();
        for kind in kinds {
            // What is no text is no media type of ours.
            check_content_type(Some(kind.to_str().unwrap_or("?")))?;
        }
        let bytes = body::read(&parts.headers, body, LIMIT)
            .await
            .map_err(|error| refused(&error))?;
        parse(&bytes).map(Self)
    }
}

fn refused(error: &BodyError) -> ScimError {
    match error {
        BodyError::TooLarge { limit } => {
            ScimError::TooLarge(format!("the body: wanted at most {limit} bytes"))
        }
        BodyError::ContentType { .. }
        | BodyError::Unreadable
        | BodyError::Encoding
        | BodyError::TooMany
        | BodyError::Duplicate { .. }
        | BodyError::Missing { .. }
        | BodyError::Json { .. } => ScimError::InvalidSyntax(format!("the body: {error}")),
    }
}

/// Reads JSON (RFC 8259), strictly: two readers must not see different values under one name.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, ScimError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ScimError::InvalidSyntax(
            "the body: wanted a JSON object, got nothing".to_owned(),
        ));
    }
    strict_json::parse(bytes).map_err(|error| {
        let text = error.to_string();
        // What serde says of a wrong value quotes it; these two say nothing of it.
        let reason = if text.starts_with("recursion limit exceeded") {
            "nested deeper than 127 levels"
        } else if text.starts_with(TWICE) {
            TWICE
        } else {
            "not JSON"
        };
        ScimError::InvalidSyntax(format!(
            "the body: {reason}, at line {} column {}",
            error.line(),
            error.column()
        ))
    })
}
