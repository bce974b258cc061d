//! Schedules, by a clock that the test moves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::*;

/// At the beginning each function runs once; then each when its own time has come, and one that fails holds up no other.
#[tokio::test]
async fn functions_run_by_themselves_on_their_schedules() {
    let counts: [Arc<AtomicUsize>; 3] = Default::default();
    let mut functions = ScheduledFunctions::default();
    for ((name, _), count) in SCHEDULES.iter().zip(&counts) {
        let count = count.clone();
        functions = functions.with(name, move || {
            count.fetch_add(1, Ordering::SeqCst);
            async { Err("it fails".to_owned()) }
        });
    }
    let clock = Clock::system();
    // The beginning of a day: no other schedule is near.
    let now = clock.now();
    let past = now.timestamp().rem_euclid(86_400);
    clock.advance(TimeDelta::seconds(86_400 - past + 60));
    let running = tokio::spawn(on_schedule(functions, clock.clone()));
    let ran = || [0, 1, 2].map(|number: usize| counts[number].load(Ordering::SeqCst));
    for (hours, minutes, wanted) in [
        (0, 0, [1, 1, 1]),
        (0, 15, [1, 1, 2]),
        (1, 0, [2, 1, 3]),
        (24, 0, [3, 2, 4]),
    ] {
        clock.advance(TimeDelta::hours(hours) + TimeDelta::minutes(minutes));
        let begun = Instant::now();
        while ran() != wanted && begun.elapsed() < 6 * SCHEDULE_STEP {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(ran(), wanted, "after {hours} h {minutes} min");
    }
    running.abort();
}
