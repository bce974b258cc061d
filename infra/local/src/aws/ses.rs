//! SES v2 on this machine: `SendEmail` (raw and simple) becomes an `.eml` file and a line in an index.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use gatehouse::clock::Clock;
use lettre::message::{Mailbox as Address, MultiPart, SinglePart};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::wire::{self, ServiceError};

/// An e-mail tag of this name makes a repeated `SendEmail` the same mail (SES itself has no such thing): the first
/// file stays, and [`Mail::deliveries`] counts how often it was sent.
pub const IDEMPOTENCY_TAG: &str = gatehouse::mail::REFERENCE_TAG;

/// One mail, as the index keeps it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Mail {
    /// The message id SES answered; the file is `<id>.eml`.
    pub id: String,
    /// When it was accepted, by the harness clock.
    pub accepted_at: DateTime<Utc>,
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients: to, cc and bcc.
    pub to: Vec<String>,
    /// How often the same mail was sent ([`IDEMPOTENCY_TAG`]); 1 without the tag.
    pub deliveries: u32,
}

/// The mail files cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the mails in {folder} cannot be read: {source}")]
pub struct MailboxError {
    folder: PathBuf,
    source: std::io::Error,
}

/// Everything that was sent.
#[derive(Debug)]
pub struct Mailbox {
    folder: Option<PathBuf>,
    clock: Clock,
    kept: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    mail: Mail,
    /// Only when there is no folder.
    raw: Option<Vec<u8>>,
}

/// A line of the index: an accepted `SendEmail`.
#[derive(Serialize, Deserialize)]
struct Accepted {
    id: String,
    accepted_at: DateTime<Utc>,
    from: String,
    to: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: Option<String>,
    #[serde(default)]
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    content: Content,
    #[serde(default)]
    email_tags: Vec<Tag>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    raw: Option<Raw>,
    simple: Option<Simple>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Text,
    body: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    name: String,
    value: String,
}

impl Mailbox {
    /// A mailbox that keeps its mails in `folder`, or in memory only.
    ///
    /// # Errors
    /// [`MailboxError`] when earlier mails cannot be read.
    pub fn open(folder: Option<PathBuf>, clock: &Clock) -> Result<Self, MailboxError> {
        let mut kept: Vec<Kept> = Vec::new();
        if let Some(folder) = &folder {
            let text = match std::fs::read_to_string(index_file(folder)) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
                Err(source) => {
                    return Err(MailboxError {
                        folder: folder.clone(),
                        source,
                    });
                }
            };
            // A killed process may leave half a last line; it was never acknowledged.
            for accepted in text
                .lines()
                .filter_map(|line| serde_json::from_str::<Accepted>(line).ok())
            {
                count(&mut kept, accepted, None);
            }
        }
        Ok(Self {
            folder,
            clock: clock.clone(),
            kept: Mutex::new(kept),
        })
    }

    /// All mails, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(|kept| kept.mail.clone()).collect()
    }

    /// The message as sent (RFC 5322), if there is such a mail.
    #[must_use]
    pub fn raw(&self, id: &str) -> Option<Vec<u8>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|kept| kept.mail.id == id)?;
        match (&found.raw, &self.folder) {
            (Some(raw), _) => Some(raw.clone()),
            (None, Some(folder)) => std::fs::read(mail_file(folder, &found.mail.id)).ok(),
            (None, None) => None,
        }
    }

    /// Answers `SendEmail`.
    pub(crate) fn answer(&self, body: &[u8]) -> Result<Response, ServiceError> {
        let request: SendEmail = wire::parse(body)?;
        let now = self.clock.now();
        let raw = request.message(now)?;
        let (from, to) = request.envelope(&raw)?;
        let tag = request.email_tags.iter().find(|tag| tag.name == IDEMPOTENCY_TAG);
        let id = match tag {
            Some(tag) => message_id(&tag.value),
            None => gatehouse::random::uuid()
                .map_err(|error| ServiceError::server("InternalServiceErrorException", &error))?
                .to_string(),
        };
        self.keep(
            Accepted {
                id: id.clone(),
                accepted_at: now,
                from,
                to,
            },
            raw,
        )
        .map_err(|error| ServiceError::server("InternalServiceErrorException", &error))?;
        Ok(wire::ok(&json!({ "MessageId": id })))
    }

    fn keep(&self, accepted: Accepted, raw: Vec<u8>) -> std::io::Result<()> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(folder) = &self.folder else {
            count(&mut kept, accepted, Some(raw));
            return Ok(());
        };
        if !kept.iter().any(|kept| kept.mail.id == accepted.id) {
            crate::data_dir::write_private(&mail_file(folder, &accepted.id), &raw)?;
        }
        let index = index_file(folder);
        let mut file = crate::data_dir::append_private(&index)?;
        let separator = if super::event_bridge::ends_within_a_line(&index)? {
            "\n"
        } else {
            ""
        };
        let line = serde_json::to_string(&accepted)?;
        file.write_all(format!("{separator}{line}\n").as_bytes())?;
        count(&mut kept, accepted, None);
        Ok(())
    }
}

fn count(kept: &mut Vec<Kept>, accepted: Accepted, raw: Option<Vec<u8>>) {
    if let Some(known) = kept.iter_mut().find(|kept| kept.mail.id == accepted.id) {
        known.mail.deliveries += 1;
        return;
    }
    let Accepted {
        id,
        accepted_at,
        from,
        to,
    } = accepted;
    kept.push(Kept {
        mail: Mail {
            id,
            accepted_at,
            from,
            to,
            deliveries: 1,
        },
        raw,
    });
}

fn index_file(folder: &Path) -> PathBuf {
    folder.join("index.jsonl")
}

fn mail_file(folder: &Path, id: &str) -> PathBuf {
    folder.join(format!("{id}.eml"))
}

/// The same tag value always gives the same id, and one that is a safe file name.
fn message_id(tag_value: &str) -> String {
    let hash = digest::digest(&digest::SHA256, tag_value.as_bytes());
    hash.as_ref()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn bad_request(message: impl Into<String>) -> ServiceError {
    ServiceError::client("BadRequestException", message)
}

impl SendEmail {
    fn message(&self, now: DateTime<Utc>) -> Result<Vec<u8>, ServiceError> {
        match (&self.content.raw, &self.content.simple) {
            (Some(raw), None) => STANDARD
                .decode(&raw.data)
                .map_err(|_| bad_request("Content.Raw.Data is no base64")),
            (None, Some(simple)) => self.simple_message(simple, now),
            (None, None) | (Some(_), Some(_)) => Err(bad_request(
                "Content must be one of Raw and Simple (templates are not served here)",
            )),
        }
    }

    fn simple_message(&self, simple: &Simple, now: DateTime<Utc>) -> Result<Vec<u8>, ServiceError> {
        let address = |text: &str| -> Result<Address, ServiceError> {
            text.parse().map_err(|_| bad_request("an address is not valid"))
        };
        let from = self
            .from_email_address
            .as_deref()
            .ok_or_else(|| bad_request("FromEmailAddress is missing"))?;
        let mut message = lettre::Message::builder()
            .from(address(from)?)
            .date(now.into())
            .subject(&simple.subject.data);
        for to in &self.destination.to_addresses {
            message = message.to(address(to)?);
        }
        for cc in &self.destination.cc_addresses {
            message = message.cc(address(cc)?);
        }
        for reply_to in &self.reply_to_addresses {
            message = message.reply_to(address(reply_to)?);
        }
        // The envelope is kept beside the message, and may be of blind copies only.
        let recipients = self.destination.all().map(|to| address(to).map(|to| to.email));
        let envelope = lettre::address::Envelope::new(None, recipients.collect::<Result<_, _>>()?)
            .map_err(|error| bad_request(error.to_string()))?;
        let message = message.envelope(envelope);
        let text = simple
            .body
            .text
            .as_ref()
            .map(|text| SinglePart::plain(text.data.clone()));
        let html = simple
            .body
            .html
            .as_ref()
            .map(|html| SinglePart::html(html.data.clone()));
        let built = match (text, html) {
            (Some(text), Some(html)) => {
                message.multipart(MultiPart::alternative().singlepart(text).singlepart(html))
            }
            (Some(only), None) | (None, Some(only)) => message.singlepart(only),
            (None, None) => return Err(bad_request("Body has neither Text nor Html")),
        };
        Ok(built.map_err(|error| bad_request(error.to_string()))?.formatted())
    }

    /// Sender and recipients: as given, else (raw only) as the message's header says.
    fn envelope(&self, raw: &[u8]) -> Result<(String, Vec<String>), ServiceError> {
        let parsed = mail_parser::MessageParser::default().parse(raw);
        let parsed = parsed
            .as_ref()
            .ok_or_else(|| bad_request("the message has no header"))?;
        let addresses = |list: Option<&mail_parser::Address<'_>>| -> Vec<String> {
            list.into_iter()
                .flat_map(mail_parser::Address::iter)
                .filter_map(|one| one.address().map(str::to_owned))
                .collect()
        };
        let from = match &self.from_email_address {
            Some(from) => Some(from.clone()),
            None => addresses(parsed.from()).into_iter().next(),
        };
        let from = from.ok_or_else(|| bad_request("the sender is missing"))?;
        let mut to: Vec<String> = self.destination.all().cloned().collect();
        if to.is_empty() {
            to = [parsed.to(), parsed.cc(), parsed.bcc()]
                .into_iter()
                .flat_map(addresses)
                .collect();
        }
        if to.is_empty() {
            return Err(bad_request("the message has no recipient"));
        }
        Ok((from, to))
    }
}

impl Destination {
    fn all(&self) -> impl Iterator<Item = &String> {
        self.to_addresses
            .iter()
            .chain(&self.cc_addresses)
            .chain(&self.bcc_addresses)
    }
}

#[cfg(test)]
#[path = "ses_tests.rs"]
mod tests;
