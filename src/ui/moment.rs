//! Moments and what is left until then, as people read them.

use std::fmt::Display;

use chrono::{DateTime, Datelike, Local, SecondsFormat, TimeZone, Utc};

/// `17:42` if that is today where the reader is, else `21 Nov 02:10`, with the year if it is another one.
pub fn local_time(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    in_zone(at, now, &Local)
}

fn in_zone<Zone: TimeZone>(at: DateTime<Utc>, now: DateTime<Utc>, zone: &Zone) -> String
where
    Zone::Offset: Display,
{
    let (at, now) = (at.with_timezone(zone), now.with_timezone(zone));
    let format = if at.date_naive() == now.date_naive() {
        "%H:%M"
    } else if at.year() == now.year() {
        "%-d %b %H:%M"
    } else {
        "%-d %b %Y %H:%M"
    };
    at.format(format).to_string()
}

/// `2026-11-20 17:42:05 `, local time, before a line of a log.
pub fn stamp(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local)
        .format("%Y-%m-%d %H:%M:%S ")
        .to_string()
}

/// `2026-11-20T17:42:00Z`, for programs and files.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// `43m`, `7h12m`, `2d4h`; the last minute in seconds; `expired 5m ago` afterwards.
pub fn remaining(until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (until - now).num_seconds();
    if seconds > 0 {
        length(seconds)
    } else if seconds > -60 {
        "expired just now".into()
    } else {
        format!("expired {} ago", length(-seconds))
    }
}

/// The two largest units, never rounded up.
fn length(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let two = |large: i64, unit: &str, small: i64, below: &str| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit}{small}{below}"),
    };
    if days > 0 {
        two(days, "d", hours, "h")
    } else if hours > 0 {
        two(hours, "h", minutes, "m")
    } else if minutes > 0 {
        format!("{minutes}m")
    } else {
        format!("{seconds}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::FixedOffset;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn today_needs_no_date_and_today_is_where_the_reader_is() {
        let now = utc("2026-11-20T22:30:00Z");
        let east = FixedOffset::east_opt(3600).unwrap();
        assert_eq!(in_zone(utc("2026-11-20T22:59:59Z"), now, &east), "23:59");
        assert_eq!(
            in_zone(utc("2026-11-20T23:10:00Z"), now, &east),
            "21 Nov 00:10"
        );
        assert_eq!(in_zone(utc("2026-11-20T23:10:00Z"), now, &Utc), "23:10");
        assert_eq!(
            in_zone(utc("2027-01-02T03:04:00Z"), now, &Utc),
            "2 Jan 2027 03:04"
        );
    }

    #[test]
    fn what_is_left_is_never_rounded_up() {
        let now = utc("2026-11-20T12:00:00Z");
        for (seconds, shown) in [
            (59, "59s"),
            (60, "1m"),
            (43 * 60 + 59, "43m"),
            (3600, "1h"),
            (7 * 3600 + 12 * 60 + 59, "7h12m"),
            (86_400 * 2 + 4 * 3600, "2d4h"),
            (0, "expired just now"),
            (-59, "expired just now"),
            (-300, "expired 5m ago"),
            (-7200, "expired 2h ago"),
        ] {
            let until = now + chrono::TimeDelta::seconds(seconds);
            assert_eq!(remaining(until, now), shown, "{seconds}");
        }
    }
}
