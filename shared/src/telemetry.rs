//! Tracing set-up: JSON lines with dotted fields for Lambda, short lines for people.
//!
//! Architecture Invariant: no secret, assertion, token or address is ever a field; types that hold one print
//! `[redacted]` or `[personal]`. Other crates do not know that rule and print whole requests when asked for detail, so
//! of them only warnings and errors pass, whatever the filter says.

use std::io::Write;
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_subscriber::filter::{FilterExt, FilterFn, LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

/// What is logged when nothing else is asked for.
const DEFAULT: LevelFilter = LevelFilter::INFO;

/// Targets of our own packages; `gatehouse` stands for all that begin with it.
const OURS: [&str; 18] = [
    "gatehouse",
    "sign_in",
    "saml_acs",
    "saml_metadata",
    "saml_logout",
    "oidc_callback",
    "openid_provider",
    "scim_users",
    "scim_groups",
    "scim_root",
    "operator_api",
    "owner_portal",
    "secret_expiry_reminder",
    "connection_upkeep",
    "account_recheck",
    "outbox_relay",
    "demo_idp",
    "demo_app",
];

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// One JSON object a line.
    Json,
    /// For people.
    Compact,
}

/// Name of the Lambda function, once standard output goes to CloudWatch, which reads metrics out of it.
static IN_LAMBDA: OnceLock<String> = OnceLock::new();

/// Namespace of our metrics in CloudWatch.
pub const METRICS_NAMESPACE: &str = "Gatehouse";

/// JSON lines on standard output, as CloudWatch takes them. A second call changes nothing.
pub fn init_lambda() {
    IN_LAMBDA.get_or_init(deployed_name);
    let subscriber = subscriber(Format::Json, None, std::io::stdout);
    drop(tracing::subscriber::set_global_default(subscriber));
}

/// `STACK-function`, as the template names the function.
#[expect(
    clippy::disallowed_methods,
    reason = "Lambda's own variable, read once at the cold start"
)]
fn deployed_name() -> String {
    std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default()
}

/// Short lines on standard error. `filter` is a list of `target=level` or a level; one that is malformed is as none. A
/// second call changes nothing.
pub fn init_local(filter: Option<&str>) {
    let subscriber = subscriber(Format::Compact, filter, std::io::stderr);
    drop(tracing::subscriber::set_global_default(subscriber));
}

/// The lines of [`init_lambda`] to a place of the caller's, for tests of what is logged. A second call changes nothing.
pub fn init_to<W>(filter: Option<&str>, writer: W)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let subscriber = subscriber(Format::Json, filter, writer);
    drop(tracing::subscriber::set_global_default(subscriber));
}

/// The span of a function that no request starts: a schedule or a stream does. `function` is the Lambda's name.
#[must_use]
pub fn invocation(function: &'static str) -> Span {
    tracing::info_span!("invocation", function)
}

/// Counts of one invocation, as metrics of the function (or of what several do, such as `sign_ins`): CloudWatch's embedded metric format on standard output.
/// Elsewhere than in Lambda a log line says what is not zero.
pub fn metrics(function: &str, at: DateTime<Utc>, counts: &[(&str, usize)]) {
    if let Some(deployed) = IN_LAMBDA.get() {
        let line = format!("{}\n", embedded_metrics(deployed, function, at, counts));
        drop(std::io::stdout().lock().write_all(line.as_bytes()));
    } else {
        let told: Map<String, Value> = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| ((*name).to_owned(), Value::from(*count)))
            .collect();
        let told = Value::Object(told);
        tracing::debug!(counts = %told, "done");
    }
}

/// See "Specification: Embedded metric format" in the CloudWatch guide. Several deployments may share an account, so the
/// stack's name is a dimension too.
fn embedded_metrics(deployed: &str, function: &str, at: DateTime<Utc>, counts: &[(&str, usize)]) -> Value {
    let names = counts
        .iter()
        .map(|(name, _)| json!({ "Name": name, "Unit": "Count" }));
    let mut document = json!({
        "_aws": {
            "Timestamp": at.timestamp_millis(),
            "CloudWatchMetrics": [{
                "Namespace": METRICS_NAMESPACE,
                "Dimensions": [["deployment", "function"]],
                "Metrics": names.collect::<Vec<_>>(),
            }],
        },
        "deployment": deployed.rsplit_once('-').map_or(deployed, |(stack, _)| stack),
        "function": function,
    });
    if let Some(document) = document.as_object_mut() {
        document.extend(
            counts
                .iter()
                .map(|(name, count)| ((*name).to_owned(), Value::from(*count))),
        );
    }
    document
}

fn subscriber<W>(format: Format, filter: Option<&str>, writer: W) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let asked = filter.and_then(|filter| filter.parse::<Targets>().ok());
    let asked = asked.unwrap_or_else(|| Targets::new().with_default(DEFAULT));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(false);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        Format::Json => {
            let json = lines.json().flatten_event(true);
            Box::new(json.with_current_span(true).with_span_list(false))
        }
        Format::Compact => Box::new(lines.compact()),
    };
    let trusted = FilterFn::new(may_pass as fn(&Metadata<'_>) -> bool);
    Registry::default().with(lines.with_filter(asked.and(trusted)))
}

/// Whether a line may pass as far as its origin is concerned.
fn may_pass(metadata: &Metadata<'_>) -> bool {
    let ours = |target: &str| OURS.iter().any(|ours| target.starts_with(ours));
    *metadata.level() <= Level::WARN || ours(metadata.target())
}

#[cfg(test)]
#[path = "telemetry_tests.rs"]
mod tests;
