//! What time it is, and waiting for a time.

use std::time::Duration;

mod wall;

use chrono::{DateTime, Utc};

pub use wall::epoch_seconds;

/// Now, by the wall clock. Built with the feature `test-clock`, `MAI_TEST_CLOCK` moves it: seconds to add, or a file
/// that holds them and may be rewritten while the program runs.
pub fn now() -> DateTime<Utc> {
    match wall::shift() {
        0 => Utc::now(),
        shift => Utc::now() + chrono::TimeDelta::seconds(shift),
    }
}

/// Waits until it is `moment`, but never longer than `limit` of the time the computer is awake.
///
/// Laptops sleep and clocks are set: a timer for 50 minutes fires 50 awake minutes later. So whoever waits for a time
/// of day waits in short pieces and looks at the wall clock after each.
pub fn wait_until(moment: DateTime<Utc>, limit: Duration) {
    let left = (moment - now()).to_std().unwrap_or_default().min(limit);
    #[cfg(feature = "test-clock")]
    if test::is_moved_by_file() {
        return test::wait(left);
    }
    std::thread::sleep(left);
}

#[cfg(feature = "test-clock")]
mod test {
    use std::time::{Duration, Instant};

    use super::wall;

    pub fn is_moved_by_file() -> bool {
        wall::setting().is_some_and(|setting| setting.parse::<i64>().is_err())
    }

    /// Ends early when the clock is moved, and soon anyhow: no test waits for a minute.
    pub fn wait(left: Duration) {
        let (start, before) = (Instant::now(), wall::shift());
        let left = left.min(Duration::from_secs(1));
        while start.elapsed() < left && wall::shift() == before {
            std::thread::sleep(Duration::from_millis(10).min(left));
        }
    }
}
