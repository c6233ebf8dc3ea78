//! What stands behind `mai prompt`, read leniently: a slip in a shell's configuration must not show at every prompt.

use std::ffi::OsString;

use super::markup::{Color, Shell};
use super::segment::Limits;
use crate::duration::Span;

/// What is shown unless `--format` says otherwise.
pub const FORMAT: &str = "{mark}{profile} {left}";
/// Less than this is shown as a warning.
pub const WARN: &str = "15m";
/// Less than this is shown as urgent.
pub const ALERT: &str = "5m";

pub enum Asked {
    Segment(Options),
    /// Somebody reads this, so the real parser answers.
    Help,
    /// Nothing is printed.
    Nonsense,
}

pub struct Options {
    pub format: String,
    pub shell: Option<Shell>,
    pub color: Color,
    pub limits: Limits,
}

/// Reads the arguments behind `prompt`.
pub fn read(arguments: impl Iterator<Item = OsString>) -> Asked {
    let arguments: Option<Vec<String>> = arguments.map(|word| word.into_string().ok()).collect();
    match arguments {
        Some(words) if words.iter().any(|word| word == "-h" || word == "--help") => Asked::Help,
        Some(words) => options(&words).map_or(Asked::Nonsense, Asked::Segment),
        None => Asked::Nonsense,
    }
}

fn options(words: &[String]) -> Option<Options> {
    let mut format = FORMAT.to_owned();
    let mut shell = None;
    let mut color = Color::Auto;
    let (mut warn, mut alert): (Span, Span) = (WARN.parse().ok()?, ALERT.parse().ok()?);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, inline) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value)),
            _ => (word.as_str(), None),
        };
        if let ("-q" | "--quiet" | "-v" | "-vv" | "--verbose" | "--no-input", None) = (name, inline)
        {
            continue;
        }
        let value = match inline {
            Some(value) => value,
            None => words.next()?,
        };
        match name {
            "--format" => value.clone_into(&mut format),
            "--shell" => shell = Some(Shell::named(value)?),
            "--color" => color = Color::named(value)?,
            "--warn" => warn = value.parse().ok()?,
            "--alert" => alert = value.parse().ok()?,
            // No configuration is read here, so any will do.
            "-c" | "--config" => {}
            _ => return None,
        }
    }
    let limits = Limits::new(warn, alert);
    Some(Options {
        format,
        shell,
        color,
        limits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Asked {
        read(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn options_are_taken_in_both_spellings() {
        let Asked::Segment(options) = asked("--format={left} --shell zsh --warn 1h --alert=10m -q")
        else {
            panic!("they are options");
        };
        assert_eq!(options.format, "{left}");
        assert_eq!(options.limits.warn, 3600);
        assert_eq!(options.limits.alert, 600);
        assert!(options.shell == Shell::named("zsh"));
        assert!(matches!(asked(""), Asked::Segment(_)));
    }

    #[test]
    fn what_is_not_understood_shows_nothing() {
        for line in [
            "--bogus",
            "--format",
            "--shell csh",
            "--warn soon",
            "--color blue",
            "prod",
            "-o json",
            "--quiet=yes",
        ] {
            assert!(matches!(asked(line), Asked::Nonsense), "{line}");
        }
        assert!(matches!(asked("--shell --help"), Asked::Help));
    }
}
