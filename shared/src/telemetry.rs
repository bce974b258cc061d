//! Tracing set-up: JSON lines with dotted fields for Lambda, short lines for people.
//!
//! Architecture Invariant: no secret, assertion, token or address is ever a field; types that hold one print
//! `[redacted]` or `[personal]`.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What is logged when nothing else is asked for: ours from info, others from warn.
const DEFAULT: &str = "warn,gatehouse=info,sign_in=info,saml_acs=info,saml_metadata=info,openid_provider=info,\
                       operator_api=info,owner_portal=info,outbox_relay=info,gatehouse_local=info";

/// JSON lines on standard output, as CloudWatch takes them. A second call changes nothing.
pub fn init_lambda() {
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(true);
    let done = tracing_subscriber::registry().with(EnvFilter::new(DEFAULT)).with(lines).try_init();
    drop(done);
}

/// Short lines on standard error. A second call changes nothing.
pub fn init_local(filter: Option<&str>) {
    let filter = filter.and_then(|filter| EnvFilter::try_new(filter).ok());
    let lines = tracing_subscriber::fmt::layer().compact().with_writer(std::io::stderr);
    let done = tracing_subscriber::registry().with(filter.unwrap_or_else(|| EnvFilter::new(DEFAULT)));
    drop(done.with(lines).try_init());
}
