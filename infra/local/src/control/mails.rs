//! Mails, read for people and for tests.

use serde::Serialize;

use crate::aws::ses::{Mail, Mailbox};

/// A mail with its text taken out of the MIME parts.
#[derive(Clone, Debug, Serialize)]
pub struct ReadMail {
    /// Message id; also names the `.eml` file.
    pub id: String,
    /// RFC 3339.
    pub accepted_at: String,
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients, with commas.
    pub to: String,
    /// Decoded.
    pub subject: String,
    /// The plain part, if there is one.
    pub text: Option<String>,
    /// The HTML part, if there is one.
    pub html: Option<String>,
    /// How often this same mail was sent.
    pub deliveries: u32,
}

impl ReadMail {
    /// Every mail, oldest first.
    #[must_use]
    pub fn all(mailbox: &Mailbox) -> Vec<Self> {
        mailbox
            .mails()
            .into_iter()
            .map(|mail| Self::of(mailbox, mail))
            .collect()
    }

    /// One mail, if there is such a one.
    #[must_use]
    pub fn find(mailbox: &Mailbox, id: &str) -> Option<Self> {
        mailbox
            .mails()
            .into_iter()
            .find(|mail| mail.id == id)
            .map(|mail| Self::of(mailbox, mail))
    }

    fn of(mailbox: &Mailbox, mail: Mail) -> Self {
        let raw = mailbox.raw(&mail.id).unwrap_or_default();
        let message = mail_parser::MessageParser::default().parse(&raw);
        let message = message.as_ref();
        // `body_text` would make one from the other; tests want to know what was really sent.
        let part = |html: bool| {
            message?.parts.iter().find_map(|part| match (&part.body, html) {
                (mail_parser::PartType::Text(text), false) | (mail_parser::PartType::Html(text), true) => {
                    Some(text.to_string())
                }
                _ => None,
            })
        };
        Self {
            id: mail.id,
            accepted_at: mail
                .accepted_at
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            from: mail.from,
            to: mail.to.join(", "),
            subject: message
                .and_then(|message| message.subject())
                .unwrap_or("(no subject)")
                .to_owned(),
            text: part(false),
            html: part(true),
            deliveries: mail.deliveries,
        }
    }
}
