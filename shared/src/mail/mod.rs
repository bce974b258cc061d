//! Mail by SES v2.
//!
//! The caller decides that a mail is sent once (a claim, a lease, a mark): SES has no idempotency of its own, so the
//! reference that goes with each mail is what tells two copies of one mail apart from two mails.

mod error;
mod expiry;
pub mod letters;
mod steps;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

pub use error::MailError;

use crate::clock::Clock;

/// Name of the SES tag and, with `X-` before it, of the header that carries a mail's reference.
pub const REFERENCE_TAG: &str = "Gatehouse-Reference";

/// Longest subject, in characters.
const MAX_SUBJECT: usize = 200;

/// Sends mail from one address.
#[derive(Debug, Clone)]
pub struct Mailer {
    client: Client,
    from: Mailbox,
    clock: Clock,
}

/// One mail to one person. No `Debug`: it holds an address and may hold a code.
pub struct Mail<'a> {
    /// Address of the person.
    pub to: &'a str,
    /// Subject: one line.
    pub subject: &'a str,
    /// The text, for programs that show no HTML.
    pub text: &'a str,
    /// The same as HTML.
    pub html: &'a str,
    /// Names this mail, whoever sends it and however often: letters, digits, `_` and `-`, at most 128 of them.
    pub reference: &'a str,
}

impl Mailer {
    /// A mailer with the sender of [`crate::config::Config::mail_sender`].
    ///
    /// # Errors
    /// [`MailError::Sender`] when it is no mailbox.
    pub fn new(client: Client, sender: &str, clock: Clock) -> Result<Self, MailError> {
        let from = sender.parse().map_err(|_| MailError::Sender)?;
        Ok(Self { client, from, clock })
    }

    /// Hands a mail to SES and returns its id there.
    ///
    /// # Errors
    /// [`MailError`]; [`MailError::is_permanent`] says whether trying again is of use.
    pub async fn send(&self, mail: &Mail<'_>) -> Result<String, MailError> {
        let message = self.compose(mail)?;
        let raw = RawMessage::builder()
            .data(Blob::new(message.formatted()))
            .build()
            .map_err(|_| MailError::Compose)?;
        let tag = MessageTag::builder()
            .name(REFERENCE_TAG)
            .value(mail.reference)
            .build()
            .map_err(|_| MailError::Compose)?;
        let to = message
            .envelope()
            .to()
            .first()
            .map(ToString::to_string)
            .ok_or(MailError::Recipient)?;
        let answer = self
            .client
            .send_email()
            .from_email_address(self.from.to_string())
            .destination(Destination::builder().to_addresses(to).build())
            .content(EmailContent::builder().raw(raw).build())
            .email_tags(tag)
            .send()
            .await
            .map_err(|error| MailError::of(&error))?;
        Ok(answer.message_id.unwrap_or_default())
    }

    /// The MIME message (RFC 5322, RFC 2046). Subject and address cannot break out of their lines: both are checked.
    fn compose(&self, mail: &Mail<'_>) -> Result<Message, MailError> {
        let to = mail
            .to
            .parse()
            .map(|address| Mailbox::new(None, address))
            .map_err(|_| MailError::Recipient)?;
        if mail.subject.chars().count() > MAX_SUBJECT || mail.subject.chars().any(char::is_control) {
            return Err(MailError::Subject);
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !(1..=128).contains(&mail.reference.len()) || !mail.reference.bytes().all(plain) {
            return Err(MailError::Reference);
        }
        let header =
            HeaderName::new_from_ascii(format!("X-{REFERENCE_TAG}")).map_err(|_| MailError::Compose)?;
        let auto = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .date(self.clock.now().into())
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject)
            .raw_header(HeaderValue::new(header, mail.reference.to_owned()))
            // RFC 3834: absence replies shall not answer this.
            .raw_header(HeaderValue::new(auto, "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(
                mail.text.to_owned(),
                mail.html.to_owned(),
            ))
            .map_err(|_| MailError::Compose)
    }
}

#[cfg(test)]
mod tests;
