//! Days that do not end in the middle of a test.

use std::sync::LazyLock;

use chrono::{Days, NaiveTime, TimeDelta};
use gatehouse::clock::Clock;
use gatehouse_local::{Local, Options};

/// How far the next noon of UTC was when it was first asked for. What is due by the day (digests, stages, hours of
/// sending) then does not depend on when tests are run: one that passes an hour stays within its day.
static TO_NOON: LazyLock<TimeDelta> = LazyLock::new(|| {
    let now = Clock::system().now();
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap();
    let of_today = now.date_naive().and_time(noon).and_utc();
    let next = if of_today < now {
        of_today + Days::new(1)
    } else {
        of_today
    };
    next - now
});

/// How far the next noon was when this process first asked.
#[must_use]
pub fn to_noon() -> TimeDelta {
    *TO_NOON
}

/// The surroundings in memory, at noon.
#[must_use]
pub fn local_at_noon() -> Local {
    let local = Local::start(&Options::in_memory()).unwrap();
    local.clock().advance(to_noon());
    local
}
