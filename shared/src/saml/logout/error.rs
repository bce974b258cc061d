//! Why a LogoutRequest is refused.

use crate::domain::fixer::Fixer;
use crate::saml::redirect_binding::RedirectError;
use crate::saml::refusal::Refusal;

/// Why a LogoutRequest is refused. Nothing of a person is quoted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutError {
    /// A rule that holds for every SAML message is broken.
    #[error(transparent)]
    Message(#[from] Refusal),
    /// A rule of the HTTP-Redirect binding is broken.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// Another message.
    #[error("wanted a samlp:LogoutRequest, got {got}")]
    NotLogoutRequest {
        /// What came.
        got: String,
    },
    /// By HTTP-POST the message itself must be signed (saml-profiles 4.4.4.1).
    #[error("wanted a signed LogoutRequest, got one without a Signature")]
    Unsigned,
    /// No IssueInstant (saml-core 3.2.1).
    #[error("wanted IssueInstant, got none")]
    IssueInstantMissing,
    /// Made in the future.
    #[error("wanted a LogoutRequest that has been issued, got {got}")]
    NotYetIssued {
        /// Its time and ours.
        got: String,
    },
    /// NotOnOrAfter has passed, or it is too old.
    #[error("wanted a LogoutRequest that is still good, got {got}")]
    Expired {
        /// Its time and ours.
        got: String,
    },
    /// It names nobody.
    #[error("wanted one NameID or EncryptedID, got {got}")]
    NameIdMissing {
        /// What came instead.
        got: &'static str,
    },
    /// More sessions than anybody has.
    #[error("wanted at most {max} SessionIndex elements, each of text, got another number or form")]
    SessionIndexes {
        /// The most.
        max: usize,
    },
}

impl LogoutError {
    /// What was wanted and what came, for the owner's record; free of personal data.
    #[must_use]
    pub fn wanted_and_got(&self) -> (String, String) {
        if let Self::Message(refusal) = self {
            return (refusal.wanted().to_owned(), refusal.got().to_owned());
        }
        let told = self.to_string();
        let (wanted, got) = told.rsplit_once(", got ").unwrap_or((&told, "something else"));
        let wanted = wanted.strip_prefix("wanted ").unwrap_or(wanted);
        (wanted.to_owned(), got.to_owned())
    }

    /// Who must mend it.
    #[must_use]
    pub fn fixer(&self) -> Fixer {
        match self {
            Self::Message(refusal) => refusal.fixer(),
            Self::Redirect(RedirectError::BadSignature | RedirectError::NoCertificates) => Fixer::Owner,
            Self::Redirect(_)
            | Self::NotLogoutRequest { .. }
            | Self::Unsigned
            | Self::IssueInstantMissing
            | Self::NotYetIssued { .. }
            | Self::Expired { .. }
            | Self::NameIdMissing { .. }
            | Self::SessionIndexes { .. } => Fixer::IdpAdmin,
        }
    }

    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Message(refusal) => refusal.code(),
            Self::Redirect(error) => error.code(),
            Self::NotLogoutRequest { .. } => "logout_request_expected",
            Self::Unsigned => "logout_request_unsigned",
            Self::IssueInstantMissing => "logout_issue_instant_missing",
            Self::NotYetIssued { .. } => "logout_request_not_yet_issued",
            Self::Expired { .. } => "logout_request_expired",
            Self::NameIdMissing { .. } => "logout_name_id_missing",
            Self::SessionIndexes { .. } => "logout_session_indexes",
        }
    }
}
