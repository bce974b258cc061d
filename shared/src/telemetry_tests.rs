#![allow(clippy::unwrap_used)]

use std::io;
use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(format: Format, filter: Option<&str>, log: impl FnOnce()) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    tracing::subscriber::with_default(subscriber(format, filter, move || writer.clone()), log);
    let bytes = lines.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn lambda_lines_are_json_with_the_span_and_dotted_fields() {
    let text = written(Format::Json, None, || {
        let span = tracing::info_span!("request", function = "saml_acs", reference = "7K3Q-M9XZ-2PBW");
        span.in_scope(|| tracing::info!(http.status = 200, "answered"));
    });
    let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!(line.pointer("/message"), Some(&"answered".into()));
    assert_eq!(line.pointer("/http.status"), Some(&200.into()));
    assert_eq!(line.pointer("/span/reference"), Some(&"7K3Q-M9XZ-2PBW".into()));
}

#[test]
fn other_crates_pass_only_warnings_whatever_the_filter_says() {
    for filter in [
        Some("trace"),
        Some("hyper=trace,aws_smithy_runtime=debug,gatehouse=trace"),
    ] {
        let text = written(Format::Compact, filter, || {
            tracing::trace!(target: "hyper::proto", "Authorization: Bearer abc");
            tracing::debug!(target: "aws_smithy_runtime::client", "request body");
            tracing::info!(target: "rustls::client", "hello");
            tracing::debug!(target: "gatehouse::http", "ours");
            tracing::warn!(target: "hyper::proto", "theirs");
        });
        assert!(text.contains("ours"), "{filter:?}");
        assert!(
            !text.contains("Bearer") && !text.contains("body") && !text.contains("hello"),
            "{text}"
        );
    }
}

#[test]
fn a_malformed_filter_is_as_none() {
    let text = written(Format::Compact, Some("=,=,nonsense==="), || {
        tracing::info!(target: "sign_in", "seen");
        tracing::debug!(target: "sign_in", "unseen");
    });
    assert!(text.contains("seen") && !text.contains("unseen"), "{text}");
}

#[test]
fn metrics_are_in_the_embedded_format() {
    let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let line = embedded_metrics(
        "gatehouse-test-outbox_relay",
        "outbox_relay",
        at,
        &[("Events", 3), ("Mails", 0)],
    );
    assert_eq!(
        line,
        json!({
            "_aws": {
                "Timestamp": 1_700_000_000_000_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "Gatehouse",
                    "Dimensions": [["deployment", "function"]],
                    "Metrics": [{"Name": "Events", "Unit": "Count"}, {"Name": "Mails", "Unit": "Count"}],
                }],
            },
            "deployment": "gatehouse-test",
            "function": "outbox_relay",
            "Events": 3,
            "Mails": 0,
        })
    );
}
