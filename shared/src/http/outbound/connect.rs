//! Opens connections, to the very addresses that were checked.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;
use url::Host;

use super::error::OutboundError;
use super::guard::{Target, TargetReach, host_of};
use super::resolver::Resolver;

/// How long one address may take to accept, so that a dead one does not use up the whole exchange.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);

/// Connects to one checked target. It lives for one request, so what it resolved cannot be used for another host.
#[derive(Debug, Clone)]
pub(super) struct GuardedConnector {
    pub(super) resolver: Resolver,
    pub(super) target: Target,
}

impl GuardedConnector {
    /// Resolves, checks every answer, and connects to the first that accepts; IPv4 first, because a function in a
    /// subnet without IPv6 finds out only by waiting.
    async fn connect(self) -> Result<TokioIo<TcpStream>, OutboundError> {
        let url = &self.target.url;
        let host = host_of(url);
        let port = url.port_or_known_default().ok_or(OutboundError::Url)?;
        let mut addresses = self.addresses(&host).await?;
        addresses.sort_by_key(IpAddr::is_ipv6);
        for address in addresses {
            let socket = self.resolver.dial(SocketAddr::new(address, port));
            if let Ok(Ok(stream)) = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(socket)).await {
                // Only a matter of latency.
                let _ = stream.set_nodelay(true);
                return Ok(TokioIo::new(stream));
            }
        }
        Err(OutboundError::Connect { host })
    }

    /// The host's addresses, all of them allowed: one that is not condemns the name (it is how rebinding begins).
    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, OutboundError> {
        let reach: TargetReach = self.target.reach;
        let unresolved = || OutboundError::Resolve {
            host: host.to_owned(),
        };
        let addresses = match self.target.url.host() {
            Some(Host::Ipv4(address)) => vec![IpAddr::V4(address)],
            Some(Host::Ipv6(address)) => vec![IpAddr::V6(address)],
            Some(Host::Domain(name)) => self.resolver.resolve(name).await.map_err(|_| unresolved())?,
            None => return Err(OutboundError::Url),
        };
        if addresses.is_empty() {
            return Err(unresolved());
        }
        for address in &addresses {
            reach.check(host, *address)?;
        }
        Ok(addresses)
    }
}

impl Service<Uri> for GuardedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = OutboundError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, OutboundError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OutboundError>> {
        Poll::Ready(Ok(()))
    }

    /// The address comes from the checked target; the URI is only what TLS takes the server name from.
    fn call(&mut self, _: Uri) -> Self::Future {
        Box::pin(self.clone().connect())
    }
}
