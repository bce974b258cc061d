//! What leaves the house by the outbox and by the clock: events, mails, reminders.

mod clocks;
mod expiry;
pub(super) mod failures;
mod killed;
mod kinds;
mod link_code;
mod names;
mod outage;
mod outbox;
mod replay;
