//! What is worth telling the owner about a certificate that is used nevertheless.

use chrono::{DateTime, TimeDelta, Utc};

use super::Certificate;

/// From how many days before its end a certificate counts as expiring soon.
pub const EXPIRING_SOON_DAYS: i64 = 30;

/// One thing to know about a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Its validity has not begun.
    NotYetValid {
        /// When it begins.
        not_before: DateTime<Utc>,
    },
    /// Its validity has ended.
    Expired {
        /// When it ended.
        not_after: DateTime<Utc>,
    },
    /// Its validity ends within [`EXPIRING_SOON_DAYS`] days.
    ExpiringSoon {
        /// When it ends.
        not_after: DateTime<Utc>,
    },
    /// Its own signature uses SHA-1 or MD5.
    Sha1Signature,
    /// An RSA key with a public exponent below 65537 (NIST SP 800-56B, section 6.2.1).
    WeakKey,
}

impl Finding {
    /// Stable code of this finding.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotYetValid { .. } => "certificate_not_yet_valid",
            Self::Expired { .. } => "certificate_expired",
            Self::ExpiringSoon { .. } => "certificate_expiring_soon",
            Self::Sha1Signature => "certificate_sha1_signature",
            Self::WeakKey => "certificate_weak_key",
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotYetValid { not_before } => write!(f, "the certificate is not valid before {not_before}"),
            Self::Expired { not_after } => write!(f, "the certificate expired at {not_after}"),
            Self::ExpiringSoon { not_after } => write!(f, "the certificate expires at {not_after}"),
            Self::Sha1Signature => f.write_str("the certificate is signed with SHA-1 or MD5"),
            Self::WeakKey => f.write_str("the certificate's RSA key has a public exponent below 65537"),
        }
    }
}

/// The findings of `certificate` at `now`.
pub(super) fn of(certificate: &Certificate, now: DateTime<Utc>) -> Vec<Finding> {
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    let mut findings = Vec::new();
    if now < not_before {
        findings.push(Finding::NotYetValid { not_before });
    }
    if now > not_after {
        findings.push(Finding::Expired { not_after });
    } else if not_after - now <= TimeDelta::days(EXPIRING_SOON_DAYS) {
        findings.push(Finding::ExpiringSoon { not_after });
    }
    if certificate.facts.sha1_signature {
        findings.push(Finding::Sha1Signature);
    }
    if certificate.facts.small_exponent {
        findings.push(Finding::WeakKey);
    }
    findings
}
