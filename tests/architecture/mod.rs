//! What docs/architecture.md promises, checked on the source text.
//!
//! The source is read, not compiled: each crate is walked from its root file along its `mod` declarations, so that a
//! file that nobody mounts is found too, and `super::` is resolved as the compiler would.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "tests"
)]

mod adapters;
mod codes;
mod dependencies;
mod facts;
mod functions;
mod handles;
mod lints;
mod paths;
mod rooms;
mod sizes;
pub(crate) mod source;
mod template;
mod text;

/// Fails with every complaint at once.
#[track_caller]
pub(crate) fn none(what: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{what}:\n  {}", complaints.join("\n  "));
}
