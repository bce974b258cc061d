//! A server on a thread and a runtime of its own, so that it shares nothing with the code it serves: a test's
//! runtime may block or end without taking the database with it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

/// How long a stopping server may finish what it has begun.
const GRACE: Duration = Duration::from_secs(2);

/// The thread; dropping it stops the server and waits for it.
#[derive(Debug)]
pub struct ServerThread {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Resolves when the server must stop.
pub type Stop = oneshot::Receiver<()>;

/// Listens on a loopback port of the system's choice.
///
/// # Errors
/// What the system says.
pub fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

impl ServerThread {
    /// Runs `serve` on a new thread until it returns; `serve` must return soon after its [`Stop`] resolves.
    ///
    /// # Errors
    /// What the system says when no thread or runtime can be made.
    pub fn spawn<F, Fut>(name: &str, serve: F) -> io::Result<Self>
    where
        F: FnOnce(Stop) -> Fut + Send + 'static,
        Fut: Future<Output = ()>,
    {
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            runtime.block_on(serve(stopped));
            runtime.shutdown_timeout(GRACE);
        })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Waits for `server` to end by itself after `stop`, but no longer than two seconds.
    pub async fn until_stopped(server: impl Future<Output = ()>, stop: impl Future) {
        tokio::pin!(server);
        tokio::select! {
            () = &mut server => return,
            _ = stop => {}
        }
        // A client that keeps half a request open must not keep the process.
        let _ = tokio::time::timeout(GRACE, server).await;
    }
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
