#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn checks_of_one_moment_are_spread_evenly_over_two_hours() {
    let now = at("2026-03-02T09:00:00Z");
    let mut by_quarter: BTreeMap<i64, usize> = BTreeMap::new();
    for person in 0..8_000 {
        let due = next_check(&format!("subject-{person}"), now);
        assert!((EVERY..EVERY + SPREAD).contains(&(due - now)));
        *by_quarter
            .entry((due - now - EVERY).num_minutes() / 15)
            .or_default() += 1;
    }
    assert_eq!(by_quarter.len(), 8);
    let most = by_quarter.values().max().unwrap();
    assert!(*most < 1_300, "{by_quarter:?}");
}

#[test]
fn an_account_never_comes_back_to_the_queue_that_it_left() {
    for minute in 0..60 {
        let now = at("2026-03-02T09:00:59Z") + TimeDelta::minutes(minute);
        assert!(hour_of(now + RETRY) > hour_of(now));
        assert!(hour_of(next_check("x", now)) > hour_of(now));
    }
    assert_eq!(hour_of(at("2026-03-02T09:59:59.9Z")), at("2026-03-02T09:00:00Z"));
}

#[test]
fn a_refusal_counts_unless_an_answer_was_lost_by_a_provider_that_may_replace_tokens() {
    let now = at("2026-03-02T09:00:00Z");
    let fresh = Recheck::default();
    assert!(fresh.asking(now).refusal_counts());
    let crashed = fresh.asking(now);
    assert!(crashed.is_leased(now + TimeDelta::minutes(2)));
    assert!(!crashed.is_leased(now + LEASE));
    let again = crashed.asking(now + LEASE);
    assert!(!again.refusal_counts());
    assert!(
        !again.unused().asking(now).refusal_counts(),
        "doubt stays until an answer"
    );
    assert!(again.confirmed(true).asking(now).refusal_counts());
    let steady = fresh.confirmed(false);
    let lost = steady.asking(now).asking(now + LEASE);
    assert!(lost.in_doubt && lost.refusal_counts());
    assert_eq!(fresh.confirmed(true).confirmed(false).rotates, Some(true));
}
