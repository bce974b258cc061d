//! The mail service in trouble: throttled, refusing one address, gone quiet after accepting; and a run out of time, or
//! beside another. Nothing is lost, and one failure holds up no other reminder.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use gatehouse::app::deadlines::Calendar;
use gatehouse::domain::deadline::DeadlineKind;
use gatehouse::domain::email::EmailAddress;
use gatehouse_local::functions;
use gatehouse_local::http_client::{Fault, Service, When};
use gatehouse_tests::World;

/// A tenant with these contacts, and `count` keys that expire in ten days; three more days pass.
pub(super) async fn due(contacts: &[&str], count: usize) -> World {
    let mut world = World::deployed().await;
    let contacts: Vec<_> = contacts
        .iter()
        .map(|text| EmailAddress::parse(text).unwrap())
        .collect();
    world
        .set_tenant(|tenant| tenant.settings.contacts = contacts)
        .await;
    put_deadlines(&world, count).await;
    world.pass(TimeDelta::days(3));
    world
}

pub(in crate::end_to_end) async fn put_deadlines(world: &World, count: usize) {
    let store = world.gatehouse.store.tenant(&world.tenant.id);
    let calendar = Calendar::of(&world.gatehouse, &store).await.unwrap();
    let end = world.gatehouse.clock.now() + TimeDelta::days(10);
    for first in (0..count).step_by(30) {
        let mut tx = store.begin();
        for number in first..count.min(first + 30) {
            let (id, name) = (format!("key-{number}"), format!("Key {number}"));
            calendar.set(&mut tx, DeadlineKind::ScimKey, (&id, &name, ""), Some(end));
        }
        tx.commit().await.unwrap();
    }
}

/// How often each mail was sent, by recipient and subject.
pub(super) fn sent(world: &World) -> BTreeMap<(String, String), u32> {
    let mails = world.mails().into_iter();
    mails
        .map(|mail| ((mail.to, mail.subject), mail.deliveries))
        .collect()
}

fn send() -> When {
    When::operation("SendEmail").of(Service::Ses)
}

/// SES throttles the first reminder to its end: the others go out in the same run, and the first with the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_a_throttled_reminder_holds_up_no_other() {
    let world = due(&["it@acme.com"], 12).await;
    let throttled = world.local.faults().inject(send().times(4), Fault::Throttle);
    let report = world.remind().await;
    assert_eq!(throttled.struck(), 4);
    let failed = report["failed"].as_u64().unwrap();
    assert!(report["complete"].as_bool().unwrap());
    assert_eq!(report["reminded"].as_u64().unwrap() + failed, 12, "{report}");
    world.remind().await;
    let sent = sent(&world);
    assert_eq!(sent.len(), 12);
    assert!(sent.values().all(|deliveries| *deliveries == 1), "{sent:?}");
}

/// SES will never take one of three addresses: the other two are told once, and the reminder is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_a_refused_address_keeps_nobody_else_from_being_told() {
    let world = due(&["blocked@acme.com", "it@acme.com", "cto@acme.com"], 1).await;
    let body = r#"{"__type":"MessageRejected","message":"on the suppression list"}"#.to_owned();
    let refusal = Fault::Answer { status: 400, body };
    world.local.faults().inject(send().times(1), refusal);
    let report = world.remind().await;
    assert_eq!(
        (&report["reminded"], &report["mails"]),
        (&1.into(), &2.into()),
        "{report}"
    );
    assert_eq!(report["mails_refused"], 1);
    world.remind().await;
    let told: Vec<_> = sent(&world).into_keys().map(|(to, _)| to).collect();
    assert_eq!(told, ["cto@acme.com", "it@acme.com"]);
}

/// One of two recipients fails for now: the next run tells that one, and not the other again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_the_next_run_tells_only_who_was_not_told() {
    let world = due(&["it@acme.com", "cto@acme.com"], 1).await;
    world
        .local
        .faults()
        .inject(send().after(1).times(4), Fault::ServerError);
    let report = world.remind().await;
    assert_eq!(
        (&report["failed"], &report["mails"]),
        (&1.into(), &1.into()),
        "{report}"
    );
    let report = world.remind().await;
    assert_eq!(
        (&report["reminded"], &report["mails"]),
        (&1.into(), &1.into()),
        "{report}"
    );
    let sent = sent(&world);
    assert_eq!(sent.len(), 2);
    assert!(sent.values().all(|deliveries| *deliveries == 1), "{sent:?}");
}

/// SES accepts and its answer is lost: the same mail may go out twice, under one reference, and no other is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_a_lost_answer_sends_the_same_mail_under_the_same_reference() {
    let world = due(&["it@acme.com"], 3).await;
    world.local.faults().inject(send().times(1), Fault::LoseAnswer);
    let report = world.remind().await;
    assert_eq!(report["reminded"], 3, "{report}");
    let sent = sent(&world);
    assert_eq!(sent.len(), 3, "a second sending is the same mail");
    assert_eq!(sent.values().sum::<u32>(), 4, "{sent:?}");
}

/// A run with no time left begins nothing; what it leaves, the next one does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_a_run_out_of_time_leaves_the_rest_to_the_next() {
    let world = due(&["it@acme.com"], 20).await;
    let reminder = functions::reminder(&world.gatehouse.apart()).unwrap();
    let slow = Fault::Delay(std::time::Duration::from_millis(700));
    let order = world.local.faults().inject(send(), slow);
    let shortly = reminder.now() + TimeDelta::milliseconds(31_000);
    let report = reminder.run(shortly).await.unwrap();
    assert!(!report.complete && report.reminded < 20, "{report:?}");
    order.withdraw();
    let none = reminder.run(reminder.now()).await.unwrap();
    assert_eq!((none.reminded, none.complete), (0, false));
    world.remind().await;
    let sent = sent(&world);
    assert_eq!(sent.len(), 20);
    assert!(sent.values().all(|deliveries| *deliveries == 1), "{sent:?}");
}

/// Two invocations at once, twice: each reminder is sent once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_two_invocations_at_once_send_each_reminder_once() {
    let world = due(&["it@acme.com", "cto@acme.com"], 30).await;
    let (one, other) = tokio::join!(world.remind(), world.remind());
    let mails = one["mails"].as_u64().unwrap() + other["mails"].as_u64().unwrap();
    assert_eq!(mails, 60, "{one} {other}");
    world.remind().await;
    let sent = sent(&world);
    assert_eq!(sent.len(), 60);
    assert!(sent.values().all(|deliveries| *deliveries == 1), "{sent:?}");
}

/// The table throttles and conflicts in the middle: reminders fail and are done by the next run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_a_table_in_trouble_loses_no_reminder() {
    let world = due(&["it@acme.com"], 10).await;
    let marks = When::operation("TransactWriteItems")
        .touching("E")
        .after(3)
        .times(6);
    world.local.faults().inject(marks, Fault::ServerError);
    world.remind().await;
    world.local.faults().clear();
    world.pass(TimeDelta::hours(1));
    world.remind().await;
    let sent = sent(&world);
    assert_eq!(sent.len(), 10);
    assert!(sent.values().all(|deliveries| *deliveries <= 2), "{sent:?}");
}
