//! The embedded default: everything Gatehouse needs, on one machine, in one process. `cargo run` starts it
//! ([`cli`]), and the tests stand on it ([`Local`]).
//!
//! The code path is the deployed one: the AWS SDK talks to loopback endpoints ([`aws`]) and the functions' routers sit
//! behind something that behaves like API Gateway ([`gateway`]). No trait of ours is mocked; faults are injected under
//! the SDK's retry loop ([`http_client`]).
//!
//! Beside it stand two things that are not Gatehouse: a demo identity provider ([`demo_idp`]) and a demo app
//! ([`demo_app`]), on another site, so that what is cross-site in life is cross-site here.

pub mod aws;
pub mod cli;
pub mod control;
pub mod data_dir;
pub mod demo_app;
pub mod demo_idp;
pub mod dns;
pub mod event_source;
pub mod functions;
pub mod gateway;
pub mod http_client;
pub mod instance;
pub mod lambda;
pub mod local;
pub mod local_json;
mod loopback_client;
pub mod seed;
mod site;
#[cfg(test)]
mod test_browser;

pub use self::local::{Data, Local, Options, Ports, StartError};
