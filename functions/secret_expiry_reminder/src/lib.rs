//! The hourly schedule: sends what is due, as far as the time goes, and says what happened.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use gatehouse::app::reminder::{Reminder, Report, RunError};
use gatehouse::telemetry;
use serde_json::{Value, json};
use tracing::Instrument;

/// One run, until shortly before `deadline` at most. The answer is the report; the next run goes on where this one ended.
///
/// # Errors
/// [`RunError`] when what is due cannot be read: Lambda tries again, then the dead-letter queue has the event.
pub async fn handle(reminder: &Reminder, deadline: SystemTime) -> Result<Value, RunError> {
    let span = telemetry::invocation("secret_expiry_reminder");
    async {
        let started = reminder.now();
        let done = Box::pin(reminder.run(DateTime::<Utc>::from(deadline))).await;
        match &done {
            Ok(report) => tell(reminder, report, started),
            Err(error) => {
                tracing::error!(error.code = error.code(), error = %error, "the reminders could not be read");
            }
        }
        done.map(|report| json!(report))
    }
    .instrument(span)
    .await
}

fn tell(reminder: &Reminder, report: &Report, started: DateTime<Utc>) {
    let now = reminder.now();
    let took = usize::try_from((now - started).num_milliseconds()).unwrap_or(0);
    telemetry::metrics(
        "secret_expiry_reminder",
        now,
        &[
            ("RemindersDue", report.due),
            ("Reminded", report.reminded),
            ("RemindersFailed", report.failed),
            ("RemindersTaken", report.taken),
            ("RemindersVoid", report.void),
            ("RemindersSentBefore", report.sent_before),
            ("RemindersWithoutRecipient", report.nobody),
            ("Mails", report.mails),
            ("MailsRefused", report.mails_refused),
            ("Digests", report.digests),
            ("OutOfTime", usize::from(!report.complete)),
            ("Milliseconds", took),
        ],
    );
}
