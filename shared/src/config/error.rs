//! Why a configuration was refused.

use std::fmt;

/// Every problem of a configuration, found in one pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// In the order the variables are read.
    pub problems: Vec<ConfigProblem>,
}

/// One variable that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Name of the environment variable.
    pub variable: &'static str,
    /// What was wanted and, where it is no secret, what came.
    pub problem: String,
}

impl ConfigError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "configuration_invalid"
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} problem(s)", self.problems.len())?;
        for ConfigProblem { variable, problem } in &self.problems {
            write!(f, "\n  {variable}: {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
