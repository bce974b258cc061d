//! SCIM, as identity providers speak it.

mod access;
mod attacks;
mod cost;
mod discovery;
mod entra;
mod faults;
mod groups;
mod lists;
mod okta;
mod opting_in;
mod people;
mod races;
mod search;
mod sequences;
mod takeover;
mod users;
