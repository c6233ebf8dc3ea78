//! Waiting for what happens elsewhere.

use std::time::{Duration, Instant};

/// How long a test waits before it fails: also enough for a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until it is so.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    wait_or_fail(|| format!("{what} never was"), || is_so().then_some(()));
}

/// Waits until there is an answer; fails with what `why` says.
#[track_caller]
pub fn wait_or_fail<T>(why: impl Fn() -> String, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{}", why());
        std::thread::sleep(Duration::from_millis(5));
    }
}
