//! Why an event is not on the bus.

use std::fmt;

use aws_sdk_eventbridge::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// Why one event is not on the bus.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventFault {
    /// Larger than EventBridge takes, whoever tries.
    #[error("the event has {bytes} bytes, wanted at most 256 KiB")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// EventBridge refuses this event, and would again.
    #[error("EventBridge refused the event ({aws})")]
    Refused {
        /// AWS' own code.
        aws: String,
    },
    /// EventBridge did not answer, throttled, or failed.
    #[error("EventBridge did not take the event ({aws})")]
    Unavailable {
        /// AWS' own code, or what the transport met.
        aws: String,
    },
}

/// Events of a batch that are not on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsError {
    /// Size of the batch.
    pub of: usize,
    /// Place in the batch and why.
    pub failed: Vec<(usize, EventFault)>,
}

impl EventFault {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "event_too_large",
            Self::Refused { .. } => "event_refused",
            Self::Unavailable { .. } => "event_unavailable",
        }
    }

    /// Whether putting it again is of no use.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::TooLarge { .. } | Self::Refused { .. } => true,
            Self::Unavailable { .. } => false,
        }
    }

    pub(super) fn of_entry(code: Option<&str>) -> Self {
        let aws = code.unwrap_or("no answer").to_owned();
        match aws.as_str() {
            "MalformedDetail" | "InvalidArgument" => Self::Refused { aws },
            _ => Self::Unavailable { aws },
        }
    }

    pub(super) fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        let aws = match error {
            SdkError::ServiceError(service) => service.err().code().unwrap_or("unknown"),
            SdkError::TimeoutError(_) => "timeout",
            SdkError::DispatchFailure(_) => "dispatch failure",
            SdkError::ResponseError(_) => "unreadable response",
            SdkError::ConstructionFailure(_) => "construction failure",
            // The SDK's enum is non-exhaustive.
            _ => "unknown SDK error",
        };
        Self::Unavailable { aws: aws.to_owned() }
    }
}

impl EventsError {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "events_not_put"
    }
}

impl fmt::Display for EventsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} events are not on the bus",
            self.failed.len(),
            self.of
        )?;
        match self.failed.first() {
            Some((_, fault)) => write!(f, "; first: {fault}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for EventsError {}
