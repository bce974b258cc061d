//! A place to serve pages on this machine: its address is known, and taken, before anything is served there.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use axum::Router;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a stopping site may finish what it has begun.
const GRACE: Duration = Duration::from_secs(2);
/// How often a free port is sought that both families have.
const TRIES: usize = 20;

/// Bound sockets and the URL that leads to them.
#[derive(Debug)]
pub struct Site {
    /// Without a trailing slash.
    pub url: String,
    /// The port of all sockets.
    pub port: u16,
    listeners: Vec<TcpListener>,
}

impl Site {
    /// `http://127.0.0.1:<port>`; without a port, one of the system's choice.
    ///
    /// # Errors
    /// What the system says, such as that the port is taken.
    pub fn on_loopback_address(port: Option<u16>) -> io::Result<Self> {
        let listener = bind(Ipv4Addr::LOCALHOST.into(), port.unwrap_or(0))?;
        let port = listener.local_addr()?.port();
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            port,
            listeners: vec![listener],
        })
    }

    /// `http://localhost:<port>`, on every address that `localhost` may mean.
    ///
    /// # Errors
    /// What the system says, such as that the port is taken.
    pub fn on_localhost(port: Option<u16>) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..TRIES {
            let v4 = bind(Ipv4Addr::LOCALHOST.into(), port.unwrap_or(0))?;
            let chosen = v4.local_addr()?.port();
            let mut listeners = vec![v4];
            match bind(Ipv6Addr::LOCALHOST.into(), chosen) {
                Ok(v6) => listeners.push(v6),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    last = error;
                    if port.is_some() {
                        break;
                    }
                    continue;
                }
                // A machine without IPv6.
                Err(_) => {}
            }
            return Ok(Self {
                url: format!("http://localhost:{chosen}"),
                port: chosen,
                listeners,
            });
        }
        Err(last)
    }

    /// Serves `router` until `stop` says so or its sender is gone. Handlers find the caller's address in
    /// `ConnectInfo<SocketAddr>`.
    pub fn serve(self, router: Router, tasks: &mut JoinSet<()>, stop: &watch::Receiver<bool>) {
        for listener in self.listeners {
            let router = router.clone();
            let stop = stop.clone();
            tasks.spawn(async move {
                if let Err(error) = run(listener, router, stop).await {
                    tracing::error!(%error, "a local site ended");
                }
            });
        }
    }
}

fn bind(address: IpAddr, port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(SocketAddr::new(address, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn run(listener: TcpListener, router: Router, stop: watch::Receiver<bool>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(stopped(stop.clone()));
    let server = server.into_future();
    tokio::pin!(server);
    tokio::select! {
        ended = &mut server => return ended,
        () = stopped(stop) => {}
    }
    // A client that keeps half a request open must not keep the process.
    tokio::time::timeout(GRACE, server).await.unwrap_or(Ok(()))
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone: stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}
