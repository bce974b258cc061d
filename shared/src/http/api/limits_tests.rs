//! Windows of a minute.

use chrono::{DateTime, TimeDelta};

use super::{minute_end, whole_seconds};

#[test]
fn whoever_waits_as_long_as_told_waits_no_longer_than_a_minute_and_is_let_in() {
    for millis in [0, 1, 999, 1_000, 30_500, 59_000, 59_001, 59_999] {
        let now = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(600_000 + millis);
        let until = minute_end(now);
        let wait = whole_seconds(until - now);
        assert!((1..=60).contains(&wait), "{millis}: {wait}");
        assert!(
            now + TimeDelta::seconds(i64::from(wait)) >= until,
            "{millis}: {wait}"
        );
        assert!(
            now + TimeDelta::seconds(i64::from(wait) - 1) < until,
            "{millis}: {wait}"
        );
    }
}
