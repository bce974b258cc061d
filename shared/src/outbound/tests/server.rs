//! A server that plays a script of bytes and pauses, with and without TLS.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// The name that the test certificate is for.
pub(super) const NAME: &str = "idp.example.test";

/// What a server does on one connection after it has read the request.
#[derive(Clone)]
pub(super) enum Step {
    Send(Vec<u8>),
    Wait(Duration),
    /// The same bytes again and again until the client goes.
    Repeat(Vec<u8>, Duration),
}

pub(super) struct TestServer {
    pub(super) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl TestServer {
    /// Plain http; the nth connection gets the nth script, later ones the last.
    pub(super) fn plain(scripts: Vec<Vec<Step>>) -> Self {
        Self::start(scripts, Some)
    }

    /// TLS with a certificate for [`NAME`].
    pub(super) fn tls(scripts: Vec<Vec<Step>>) -> Self {
        Self::start(scripts, |stream| {
            let connection = ServerConnection::new(Arc::new(AUTHORITY.server.clone())).unwrap();
            Some(StreamOwned::new(connection, stream))
        })
    }

    fn start<S: Read + Write>(
        scripts: Vec<Vec<Step>>,
        wrap: impl Fn(TcpStream) -> Option<S> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for (place, stream) in listener.incoming().enumerate() {
                let script = scripts.get(place).or(scripts.last()).cloned().unwrap_or_default();
                let Some(mut stream) = stream.ok().and_then(&wrap) else {
                    continue;
                };
                if let Some(request) = read_request(&mut stream) {
                    seen.lock().unwrap().push(request);
                    play(&mut stream, script);
                }
            }
        });
        Self { address, requests }
    }

    /// Heads and bodies of the requests so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut read = Vec::new();
    let mut buffer = [0u8; 4096];
    loop {
        let count = stream.read(&mut buffer).ok()?;
        if count == 0 {
            return None;
        }
        read.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")
                    .map(str::to_owned)
            })
            .map_or(0, |length| length.parse().unwrap());
        if body.len() >= length {
            return Some(text);
        }
    }
}

fn play(stream: &mut impl Write, script: Vec<Step>) {
    for step in script {
        let went_on = match step {
            Step::Send(bytes) => stream.write_all(&bytes).and_then(|()| stream.flush()).is_ok(),
            Step::Wait(pause) => {
                thread::sleep(pause);
                true
            }
            Step::Repeat(bytes, pause) => {
                while stream.write_all(&bytes).and_then(|()| stream.flush()).is_ok() {
                    thread::sleep(pause);
                }
                false
            }
        };
        if !went_on {
            return;
        }
    }
}

/// A complete answer.
pub(super) fn answer(status: &str, headers: &str, body: &str) -> Vec<Step> {
    let length = body.len();
    let text = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
    vec![Step::Send(text.into_bytes())]
}

/// An answer that redirects.
pub(super) fn redirect(status: &str, location: &str) -> Vec<Step> {
    answer(status, &format!("Location: {location}\r\n"), "")
}

struct Authority {
    server: ServerConfig,
    client: ClientConfig,
}

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![NAME.to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![leaf.der().clone()];
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Authority { server, client }
});

/// A client configuration that trusts the test certificate.
pub(super) fn trusting_client() -> ClientConfig {
    AUTHORITY.client.clone()
}

/// Scripted answers of the resolver, and the addresses that were dialled.
#[derive(Debug)]
pub(in crate::outbound) struct Script {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    server: SocketAddr,
    asked: Mutex<Vec<String>>,
    dialled: Mutex<Vec<SocketAddr>>,
}

impl Script {
    pub(super) fn new(server: SocketAddr, answers: Vec<Vec<IpAddr>>) -> Self {
        Self {
            answers: Mutex::new(answers.into()),
            server,
            asked: Mutex::default(),
            dialled: Mutex::default(),
        }
    }

    pub(in crate::outbound) fn next_answer(&self, host: &str) -> Vec<IpAddr> {
        self.asked.lock().unwrap().push(host.to_owned());
        self.answers.lock().unwrap().pop_front().unwrap_or_default()
    }

    pub(in crate::outbound) fn dial(&self, checked: SocketAddr) -> SocketAddr {
        self.dialled.lock().unwrap().push(checked);
        self.server
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub(super) fn dialled(&self) -> Vec<SocketAddr> {
        self.dialled.lock().unwrap().clone()
    }
}
