//! Colors, in the form in which each shell knows that they take no room on the line.

use std::ffi::OsString;

use super::segment::{State, Tone};

/// Who draws the segment. `None` of it: a program that reads plain text, or a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// Readline counts what stands between the bytes 1 and 2 as nothing; `\[ \]` would be read too early.
    Bash,
    Zsh,
    Tmux,
    /// fish, PowerShell and nushell measure the line themselves.
    Other,
}

/// The words that `--shell` knows.
pub const SHELLS: [&str; 6] = ["bash", "fish", "nushell", "powershell", "tmux", "zsh"];
/// The words that `--color` knows.
pub const COLORS: [&str; 3] = ["auto", "always", "never"];

impl Shell {
    pub fn named(name: &str) -> Option<Shell> {
        match name {
            "bash" => Some(Shell::Bash),
            "zsh" => Some(Shell::Zsh),
            "tmux" => Some(Shell::Tmux),
            name if SHELLS.contains(&name) => Some(Shell::Other),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// For a named shell and for a terminal, unless `NO_COLOR` is set or the terminal is `dumb`.
    Auto,
    Always,
    Never,
}

impl Color {
    pub fn named(name: &str) -> Option<Color> {
        match name {
            "auto" => Some(Color::Auto),
            "always" => Some(Color::Always),
            "never" => Some(Color::Never),
            _ => None,
        }
    }

    pub fn applies(self, can_show: bool, variable: impl Fn(&str) -> OsString) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                can_show && variable("NO_COLOR").is_empty() && variable("TERM") != "dumb"
            }
        }
    }
}

/// The text in the color of its tone. The hooks of `mai init` have the same colors.
pub fn painted(text: &str, tone: Tone, shell: Option<Shell>) -> String {
    let (ansi, zsh, tmux) = match tone {
        Tone::Critical => ("1;37;41", "%B%F{white}%K{red}", "fg=white,bg=red,bold"),
        Tone::State(State::Good) => ("32", "%F{green}", "fg=green"),
        Tone::State(State::Warn) => ("33", "%F{yellow}", "fg=yellow"),
        Tone::State(State::Alert) => ("1;31", "%B%F{red}", "fg=red,bold"),
        Tone::State(State::Expired) => ("31", "%F{red}", "fg=red"),
        Tone::State(State::Foreign) => ("1;35", "%B%F{magenta}", "fg=magenta,bold"),
    };
    match shell {
        Some(Shell::Bash) => format!("\x01\x1b[{ansi}m\x02{text}\x01\x1b[0m\x02"),
        Some(Shell::Zsh) => format!("{zsh}{text}%f%k%b"),
        Some(Shell::Tmux) => format!("#[{tmux}]{text}#[default]"),
        Some(Shell::Other) | None => format!("\x1b[{ansi}m{text}\x1b[0m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_is_told_what_takes_no_room() {
        let shown = |shell| painted("prod 4m", Tone::State(State::Alert), Shell::named(shell));
        assert_eq!(shown("bash"), "\x01\x1b[1;31m\x02prod 4m\x01\x1b[0m\x02");
        assert_eq!(shown("zsh"), "%B%F{red}prod 4m%f%k%b");
        assert_eq!(shown("tmux"), "#[fg=red,bold]prod 4m#[default]");
        for shell in ["fish", "nushell", "powershell", ""] {
            assert_eq!(shown(shell), "\x1b[1;31mprod 4m\x1b[0m");
        }
    }

    #[test]
    fn colors_follow_the_option_then_the_environment_then_who_reads() {
        let none = |_: &str| OsString::new();
        let no_color = |name: &str| match name {
            "NO_COLOR" => "1".into(),
            _ => OsString::new(),
        };
        let dumb = |name: &str| match name {
            "TERM" => "dumb".into(),
            _ => OsString::new(),
        };
        assert!(Color::Auto.applies(true, none));
        assert!(!Color::Auto.applies(false, none));
        assert!(!Color::Auto.applies(true, no_color));
        assert!(!Color::Auto.applies(true, dumb));
        assert!(Color::Always.applies(false, no_color));
        assert!(!Color::Never.applies(true, none));
    }
}
