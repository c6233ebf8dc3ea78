//! Which keys apply in this shell, how long they last, and the words for it; pure.

use crate::duration::Span;
use crate::store::sessions::{self, Row};

/// Longer names are cut, so that a prompt stays one.
const LONGEST: usize = 64;
/// Later than this (the year 33658) no keys expire; shells calculate with the same digits.
const LATEST: i64 = 999_999_999_999;

/// What a shell hands to AWS tools: the variables that choose keys.
#[derive(Default)]
pub struct Applies {
    /// `AWS_PROFILE`, else `AWS_DEFAULT_PROFILE`.
    pub aws_profile: String,
    /// `AWS_ACCESS_KEY_ID`: exported keys, which most tools take first.
    pub key_id: String,
    /// `MAI_PROFILE`: the profile whose keys were exported.
    pub exported_profile: String,
}

impl Applies {
    pub fn from_environment() -> Applies {
        let variable = |name: &str| {
            let value = std::env::var_os(name).unwrap_or_default();
            value.to_string_lossy().into_owned()
        };
        let aws_profile = Some(variable("AWS_PROFILE")).filter(|name| !name.is_empty());
        Applies {
            aws_profile: aws_profile.unwrap_or_else(|| variable("AWS_DEFAULT_PROFILE")),
            key_id: variable("AWS_ACCESS_KEY_ID"),
            exported_profile: variable("MAI_PROFILE"),
        }
    }

    /// The row to show: of the named section; else of the exported keys; else of the profile they were exported for,
    /// of `[default]`, or of the default profile, unless another section is named.
    fn row<'a>(&self, rows: &'a [Row]) -> Option<&'a Row> {
        let of_key = |row: &&Row| self.exports_keys() && row.key_id == self.key_id;
        if !self.aws_profile.is_empty() {
            return sessions::find(rows, &self.aws_profile).or_else(|| rows.iter().find(of_key));
        }
        let of_profile = |row: &&Row| self.exports_keys() && name(row) == self.exported_profile;
        let rows = || rows.iter();
        rows()
            .find(of_key)
            .or_else(|| rows().find(of_profile))
            .or_else(|| rows().find(|row| row.aws_profile == "default"))
            .or_else(|| rows().find(|row| row.is_default))
    }

    fn exports_keys(&self) -> bool {
        !self.key_id.is_empty()
    }
}

/// With how many seconds left a segment changes its color.
#[derive(Clone, Copy)]
pub struct Limits {
    pub warn: i64,
    pub alert: i64,
}

impl Limits {
    pub fn new(warn: Span, alert: Span) -> Limits {
        let seconds = |span: Span| i64::try_from(span.as_seconds()).unwrap_or(i64::MAX);
        Limits {
            warn: seconds(warn),
            alert: seconds(alert),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Good,
    Warn,
    Alert,
    Expired,
    /// The exported keys are not those of the profile.
    Foreign,
}

/// What a segment is painted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    State(State),
    /// Keys that work, of a profile that is `critical`.
    Critical,
}

pub struct Segment<'a> {
    row: &'a Row,
    state: State,
    left: i64,
}

impl<'a> Segment<'a> {
    /// None if nothing is known about the keys that apply.
    pub fn of(rows: &'a [Row], applies: &Applies, now: i64, limits: Limits) -> Option<Self> {
        let row = applies.row(rows)?;
        let left = match row.expires_at {
            at @ 0..=LATEST => at.saturating_sub(now),
            _ => return None,
        };
        let state = match left {
            _ if applies.exports_keys() && row.key_id != applies.key_id => State::Foreign,
            ..=0 => State::Expired,
            left if left <= limits.alert => State::Alert,
            left if left <= limits.warn => State::Warn,
            _ => State::Good,
        };
        Some(Segment { row, state, left })
    }

    pub fn tone(&self) -> Tone {
        match self.state {
            State::Expired => Tone::State(State::Expired),
            _ if self.row.critical => Tone::Critical,
            state => Tone::State(state),
        }
    }

    /// The template with its fields filled in; what is no field stays as it is.
    pub fn text(&self, format: &str) -> String {
        let mut text = String::with_capacity(format.len() + 32);
        let mut rest = format;
        while let Some(at) = rest.find('{') {
            let (before, field) = rest.split_at(at);
            text.push_str(before);
            match field.find('}').map(|end| (&field[1..end], end)) {
                Some((name, end)) if self.push_field(name, &mut text) => rest = &field[end + 1..],
                _ => {
                    text.push('{');
                    rest = &field[1..];
                }
            }
        }
        text.push_str(rest);
        text
    }

    fn push_field(&self, field: &str, text: &mut String) -> bool {
        match field {
            "profile" | "label" => text.push_str(shortened(name(self.row))),
            "aws_profile" => text.push_str(shortened(&self.row.aws_profile)),
            "left" => text.push_str(&self.left()),
            "minutes" => text.push_str(&(self.left.max(0) / 60).to_string()),
            "state" => text.push_str(self.state_name()),
            "mark" if self.row.critical => text.push('*'),
            "mark" => {}
            "account" => text.push_str(shortened(account(&self.row.role_arn))),
            "role" => text.push_str(shortened(role(&self.row.role_arn))),
            _ => return false,
        }
        true
    }

    fn left(&self) -> String {
        let (hours, minutes) = (self.left / 3600, self.left / 60 % 60);
        match self.state {
            State::Foreign => "other keys exported".to_owned(),
            State::Expired => "expired".to_owned(),
            _ if self.left < 60 => "<1m".to_owned(),
            _ if hours == 0 => format!("{minutes}m"),
            _ => format!("{hours}h{minutes:02}m"),
        }
    }

    fn state_name(&self) -> &'static str {
        match self.state {
            State::Good => "good",
            State::Warn => "warn",
            State::Alert => "alert",
            State::Expired => "expired",
            State::Foreign => "foreign",
        }
    }
}

/// The profile's name as a login recorded it.
fn name(row: &Row) -> &str {
    match row.label.as_str() {
        "" => &row.aws_profile,
        label => label,
    }
}

/// Rows hold ASCII only, so any place is one to cut at.
fn shortened(text: &str) -> &str {
    text.get(..LONGEST).unwrap_or(text)
}

fn account(role_arn: &str) -> &str {
    role_arn.split(':').nth(4).unwrap_or_default()
}

fn role(role_arn: &str) -> &str {
    role_arn.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn row(section: &str, left: i64) -> Row {
        Row {
            aws_profile: section.to_owned(),
            expires_at: NOW.saturating_add(left),
            key_id: format!("ASIA{section}"),
            fingerprint: String::new(),
            critical: false,
            is_default: false,
            process: false,
            role_arn: "arn:aws:iam::123456789012:role/team/PowerUser".to_owned(),
            label: String::new(),
        }
    }

    fn limits() -> Limits {
        Limits::new(Span::minutes(15), Span::minutes(5))
    }

    fn applies(aws_profile: &str, key_id: &str) -> Applies {
        Applies {
            aws_profile: aws_profile.to_owned(),
            key_id: key_id.to_owned(),
            ..Applies::default()
        }
    }

    fn shown(rows: &[Row], applies: &Applies) -> String {
        Segment::of(rows, applies, NOW, limits())
            .map(|segment| segment.text(super::super::FORMAT))
            .unwrap_or_default()
    }

    #[test]
    fn time_left_is_short_and_never_rounded_up() {
        for (left, text, state) in [
            (43 * 60 + 59, "43m", State::Good),
            (3600, "1h00m", State::Good),
            (3600 + 5 * 60 + 59, "1h05m", State::Good),
            (100 * 3600, "100h00m", State::Good),
            (900, "15m", State::Warn),
            (901, "15m", State::Good),
            (300, "5m", State::Alert),
            (60, "1m", State::Alert),
            (59, "<1m", State::Alert),
            (1, "<1m", State::Alert),
            (0, "expired", State::Expired),
            (-NOW, "expired", State::Expired),
        ] {
            let rows = [row("p", left)];
            let segment = Segment::of(&rows, &applies("p", ""), NOW, limits()).unwrap();
            assert_eq!(segment.text("{left}"), text, "{left}");
            assert_eq!(segment.state, state, "{left}");
            assert_eq!(
                segment.text("{minutes}"),
                (left.max(0) / 60).to_string(),
                "{left}"
            );
        }
    }

    #[test]
    fn a_clock_that_is_far_off_breaks_nothing() {
        for at in [i64::MIN, i64::MAX, -1, LATEST + 1] {
            let mut odd = row("p", 0);
            odd.expires_at = at;
            assert_eq!(shown(&[odd], &applies("p", "")), "", "{at}");
        }
        let rows = [row("p", 60)];
        for now in [i64::MIN, 0, i64::MAX] {
            assert!(Segment::of(&rows, &applies("p", ""), now, limits()).is_some());
        }
    }

    #[test]
    fn the_keys_that_tools_would_use_are_the_ones_shown() {
        let mut rows = [row("prod", 3600), row("dev", 600), row("default", 60)];
        rows[1].is_default = true;
        assert_eq!(shown(&rows, &applies("prod", "")), "prod 1h00m");
        assert_eq!(shown(&rows, &applies("", "")), "default 1m");
        assert_eq!(shown(&rows[..2], &applies("", "")), "dev 10m");
        assert_eq!(shown(&rows[..1], &applies("", "")), "");
        // Other people's profiles are other tools' business.
        assert_eq!(shown(&rows, &applies("sso", "")), "");
        rows[0].aws_profile = "a_b".to_owned();
        assert_eq!(shown(&rows, &applies("a%b", "")), "a_b 1h00m");
    }

    #[test]
    fn exported_keys_come_first_and_are_told_when_they_are_others() {
        let rows = [row("prod", 3600), row("dev", 600), row("default", 60)];
        assert_eq!(shown(&rows, &applies("", "ASIAdev")), "dev 10m");
        assert_eq!(shown(&rows, &applies("dev", "ASIAdev")), "dev 10m");
        assert_eq!(shown(&rows, &applies("sso", "ASIAdev")), "dev 10m");
        for (applies, text) in [
            (applies("prod", "ASIAdev"), "prod other keys exported"),
            (applies("prod", "ASIAold"), "prod other keys exported"),
            (applies("", "AKIAelse"), "default other keys exported"),
            (applies("sso", "AKIAelse"), ""),
        ] {
            assert_eq!(shown(&rows, &applies), text);
        }
        assert_eq!(shown(&rows[..2], &applies("", "AKIAelse")), "");
        let mut from_mai = applies("", "ASIAold");
        from_mai.exported_profile = "dev".to_owned();
        assert_eq!(shown(&rows, &from_mai), "dev other keys exported");
    }

    #[test]
    fn templates_are_filled_in_and_what_is_no_field_stays() {
        let mut critical = row("section", 60);
        critical.label = "prod".to_owned();
        critical.critical = true;
        let rows = [critical];
        let segment = Segment::of(&rows, &applies("section", ""), NOW, limits()).unwrap();
        let text = "{mark}{label}={aws_profile} {account}/{role} {state}";
        assert_eq!(
            segment.text(text),
            "*prod=section 123456789012/PowerUser alert"
        );
        assert_eq!(segment.text("{}{nope}{{left}}{"), "{}{nope}{1m}{");
        assert_eq!(segment.text(""), "");
        assert_eq!(segment.tone(), Tone::Critical);
    }

    #[test]
    fn a_long_name_is_cut() {
        let mut long = row("p", 60);
        long.label = "l".repeat(1000);
        let text = shown(&[long], &applies("p", ""));
        assert_eq!(text, format!("{} 1m", "l".repeat(64)));
    }
}
