//! One reminder: claim, send, mark and move.

use chrono::{DateTime, Utc};

use super::recipients::is_operators;
use super::{LEASE, Run};
use crate::app::events;
use crate::domain::deadline::{Deadline, Schedule, Stage};
use crate::domain::email::EmailAddress;
use crate::domain::letter::{DigestEntry, ExpiringLetter, Letter};
use crate::mail::{Mail, MailError, letters};
use crate::store::{Claim, CommitError, Due, FinishedReminder, StoreError};

/// How one entry ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Sent, marked, moved.
    Reminded { mails: usize, refused: usize },
    /// Not all of it could be done; the next run takes it up.
    Failed { mails: usize, refused: usize },
    /// Its deadline was renewed, changed or ended.
    Void,
    /// It was sent before.
    SentBefore,
    /// Another invocation holds it.
    Taken,
}

/// What a reminder is about, as it is now.
struct Reminding {
    due: Due,
    deadline: Deadline,
    stage: Stage,
    next: Option<DateTime<Utc>>,
}

/// What came of telling people.
#[derive(Default)]
struct Told {
    mails: usize,
    refused: usize,
    failed: bool,
}

impl Run<'_> {
    pub(super) async fn one(&self, due: Due) -> Ended {
        match self.try_one(due).await {
            Ok(ended) => ended,
            Err(error) => {
                tracing::warn!(error = %error, "a reminder failed; the next run takes it up");
                Ended::Failed { mails: 0, refused: 0 }
            }
        }
    }

    async fn try_one(&self, due: Due) -> Result<Ended, CommitError> {
        let gatehouse = &self.reminder.gatehouse;
        let door = gatehouse.store.front_door();
        let Some(deadline) = door.deadline(&due).await? else {
            door.move_due(&due, None).await?;
            return Ok(Ended::Void);
        };
        let zone = self.owners.of(&due.tenant).await?.zone;
        let now = self.reminder.now();
        let stages = &gatehouse.config.reminder_stages;
        let schedule = Schedule::new(due.kind, due.expires_at, stages, zone);
        let next = schedule.next(now).map(|(_, at)| at);
        let Some((stage, _)) = schedule.due(now) else {
            // Stages or zone were configured differently when the entry was written.
            door.move_due(&due, next).await?;
            return Ok(Ended::Void);
        };
        let mark = due.mark(stage);
        match door.claim(&mark, &self.holder, now + LEASE).await? {
            Claim::Taken => Ok(Ended::Taken),
            Claim::Sent => {
                door.move_due(&due, next).await?;
                Ok(Ended::SentBefore)
            }
            Claim::Held(told) => {
                let of = Reminding {
                    due,
                    deadline,
                    stage,
                    next,
                };
                self.remind(&of, &told).await
            }
        }
    }

    /// Tells everybody who was not told before, then marks the reminder and moves its deadline on.
    async fn remind(&self, of: &Reminding, before: &[String]) -> Result<Ended, CommitError> {
        let door = self.reminder.gatehouse.store.front_door();
        let mark = of.due.mark(of.stage);
        let known = self.owners.of(&of.due.tenant).await?;
        let told = self.tell_all(of, &known.recipients, before).await?;
        let Told {
            mails,
            refused,
            failed,
        } = told;
        if failed {
            door.release_claim(&mark, &self.holder).await?;
            return Ok(Ended::Failed { mails, refused });
        }
        let now = self.reminder.now();
        let people = u32::try_from(known.recipients.len().saturating_sub(refused)).unwrap_or(u32::MAX);
        let entry = DigestEntry {
            kind: of.deadline.kind,
            name: of.deadline.name.clone(),
            organization: known.name.clone(),
            expires_at: of.deadline.expires_at,
            told: (!is_operators(&of.due.tenant)).then_some(people),
        };
        let finished = FinishedReminder {
            due: &of.due,
            stage: of.stage,
            next: of.next,
            events: vec![events::secret_expiring(&of.deadline, of.stage, people, now)],
            digest: entry,
        };
        door.finish_reminder(&self.holder, finished).await?;
        Ok(Ended::Reminded { mails, refused })
    }

    async fn tell_all(
        &self,
        of: &Reminding,
        recipients: &[EmailAddress],
        before: &[String],
    ) -> Result<Told, CommitError> {
        let door = self.reminder.gatehouse.store.front_door();
        let mark = of.due.mark(of.stage);
        let letter = self.letter(of).await?;
        let mut told = Told::default();
        for recipient in recipients {
            let reference = mark.reference(recipient.folded());
            if before.contains(&reference) {
                continue;
            }
            match self.tell(&letter, recipient, &reference).await {
                Ok(()) => told.mails += 1,
                Err(error) if error.is_permanent() => {
                    told.refused += 1;
                    tracing::error!(mail.reference = reference, error.code = error.code(), error = %error,
                        "a reminder will never reach one of its recipients");
                }
                Err(error) => {
                    told.failed = true;
                    tracing::warn!(mail.reference = reference, error.code = error.code(), error = %error,
                        "a reminder is tried again by the next run");
                    continue;
                }
            }
            door.note_told(&mark, &self.holder, &reference).await?;
        }
        Ok(told)
    }

    pub(super) async fn tell(
        &self,
        letter: &Letter,
        recipient: &EmailAddress,
        reference: &str,
    ) -> Result<(), MailError> {
        let product = &self.reminder.gatehouse.config.product_name;
        let written = letters::render(letter, None, product)?;
        let mail = Mail {
            to: recipient.as_str(),
            subject: &written.subject,
            text: &written.text,
            html: &written.html,
            reference,
        };
        self.reminder.mailer.send(&mail).await.map(drop)
    }

    async fn letter(&self, of: &Reminding) -> Result<Letter, StoreError> {
        let deadline = &of.deadline;
        let known = self.owners.of(&deadline.tenant).await?;
        Ok(Letter::Expiring(ExpiringLetter {
            kind: deadline.kind,
            name: deadline.name.clone(),
            brand: deadline.brand.clone(),
            organization: known.name.clone(),
            expires_at: deadline.expires_at,
            now: self.reminder.now(),
            zone: known.zone,
            portal: self.reminder.gatehouse.config.base_url.at("/portal"),
        }))
    }
}
