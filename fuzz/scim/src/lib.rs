//! The SCIM protocol's room of the shared crate, by its files: it knows no AWS type, so that a fuzz build takes a minute.
#![allow(deprecated, reason = "of the stand-in for aws-lc-rs, which has the same name for it")]

#[path = "../../../shared/src/redacted.rs"]
pub mod redacted;
#[path = "../../../shared/src/scim/mod.rs"]
pub mod scim;
