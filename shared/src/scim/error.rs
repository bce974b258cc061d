//! The refusals of SCIM and how they look on the wire (RFC 7644, section 3.12; RFC 9865, section 2.1).

use serde_json::{Value, json};

/// Schema URN of an error answer.
pub const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Why a SCIM request was refused. The text says what was wanted and what came; it quotes names, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScimError {
    /// 400: the body is not JSON of the right shape, or names an attribute that no schema has.
    #[error("{0}")]
    InvalidSyntax(String),
    /// 400: the filter cannot be read, or asks for a comparison that its attribute does not have.
    #[error("{0}")]
    InvalidFilter(String),
    /// 400: the path of a PATCH operation cannot be read or names no attribute.
    #[error("{0}")]
    InvalidPath(String),
    /// 400: a required value is missing, or a value does not fit its attribute.
    #[error("{0}")]
    InvalidValue(String),
    /// 400: the path of a PATCH operation selects nothing that could be changed.
    #[error("{0}")]
    NoTarget(String),
    /// 400: the attribute may not be changed so.
    #[error("{0}")]
    Mutability(String),
    /// 409: another resource has that name already.
    #[error("{0}")]
    Uniqueness(String),
    /// 400: the filter would have to look at more than this server is ready to.
    #[error("{0}")]
    TooMany(String),
    /// 400: the cursor was not made here, or not for this query.
    #[error("{0}")]
    InvalidCursor(String),
    /// 400: the cursor is older than the time-out.
    #[error("{0}")]
    ExpiredCursor(String),
    /// 400: `count` does not go with the cursor.
    #[error("{0}")]
    InvalidCount(String),
    /// 401: no bearer token, or not a good one. Unknown, expired and foreign tokens look alike.
    #[error("{0}")]
    Unauthorized(String),
    /// 403: the token is good, the request is not allowed.
    #[error("{0}")]
    Forbidden(String),
    /// 404: no such resource or endpoint.
    #[error("{0}")]
    NotFound(String),
    /// 405: the endpoint does not know the method.
    #[error("{0}")]
    MethodNotAllowed(String),
    /// 412: `If-Match` names another version.
    #[error("{0}")]
    PreconditionFailed(String),
    /// 413: the body is too large.
    #[error("{0}")]
    TooLarge(String),
    /// 415: the body is of another type than JSON.
    #[error("{0}")]
    UnsupportedMediaType(String),
    /// 429: too many at once; worth another try after so many seconds.
    #[error("{detail}")]
    TooManyRequests {
        /// What happened.
        detail: String,
        /// Seconds to wait.
        retry_after: u32,
    },
    /// 500: our fault.
    #[error("{0}")]
    Internal(String),
    /// 501: a part of the protocol that this server does not have.
    #[error("{0}")]
    NotImplemented(String),
    /// 503: the change waits for a person's decision; worth another try after so many seconds.
    #[error("{detail}")]
    Held {
        /// What is held, and who decides.
        detail: String,
        /// Seconds to wait.
        retry_after: u32,
    },
    /// 503: not now; worth another try after so many seconds.
    #[error("{detail}")]
    Unavailable {
        /// What happened.
        detail: String,
        /// Seconds to wait.
        retry_after: u32,
    },
}

impl ScimError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidSyntax(_) => "scim_invalid_syntax",
            Self::InvalidFilter(_) => "scim_invalid_filter",
            Self::InvalidPath(_) => "scim_invalid_path",
            Self::InvalidValue(_) => "scim_invalid_value",
            Self::NoTarget(_) => "scim_no_target",
            Self::Mutability(_) => "scim_mutability",
            Self::Uniqueness(_) => "scim_uniqueness",
            Self::TooMany(_) => "scim_too_many",
            Self::InvalidCursor(_) => "scim_invalid_cursor",
            Self::ExpiredCursor(_) => "scim_expired_cursor",
            Self::InvalidCount(_) => "scim_invalid_count",
            Self::Unauthorized(_) => "scim_unauthorized",
            Self::Forbidden(_) => "scim_forbidden",
            Self::NotFound(_) => "scim_not_found",
            Self::MethodNotAllowed(_) => "scim_method_not_allowed",
            Self::PreconditionFailed(_) => "scim_precondition_failed",
            Self::TooLarge(_) => "scim_too_large",
            Self::UnsupportedMediaType(_) => "scim_unsupported_media_type",
            Self::TooManyRequests { .. } => "scim_too_many_requests",
            Self::Internal(_) => "scim_internal",
            Self::NotImplemented(_) => "scim_not_implemented",
            Self::Held { .. } => "scim_held",
            Self::Unavailable { .. } => "scim_unavailable",
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::InvalidSyntax(_)
            | Self::InvalidFilter(_)
            | Self::InvalidPath(_)
            | Self::InvalidValue(_)
            | Self::NoTarget(_)
            | Self::Mutability(_)
            | Self::TooMany(_)
            | Self::InvalidCursor(_)
            | Self::ExpiredCursor(_)
            | Self::InvalidCount(_) => 400,
            Self::Unauthorized(_) => 401,
            Self::Forbidden(_) => 403,
            Self::NotFound(_) => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::Uniqueness(_) => 409,
            Self::PreconditionFailed(_) => 412,
            Self::TooLarge(_) => 413,
            Self::UnsupportedMediaType(_) => 415,
            Self::TooManyRequests { .. } => 429,
            Self::Internal(_) => 500,
            Self::NotImplemented(_) => 501,
            Self::Held { .. } | Self::Unavailable { .. } => 503,
        }
    }

    /// The `scimType` keyword (RFC 7644, table 9; RFC 9865, table 2), where one is defined for this refusal.
    #[must_use]
    pub fn scim_type(&self) -> Option<&'static str> {
        match self {
            Self::InvalidSyntax(_) => Some("invalidSyntax"),
            Self::InvalidFilter(_) => Some("invalidFilter"),
            Self::InvalidPath(_) => Some("invalidPath"),
            Self::InvalidValue(_) => Some("invalidValue"),
            Self::NoTarget(_) => Some("noTarget"),
            Self::Mutability(_) => Some("mutability"),
            Self::Uniqueness(_) => Some("uniqueness"),
            Self::TooMany(_) => Some("tooMany"),
            Self::InvalidCursor(_) => Some("invalidCursor"),
            Self::ExpiredCursor(_) => Some("expiredCursor"),
            Self::InvalidCount(_) => Some("invalidCount"),
            Self::Unauthorized(_)
            | Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::MethodNotAllowed(_)
            | Self::PreconditionFailed(_)
            | Self::TooLarge(_)
            | Self::UnsupportedMediaType(_)
            | Self::TooManyRequests { .. }
            | Self::Internal(_)
            | Self::NotImplemented(_)
            | Self::Held { .. }
            | Self::Unavailable { .. } => None,
        }
    }

    /// Seconds for the `Retry-After` header, where another try makes sense.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooManyRequests { retry_after, .. }
            | Self::Held { retry_after, .. }
            | Self::Unavailable { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    /// The body of the answer (RFC 7644, section 3.12): `status` is a string there.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut body = json!({
            "schemas": [ERROR_SCHEMA],
            "status": self.status().to_string(),
        });
        if let Some(map) = body.as_object_mut() {
            if let Some(scim_type) = self.scim_type() {
                map.insert("scimType".to_owned(), scim_type.into());
            }
            map.insert("detail".to_owned(), self.to_string().into());
        }
        body
    }

    /// The same refusal, saying which operation of a PATCH (from 0) it is about.
    #[must_use]
    pub fn at_operation(mut self, index: usize) -> Self {
        let detail = self.detail_mut();
        *detail = format!("Operations[{index}]: {detail}");
        self
    }

    fn detail_mut(&mut self) -> &mut String {
        match self {
            Self::InvalidSyntax(detail)
            | Self::InvalidFilter(detail)
            | Self::InvalidPath(detail)
            | Self::InvalidValue(detail)
            | Self::NoTarget(detail)
            | Self::Mutability(detail)
            | Self::Uniqueness(detail)
            | Self::TooMany(detail)
            | Self::InvalidCursor(detail)
            | Self::ExpiredCursor(detail)
            | Self::InvalidCount(detail)
            | Self::Unauthorized(detail)
            | Self::Forbidden(detail)
            | Self::NotFound(detail)
            | Self::MethodNotAllowed(detail)
            | Self::PreconditionFailed(detail)
            | Self::TooLarge(detail)
            | Self::UnsupportedMediaType(detail)
            | Self::TooManyRequests { detail, .. }
            | Self::Internal(detail)
            | Self::NotImplemented(detail)
            | Self::Held { detail, .. }
            | Self::Unavailable { detail, .. } => detail,
        }
    }
}
