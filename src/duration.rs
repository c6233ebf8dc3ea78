//! Spans of time as people write them: `90s`, `15m`, `1h30m`, `8h`.

use std::fmt;
use std::str::FromStr;

/// A span of whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Span {
    pub const fn seconds(seconds: u64) -> Self {
        Span(seconds)
    }

    pub const fn minutes(minutes: u64) -> Self {
        Span(minutes * 60)
    }

    pub const fn hours(hours: u64) -> Self {
        Span(hours * 3600)
    }

    pub const fn as_seconds(self) -> u64 {
        self.0
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a duration: write it like 90s, 15m, 8h or 1h30m");
        let mut rest = text.trim();
        let mut total: u64 = 0;
        let mut largest = u64::MAX;
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
            let unit = match rest[digits..].bytes().next() {
                Some(b'd') => 86_400,
                Some(b'h') => 3_600,
                Some(b'm') => 60,
                Some(b's') => 1,
                _ => return Err(wrong()),
            };
            // Larger units first and each once: `5m1h` and `1h1h` are slips, not durations.
            if unit >= largest {
                return Err(wrong());
            }
            largest = unit;
            total = number
                .checked_mul(unit)
                .and_then(|part| total.checked_add(part))
                .filter(|total| *total <= 366 * 86_400)
                .ok_or_else(wrong)?;
            rest = &rest[digits + 1..];
        }
        Ok(Span(total))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes, seconds) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}m")?;
        }
        if seconds > 0 || self.0 == 0 {
            write!(f, "{seconds}s")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written_the_same_way() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("8h", 28_800), ("1h30m", 5_400)] {
            assert_eq!(text.parse::<Span>().unwrap().as_seconds(), seconds);
        }
        assert_eq!(Span::seconds(90).to_string(), "1m30s");
        assert_eq!(Span::seconds(0).to_string(), "0s");
        assert_eq!(Span::hours(12).to_string(), "12h");
    }

    #[test]
    fn slips_are_not_durations() {
        for text in [
            "",
            "15",
            "m",
            "-5m",
            "1h 30m",
            "30m1h",
            "1h1h",
            "15M",
            "9999999999999999999h",
            "1.5h",
            "ä",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
