//! SIGKILL between every two steps of a reminder, for real: a process is killed just before each of its requests to AWS,
//! and another takes up its data folder.
#![allow(
    clippy::disallowed_methods,
    reason = "a child process and a long run are told by the environment"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::TimeDelta;
use gatehouse::app::deadlines::Calendar;
use gatehouse::domain::deadline::DeadlineKind;
use gatehouse::domain::email::EmailAddress;
use gatehouse_local::control::ReadMail;
use gatehouse_local::functions::{self, Settings};
use gatehouse_local::http_client::{Fault, When};
use gatehouse_local::{Local, Options};
use gatehouse_tests::noon::to_noon;
use gatehouse_tests::world::make_tenant;

/// Says to this program that it is the process to be killed, and where its data lies.
const FOLDER: &str = "GATEHOUSE_KILLED_FOLDER";
/// Before which request it waits for its death.
const STEP: &str = "GATEHOUSE_KILLED_STEP";
/// How far its clock is ahead of the machine's, in milliseconds.
const AHEAD: &str = "GATEHOUSE_KILLED_AHEAD";

const OPERATOR: &str = "operator@gatehouse.example";

/// More requests than a reminder with two recipients makes.
const MOST_STEPS: u32 = 40;

/// The deployment whose data lie in `folder`, its clock `ahead` of the machine's.
fn world(folder: &Path, ahead: TimeDelta) -> (Local, std::sync::Arc<gatehouse::app::Gatehouse>) {
    let local = Local::start(&Options::in_folder(folder)).unwrap();
    local.clock().advance(ahead);
    let settings = Settings {
        variables: vec![("GATEHOUSE_OPERATOR_MAIL".to_owned(), OPERATOR.to_owned())],
        ..Settings::default()
    };
    let gatehouse = functions::gatehouse(&local, &settings).unwrap();
    (local, gatehouse)
}

/// Two contacts, one deadline seven days ahead of a stage that is due in the days to come, and what was sent by the day
/// `last_run`.
async fn seed(folder: &Path, last_run: i64) {
    let (local, gatehouse) = world(folder, to_noon());
    let mut tenant = make_tenant(&gatehouse, "Acme", "acme.com").await;
    let contacts = ["it@acme.com", "cto@acme.com"];
    tenant.settings.contacts = contacts
        .iter()
        .map(|text| EmailAddress::parse(text).unwrap())
        .collect();
    tenant.version += 1;
    let store = gatehouse.store.tenant(&tenant.id);
    let calendar = Calendar::of(&gatehouse, &store).await.unwrap();
    let mut tx = store.begin();
    tx.update_tenant(&tenant);
    let end = gatehouse.clock.now() + TimeDelta::days(10);
    calendar.set(&mut tx, DeadlineKind::ScimKey, ("key", "Okta", ""), Some(end));
    tx.commit().await.unwrap();
    // The cursor is set, so that the runs to come make the same few requests.
    gatehouse.clock.advance(TimeDelta::days(last_run));
    functions::remind(&functions::reminder(&gatehouse).unwrap())
        .await
        .unwrap();
    local.stop().await;
}

/// The process to be killed: some days later, a run that halts before its request number `STEP`. As a test of its own it
/// does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_is_killed() {
    let [Ok(folder), Ok(step), Ok(ahead)] = [FOLDER, STEP, AHEAD].map(std::env::var) else {
        return;
    };
    let (local, gatehouse) = world(
        Path::new(&folder),
        TimeDelta::milliseconds(ahead.parse().unwrap()),
    );
    let halt = When::any().after(step.parse().unwrap());
    let halted = local
        .faults()
        .inject(halt, Fault::Delay(Duration::from_secs(3_600)));
    let reminder = functions::reminder(&gatehouse).unwrap();
    let run = tokio::spawn(async move { functions::remind(&reminder).await });
    loop {
        if halted.struck() > 0 {
            println!("halted");
            std::thread::sleep(Duration::from_secs(3_600));
        }
        if run.is_finished() {
            println!("finished");
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Starts the process, waits until it stands before its request number `step`, and kills it; `false` when the run ended
/// before it came so far.
fn kill_before(folder: &Path, step: u32, days: i64) -> bool {
    let name = "end_to_end::relay::killed::the_process_that_is_killed";
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads", "1"])
        .env(FOLDER, folder)
        .env(STEP, step.to_string())
        .env(
            AHEAD,
            (to_noon() + TimeDelta::days(days)).num_milliseconds().to_string(),
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut halted = false;
    for line in lines.map_while(Result::ok) {
        if line.ends_with("halted") {
            halted = true;
            // SIGKILL: nothing of the process runs any more.
            process.kill().unwrap();
            break;
        }
    }
    process.wait().unwrap();
    halted
}

/// Kills a run, `days` after what `seeded` holds, before each of its requests, and lets the next one finish: it leaves
/// one mail for each of `told`, each delivered once, or twice where the death fell between SES's answer and the note of
/// it, then under the same reference. Says how often that was.
#[expect(clippy::print_stdout, reason = "the figures of docs/performance.md")]
async fn kill_everywhere(seeded: &Path, days: i64, wanted: &[&str]) -> usize {
    let (mut steps, mut twice) = (0, 0);
    for step in 0..MOST_STEPS {
        let folder = tempfile::tempdir().unwrap();
        copy(seeded, folder.path());
        let halted = tokio::task::block_in_place(|| kill_before(folder.path(), step, days));
        // The lease of the dead run ends before the next hour.
        let ahead = to_noon() + TimeDelta::days(days) + TimeDelta::hours(1);
        let (local, gatehouse) = world(folder.path(), ahead);
        let reminder = functions::reminder(&gatehouse).unwrap();
        let report = functions::remind(&reminder).await.unwrap();
        assert_eq!(
            (&report["failed"], &report["taken"]),
            (&0.into(), &0.into()),
            "{step}: {report}"
        );
        let mails = ReadMail::all(local.mailbox());
        let mut told: Vec<_> = mails.iter().map(|mail| mail.to.as_str()).collect();
        told.sort_unstable();
        assert_eq!(told, wanted, "{step}: {report}");
        let deliveries: u32 = mails.iter().map(|mail| mail.deliveries).sum();
        let again = deliveries as usize - wanted.len();
        assert!(again <= 1, "{step}: {deliveries}");
        twice += again;
        let last = functions::remind(&reminder).await.unwrap();
        assert_eq!(
            (&last["due"], &last["mails"], &last["digests"]),
            (&0.into(), &0.into(), &0.into()),
            "{step}: {last}"
        );
        local.stop().await;
        if !halted {
            break;
        }
        steps += 1;
    }
    println!("killed before each of {steps} requests; a mail went out twice in {twice} of them");
    assert!((5..MOST_STEPS).contains(&steps), "{steps}");
    twice
}

/// Wherever a run is killed, the next one finishes: each recipient gets the reminder, and a second time at most where
/// the death fell between SES's answer and the note of it, then under the same reference.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_a_run_killed_between_any_two_steps_is_taken_up_by_the_next() {
    let seeded = tempfile::tempdir().unwrap();
    // A run before the deadline's day.
    seed(seeded.path(), 0).await;
    let twice = kill_everywhere(seeded.path(), 4, &["cto@acme.com", "it@acme.com"]).await;
    assert!(twice <= 2, "{twice}");
}

/// The same of the operator's digest, the day after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_a_digest_killed_between_any_two_steps_is_taken_up_by_the_next() {
    let seeded = tempfile::tempdir().unwrap();
    seed(seeded.path(), 4).await;
    let twice = kill_everywhere(seeded.path(), 5, &["cto@acme.com", "it@acme.com", OPERATOR]).await;
    assert!(twice <= 1, "{twice}");
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
