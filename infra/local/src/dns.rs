//! A name server on loopback that knows what tests and the control URL tell it: TXT records, and names that fail.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};

use simple_dns::rdata::{RData, TXT};
use simple_dns::{CLASS, Packet, RCODE, ResourceRecord};

use crate::aws::server_thread::{ServerThread, Stop};

/// What the server says of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Zone {
    /// These TXT records; none of them means that there is no such name.
    Records(Vec<String>),
    /// It cannot find out (SERVFAIL).
    Fails,
}

/// The zone, shared with the server.
#[derive(Clone, Debug)]
pub struct Dns {
    address: SocketAddr,
    zone: Arc<Mutex<BTreeMap<String, Zone>>>,
    _thread: Arc<ServerThread>,
}

impl Dns {
    /// Starts the server on a free port.
    ///
    /// # Errors
    /// What the system says.
    pub fn start() -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let zone: Arc<Mutex<BTreeMap<String, Zone>>> = Arc::default();
        let known = zone.clone();
        let thread = ServerThread::spawn("gatehouse-dns", move |stop| serve(socket, known, stop))?;
        Ok(Self {
            address,
            zone,
            _thread: Arc::new(thread),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on this is said of `name`.
    pub fn set(&self, name: &str, zone: Zone) {
        let mut known = self.zone.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.to_ascii_lowercase(), zone);
    }
}

async fn serve(socket: UdpSocket, zone: Arc<Mutex<BTreeMap<String, Zone>>>, stop: Stop) {
    let Ok(socket) = tokio::net::UdpSocket::from_std(socket) else {
        return;
    };
    let answering = async {
        let mut buffer = vec![0; 1_024];
        loop {
            let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
                continue;
            };
            let reply = {
                let known = zone.lock().unwrap_or_else(PoisonError::into_inner);
                reply(buffer.get(..length).unwrap_or_default(), &known)
            };
            if let Some(reply) = reply {
                let _ = socket.send_to(&reply, from).await;
            }
        }
    };
    tokio::select! {
        () = answering => {}
        _ = stop => {}
    }
}

fn reply(message: &[u8], zone: &BTreeMap<String, Zone>) -> Option<Vec<u8>> {
    let mut packet = Packet::parse(message).ok()?.into_reply();
    let name = packet.questions.first()?.qname.clone();
    match zone.get(&name.to_string().to_ascii_lowercase()) {
        Some(Zone::Records(texts)) if !texts.is_empty() => {
            for text in texts {
                let mut record = TXT::new();
                for part in pieces(text) {
                    record.add_string(part).ok()?;
                }
                let answer = ResourceRecord::new(name.clone(), CLASS::IN, 60, RData::TXT(record));
                packet.answers.push(answer);
            }
        }
        Some(Zone::Fails) => *packet.rcode_mut() = RCODE::ServerFailure,
        Some(Zone::Records(_)) | None => *packet.rcode_mut() = RCODE::NameError,
    }
    packet.build_bytes_vec().ok()
}

/// A character string has at most 255 bytes.
fn pieces(text: &str) -> Vec<&str> {
    let mut rest = text;
    let mut all = Vec::new();
    while rest.len() > 255 {
        let mut at = 255;
        while !rest.is_char_boundary(at) {
            at -= 1;
        }
        let (piece, more) = rest.split_at(at);
        all.push(piece);
        rest = more;
    }
    all.push(rest);
    all
}
