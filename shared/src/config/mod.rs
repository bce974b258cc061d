//! Configuration of a deployment, read from the environment once at start.
//!
//! [`Config::from_env`] is pure: it takes the variables, so tests need no process environment. All problems are
//! reported at once. What each variable means stands in `docs/configuration.md`.

mod base_url;
mod error;
mod variables;

use std::net::SocketAddr;

use chrono::TimeDelta;

pub use base_url::{BaseUrl, is_loopback_host};
pub use error::{ConfigError, ConfigProblem};

use crate::domain::deadline::Stages;
use crate::domain::email::EmailAddress;
use crate::domain::role_catalogue::RoleCatalogue;
use variables::Variables;

/// What a function knows about its deployment.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where people and identity providers reach this deployment; also the OpenID issuer.
    pub base_url: BaseUrl,
    /// What pages call the product that people sign in to.
    pub product_name: String,
    /// The `Directory` table.
    pub directory_table: String,
    /// The `Ephemeral` table.
    pub ephemeral_table: String,
    /// First segment(s) of every secret's name, without a trailing slash.
    pub secrets_prefix: String,
    /// AWS region, which Lambda names.
    pub region: Option<String>,
    /// AWS endpoints other than the region's own.
    pub endpoints: Endpoints,
    /// Links to deployments in other hosting regions (AQ-27), in the order they are shown.
    pub siblings: Vec<Sibling>,
    /// How long a browser session lasts (SE-07).
    pub session_lifetime: TimeDelta,
    /// How long access to an organization lasts after the last check at its identity provider, where the tenant
    /// does not say otherwise (SE-08).
    pub access_lifetime: TimeDelta,
    /// Roles, team roles, defaults and forbidden pairs (IL-05).
    pub role_catalogue: RoleCatalogue,
    /// From-address of mails; only the functions that send mail need it.
    pub mail_sender: Option<String>,
    /// Days before a deadline at which its owners are reminded.
    pub reminder_stages: Stages,
    /// Who gets the operator's digest of deadlines.
    pub operator_mail: Option<EmailAddress>,
    /// Name of the EventBridge bus; only the relay needs it.
    pub event_bus: Option<String>,
    /// A connection that was validated and tried out becomes active without the operator's review (AQ-16).
    pub approves_connections: bool,
    /// SHA-256 of the key that opens the operator API without IAM: local only, allowed on a loopback base URL alone.
    pub operator_key_sha256: Option<[u8; 32]>,
    /// The name server that is asked for the proofs of domains: local only; unset is the machine's own.
    pub dns_server: Option<SocketAddr>,
    /// Outbound requests may go to `http://` on loopback addresses: local only, allowed on a loopback base URL alone.
    pub allow_loopback_http: bool,
}

/// AWS endpoints other than the region's own, by service; the names are those of the SDKs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// `AWS_ENDPOINT_URL_DYNAMODB`, else `AWS_ENDPOINT_URL`.
    pub dynamodb: Option<String>,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`, else `AWS_ENDPOINT_URL`.
    pub secrets_manager: Option<String>,
    /// `AWS_ENDPOINT_URL_SESV2`, else `AWS_ENDPOINT_URL`.
    pub ses: Option<String>,
    /// `AWS_ENDPOINT_URL_EVENTBRIDGE`, else `AWS_ENDPOINT_URL`.
    pub event_bridge: Option<String>,
}

/// A deployment in another hosting region (AQ-27).
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sibling {
    /// What the link says, such as `United States`.
    pub name: String,
    /// The other deployment's sign-in page: absolute, https.
    pub url: String,
}

impl Config {
    /// Reads the configuration from this process's environment.
    ///
    /// # Errors
    /// As [`Config::from_env`].
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn from_process() -> Result<Self, ConfigError> {
        Self::from_env(std::env::vars())
    }

    /// Reads the configuration from environment variables.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found, each naming its variable.
    pub fn from_env<I>(environment: I) -> Result<Self, ConfigError>
    where
        I: IntoIterator<Item = (String, String)>,
    {
        let mut variables = Variables::new(environment);
        let base_url = variables.base_url("GATEHOUSE_BASE_URL");
        let loopback = base_url.as_ref().is_some_and(BaseUrl::is_loopback);
        let directory_table = variables.table("GATEHOUSE_DIRECTORY_TABLE");
        let ephemeral_table = variables.table("GATEHOUSE_EPHEMERAL_TABLE");
        let secrets_prefix = variables.secrets_prefix("GATEHOUSE_SECRETS_PREFIX");
        let product_name = variables.label("GATEHOUSE_PRODUCT_NAME", "Gatehouse");
        let region = variables.optional("AWS_REGION");
        let endpoints = variables.endpoints();
        let siblings = variables.siblings("GATEHOUSE_SIBLINGS");
        let session_lifetime = variables.hours("GATEHOUSE_SESSION_HOURS", 14 * 24, 1..=90 * 24);
        let access_lifetime = variables.hours("GATEHOUSE_ACCESS_HOURS", 20, 1..=90 * 24);
        let role_catalogue = variables.role_catalogue("GATEHOUSE_ROLE_CATALOGUE");
        let mail_sender = variables.mail_sender("GATEHOUSE_MAIL_SENDER");
        let reminder_stages = variables.stages("GATEHOUSE_REMINDER_DAYS");
        let operator_mail = variables.address("GATEHOUSE_OPERATOR_MAIL");
        let event_bus = variables.optional("GATEHOUSE_EVENT_BUS");
        let approves_connections =
            variables.is_second("GATEHOUSE_CONNECTION_REVIEW", ["operator", "automatic"]);
        let operator_key_sha256 = variables.local_key_hash("GATEHOUSE_LOCAL_OPERATOR_KEY_SHA256", loopback);
        let allow_loopback_http = variables.local_switch("GATEHOUSE_LOCAL_ALLOW_LOOPBACK_HTTP", loopback);
        let dns_server = variables.local_address("GATEHOUSE_LOCAL_DNS_SERVER", loopback);
        let problems = variables.finish();
        match (
            base_url,
            directory_table,
            ephemeral_table,
            secrets_prefix,
            role_catalogue,
        ) {
            (
                Some(base_url),
                Some(directory_table),
                Some(ephemeral_table),
                Some(secrets_prefix),
                Some(roles),
            ) if problems.is_empty() => Ok(Self {
                base_url,
                product_name,
                directory_table,
                ephemeral_table,
                secrets_prefix,
                region,
                endpoints,
                siblings,
                session_lifetime,
                access_lifetime,
                role_catalogue: roles,
                mail_sender,
                reminder_stages,
                operator_mail,
                event_bus,
                approves_connections,
                operator_key_sha256,
                dns_server,
                allow_loopback_http,
            }),
            _ => Err(ConfigError { problems }),
        }
    }
}

#[cfg(test)]
mod tests;
