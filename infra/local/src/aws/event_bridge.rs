//! EventBridge on this machine: `PutEvents` appends each event, in the envelope that rules and targets see, to a
//! JSON-lines file a day.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use axum::response::Response;
use chrono::{DateTime, SecondsFormat, Utc};
use gatehouse::clock::Clock;
use serde::Deserialize;
use serde_json::{Value, json};

use super::wire::{self, ServiceError};
use super::{ACCOUNT, REGION};

/// `PutEvents` takes at most this many entries.
const MAX_ENTRIES: usize = 10;
/// …of at most this many bytes in all.
const MAX_BYTES: usize = 256 * 1024;

/// The bus: keeps every event it accepted, in order.
#[derive(Debug)]
pub struct EventBus {
    folder: Option<PathBuf>,
    clock: Clock,
    kept: Mutex<Vec<Value>>,
}

/// Reading or writing the event files failed.
#[derive(Debug, thiserror::Error)]
#[error("the events in {folder} cannot be read: {source}")]
pub struct EventBusError {
    folder: PathBuf,
    source: std::io::Error,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    time: Option<f64>,
    source: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
}

impl EventBus {
    /// A bus that keeps its events in `folder`, or in memory only.
    ///
    /// # Errors
    /// [`EventBusError`] when earlier events cannot be read.
    pub fn open(folder: Option<PathBuf>, clock: &Clock) -> Result<Self, EventBusError> {
        let mut kept = Vec::new();
        if let Some(folder) = &folder {
            let failed = |source| EventBusError {
                folder: folder.clone(),
                source,
            };
            let mut files: Vec<_> = std::fs::read_dir(folder)
                .map_err(failed)?
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
                .collect();
            files.sort();
            for file in files {
                let text = std::fs::read_to_string(&file).map_err(failed)?;
                // A killed process may leave half a last line; it was never acknowledged.
                kept.extend(
                    text.lines()
                        .filter_map(|line| serde_json::from_str::<Value>(line).ok()),
                );
            }
        }
        Ok(Self {
            folder,
            clock: clock.clone(),
            kept: Mutex::new(kept),
        })
    }

    /// Every event accepted so far, oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers `PutEvents`.
    pub(super) fn answer(&self, body: &[u8]) -> Result<Response, ServiceError> {
        let request: PutEvents = wire::parse(body)?;
        if request.entries.is_empty() || request.entries.len() > MAX_ENTRIES {
            let got = request.entries.len();
            let message = format!("1 to {MAX_ENTRIES} entries wanted, got {got}");
            return Err(ServiceError::client("ValidationException", message));
        }
        if request.entries.iter().map(Entry::size).sum::<usize>() > MAX_BYTES {
            return Err(ServiceError::client(
                "ValidationException",
                "Total size of the entries in the request is over the limit.",
            ));
        }
        let now = self.clock.now();
        let mut accepted = Vec::new();
        let mut results = Vec::new();
        let mut failed = 0;
        for entry in &request.entries {
            match entry.envelope(now) {
                Ok(event) => {
                    results.push(json!({ "EventId": event.get("id") }));
                    accepted.push(event);
                }
                Err((code, message)) => {
                    failed += 1;
                    results.push(json!({ "ErrorCode": code, "ErrorMessage": message }));
                }
            }
        }
        self.keep(accepted, now)
            .map_err(|error| ServiceError::server("InternalException", &error))?;
        Ok(wire::ok(
            &json!({ "FailedEntryCount": failed, "Entries": results }),
        ))
    }

    fn keep(&self, events: Vec<Value>, now: DateTime<Utc>) -> std::io::Result<()> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &self.folder {
            let mut lines = String::new();
            for event in &events {
                lines.push_str(&event.to_string());
                lines.push('\n');
            }
            let path = folder.join(format!("{}.jsonl", now.format("%Y-%m-%d")));
            let mut file = crate::data_dir::append_private(&path)?;
            // After half a line of a killed process, start on a new one.
            if ends_within_a_line(&path)? {
                lines.insert(0, '\n');
            }
            file.write_all(lines.as_bytes())?;
        }
        kept.extend(events);
        Ok(())
    }
}

/// Whether the file is not empty and does not end with a newline.
pub(super) fn ends_within_a_line(path: &std::path::Path) -> std::io::Result<bool> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = std::fs::File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0u8; 1];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

impl Entry {
    /// As AWS computes it: 14 bytes for a time, and the text of the rest.
    fn size(&self) -> usize {
        let text = |value: &Option<String>| value.as_ref().map_or(0, String::len);
        self.time.map_or(0, |_| 14)
            + text(&self.source)
            + text(&self.detail_type)
            + text(&self.detail)
            + self.resources.iter().map(String::len).sum::<usize>()
    }

    /// The event as a rule sees it, or the entry's error code and message.
    fn envelope(&self, now: DateTime<Utc>) -> Result<Value, (&'static str, String)> {
        let required = |value: &Option<String>, name: &str| match value {
            Some(text) if !text.is_empty() => Ok(text.clone()),
            _ => Err((
                "InvalidArgument",
                format!("Parameter {name} is not valid. Reason: {name} is a required argument."),
            )),
        };
        let source = required(&self.source, "Source")?;
        let detail_type = required(&self.detail_type, "DetailType")?;
        let detail = required(&self.detail, "Detail")?;
        let detail: Value = serde_json::from_str(&detail)
            .ok()
            .filter(Value::is_object)
            .ok_or(("MalformedDetail", "Detail is malformed.".to_owned()))?;
        let id = gatehouse::random::uuid().map_err(|error| ("InternalFailure", error.to_string()))?;
        let at = self
            .time
            .and_then(|seconds| DateTime::from_timestamp_millis((seconds * 1000.0) as i64));
        Ok(json!({
            "version": "0",
            "id": id,
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": at.unwrap_or(now).to_rfc3339_opts(SecondsFormat::Secs, true),
            "region": REGION,
            "resources": self.resources,
            "detail": detail,
            "event-bus-name": self.event_bus_name.as_deref().unwrap_or("default"),
        }))
    }
}

#[cfg(test)]
#[path = "event_bridge_tests.rs"]
mod tests;
