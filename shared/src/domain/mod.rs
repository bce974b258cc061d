//! Plain types and rules of the domain: no I/O, no AWS type, no clock.

pub mod phone;
pub mod profile;
pub mod role_catalogue;
