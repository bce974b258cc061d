//! Refusals of the use cases as problems.

use axum::http::StatusCode;

use crate::app::onboarding::{Cause, OnboardingError};
use crate::http::problem::Problem;

/// Seconds after which a busy store is asked again.
const RETRY_SECONDS: u32 = 2;

/// Seconds after which a used-up quota is asked again: an hour, since the day's end is near or far.
const RETRY_TOMORROW: u32 = 60 * 60;

impl From<OnboardingError> for Problem {
    fn from(error: OnboardingError) -> Self {
        let status = match error.cause() {
            Cause::Absent => StatusCode::NOT_FOUND,
            Cause::Forbidden => StatusCode::FORBIDDEN,
            Cause::Precondition => StatusCode::PRECONDITION_FAILED,
            Cause::Conflict => StatusCode::CONFLICT,
            Cause::Input => StatusCode::UNPROCESSABLE_ENTITY,
            Cause::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Cause::Passing => StatusCode::SERVICE_UNAVAILABLE,
            Cause::Failure => {
                tracing::error!(error = %error, error.code = error.code(), "an administration request failed");
                return Self::internal();
            }
        };
        let problem = Self::new(status, error.code(), error.to_string());
        match (error.cause(), error.field()) {
            (Cause::Passing, _) => problem.retry_after(RETRY_SECONDS),
            (Cause::TooMany, _) => problem.retry_after(RETRY_TOMORROW),
            (_, Some(field)) => problem.with_field(field, error.to_string()),
            (_, None) => problem,
        }
    }
}
