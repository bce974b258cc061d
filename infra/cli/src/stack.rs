//! A deployed stack, by its outputs: what `aws cloudformation describe-stacks` or `sam list stack-outputs` print.

use std::collections::BTreeMap;

use gatehouse::config::{Config, ConfigError};
use serde::Deserialize;

/// The outputs of template.yaml that are needed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Where people and identity providers reach it.
    pub base_url: String,
    /// Where the operator's API is.
    pub operator_url: String,
    /// API Gateway's own address of the public API.
    pub execute_api_url: String,
    /// Names of the tables.
    pub directory_table: String,
    /// Names of the tables.
    pub ephemeral_table: String,
    /// Name of the event bus.
    pub event_bus: String,
    /// First part of every secret's name: `gatehouse/{stack}`.
    pub secrets_prefix: String,
    /// The SES identity that mail is sent from.
    pub mail_identity: String,
    /// Its region.
    pub region: String,
}

/// The outputs cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// No JSON of either form.
    #[error(
        "wanted the outputs as `aws cloudformation describe-stacks --query 'Stacks[0].Outputs'` prints them: {0}"
    )]
    Form(#[from] serde_json::Error),
    /// An output is missing: another template, or another stack.
    #[error("the stack has no output {0}; is it a stack of Gatehouse's template.yaml?")]
    Missing(&'static str),
}

#[derive(Deserialize)]
struct Output {
    #[serde(rename = "OutputKey")]
    key: String,
    #[serde(rename = "OutputValue")]
    value: String,
}

impl StackError {
    /// Stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form(_) => "outputs_malformed",
            Self::Missing(_) => "output_missing",
        }
    }
}

impl Stack {
    /// Reads the outputs.
    ///
    /// # Errors
    /// [`StackError`].
    pub fn from_outputs(text: &str) -> Result<Self, StackError> {
        let outputs: Vec<Output> = serde_json::from_str(text)?;
        let mut all: BTreeMap<String, String> = outputs
            .into_iter()
            .map(|output| (output.key, output.value))
            .collect();
        let mut take = |name: &'static str| all.remove(name).ok_or(StackError::Missing(name));
        Ok(Self {
            base_url: take("BaseUrl")?,
            operator_url: take("OperatorApiUrl")?,
            execute_api_url: take("ExecuteApiUrl")?,
            directory_table: take("DirectoryTable")?,
            ephemeral_table: take("EphemeralTable")?,
            event_bus: take("EventBusName")?,
            secrets_prefix: take("SecretsPrefix")?,
            mail_identity: take("MailIdentity")?,
            region: take("Region")?,
        })
    }

    /// The log group of a function, as infra/roles.yaml names it.
    #[must_use]
    pub fn log_group(&self, function: &str) -> String {
        format!("/aws/lambda/{}-{function}", self.name())
    }

    /// The name of the schedule that starts a function, as template.yaml has it.
    #[must_use]
    pub fn scheduled(&self, function: &str) -> String {
        format!("{}-{function}", self.name())
    }

    fn name(&self) -> &str {
        self.secrets_prefix.rsplit('/').next().unwrap_or_default()
    }

    /// The configuration of the stack's functions, as far as it is needed to make keys.
    ///
    /// # Errors
    /// [`ConfigError`] when an output is no value for its variable.
    pub fn config(&self) -> Result<Config, ConfigError> {
        let variables = [
            ("GATEHOUSE_BASE_URL", &self.base_url),
            ("GATEHOUSE_DIRECTORY_TABLE", &self.directory_table),
            ("GATEHOUSE_EPHEMERAL_TABLE", &self.ephemeral_table),
            ("GATEHOUSE_SECRETS_PREFIX", &self.secrets_prefix),
            ("AWS_REGION", &self.region),
        ];
        Config::from_env(variables.map(|(name, value)| (name.to_owned(), value.clone())))
    }
}
