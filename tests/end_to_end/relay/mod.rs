//! What leaves the house by the outbox: events and mails.

mod link_code;
mod outbox;
