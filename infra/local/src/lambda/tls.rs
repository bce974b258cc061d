//! TLS before a loopback endpoint, so that a program pays for the handshakes that it pays for in the cloud.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// The running front; dropping it ends it.
pub struct TlsFront {
    url: String,
    certificate: PathBuf,
    connections: Arc<AtomicUsize>,
    server: JoinHandle<()>,
}

impl TlsFront {
    /// Listens on loopback with a certificate of its own, which is written into `folder`; hands everything to
    /// `backend`, `http://host:port`. Must run inside a tokio runtime.
    ///
    /// # Errors
    /// What the system or the TLS library says.
    pub async fn start(backend: &str, folder: &Path) -> io::Result<Self> {
        // As the endpoints of AWS have it ("Amazon RSA 2048").
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(io::Error::other)?;
        let names = CertificateParams::new(vec!["localhost".to_owned()]).map_err(io::Error::other)?;
        let made = names.self_signed(&key).map_err(io::Error::other)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let certificate = folder.join(format!("tls-{port}.pem"));
        std::fs::write(&certificate, made.pem())?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![made.der().clone()], key)
            .map_err(io::Error::other)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let backend = backend.trim_start_matches("http://").to_owned();
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = connections.clone();
        let server = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(pass(acceptor.clone(), client, backend.clone()));
            }
        });
        Ok(Self {
            url: format!("https://localhost:{port}"),
            certificate,
            connections,
            server,
        })
    }

    /// `https://localhost:port`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many connections were opened.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The certificate to trust, as PEM, for `SSL_CERT_FILE`.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(acceptor: TlsAcceptor, client: TcpStream, backend: String) {
    let Ok(mut client) = acceptor.accept(client).await else {
        return;
    };
    if let Ok(mut backend) = TcpStream::connect(&backend).await {
        // Either side may close first.
        let _ = copy_bidirectional(&mut client, &mut backend).await;
    }
}
