//! Many deadlines due at once, after a week without a run.
#![allow(
    clippy::disallowed_methods,
    reason = "a child process and a long run are told by the environment"
)]

use std::time::Instant;

use chrono::TimeDelta;
use gatehouse_local::functions;
use gatehouse_tests::World;

use super::failures::{put_deadlines, sent};

/// Deadlines of the test; `GATEHOUSE_DEADLINES` asks for more.
const DEADLINES: usize = 600;

/// A week's outage: everything is worked off over several invocations that end in between, none lost and none twice,
/// and the cursor then stands at yesterday.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_a_weeks_outage_is_worked_off_with_none_lost_and_none_twice() {
    let asked = std::env::var("GATEHOUSE_DEADLINES")
        .ok()
        .and_then(|count| count.parse().ok());
    let count = asked.unwrap_or(DEADLINES);
    let mut world = World::deployed().await;
    let contact = gatehouse::domain::email::EmailAddress::parse("it@acme.com").unwrap();
    world
        .set_tenant(|tenant| tenant.settings.contacts = vec![contact])
        .await;
    world.remind().await;
    put_deadlines(&world, count).await;
    world.pass(TimeDelta::days(10));
    let reminder = functions::reminder(&world.gatehouse.apart()).unwrap();
    let (started, mut runs, mut reminded) = (Instant::now(), 0, 0);
    loop {
        let budget = TimeDelta::seconds(30) + TimeDelta::milliseconds(i64::try_from(count).unwrap());
        let report = reminder.run(reminder.now() + budget).await.unwrap();
        runs += 1;
        reminded += report.reminded;
        assert_eq!((report.failed, report.taken, report.sent_before), (0, 0, 0));
        if report.complete {
            break;
        }
        assert!(runs < 1_000, "{report:?}");
    }
    let took = started.elapsed();
    println!(
        "{count} deadlines, {runs} invocations, {took:.1?}, {:.0}/s",
        count as f64 / took.as_secs_f64()
    );
    assert_eq!(reminded, count);
    assert!(runs > 1, "one invocation did it all");
    let sent = sent(&world);
    assert_eq!(sent.len(), count);
    assert!(sent.values().all(|deliveries| *deliveries == 1));
    let cursor = world
        .gatehouse
        .store
        .front_door()
        .reminder_cursor()
        .await
        .unwrap();
    assert_eq!(cursor, world.gatehouse.clock.now().date_naive().pred_opt());
    let again = world.remind().await;
    assert_eq!(again["due"], 0, "{again}");
}
