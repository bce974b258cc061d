//! Checks a deployed stack from outside and by the AWS API, and says what to mend. It changes nothing.

mod addresses;
mod functions;
mod operator;
mod schedules;
mod services;

use std::fmt;

use aws_config::SdkConfig;

use crate::client::Client;
use crate::stack::Stack;

pub use schedules::SCHEDULED;

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Good(String),
    /// Something is wrong, and what to do.
    Mend {
        /// What was wanted and what came.
        found: String,
        /// What to do.
        mend: String,
    },
    /// It could not be found out, and why.
    Unknown(String),
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Short name.
    pub check: String,
    /// What came of it.
    pub outcome: Outcome,
}

impl Finding {
    fn good(check: &str, found: impl Into<String>) -> Self {
        Self {
            check: check.to_owned(),
            outcome: Outcome::Good(found.into()),
        }
    }

    fn mend(check: &str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        let (found, mend) = (found.into(), mend.into());
        Self {
            check: check.to_owned(),
            outcome: Outcome::Mend { found, mend },
        }
    }

    fn unknown(check: &str, why: impl Into<String>) -> Self {
        Self {
            check: check.to_owned(),
            outcome: Outcome::Unknown(why.into()),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Good(found) => write!(f, "good  {}: {found}", self.check),
            Outcome::Mend { found, mend } => write!(f, "MEND  {}: {found}\n      → {mend}", self.check),
            Outcome::Unknown(why) => write!(f, "?     {}: {why}", self.check),
        }
    }
}

/// How many findings came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// As they should be.
    pub good: usize,
    /// To be mended.
    pub mend: usize,
    /// Not found out.
    pub unknown: usize,
}

impl Summary {
    /// Counts.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            match finding.outcome {
                Outcome::Good(_) => counts.good += 1,
                Outcome::Mend { .. } => counts.mend += 1,
                Outcome::Unknown(_) => counts.unknown += 1,
            }
        }
        counts
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { good, mend, unknown } = self;
        write!(f, "{good} good, {mend} to mend, {unknown} not found out")
    }
}

/// Runs every check; one that fails does not stop the others.
pub async fn examine(stack: &Stack, client: &Client, sdk: &SdkConfig) -> Vec<Finding> {
    let mut findings = addresses::examine(stack, client).await;
    findings.extend(functions::examine(stack, client).await);
    findings.extend(operator::examine(stack, client).await);
    findings.extend(services::examine(stack, sdk).await);
    findings.extend(schedules::examine(stack, sdk).await);
    findings
}
