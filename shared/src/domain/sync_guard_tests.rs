#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use chrono::{DateTime, TimeDelta, Utc};

use super::super::ids::HoldId;
use super::{ALWAYS, MOST_MOMENTS, Measure, SyncGuard, SyncMark, Verdict, WINDOW, limit_of};

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// Lets one go; the active users are counted when the guard asks for them.
fn go(guard: &mut SyncGuard, active: &mut u64, now: DateTime<Utc>) -> Result<(), Measure> {
    let mut verdict = guard.admit(now, false);
    if verdict == Verdict::CountUsers {
        *guard = guard.with_active(*active, now);
        verdict = guard.admit(now, false);
    }
    match verdict {
        Verdict::Passes(next) => {
            *guard = next;
            *active -= 1;
            Ok(())
        }
        Verdict::Exceeds(measure) => Err(measure),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_limit_is_ten_or_a_fifth() {
    let of = [0, 8, 49, 50, 54, 55, 99, 100, 104, 105, 10_000].map(limit_of);
    assert_eq!(of, [10, 10, 10, 10, 10, 11, 19, 20, 20, 21, 2_000]);
}

#[test]
fn exactly_so_many_go_within_an_hour() {
    for (users, limit) in [(11, 10), (50, 10), (100, 20), (1_000, 200)] {
        let (mut guard, mut active, mut now) = (SyncGuard::default(), users, start());
        for _ in 0..limit {
            go(&mut guard, &mut active, now).unwrap();
            now += TimeDelta::seconds(1);
        }
        let measure = go(&mut guard, &mut active, now).unwrap_err();
        assert_eq!(
            measure,
            Measure {
                users,
                limit,
                removed: limit
            }
        );
    }
}

/// The hour glides: who went counts for exactly an hour, wherever the clock's hours begin.
#[test]
fn the_hour_glides() {
    let (mut guard, mut active) = (SyncGuard::default(), 40);
    for minute in 0..10 {
        go(&mut guard, &mut active, start() + TimeDelta::minutes(5 * minute)).unwrap();
    }
    let early = start() + WINDOW - TimeDelta::milliseconds(1);
    go(&mut guard, &mut active, early).unwrap_err();
    go(&mut guard, &mut active, start() + WINDOW).unwrap();
    go(&mut guard, &mut active, start() + WINDOW).unwrap_err();
    go(&mut guard, &mut active, start() + WINDOW + TimeDelta::minutes(5)).unwrap();
}

/// However many moments there are, the document stays small, nobody is forgotten early, and everybody within an hour
/// after the last one.
#[test]
fn many_moments_are_merged_and_nobody_forgotten_early() {
    let (mut guard, mut active, mut now) = (SyncGuard::default(), 10_000, start());
    for _ in 0..1_500 {
        go(&mut guard, &mut active, now).unwrap();
        now += TimeDelta::milliseconds(2_390);
    }
    assert!(guard.gone.len() <= MOST_MOMENTS);
    assert_eq!(
        guard.removed(start() + WINDOW - TimeDelta::milliseconds(1)),
        1_500
    );
    assert_eq!(guard.removed(now + WINDOW), 0);
    assert!(serde_json::to_string(&guard).unwrap().len() < 1_900);
}

#[test]
fn somebody_counted_is_not_counted_again_and_a_release_lets_all_pass() {
    let (mut guard, mut active, now) = (SyncGuard::default(), 30, start());
    for _ in 0..ALWAYS {
        go(&mut guard, &mut active, now).unwrap();
    }
    let Verdict::Passes(same) = guard.admit(now, true) else {
        panic!("it was counted already");
    };
    assert_eq!(same.removed(now), ALWAYS);
    let hold = HoldId::parse("hold").unwrap();
    let held = guard.holding(&hold, now);
    assert_eq!(held.admit(now, true), Verdict::Joins(hold));
    assert_eq!(held.ends_at(), None);
    let end = now + super::PASSES;
    let mut released = held.decided(Some(end), now);
    for _ in 0..15 {
        go(&mut released, &mut active, now).unwrap();
    }
    assert_eq!(released.ends_at(), Some(end));
    let dismissed = held.decided(None, now);
    assert_eq!(dismissed.admit(now, false), Verdict::CountUsers);
}

#[test]
fn a_mark_is_as_old_as_the_first_time_within_the_hour() {
    let mark = SyncMark::default().gone(start());
    let later = start() + TimeDelta::minutes(59);
    assert_eq!(mark.gone(later), mark);
    assert!(!mark.is_counted(start() + WINDOW));
    assert_eq!(mark.gone(start() + WINDOW).counted_at, Some(start() + WINDOW));
}

/// Versions go on above those of a guard that was forgotten meanwhile.
#[test]
fn versions_never_come_again() {
    let (mut guard, mut active) = (SyncGuard::default(), 100);
    for second in 0..15 {
        go(&mut guard, &mut active, start() + TimeDelta::seconds(second)).unwrap();
    }
    let mut forgotten = SyncGuard::default();
    go(&mut forgotten, &mut active, start() + TimeDelta::hours(2)).unwrap();
    assert!(forgotten.version > guard.version);
}
