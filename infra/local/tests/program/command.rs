//! The built program, as a person starts it.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use super::running::{free_ports, program, start};

/// One line on stderr, nothing on stdout, exit code 1.
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty());
    let line = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

fn try_start(folder: &Path, port: u16) -> Output {
    program()
        .args(["--port", &port.to_string(), "--data-dir"])
        .arg(folder)
        .output()
        .unwrap()
}

#[test]
fn help_names_every_option() {
    let output = program().arg("--help").output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for option in ["--port", "--data-dir", "--fresh", "8400", ".gatehouse"] {
        assert!(text.contains(option), "{option} in {text}");
    }
}

#[test]
fn it_starts_twice_and_ends_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_ports();
    let first = start(folder.path(), port, &[]);
    assert!(first.guide.contains("http://localhost:") && first.guide.contains("http://127.0.0.1:"));
    assert_eq!(first.signal("-INT").code(), Some(0));
    let second = start(folder.path(), port, &[]);
    assert_eq!(second.signal("-TERM").code(), Some(0));
}

#[test]
fn a_taken_port_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let line = refusal(&try_start(folder.path(), port));
    assert!(
        line.contains(&format!("port {port} is taken")) && line.contains("--port"),
        "{line}"
    );
}

#[test]
fn a_folder_in_use_is_one_clear_line_that_names_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path(), free_ports(), &[]);
    let line = refusal(&try_start(folder.path(), free_ports()));
    assert!(
        line.contains("in use") && line.contains(&running.child.id().to_string()),
        "{line}"
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let line = refusal(&try_start(&file.join("data"), free_ports()));
    assert!(line.contains("cannot write to the data folder"), "{line}");
}

#[test]
fn a_damaged_database_is_one_clear_line_and_fresh_gets_over_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("gatehouse.db"), "no database ".repeat(1000)).unwrap();
    let line = refusal(&try_start(folder.path(), free_ports()));
    assert!(
        line.contains("gatehouse.db") && line.contains("--fresh"),
        "{line}"
    );
    assert_eq!(
        start(folder.path(), free_ports(), &["--fresh"])
            .signal("-TERM")
            .code(),
        Some(0)
    );
}

/// Killed at any moment of its first start or after it, the folder is good for the next start.
#[test]
fn after_kill_9_it_starts_again_in_the_same_folder() {
    for delay in [20, 60, 120, 250, 500] {
        let folder = tempfile::tempdir().unwrap();
        let port = free_ports();
        let mut child = program()
            .args(["--port", &port.to_string(), "--data-dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        let told = std::fs::read(folder.path().join("local.json")).ok();
        let again = start(folder.path(), port, &[]);
        if let Some(told) = told {
            let ids = |bytes: &[u8]| {
                let json: serde_json::Value = serde_json::from_slice(bytes).unwrap();
                (
                    json["tenant"].clone(),
                    json["app_client"].clone(),
                    json["scim_key"].clone(),
                )
            };
            let now = std::fs::read(folder.path().join("local.json")).unwrap();
            assert!(ids(&told) == ids(&now), "what was told is still so");
        }
        assert_eq!(again.signal("-TERM").code(), Some(0));
    }
}

#[test]
fn another_port_for_a_used_folder_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_ports();
    assert_eq!(start(folder.path(), port, &[]).signal("-TERM").code(), Some(0));
    let line = refusal(&try_start(folder.path(), free_ports()));
    assert!(
        line.contains(&port.to_string()) && line.contains("--fresh"),
        "{line}"
    );
}

#[test]
fn port_0_takes_free_ports_and_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let addresses = |guide: &str| -> Vec<String> {
        let all = guide.lines().take_while(|line| !line.contains("Clock")).skip(2);
        all.map(|line| line.rsplit(' ').next().unwrap().to_owned())
            .collect()
    };
    let first = start(folder.path(), 0, &[]);
    let chosen = addresses(&first.guide);
    assert_eq!(chosen.len(), 3, "{chosen:?}");
    for address in &chosen {
        let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
        assert!(port > 1_023, "{address}");
    }
    assert_eq!(first.signal("-TERM").code(), Some(0));
    let second = start(folder.path(), 0, &[]);
    assert_eq!(addresses(&second.guide), chosen);
    assert_eq!(second.signal("-TERM").code(), Some(0));
}

#[cfg(unix)]
#[test]
fn local_json_tells_scripts_everything_and_only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path(), free_ports(), &[]);
    let path = folder.path().join("local.json");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for name in [
        "/base_url",
        "/demo_idp_url",
        "/demo_app_url",
        "/tenant/id",
        "/connections/0/id",
        "/app_client/client_id",
        "/app_client/client_secret",
        "/app_client/redirect_uri",
        "/scim_base_url",
        "/scim_key",
        "/operator_key",
        "/owner_key",
        "/control_url",
    ] {
        assert!(
            json.pointer(name)
                .is_some_and(|value| value.as_str().is_some_and(|text| !text.is_empty())),
            "{name}"
        );
    }
    assert_eq!(running.signal("-TERM").code(), Some(0));
}
