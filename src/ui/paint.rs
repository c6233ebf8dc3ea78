//! Colors, and what may reach a terminal at all.

use clap::ValueEnum;

/// `--color`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

impl ColorChoice {
    /// The word behind `--color`.
    pub fn name(self) -> &'static str {
        match self {
            ColorChoice::Auto => "auto",
            ColorChoice::Always => "always",
            ColorChoice::Never => "never",
        }
    }

    /// Are colors wanted on a stream? `NO_COLOR` counts when it is not empty (no-color.org).
    pub fn applies(self, stream_is_terminal: bool) -> bool {
        self.decide(stream_is_terminal, |name| {
            std::env::var(name).unwrap_or_default()
        })
    }

    fn decide(self, stream_is_terminal: bool, variable: impl Fn(&str) -> String) -> bool {
        match self {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                stream_is_terminal && variable("NO_COLOR").is_empty() && variable("TERM") != "dumb"
            }
        }
    }
}

/// What a color means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Bad,
    Warning,
    Good,
    Strong,
    Faint,
}

/// `text` in the tone's color, if colors are `on`.
pub fn paint(tone: Tone, text: &str, on: bool) -> String {
    if !on {
        return text.to_string();
    }
    let code = match tone {
        Tone::Bad => "1;31",
        Tone::Warning => "1;33",
        Tone::Good => "32",
        Tone::Strong => "1",
        Tone::Faint => "2",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// Text fit for a terminal: line breaks, tabs and colors stay, every other control character goes.
///
/// Callers clean foreign text before they put it into a sentence; this is the last door behind them.
pub fn fit_to_show(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = color_code(rest) {
            shown.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        if !c.is_control() || c == '\n' || c == '\t' {
            shown.push(c);
        }
        rest = &rest[c.len_utf8()..];
    }
    shown
}

/// The length of a color sequence (`ESC [ digits and ; m`) at the beginning of `text`.
fn color_code(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("\x1b[")?;
    let length = inner
        .bytes()
        .take_while(|b| b.is_ascii_digit() || *b == b';')
        .count();
    (inner.as_bytes().get(length) == Some(&b'm')).then_some(2 + length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_follow_the_flag_then_the_environment_then_the_stream() {
        let none = |_: &str| String::new();
        let no_color = |name: &str| {
            if name == "NO_COLOR" {
                "1".into()
            } else {
                String::new()
            }
        };
        let dumb = |name: &str| {
            if name == "TERM" {
                "dumb".into()
            } else {
                String::new()
            }
        };
        assert!(ColorChoice::Auto.decide(true, none));
        assert!(!ColorChoice::Auto.decide(false, none));
        assert!(!ColorChoice::Auto.decide(true, no_color));
        assert!(!ColorChoice::Auto.decide(true, dumb));
        assert!(ColorChoice::Always.decide(false, no_color));
        assert!(!ColorChoice::Never.decide(true, none));
    }

    #[test]
    fn only_colors_get_through() {
        let painted = paint(Tone::Bad, "no", true);
        assert_eq!(fit_to_show(&painted), painted);
        assert_eq!(paint(Tone::Bad, "no", false), "no");
        assert_eq!(
            fit_to_show("a\x1b[2Jb\x07c\u{9b}1md\re\n\tf\x1b[1"),
            "a[2Jbc1mde\n\tf[1"
        );
        assert_eq!(fit_to_show("\x1b]0;title\x07x"), "]0;titlex");
    }
}
