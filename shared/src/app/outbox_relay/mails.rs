//! Mails to SES.

use std::collections::BTreeSet;

use super::{Read, Relay, Relayed, WAITS};
use crate::mail::{Mail, MailError, letters};
use crate::redacted::Secret;
use crate::store::{MailJob, OutboxKey, OutboxRecord, TenantStore};

/// How one mail ended.
enum Ended {
    Sent,
    /// SES will never take it.
    Refused,
    /// Sent before, or too late.
    Dropped,
    /// It must come again.
    Again,
}

impl Relay {
    /// Sends the mails of all records. One that fails holds up no other.
    pub(super) async fn send_mails(
        &self,
        read: &[Read<'_>],
        done: &mut Relayed,
        failed: &mut BTreeSet<usize>,
    ) {
        for one in read {
            let OutboxRecord::Mail(job) = &one.record else {
                continue;
            };
            match self.send_mail(&one.key, job, &one.of.sequence_number).await {
                Ended::Sent => done.mails += 1,
                Ended::Refused => done.mails_refused += 1,
                Ended::Dropped => done.mails_dropped += 1,
                Ended::Again => drop(failed.insert(one.place)),
            }
        }
    }

    /// The stream may bring a record twice; the outbox holds the mail until it was sent.
    async fn send_mail(&self, key: &OutboxKey, told: &MailJob, sequence_number: &str) -> Ended {
        let store = self.gatehouse.store.tenant(key.tenant());
        let found = match store.mail_job(key).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(error.code = error.code(), error = %error, "a mail could not be read");
                return Ended::Again;
            }
        };
        let found = match found {
            Some((job, secret)) if !job.also_to.is_empty() => match self.unfold(&store, key, job).await {
                Some(job) => Some((job, secret)),
                None => return Ended::Again,
            },
            found => found,
        };
        let ended = match found {
            None => Ended::Dropped,
            Some((job, _)) if self.gatehouse.clock.now() > job.not_after => Ended::Dropped,
            Some((job, secret)) => match self.hand_over(&job, secret.as_ref()).await {
                Ok(id) => {
                    tracing::info!(
                        mail.letter = job.letter.name(),
                        mail.reference = job.reference,
                        mail.id = id,
                        "a mail was sent"
                    );
                    Ended::Sent
                }
                Err(error) if error.is_permanent() => {
                    tracing::error!(mail.letter = job.letter.name(), mail.reference = job.reference,
                        error.code = error.code(), error = %error, "a mail will never be sent");
                    Ended::Refused
                }
                Err(error) => {
                    tracing::warn!(mail.letter = job.letter.name(), mail.reference = job.reference,
                        error.code = error.code(), error = %error, "a mail is tried again");
                    return Ended::Again;
                }
            },
        };
        if let Err(error) = store.forget_mail(key, &told.reference).await {
            // Coming again would send it twice; its time to live ends it.
            tracing::warn!(error = %error, stream.sequence_number = sequence_number,
                "a mail that is done with stays in the outbox");
            if !matches!(ended, Ended::Sent) {
                return Ended::Again;
            }
        }
        ended
    }

    /// Makes a mail of its own for everybody whom a mail also goes to; `None` when it must come again.
    async fn unfold(&self, store: &TenantStore, key: &OutboxKey, mut job: MailJob) -> Option<MailJob> {
        while !job.also_to.is_empty() {
            match store.unfold_mail(key, &job).await {
                Ok(rest) => job = rest,
                Err(error) => {
                    tracing::warn!(mail.reference = job.reference, error = %error, "a mail to many is tried again");
                    return None;
                }
            }
        }
        Some(job)
    }

    async fn hand_over(&self, job: &MailJob, secret: Option<&Secret>) -> Result<String, MailError> {
        let letter = letters::render(&job.letter, secret, &self.gatehouse.config.product_name)?;
        let mail = Mail {
            to: job.to.as_str(),
            subject: &letter.subject,
            text: &letter.text,
            html: &letter.html,
            reference: &job.reference,
        };
        let mut waits = WAITS.iter();
        loop {
            let error = match self.mailer.send(&mail).await {
                Ok(id) => return Ok(id),
                Err(error) => error,
            };
            match waits.next() {
                Some(wait) if !error.is_permanent() => tokio::time::sleep(*wait).await,
                Some(_) | None => return Err(error),
            }
        }
    }
}
