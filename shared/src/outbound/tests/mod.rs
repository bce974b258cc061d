#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

//! Attacks on the guarded client, against real sockets on loopback.

mod hops;
mod server;
mod urls;
mod volume;

pub(in crate::outbound) use server::Script;

use std::net::IpAddr;
use std::sync::Arc;

use super::resolver::Resolver;
use super::tls::Tls;
use super::{LIMITS, Limits, Outbound, OutboundError, Reach};
use server::TestServer;

/// An address that counts as public; in tests nothing is ever sent there.
const PUBLIC: &str = "93.184.216.34";

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

/// A client with the deployed reach whose names resolve as scripted and whose connections end at `server`.
fn deployed(server: &TestServer, answers: &[&[&str]]) -> (Outbound, Arc<Script>) {
    let answers = answers
        .iter()
        .map(|answer| answer.iter().map(|address| ip(address)).collect());
    let script = Arc::new(Script::new(server.address, answers.collect()));
    let client = Outbound {
        reach: Reach::Public,
        resolver: Resolver::Scripted(Arc::clone(&script)),
        tls: Tls::with(server::trusting_client()),
        limits: LIMITS,
    };
    (client, script)
}

/// A client with the local setting, the system's resolver and the given limits.
fn local(limits: Limits) -> Outbound {
    Outbound {
        limits,
        ..Outbound::new(true)
    }
}

fn refused<T>(answer: Result<T, OutboundError>) -> OutboundError {
    match answer {
        Err(error) => error,
        Ok(_) => panic!("wanted a refusal"),
    }
}
