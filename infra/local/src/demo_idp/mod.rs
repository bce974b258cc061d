//! The demo identity provider.

pub mod issue;
