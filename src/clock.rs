//! What time it is.

use chrono::{DateTime, Utc};

/// Now, by the wall clock. Built with the feature `test-clock`, `MAI_TEST_CLOCK` (seconds to add) moves it.
pub fn now() -> DateTime<Utc> {
    #[cfg(feature = "test-clock")]
    if let Some(shift) = std::env::var("MAI_TEST_CLOCK")
        .ok()
        .and_then(|s| s.parse::<i64>().ok())
    {
        return Utc::now() + chrono::TimeDelta::seconds(shift);
    }
    Utc::now()
}
