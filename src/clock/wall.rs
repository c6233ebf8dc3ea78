//! The wall clock in whole seconds; std only, since the prompt reads it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970, as `now` counts them.
pub fn epoch_seconds() -> i64 {
    let since = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(_) => 0,
    };
    since.saturating_add(shift())
}

#[cfg(feature = "test-clock")]
pub(super) fn setting() -> Option<String> {
    std::env::var("MAI_TEST_CLOCK").ok()
}

/// Seconds that a test adds to the clock, itself or in a file.
#[cfg(feature = "test-clock")]
pub(super) fn shift() -> i64 {
    let read = |setting: String| {
        setting.parse().ok().or_else(|| {
            let text = std::fs::read_to_string(setting).ok()?;
            text.trim().parse().ok()
        })
    };
    setting().and_then(read).unwrap_or(0)
}

/// Releases know no other clock.
#[cfg(not(feature = "test-clock"))]
pub(super) fn shift() -> i64 {
    0
}
