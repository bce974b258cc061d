//! TXT records (RFC 1035): asked of the machine's own resolver by UDP, and by TCP where the answer was cut. Messages are
//! written and read by `simple-dns`; a fresh socket and a random id for each question (RFC 5452).

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::random;

/// How long one server may take for one question.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How often each server is asked.
const ROUNDS: usize = 2;
/// Most servers of the machine that are asked.
const MOST_SERVERS: usize = 3;
/// Most aliases (CNAME) that are followed.
const MOST_ALIASES: usize = 8;
/// Where a Unix machine names its resolvers.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Largest answer by UDP without EDNS is 512 bytes; more does no harm.
const DATAGRAM: usize = 4_096;

/// Why nothing is known of a name's records. That there are none is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TxtError {
    /// The name fits no question.
    #[error("wanted a domain name of at most 253 characters")]
    Name,
    /// No resolver answered.
    #[error("wanted an answer of the resolver; none came in time")]
    NoAnswer,
    /// The resolver could not find out.
    #[error("wanted an answer of the domain's name servers; the resolver got none ({0})")]
    Failed(&'static str),
    /// Randomness failed.
    #[error("the system's generator failed")]
    Random,
}

impl TxtError {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name => "dns_name",
            Self::NoAnswer => "dns_no_answer",
            Self::Failed(_) => "dns_failed",
            Self::Random => "dns_random",
        }
    }
}

/// Asks for TXT records.
#[derive(Debug, Clone)]
pub struct TxtRecords {
    /// The one that is asked; `None` asks the machine's own.
    server: Option<SocketAddr>,
}

impl TxtRecords {
    /// Asks `server`, or the machine's own resolvers.
    #[must_use]
    pub fn new(server: Option<SocketAddr>) -> Self {
        Self { server }
    }

    /// The TXT records of `name`, each in one piece; empty when there are none or there is no such name.
    ///
    /// # Errors
    /// [`TxtError`] when nothing is known: a resolver that fails is no proof of absence.
    pub async fn of(&self, name: &str) -> Result<Vec<String>, TxtError> {
        let mut failure = TxtError::NoAnswer;
        for _ in 0..ROUNDS {
            for server in self.servers() {
                match timeout(PATIENCE, ask(server, name)).await {
                    Ok(Ok(records)) => return Ok(records),
                    Ok(Err(error @ (TxtError::Name | TxtError::Random))) => return Err(error),
                    Ok(Err(error)) => failure = error,
                    Err(_) => {}
                }
            }
        }
        Err(failure)
    }

    fn servers(&self) -> Vec<SocketAddr> {
        match self.server {
            Some(server) => vec![server],
            None => configured(&std::fs::read_to_string(RESOLV_CONF).unwrap_or_default()),
        }
    }
}

/// The name servers of a `resolv.conf`; without any, the machine itself (resolv.conf(5)).
fn configured(text: &str) -> Vec<SocketAddr> {
    let mut found = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .filter_map(|rest| rest.split_whitespace().next()?.parse::<IpAddr>().ok())
        .map(|address| SocketAddr::new(address, 53))
        .take(MOST_SERVERS)
        .collect::<Vec<_>>();
    if found.is_empty() {
        found.push(SocketAddr::from(([127, 0, 0, 1], 53)));
    }
    found
}

async fn ask(server: SocketAddr, name: &str) -> Result<Vec<String>, TxtError> {
    let id = u16::from_be_bytes(random::bytes::<2>().map_err(|_| TxtError::Random)?);
    let query = query(id, name)?;
    let answer = by_udp(server, &query, id).await.map_err(|_| TxtError::NoAnswer)?;
    match read(&answer, id, name)? {
        Read::Records(records) => Ok(records),
        Read::Cut => {
            let asking = tokio::task::spawn_blocking(move || by_tcp(server, &query));
            let whole = asking.await.map_err(|_| TxtError::NoAnswer)?;
            let whole = whole.map_err(|_| TxtError::NoAnswer)?;
            match read(&whole, id, name)? {
                Read::Records(records) => Ok(records),
                Read::Cut => Err(TxtError::Failed("the answer is cut by TCP as well")),
            }
        }
    }
}

fn query(id: u16, name: &str) -> Result<Vec<u8>, TxtError> {
    if name.len() > 253 {
        return Err(TxtError::Name);
    }
    let name = Name::new(name).map_err(|_| TxtError::Name)?;
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let class = QCLASS::CLASS(CLASS::IN);
    packet
        .questions
        .push(Question::new(name, QTYPE::TYPE(TYPE::TXT), class, false));
    packet.build_bytes_vec().map_err(|_| TxtError::Name)
}

/// What comes from elsewhere or answers another question is passed over; only time ends the waiting.
async fn by_udp(server: SocketAddr, query: &[u8], id: u16) -> std::io::Result<Vec<u8>> {
    let any: SocketAddr = if server.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0_u16; 8], 0).into()
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(query).await?;
    let mut buffer = vec![0; DATAGRAM];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let datagram = buffer.get(..length).unwrap_or_default();
        if datagram.starts_with(&id.to_be_bytes()) {
            return Ok(datagram.to_vec());
        }
    }
}

/// RFC 1035 section 4.2.2: each message with its length before it.
fn by_tcp(server: SocketAddr, query: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let length = u16::try_from(query.len()).unwrap_or(0);
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(query)?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

enum Read {
    Records(Vec<String>),
    Cut,
}

fn read(message: &[u8], id: u16, name: &str) -> Result<Read, TxtError> {
    let packet = Packet::parse(message).map_err(|_| TxtError::Failed("unreadable answer"))?;
    let asked = packet
        .questions
        .first()
        .map(|question| question.qname.to_string());
    let ours = asked.is_some_and(|asked| asked.eq_ignore_ascii_case(name));
    if packet.id() != id || !packet.has_flags(PacketFlag::RESPONSE) || !ours {
        return Err(TxtError::NoAnswer);
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Ok(Read::Cut);
    }
    match packet.rcode() {
        RCODE::NoError => Ok(Read::Records(records(&packet, name))),
        RCODE::NameError => Ok(Read::Records(Vec::new())),
        RCODE::ServerFailure => Err(TxtError::Failed("server failure")),
        RCODE::Refused => Err(TxtError::Failed("refused")),
        _ => Err(TxtError::Failed("another response code")),
    }
}

/// The records of the name, or of what it is an alias for.
fn records(packet: &Packet<'_>, name: &str) -> Vec<String> {
    let mut at = name.to_ascii_lowercase();
    for _ in 0..MOST_ALIASES {
        let alias = packet.answers.iter().find_map(|answer| match &answer.rdata {
            RData::CNAME(alias) if answer.name.to_string().eq_ignore_ascii_case(&at) => {
                Some(alias.0.to_string().to_ascii_lowercase())
            }
            _ => None,
        });
        match alias {
            Some(alias) => at = alias,
            None => break,
        }
    }
    let own = packet
        .answers
        .iter()
        .filter(|answer| answer.name.to_string().eq_ignore_ascii_case(&at));
    own.filter_map(|answer| match &answer.rdata {
        RData::TXT(text) => String::try_from(text.clone()).ok(),
        _ => None,
    })
    .collect()
}

#[cfg(test)]
#[path = "txt_tests.rs"]
mod tests;
