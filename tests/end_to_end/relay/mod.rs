//! What leaves the house by the outbox and by the clock: events, mails, reminders.

mod expiry;
mod failures;
mod killed;
mod link_code;
mod outage;
mod outbox;
mod replay;
