//! `kill -9` in the middle of writing: every acknowledged write is there afterwards.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_local::{Local, Options};

const FOLDER: &str = "GATEHOUSE_DURABILITY_FOLDER";

fn key(number: u32) -> HashMap<String, AttributeValue> {
    let text = |value: String| AttributeValue::S(value);
    HashMap::from([
        ("pk".to_owned(), text(format!("T#{number}"))),
        ("sk".to_owned(), text(".".to_owned())),
    ])
}

/// The process that will be killed: runs only when the test below starts it, and prints each number once the write of
/// it, and of a secret of that name, is acknowledged.
#[tokio::test]
async fn writer() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how the parent tells the child its folder"
    )]
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let local = Local::start(&Options::in_folder(folder)).unwrap();
    let tables = aws_sdk_dynamodb::Client::new(local.sdk_config());
    let secrets = aws_sdk_secretsmanager::Client::new(local.sdk_config());
    for number in 0.. {
        tables
            .put_item()
            .table_name("Directory")
            .set_item(Some(key(number)))
            .send()
            .await
            .unwrap();
        secrets
            .create_secret()
            .name(format!("key-{number}"))
            .secret_string("x")
            .send()
            .await
            .unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {number}").unwrap();
        out.flush().unwrap();
    }
}

#[tokio::test]
async fn every_acknowledged_write_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3u32 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["writer", "--exact", "--nocapture"])
            .env(FOLDER, folder.path().join(round.to_string()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut last = None;
        let wanted = 20 + round * 7;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some((_, number)) = line.split_once("acknowledged ") {
                last = Some(number.parse::<u32>().unwrap());
            }
            if last == Some(wanted) {
                // SIGKILL on Unix; the child is writing the next one.
                child.kill().unwrap();
                break;
            }
        }
        child.wait().unwrap();
        assert_eq!(last, Some(wanted), "the writer ended by itself");
        let local = Local::start(&Options::in_folder(folder.path().join(round.to_string()))).unwrap();
        let tables = aws_sdk_dynamodb::Client::new(local.sdk_config());
        let secrets = aws_sdk_secretsmanager::Client::new(local.sdk_config());
        for number in 0..=wanted {
            let found = tables
                .get_item()
                .table_name("Directory")
                .set_key(Some(key(number)))
                .send()
                .await
                .unwrap();
            assert!(found.item.is_some(), "round {round}: write {number} is lost");
            secrets
                .get_secret_value()
                .secret_id(format!("key-{number}"))
                .send()
                .await
                .unwrap();
        }
    }
}
