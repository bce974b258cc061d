//! Clocks that jump, forwards over weeks and backwards over days, across leap days, ends of months and changes of clocks
//! where the owner is: no stage is sent twice, and the one that is due is always sent.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use gatehouse::app::deadlines::Calendar;
use gatehouse::domain::deadline::{DeadlineKind, Schedule, Stages};
use gatehouse::domain::email::EmailAddress;
use gatehouse_tests::World;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Where the owner is, when the story begins, and what it is about.
const PLACES: [(&str, &str); 4] = [
    ("Europe/Berlin", "2027-02-20T01:30:00Z"),
    ("America/New_York", "2027-10-01T05:30:00Z"),
    ("Pacific/Apia", "2028-01-30T23:59:00Z"),
    ("UTC", "2028-02-01T00:00:00Z"),
];

async fn story((zone, begin): (&str, &str), end_days: i64, jumps: Vec<i64>) {
    let mut world = World::deployed().await;
    let begin: DateTime<Utc> = begin.parse().unwrap();
    world.pass(begin - world.gatehouse.clock.now());
    let contact = EmailAddress::parse("it@acme.com").unwrap();
    world
        .set_tenant(|tenant| {
            tenant.settings.contacts = vec![contact];
            tenant.settings.time_zone = zone.parse().unwrap();
        })
        .await;
    let end = begin + TimeDelta::days(end_days);
    let store = world.gatehouse.store.tenant(&world.tenant.id);
    let calendar = Calendar::of(&world.gatehouse, &store).await.unwrap();
    let mut tx = store.begin();
    calendar.set(
        &mut tx,
        DeadlineKind::ClientSecret,
        ("c", "Okta", "okta"),
        Some(end),
    );
    tx.commit().await.unwrap();
    let schedule = Schedule::new(
        DeadlineKind::ClientSecret,
        end,
        &Stages::default(),
        zone.parse().unwrap(),
    );
    let mut latest = begin;
    let mut wanted = BTreeSet::new();
    for hours in jumps {
        world.pass(TimeDelta::hours(hours));
        let now = world.gatehouse.clock.now();
        let report = world.remind().await;
        assert_eq!(
            (&report["failed"], &report["taken"]),
            (&0.into(), &0.into()),
            "{report}"
        );
        if now > latest {
            // What had come before the deadline was known is no stage of it.
            let due = schedule.due(now).filter(|(_, at)| *at > begin);
            wanted.extend(due.map(|(stage, _)| stage.name()));
            latest = now;
        }
    }
    world.relay().await;
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for event in world.on_the_bus("secret.expiring") {
        *sent
            .entry(event["data"]["stage"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    assert!(sent.values().all(|count| *count == 1), "twice: {sent:?}");
    assert_eq!(sent.keys().cloned().collect::<BTreeSet<_>>(), wanted);
    let mails = world.mails().into_iter().filter(|mail| mail.to == "it@acme.com");
    let deliveries: u32 = mails.map(|mail| mail.deliveries).sum();
    assert_eq!(deliveries as usize, wanted.len());
}

/// Jumps of up to ten days forwards and two back, in hours, with runs after each.
#[test]
fn gh_02_clocks_that_jump_send_every_stage_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: 8,
        failure_persistence: None,
        ..Config::default()
    };
    let jumps = prop::collection::vec(-48i64..240, 6..18);
    let stories = (prop::sample::select(&PLACES[..]), 5i64..45, jumps);
    TestRunner::new(config)
        .run(&stories, |(place, end, jumps)| {
            runtime.block_on(story(place, end, jumps));
            Ok(())
        })
        .unwrap();
}
