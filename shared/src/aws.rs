//! The AWS SDK's configuration, built once for a process (DESIGN section 8).

use std::time::Duration;

pub use aws_config::SdkConfig;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::clock::Clock;
use crate::config::Config;
use crate::events::EventBus;
use crate::mail::Mailer;
use crate::secrets::Secrets;
use crate::store::{Store, Tables};

/// How often the SDK tries: once and three retries.
const ATTEMPTS: u32 = 4;
/// The first retry waits at most this long.
const BACKOFF: Duration = Duration::from_millis(50);
/// No retry waits longer.
const MOST_BACKOFF: Duration = Duration::from_secs(1);
/// One try may take this long.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// All tries together may take this long.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(9);

/// The configuration of all SDK clients. Lambda gives credentials and the region in the environment; the other places
/// where `aws_config`'s loader looks for them (profiles, the metadata of instances, STS) would be part of every program
/// and made ready at every cold start.
#[must_use]
pub fn sdk_config(config: &Config) -> SdkConfig {
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(BACKOFF)
        .with_max_backoff(MOST_BACKOFF);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    // One for all services: each would make its own, and read the machine's root certificates for it.
    let http_client = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build_https();
    SdkConfig::builder()
        .http_client(http_client)
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials)
        .retry_config(retries)
        .timeout_config(timeouts)
        .region(config.region.clone().map(Region::new))
        .build()
}

/// The store of a deployment.
#[must_use]
pub fn store(sdk: &SdkConfig, config: &Config, clock: &Clock) -> Store {
    let mut builder = aws_sdk_dynamodb::config::Builder::from(sdk);
    if let Some(endpoint) = &config.endpoints.dynamodb {
        builder = builder.endpoint_url(endpoint);
    }
    let tables = Tables {
        directory: config.directory_table.clone(),
        ephemeral: config.ephemeral_table.clone(),
    };
    Store::new(
        aws_sdk_dynamodb::Client::from_conf(builder.build()),
        tables,
        clock.clone(),
    )
}

/// The secrets of a deployment.
#[must_use]
pub fn secrets(sdk: &SdkConfig, config: &Config, clock: &Clock) -> Secrets {
    let mut builder = aws_sdk_secretsmanager::config::Builder::from(sdk);
    if let Some(endpoint) = &config.endpoints.secrets_manager {
        builder = builder.endpoint_url(endpoint);
    }
    let client = aws_sdk_secretsmanager::Client::from_conf(builder.build());
    Secrets::new(client, &config.secrets_prefix, clock.clone())
}

/// Source of our events on the bus: what consumers filter by.
pub const EVENT_SOURCE: &str = "gatehouse";

/// The mailer; `None` where no sender is configured.
#[must_use]
pub fn mailer(sdk: &SdkConfig, config: &Config, clock: &Clock) -> Option<Mailer> {
    let sender = config.mail_sender.as_deref()?;
    let mut builder = aws_sdk_sesv2::config::Builder::from(sdk);
    if let Some(endpoint) = &config.endpoints.ses {
        builder = builder.endpoint_url(endpoint);
    }
    let client = aws_sdk_sesv2::Client::from_conf(builder.build());
    // `Config` took the sender only as a mailbox.
    Mailer::new(client, sender, clock.clone()).ok()
}

/// The event bus; `None` where none is configured.
#[must_use]
pub fn event_bus(sdk: &SdkConfig, config: &Config) -> Option<EventBus> {
    let bus = config.event_bus.as_deref()?;
    let mut builder = aws_sdk_eventbridge::config::Builder::from(sdk);
    if let Some(endpoint) = &config.endpoints.event_bridge {
        builder = builder.endpoint_url(endpoint);
    }
    let client = aws_sdk_eventbridge::Client::from_conf(builder.build());
    Some(EventBus::new(client, bus, EVENT_SOURCE))
}
