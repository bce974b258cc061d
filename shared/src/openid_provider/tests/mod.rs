//! Tests of the OpenID Provider's protocol, one file a subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod authorize;
mod client_auth;
mod clients;
mod discovery;
mod end_session;
mod freshness;
mod grants;
mod keys;
mod params;
mod properties;
mod refresh;
mod support;
mod tokens;
