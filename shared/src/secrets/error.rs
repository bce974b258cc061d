//! Why a secret could not be read or written.

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};

/// A failed operation on one secret; never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("secret {name}: {fault}")]
pub struct SecretsError {
    /// Full name of the secret.
    pub name: String,
    /// What went wrong.
    pub fault: SecretsFault,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretsFault {
    /// There is no such secret, or none in the wanted stage.
    #[error("wanted an existing secret, found none")]
    NotFound,
    /// It is being deleted and cannot be read.
    #[error("is scheduled for deletion")]
    Deleted,
    /// The function's role does not allow it.
    #[error("the function's role does not allow this ({aws})")]
    Denied {
        /// AWS' own code.
        aws: String,
    },
    /// Secrets Manager refused the request for another reason.
    #[error("Secrets Manager refused the request ({aws})")]
    Refused {
        /// AWS' own code.
        aws: String,
    },
    /// Secrets Manager did not answer, throttled, or failed, after the SDK's retries.
    #[error("Secrets Manager did not answer in time ({aws})")]
    Unavailable {
        /// AWS' own code, or what the transport met.
        aws: String,
    },
    /// The secret is binary, or not the JSON that was wanted.
    #[error("wanted {wanted}, found something else")]
    Malformed {
        /// What was wanted.
        wanted: &'static str,
    },
    /// No random request token could be drawn.
    #[error("the system's random number generator did not answer")]
    Random,
}

impl SecretsError {
    pub(super) fn new(name: &str, fault: SecretsFault) -> Self {
        Self {
            name: name.to_owned(),
            fault,
        }
    }

    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.fault {
            SecretsFault::NotFound => "secret_not_found",
            SecretsFault::Deleted => "secret_deleted",
            SecretsFault::Denied { .. } => "secret_denied",
            SecretsFault::Refused { .. } => "secret_refused",
            SecretsFault::Unavailable { .. } => "secrets_unavailable",
            SecretsFault::Malformed { .. } => "secret_malformed",
            SecretsFault::Random => "random_unavailable",
        }
    }

    /// Whether trying again later may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.fault {
            SecretsFault::Unavailable { .. } | SecretsFault::Random => true,
            SecretsFault::NotFound
            | SecretsFault::Deleted
            | SecretsFault::Denied { .. }
            | SecretsFault::Refused { .. }
            | SecretsFault::Malformed { .. } => false,
        }
    }
}

/// What an AWS error code means to us. AWS adds codes at will, so an unknown one is a refusal by name.
fn fault_of_code(code: &str, server_side: bool) -> SecretsFault {
    let aws = code.to_owned();
    match code {
        "ResourceNotFoundException" => SecretsFault::NotFound,
        "AccessDeniedException" | "UnrecognizedClientException" | "InvalidSignatureException" => {
            SecretsFault::Denied { aws }
        }
        "ThrottlingException" | "InternalServiceError" | "ServiceUnavailable" => {
            SecretsFault::Unavailable { aws }
        }
        _ if server_side => SecretsFault::Unavailable { aws },
        _ => SecretsFault::Refused { aws },
    }
}

/// Translates an SDK error. Secrets Manager answers `InvalidRequestException` for a secret that is being deleted and
/// for other conflicts of state; its message is the only thing that tells them apart.
pub(super) fn fault_of<E: ProvideErrorMetadata>(
    error: &SdkError<E, aws_smithy_runtime_api::client::orchestrator::HttpResponse>,
) -> SecretsFault {
    let transport = |what: &str| SecretsFault::Unavailable { aws: what.to_owned() };
    match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("unknown");
            let message = service.err().message().unwrap_or_default();
            if code == "InvalidRequestException" && message.contains("deletion") {
                return SecretsFault::Deleted;
            }
            fault_of_code(code, service.raw().status().is_server_error())
        }
        SdkError::TimeoutError(_) => transport("timeout"),
        SdkError::DispatchFailure(_) => transport("dispatch failure"),
        SdkError::ResponseError(_) => transport("unreadable response"),
        SdkError::ConstructionFailure(_) => SecretsFault::Refused {
            aws: "construction failure".to_owned(),
        },
        // The SDK's enum is non-exhaustive.
        _ => transport("unknown SDK error"),
    }
}
