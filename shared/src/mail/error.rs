//! Why a mail was not sent.

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// A mail that was not sent. Never holds an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The configured sender is no mailbox.
    #[error("wanted a mailbox as the sender")]
    Sender,
    /// The recipient is no address.
    #[error("wanted an e-mail address as the recipient")]
    Recipient,
    /// The subject has more than one line or more than 200 characters.
    #[error("wanted a subject of one line and at most 200 characters")]
    Subject,
    /// The reference has other characters than letters, digits, `_`, `-`, or not 1–128 of them.
    #[error("wanted a reference of 1 to 128 letters, digits, _ and -")]
    Reference,
    /// The letter needs a secret that is not there.
    #[error("wanted the secret that the letter carries; there is none")]
    Secret,
    /// The message could not be put together.
    #[error("the message could not be put together")]
    Compose,
    /// SES refuses this mail, and would again.
    #[error("SES refused the mail ({aws})")]
    Refused {
        /// AWS' own code.
        aws: String,
    },
    /// SES did not answer, throttled, or failed, after the SDK's retries.
    #[error("SES did not answer in time ({aws})")]
    Unavailable {
        /// AWS' own code, or what the transport met.
        aws: String,
    },
}

impl MailError {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Sender => "mail_sender_invalid",
            Self::Recipient => "mail_recipient_invalid",
            Self::Subject => "mail_subject_invalid",
            Self::Reference => "mail_reference_invalid",
            Self::Secret => "mail_secret_missing",
            Self::Compose => "mail_not_composed",
            Self::Refused { .. } => "mail_refused",
            Self::Unavailable { .. } => "mail_unavailable",
        }
    }

    /// Whether trying again is of no use.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Unavailable { .. } => false,
            Self::Sender
            | Self::Recipient
            | Self::Subject
            | Self::Reference
            | Self::Secret
            | Self::Compose
            | Self::Refused { .. } => true,
        }
    }

    /// Translates an SDK error. Only what SES says about this very mail is permanent; a paused account, a limit, a
    /// missing permission or an unknown code may be lifted by the operator, and the mail still has to arrive.
    pub(super) fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        let aws = match error {
            SdkError::ServiceError(service) => service.err().code().unwrap_or("unknown").to_owned(),
            SdkError::TimeoutError(_) => "timeout".to_owned(),
            SdkError::DispatchFailure(_) => "dispatch failure".to_owned(),
            SdkError::ResponseError(_) => "unreadable response".to_owned(),
            SdkError::ConstructionFailure(_) => "construction failure".to_owned(),
            // The SDK's enum is non-exhaustive.
            _ => "unknown SDK error".to_owned(),
        };
        match aws.as_str() {
            "MessageRejected" | "BadRequestException" => Self::Refused { aws },
            _ => Self::Unavailable { aws },
        }
    }
}
