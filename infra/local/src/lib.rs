//! The embedded default.

pub mod demo_idp;
