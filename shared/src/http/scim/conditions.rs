//! Preconditions (RFC 7644, section 3.14; RFC 9110, section 13.1).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};

use crate::scim::ScimError;
use crate::scim::etag::{Tags, check_if_match};

/// The `If-Match` and `If-None-Match` of a request; repeated headers are one list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// `If-Match`.
    pub if_match: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self {
            if_match: list(&parts.headers, &header::IF_MATCH),
            if_none_match: list(&parts.headers, &header::IF_NONE_MATCH),
        })
    }
}

/// A value that is no text names no tag of ours, which is what an unknown tag does as well.
fn list(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values = headers.get_all(name).iter();
    let values = values
        .map(|value| value.to_str().unwrap_or("\"unreadable\""))
        .collect::<Vec<_>>();
    (!values.is_empty()).then(|| values.join(","))
}

impl Conditions {
    /// Refuses a change of another version than the client read.
    ///
    /// # Errors
    /// [`ScimError::PreconditionFailed`], or [`ScimError::InvalidValue`] for a header that names no tag.
    pub fn allow(&self, version: u64) -> Result<(), ScimError> {
        check_if_match(self.if_match.as_deref(), version)
    }

    /// Whether the client has this version already, so that 304 answers it.
    ///
    /// # Errors
    /// [`ScimError::InvalidValue`] for a header that names no tag.
    pub fn is_known(&self, version: u64) -> Result<bool, ScimError> {
        let tags = self.if_none_match.as_deref().map(Tags::parse).transpose()?;
        Ok(tags.is_some_and(|tags| tags.matches(version)))
    }
}
