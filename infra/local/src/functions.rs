//! The functions, as one deployment on the embedded services.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chrono::TimeDelta;
use gatehouse::app::Gatehouse;
use gatehouse::app::account_recheck::Budget;
use gatehouse::app::outbox_relay::{Relay, RelayError};
use gatehouse::app::reminder::{Reminder, ReminderError};
use gatehouse::clock::Clock;
use gatehouse::config::{Config, ConfigError};
use serde_json::{Value, json};

use crate::Local;
use crate::aws::tables::{DIRECTORY, EPHEMERAL};
use crate::control::ScheduledFunctions;
use crate::event_source::{EventSource, Position};
use crate::http_client::permissions::{attributed, run_as};

/// How often schedules are looked at: the clock may be moved at any time.
const SCHEDULE_STEP: Duration = Duration::from_secs(5);

/// What a deployment is told beside its addresses.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// SHA-256 of the key that opens the operator API, in hexadecimal.
    pub operator_key_sha256: Option<String>,
    /// More environment variables, over the ones made here.
    pub variables: Vec<(String, String)>,
}

/// The use cases' world on the embedded services, configured as a function is: by environment variables.
///
/// # Errors
/// [`ConfigError`] with everything that is wrong.
pub fn gatehouse(local: &Local, settings: &Settings) -> Result<Arc<Gatehouse>, ConfigError> {
    let mut variables = vec![
        ("GATEHOUSE_BASE_URL".to_owned(), local.base_url().to_owned()),
        ("GATEHOUSE_DIRECTORY_TABLE".to_owned(), DIRECTORY.to_owned()),
        ("GATEHOUSE_EPHEMERAL_TABLE".to_owned(), EPHEMERAL.to_owned()),
        (
            "GATEHOUSE_SECRETS_PREFIX".to_owned(),
            "gatehouse/local".to_owned(),
        ),
        (
            "GATEHOUSE_MAIL_SENDER".to_owned(),
            "Gatehouse <no-reply@gatehouse.example>".to_owned(),
        ),
        ("GATEHOUSE_EVENT_BUS".to_owned(), "gatehouse".to_owned()),
        (
            "GATEHOUSE_LOCAL_ALLOW_LOOPBACK_HTTP".to_owned(),
            "true".to_owned(),
        ),
    ];
    let dns = local.dns().address().to_string();
    variables.push(("GATEHOUSE_LOCAL_DNS_SERVER".to_owned(), dns));
    let key = settings.operator_key_sha256.clone();
    variables.extend(key.map(|key| ("GATEHOUSE_LOCAL_OPERATOR_KEY_SHA256".to_owned(), key)));
    variables.extend(settings.variables.iter().cloned());
    let config = Config::from_env(variables)?;
    Ok(Gatehouse::new(config, local.clock().clone(), local.sdk_config()))
}

/// What carries the table's stream to `outbox_relay`.
///
/// # Errors
/// [`RelayError`] when the configuration lacks what it carries to.
pub fn event_source(local: &Local, gatehouse: &Arc<Gatehouse>) -> Result<EventSource, RelayError> {
    event_source_from(local, gatehouse, local.stream_position().clone())
}

/// As [`event_source`], from another place of the stream than where this process has come to.
///
/// # Errors
/// As [`event_source`].
pub fn event_source_from(
    local: &Local,
    gatehouse: &Arc<Gatehouse>,
    position: Position,
) -> Result<EventSource, RelayError> {
    let relay = Arc::new(Relay::new(gatehouse.clone())?);
    Ok(EventSource::new(local.dynamodb().clone(), relay, position))
}

/// How long an invocation of the reminder may take, as deployed.
const REMINDER_TIMEOUT: TimeDelta = TimeDelta::minutes(5);

/// The reminder of secrets that expire.
///
/// # Errors
/// [`ReminderError`] when the configuration lacks what it sends by.
pub fn reminder(gatehouse: &Arc<Gatehouse>) -> Result<Arc<Reminder>, ReminderError> {
    Reminder::new(gatehouse.clone()).map(Arc::new)
}

/// One invocation of the reminder, now.
///
/// # Errors
/// What the function answers instead of a report.
pub async fn remind(reminder: &Reminder) -> Result<Value, String> {
    let deadline = reminder.now() + REMINDER_TIMEOUT;
    let work = secret_expiry_reminder::handle(reminder, deadline.into());
    let done = run_as("secret_expiry_reminder", work).await;
    done.map_err(|error| error.to_string())
}

/// What schedules and the stream start, by name, to be started now.
#[must_use]
pub fn scheduled(
    source: &EventSource,
    reminder: &Arc<Reminder>,
    gatehouse: &Arc<Gatehouse>,
) -> ScheduledFunctions {
    let (source, reminder, upkeep) = (source.clone(), reminder.clone(), gatehouse.clone());
    let recheck = gatehouse.clone();
    ScheduledFunctions::default()
        .with("outbox_relay", move || {
            let source = source.clone();
            async move { source.drain().await.map(|carried| json!({ "carried": carried })) }
        })
        .with("secret_expiry_reminder", move || {
            let reminder = reminder.clone();
            async move { remind(&reminder).await }
        })
        .with("connection_upkeep", move || {
            let gatehouse = upkeep.clone();
            async move {
                let done = run_as("connection_upkeep", connection_upkeep::handle(&gatehouse)).await;
                done.map_err(|error| error.to_string())
            }
        })
        .with("account_recheck", move || {
            let gatehouse = recheck.clone();
            async move {
                let work = account_recheck::handle(&gatehouse, Budget::default());
                let done = run_as("account_recheck", work).await;
                done.map_err(|error| error.to_string())
            }
        })
}

/// How often each function is started, as the template's schedules have it.
pub const SCHEDULES: [(&str, TimeDelta); 3] = [
    ("secret_expiry_reminder", TimeDelta::hours(1)),
    ("connection_upkeep", TimeDelta::days(1)),
    ("account_recheck", TimeDelta::minutes(15)),
];

/// Starts each function when its time has come by the harness clock, and at the beginning; never returns.
pub async fn on_schedule(functions: ScheduledFunctions, clock: Clock) {
    let [reminder, upkeep, recheck] =
        SCHEDULES.map(|(name, every)| again_and_again(&functions, &clock, name, every));
    tokio::join!(reminder, upkeep, recheck);
}

async fn again_and_again(functions: &ScheduledFunctions, clock: &Clock, name: &str, every: TimeDelta) {
    let mut last = None;
    loop {
        let now = clock.now().timestamp().div_euclid(every.num_seconds().max(1));
        if last.replace(now) != Some(now)
            && let Some(Err(error)) = functions.run(name).await
        {
            tracing::error!(function = name, %error, "a scheduled function failed");
        }
        tokio::time::sleep(SCHEDULE_STEP).await;
    }
}

/// A function's router, made for one process.
type Routes = fn(Arc<Gatehouse>) -> Router;

/// Each function that HTTP requests start, by its name.
const ROUTERS: [(&str, Routes); 11] = [
    ("sign_in", sign_in::router),
    ("saml_acs", saml_acs::router),
    ("oidc_callback", oidc_callback::router),
    ("saml_logout", saml_logout::router),
    ("saml_metadata", saml_metadata::router),
    ("openid_provider", openid_provider::router),
    ("operator_api", operator_api::router),
    ("owner_portal", owner_portal::router),
    ("scim_groups", scim_groups::router),
    ("scim_root", scim_root::router),
    ("scim_users", scim_users::router),
];

/// The routers of all functions in one process, to stand behind the gateway.
#[must_use]
pub fn routers(gatehouse: &Arc<Gatehouse>) -> Vec<Router> {
    named_routers(gatehouse)
        .into_iter()
        .map(|(name, router)| attributed(name, router))
        .collect()
}

/// The routers of all functions as they are deployed: each in a process of its own, which remembers what it has read
/// itself. So a function asks for everything that it needs, whatever the set-up of a test or another function has read.
///
/// All of them, and `gatehouse`, forget when something changes that they remember ([`Local::changes`]).
#[must_use]
pub fn processes(local: &Local, gatehouse: &Arc<Gatehouse>) -> Vec<Router> {
    forgets_at_changes(local, gatehouse);
    let process = |(name, routes): (&'static str, Routes)| {
        let process = gatehouse.apart();
        forgets_at_changes(local, &process);
        attributed(name, routes(process))
    };
    ROUTERS.into_iter().map(process).collect()
}

fn forgets_at_changes(local: &Local, process: &Arc<Gatehouse>) {
    // The process holds the client that the listeners hang on.
    let process = Arc::downgrade(process);
    local.changes().listen(move || {
        if let Some(process) = process.upgrade() {
            process.forget();
        }
    });
}

/// Each function that HTTP requests start, by its name.
#[must_use]
pub fn named_routers(gatehouse: &Arc<Gatehouse>) -> Vec<(&'static str, Router)> {
    let named = |(name, routes): (&'static str, Routes)| (name, routes(gatehouse.clone()));
    ROUTERS.into_iter().map(named).collect()
}

#[cfg(test)]
#[path = "functions_tests.rs"]
mod tests;
