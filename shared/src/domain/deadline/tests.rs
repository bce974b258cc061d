#![allow(clippy::unwrap_used)]

use chrono::{Days, TimeDelta};
use proptest::prelude::*;

use super::*;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn schedule(expires_at: &str, zone: &str) -> Schedule {
    let stages = Stages::default();
    Schedule::new(
        DeadlineKind::IdpCertificate,
        utc(expires_at),
        &stages,
        zone.parse().unwrap(),
    )
}

/// Every stage from `from` on, `count` of them, as a reminder that looks again and again would meet them.
fn walk(schedule: &Schedule, from: DateTime<Utc>, count: usize) -> Vec<(Stage, DateTime<Utc>)> {
    let mut now = from;
    let mut met = Vec::new();
    while met.len() < count {
        let (stage, at) = schedule.next(now).unwrap();
        met.push((stage, at));
        now = at;
    }
    met
}

fn names(met: &[(Stage, DateTime<Utc>)]) -> Vec<String> {
    met.iter()
        .map(|(stage, at)| format!("{} {}", stage.name(), at.to_rfc3339()))
        .collect()
}

#[test]
fn aq_20_stages_are_30_14_7_1_then_daily() {
    let schedule = schedule("2027-03-31T09:00:00Z", "UTC");
    let met = walk(&schedule, utc("2027-01-01T00:00:00Z"), 7);
    assert_eq!(
        names(&met),
        [
            "d30 2027-03-01T09:00:00+00:00",
            "d14 2027-03-17T09:00:00+00:00",
            "d7 2027-03-24T09:00:00+00:00",
            "d1 2027-03-30T09:00:00+00:00",
            "o0 2027-03-31T09:00:00+00:00",
            "o1 2027-04-01T09:00:00+00:00",
            "o2 2027-04-02T09:00:00+00:00",
        ]
    );
}

#[test]
fn a_leap_day_is_a_day_and_months_end_where_they_end() {
    let leap = schedule("2028-03-01T00:00:00Z", "UTC");
    assert_eq!(leap.at(Stage::Before(1)), Some(utc("2028-02-29T00:00:00Z")));
    assert_eq!(leap.at(Stage::Before(30)), Some(utc("2028-01-31T00:00:00Z")));
    let common = schedule("2027-03-01T00:00:00Z", "UTC");
    assert_eq!(common.at(Stage::Before(1)), Some(utc("2027-02-28T00:00:00Z")));
    let on_it = schedule("2028-02-29T12:00:00Z", "UTC");
    assert_eq!(on_it.at(Stage::Overdue(1)), Some(utc("2028-03-01T12:00:00Z")));
}

#[test]
fn days_are_the_owners_across_a_change_of_clocks() {
    // Berlin leaves summer time on 2027-10-31: ten in the morning is 08:00 UTC before, 09:00 UTC after.
    let autumn = schedule("2027-11-03T09:00:00Z", "Europe/Berlin");
    assert_eq!(autumn.at(Stage::Before(7)), Some(utc("2027-10-27T08:00:00Z")));
    assert_eq!(autumn.at(Stage::Before(1)), Some(utc("2027-11-02T09:00:00Z")));
    // 02:30 does not exist on 2027-03-28 there: the first moment after it does.
    let spring = schedule("2027-04-04T00:30:00Z", "Europe/Berlin");
    assert_eq!(spring.at(Stage::Before(7)), Some(utc("2027-03-28T01:00:00Z")));
    // 02:00:01 does not exist on 2048-10-04 on Lord Howe, whose clocks skip half an hour: 02:30, not a second later.
    let half = schedule("2048-12-01T15:00:01Z", "Australia/Lord_Howe");
    assert_eq!(half.at(Stage::Before(59)), Some(utc("2048-10-03T15:30:00Z")));
    // 02:30 comes twice on 2027-10-31: the earlier one.
    let twice = schedule("2027-11-01T01:30:00Z", "Europe/Berlin");
    assert_eq!(twice.at(Stage::Before(1)), Some(utc("2027-10-31T00:30:00Z")));
    // Samoa had no 30 December 2011.
    let skipped = schedule("2012-01-06T09:00:00Z", "Pacific/Apia");
    assert_eq!(skipped.at(Stage::Before(7)), Some(utc("2011-12-30T10:00:00Z")));
}

#[test]
fn aq_20_a_client_secret_has_two_weeks_whatever_is_configured() {
    let stages: Stages = "60, 3".parse().unwrap();
    let expires_at = utc("2027-06-30T00:00:00Z");
    let from = utc("2027-01-01T00:00:00Z");
    let of = |kind| {
        let schedule = Schedule::new(kind, expires_at, &stages, TimeZone::default());
        let met = walk(&schedule, from, 4);
        met.iter().map(|(stage, _)| stage.name()).collect::<Vec<_>>()
    };
    assert_eq!(of(DeadlineKind::ClientSecret), ["d60", "d14", "d3", "o0"]);
    assert_eq!(of(DeadlineKind::ScimKey), ["d60", "d3", "o0", "o1"]);
}

#[test]
fn stages_are_read_strictly() {
    for wrong in ["", "0", "366", "7,", "a", "-1", "1,2,3,4,5,6,7,8,9,10,11"] {
        let error = wrong.parse::<Stages>().unwrap_err();
        assert_eq!(error.code(), "invalid_reminder_days", "{wrong}");
    }
    assert!("Atlantis/Capital".parse::<TimeZone>().is_err());
}

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
];

fn zone() -> impl Strategy<Value = TimeZone> {
    prop::sample::select(&ZONES[..]).prop_map(|name| name.parse().unwrap())
}

/// Instants from 1990 to 2090, with the ends of months, leap days and changes of clocks well represented.
fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    let any = (631_152_000i64..3_786_912_000).prop_map(|s| DateTime::from_timestamp(s, 0).unwrap());
    let edge =
        (1990i32..2090, 1u32..=12, -2i64..=2, 0i64..86_400).prop_map(|(year, month, days, seconds)| {
            let first = chrono::NaiveDate::from_ymd_opt(year, month, 1).unwrap();
            let at = first.and_time(chrono::NaiveTime::MIN).and_utc();
            at + TimeDelta::days(days) + TimeDelta::seconds(seconds)
        });
    prop_oneof![any, edge]
}

fn kind() -> impl Strategy<Value = DeadlineKind> {
    prop::sample::select(vec![DeadlineKind::ClientSecret, DeadlineKind::DomainProof])
}

fn stages() -> impl Strategy<Value = Stages> {
    prop::collection::btree_set(1u16..=90, 1..=6).prop_map(|days| {
        let days: Vec<String> = days.iter().map(u16::to_string).collect();
        days.join(",").parse().unwrap()
    })
}

proptest! {
    /// Whoever looks at the stages one after the other meets each of them once, in their order.
    #[test]
    fn stages_follow_each_other_and_none_is_skipped(
        expires_at in instant(), zone in zone(), kind in kind(), stages in stages(),
    ) {
        let schedule = Schedule::new(kind, expires_at, &stages, zone);
        let from = expires_at - TimeDelta::days(400);
        let met = walk(&schedule, from, 12);
        for pair in met.windows(2) {
            prop_assert!(pair[0].1 < pair[1].1, "{:?}", pair);
        }
        let overdue: Vec<u32> = met.iter().filter_map(|(stage, _)| match stage {
            Stage::Overdue(days) => Some(*days),
            Stage::Before(_) => None,
        }).collect();
        prop_assert_eq!(overdue.clone(), (0..).take(overdue.len()).collect::<Vec<_>>());
        let before = met.len() - overdue.len();
        prop_assert_eq!(before, schedule.before_count());
        prop_assert_eq!(met[before].1, expires_at);
    }

    /// However the clock jumps, what is due has come, what is next has not, and nothing lies between the two.
    #[test]
    fn due_and_next_meet_at_every_moment(
        expires_at in instant(), zone in zone(), kind in kind(), stages in stages(),
        days in -120i64..200, seconds in 0i64..86_400,
    ) {
        let schedule = Schedule::new(kind, expires_at, &stages, zone);
        let now = expires_at + TimeDelta::days(days) + TimeDelta::seconds(seconds);
        let (_, next) = schedule.next(now).unwrap();
        prop_assert!(next > now);
        if let Some((stage, at)) = schedule.due(now) {
            prop_assert!(at <= now);
            prop_assert_eq!(schedule.at(stage), Some(at));
            prop_assert_eq!(schedule.next(at).map(|(_, at)| at), Some(next));
        }
        prop_assert!(next - now <= TimeDelta::days(2) || now < expires_at);
    }

    /// A stage lies on the owner's calendar day that its name says, at the same time of day unless clocks skip it.
    #[test]
    fn a_stage_lies_on_its_calendar_day(expires_at in instant(), zone in zone(), days in 1u16..=90) {
        let schedule = Schedule::new(DeadlineKind::OpKey, expires_at, &days.to_string().parse().unwrap(), zone);
        let at = schedule.at(Stage::Before(days)).unwrap();
        let (there, end) = (zone.at(at), zone.at(expires_at));
        let wanted = end.date() - Days::new(days.into());
        let late = there - wanted.and_time(end.time());
        prop_assert!(late >= TimeDelta::zero() && late <= TimeDelta::hours(24), "{late}");
        if late > TimeDelta::zero() {
            // Clocks skipped the time of day: just before it they showed less.
            prop_assert!(zone.at(at - TimeDelta::seconds(1)) < wanted.and_time(end.time()));
        }
    }

    /// A renewed thing has a later end: no stage of the old one is among those of the new one that are still to come.
    #[test]
    fn a_later_end_is_a_later_schedule(expires_at in instant(), zone in zone(), later in 1i64..400) {
        let stages = Stages::default();
        let of = |end| Schedule::new(DeadlineKind::ClientSecret, end, &stages, zone);
        let (old, new) = (of(expires_at), of(expires_at + TimeDelta::days(later)));
        let now = expires_at - TimeDelta::days(31);
        prop_assert!(old.next(now).unwrap().1 < new.next(now).unwrap().1);
    }
}
