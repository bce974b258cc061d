//! Mails that people get: what each has to say. How it is said stands in the templates (`shared/templates/mail`).

use serde::{Deserialize, Serialize};

/// One mail's content, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "template", rename_all = "snake_case")]
pub enum Letter {
    /// The code of AskToLink; the code itself travels as the mail's secret.
    LinkCode {
        /// Whose account it is about.
        organization: String,
        /// How long the code is good, in minutes.
        minutes: i64,
    },
}

impl Letter {
    /// The template's name: for metrics and logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::LinkCode { .. } => "link_code",
        }
    }
}
