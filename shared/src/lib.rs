//! The common crate of Gatehouse.
