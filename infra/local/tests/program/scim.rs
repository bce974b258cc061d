//! The program with a SCIM client of its seeded tenant.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::running;

/// The schema of a user.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of a group.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A PATCH of these operations.
pub fn patch(operations: &Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

/// The program, and a SCIM client of its seeded tenant.
pub struct ScimProgram {
    /// The process.
    pub program: running::Running,
    /// Its client.
    pub scim: Scim,
}

/// A client of one tenant.
#[derive(Clone)]
pub struct Scim {
    port: u16,
    base: String,
    key: String,
}

/// Starts the program, and reads what its client needs.
pub fn start(folder: &Path, port: u16) -> ScimProgram {
    with_client(running::start(folder, port, &[]), folder, port)
}

/// As [`start`]; what the program asks of its tables is recorded nowhere, and so takes no socket.
pub fn start_unrecorded(folder: &Path, port: u16) -> ScimProgram {
    let program = running::ready(running::program_in(folder, port).env_remove("GATEHOUSE_CALLS"));
    with_client(program, folder, port)
}

fn with_client(program: running::Running, folder: &Path, port: u16) -> ScimProgram {
    let local = std::fs::read_to_string(folder.join("local.json")).unwrap();
    let local: Value = serde_json::from_str(&local).unwrap();
    let tenant = local["tenant"]["id"].as_str().unwrap();
    let scim = Scim {
        port,
        base: format!("/scim/v2/{tenant}"),
        key: local["scim_key"].as_str().unwrap().to_owned(),
    };
    ScimProgram { program, scim }
}

impl ScimProgram {
    /// SIGKILL: nothing of the program gets to do anything any more.
    pub fn kill(self) {
        self.program.signal("-KILL");
    }
}

impl Scim {
    /// Status and body; `None` when the answer never came.
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        let request = format!(
            "{method} {}{path} HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/scim+json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.base,
            self.port,
            self.key,
            body.len()
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8(answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")
                    .map(str::to_owned)
            })
            .map_or(0, |length| length.parse().unwrap());
        // Cut in the middle, it is no answer.
        (body.len() == length).then(|| (status, serde_json::from_str(body).unwrap_or_default()))
    }

    /// The body of a 200.
    pub fn get(&self, path: &str) -> Value {
        let (status, body) = self.send("GET", path, None).unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Id of a new user.
    pub fn user(&self, name: &str) -> Option<String> {
        let body = json!({ "schemas": [USER], "userName": name });
        let (status, made) = self.send("POST", "/Users", Some(&body))?;
        assert_eq!(status, 201, "{made}");
        Some(made["id"].as_str().unwrap().to_owned())
    }

    /// Ids of a group's members.
    pub fn members(&self, group: &str) -> BTreeSet<String> {
        let group = self.get(&format!("/Groups/{group}"));
        let members = group["members"].as_array().cloned().unwrap_or_default();
        let ids = members
            .iter()
            .map(|member| member["value"].as_str().unwrap().to_owned());
        ids.collect()
    }

    /// So many users, made by several clients at once.
    pub fn users(&self, prefix: &str, count: usize) -> BTreeSet<String> {
        let next = Arc::new(AtomicUsize::new(0));
        let clients = (0..4).map(|_| {
            let (scim, next, prefix) = (self.clone(), next.clone(), prefix.to_owned());
            std::thread::spawn(move || {
                let mut made = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return made;
                    }
                    made.push(scim.user(&format!("{prefix}{number}")).unwrap());
                }
            })
        });
        let clients = clients.collect::<Vec<_>>();
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect()
    }
}
