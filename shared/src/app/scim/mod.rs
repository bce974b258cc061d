//! SCIM use cases: users and groups that an identity provider pushes (RFC 7644).
//!
//! A request is made by a [`Caller`]: the holder of a SCIM key, bound to the key's tenant. Everything here takes one;
//! nothing takes a tenant id. A refusal is a [`crate::scim::ScimError`]; what fails on our side is a [`ScimFailure`].

mod access;
mod error;
pub mod groups;
pub mod list;
pub mod users;

pub use access::{Caller, authenticate};
pub use error::ScimFailure;
