//! Names to addresses.

use std::io;
use std::net::{IpAddr, SocketAddr};

/// Where addresses come from.
#[derive(Debug, Clone)]
pub(super) enum Resolver {
    /// The system's resolver.
    System,
    /// Answers from a test, one after the other.
    #[cfg(test)]
    Scripted(std::sync::Arc<super::tests::Script>),
}

impl Resolver {
    /// All addresses of a name.
    pub(super) async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => {
                let found = tokio::net::lookup_host((host, 0)).await?;
                Ok(found.map(|socket| socket.ip()).collect())
            }
            #[cfg(test)]
            Self::Scripted(script) => Ok(script.next_answer(host)),
        }
    }

    /// Where a connection to a checked address really goes: there, except in tests, which note it and answer
    /// themselves.
    pub(super) fn dial(&self, checked: SocketAddr) -> SocketAddr {
        match self {
            Self::System => checked,
            #[cfg(test)]
            Self::Scripted(script) => script.dial(checked),
        }
    }
}
