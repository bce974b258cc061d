//! What a run must not log: every secret, token, assertion and address that passed by, beside every line that was logged.
//!
//! Both are kept for the whole process, over all tests that run in it: a line that one test caused is found by the test
//! that looks, whichever it is.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

/// Shorter values are found everywhere by chance.
const SHORTEST: usize = 8;
/// Parameters of forms and queries whose values are secret; in JSON these names mean something else.
const IN_FORMS: [&str; 4] = ["SAMLResponse", "RelayState", "code", "state"];
/// Parameters whose values are secret or personal wherever they stand.
const ANYWHERE: [&str; 16] = [
    "access_token",
    "client_assertion",
    "client_secret",
    "code_verifier",
    "email",
    "id_token",
    "id_token_hint",
    "key",
    "login_hint",
    "password",
    "refresh_token",
    "result",
    "secret",
    "token",
    "userName",
    "user_name",
];
/// What tests write in the place of a value: no secret, and also part of what may be logged.
const HARMLESS: [&str; 2] = ["the-state", "the-nonce"];

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static SECRETS: OnceLock<Mutex<BTreeSet<String>>> = OnceLock::new();

fn secrets() -> std::sync::MutexGuard<'static, BTreeSet<String>> {
    let all = SECRETS.get_or_init(Mutex::default);
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Logs everything that the program can be asked to log, and keeps it.
pub fn install() {
    gatehouse::telemetry::init_to(Some("trace"), Kept);
}

/// What was logged so far.
#[must_use]
pub fn lines() -> String {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&lines).into_owned()
}

/// Every secret and address so far.
#[must_use]
pub fn recorded() -> Vec<String> {
    secrets().iter().cloned().collect()
}

/// Keeps one value.
pub fn secret(value: &str) {
    if value.len() >= SHORTEST && !HARMLESS.contains(&value) {
        secrets().insert(value.to_owned());
    }
}

/// Keeps a value if its name says that it is secret, or if it looks like an address.
fn field(name: &str, value: &str) {
    let address = value.contains('@') && !value.contains("://") && !value.contains(char::is_whitespace);
    if ANYWHERE.contains(&name) || address {
        secret(value);
    }
}

fn parameter(name: &str, value: &str) {
    if IN_FORMS.contains(&name) {
        secret(value);
    }
    field(name, value);
}

/// Keeps what a body holds: a form or JSON.
pub fn body(text: &str) {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => json("", &value),
        Err(_) if text.starts_with('<') => {}
        Err(_) => {
            url::form_urlencoded::parse(text.as_bytes()).for_each(|(name, value)| parameter(&name, &value))
        }
    }
}

fn json(name: &str, value: &Value) {
    match value {
        Value::String(text) => field(name, text),
        Value::Array(items) => items.iter().for_each(|item| json(name, item)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| json(name, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[derive(Clone, Copy, Debug)]
struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}
