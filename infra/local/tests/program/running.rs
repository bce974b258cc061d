//! The built program as a process, for the tests that start it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The built program.
pub fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_gatehouse-local"))
}

/// A port that is free now, as are the two after it.
pub fn free_ports() -> u16 {
    for _ in 0..100 {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        if port < 65_000
            && [1, 2]
                .iter()
                .all(|more| TcpListener::bind(("127.0.0.1", port + more)).is_ok())
        {
            return port;
        }
    }
    panic!("no three free ports in a row")
}

/// A program that is ready; it is killed when this is dropped.
pub struct Running {
    /// The process.
    pub child: Child,
    /// What it printed.
    pub guide: String,
}

/// Starts the program with these arguments too.
pub fn start(folder: &Path, port: u16, more: &[&str]) -> Running {
    ready(program_in(folder, port).args(more))
}

/// The built program, with this folder and port.
pub fn program_in(folder: &Path, port: u16) -> Command {
    let mut program = program();
    program.args(["--port", &port.to_string(), "--data-dir"]);
    program.arg(folder);
    program
}

/// Starts the program and reads its guide to the end.
pub fn ready(program: &mut Command) -> Running {
    let mut child = program.stdout(Stdio::piped()).spawn().unwrap();
    let mut guide = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        guide.push_str(&line);
        guide.push('\n');
        if line.contains("Ctrl-C") {
            break;
        }
    }
    assert!(guide.contains("Ctrl-C"), "did not start: {:?}", child.wait());
    Running { child, guide }
}

impl Running {
    /// Sends the signal, such as `-INT`, and waits for the end.
    pub fn signal(mut self, signal: &str) -> std::process::ExitStatus {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
