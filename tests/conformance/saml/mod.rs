//! The receiving half of SAML: each check with its genuine twin, attacks, algorithms, and the shapes of real IdPs.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "test code"
)]

mod algorithms;
mod alike;
mod attacks;
mod cases;
mod codes;
#[cfg(feature = "samael")]
mod cross_check;
mod idp_shapes;
mod properties;
mod quirks;
mod reading;
mod world;
