//! The one error of `mai`: what failed, why, and what to do next; its kind decides the exit code.

use std::fmt;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a script needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anything without a code of its own.
    Failed,
    /// The command line or a configuration file.
    Usage,
    /// A person (or a browser) is needed and none may be asked.
    NeedsYou,
    /// Somebody said no: password, code, role, STS.
    Refused,
    /// A host could not be reached or its certificate is not trusted.
    Unreachable,
    /// A page that `mai` does not know.
    Unfamiliar,
    /// Ctrl-C.
    Interrupted,
    /// `mai exec` failed before there was a command.
    NotStarted,
    /// The command of `mai exec` is there, and cannot be run.
    NotExecutable,
    /// There is no such command for `mai exec`.
    CommandNotFound,
}

impl Kind {
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::NeedsYou => 3,
            Kind::Refused => 4,
            Kind::Unreachable => 5,
            Kind::Unfamiliar => 6,
            Kind::Interrupted => 130,
            Kind::NotStarted => 125,
            Kind::NotExecutable => 126,
            Kind::CommandNotFound => 127,
        }
    }

    /// The word programs read in `-o json`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Failed => "failed",
            Kind::Usage => "usage",
            Kind::NeedsYou => "needs_you",
            Kind::Refused => "refused",
            Kind::Unreachable => "unreachable",
            Kind::Unfamiliar => "unfamiliar",
            Kind::Interrupted => "interrupted",
            Kind::NotStarted => "not_started",
            Kind::NotExecutable => "not_executable",
            Kind::CommandNotFound => "command_not_found",
        }
    }
}

/// One sentence on what failed, perhaps a cause, perhaps a hint.
///
/// The sentences are for people: no secrets, no type names, no raw answers of servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: String,
    cause: Option<String>,
    hint: Option<String>,
    of_one: bool,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: message.into(),
            cause: None,
            hint: None,
            of_one: false,
        }
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub fn needs_you(message: impl Into<String>) -> Self {
        Self::new(Kind::NeedsYou, message)
    }

    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    pub fn unreachable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unreachable, message)
    }

    pub fn unfamiliar(message: impl Into<String>) -> Self {
        Self::new(Kind::Unfamiliar, message)
    }

    pub fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "interrupted")
    }

    /// A question that the person left with Ctrl-D, Esc or Ctrl-C.
    pub fn interrupted_at(question: &str) -> Self {
        let question = clean(question);
        let question = question.trim_end_matches(['?', ':', ' ']);
        Self::new(
            Kind::Interrupted,
            format!("interrupted at the question `{question}`"),
        )
    }

    /// Why it failed, in the words of who knows (a system error, a server's cleaned text).
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(clean(&without_number(&cause.to_string())));
        self
    }

    /// What the reader can do next; the first hint stays, since it was given where the reason is known.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// The hint of somebody who knows better than the place where it failed.
    pub fn better_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error, told of something in particular: `prod: login.test refused …`.
    pub fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// The same error, known to be about one profile alone: the sign-in itself worked.
    pub fn of_one_profile(mut self) -> Self {
        self.of_one = true;
        self
    }

    pub fn is_of_one_profile(&self) -> bool {
        self.of_one
    }

    /// The same error with another exit code.
    pub fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// System errors end in ` (os error 2)`, which tells a person nothing.
fn without_number(text: &str) -> String {
    match text.split_once(" (os error ") {
        Some((words, rest)) => {
            let after = rest.split_once(')').map_or("", |(_, after)| after);
            format!("{words}{after}")
        }
        None => text.to_string(),
    }
}

/// The longest piece of foreign text that is shown, in characters.
const SHOWN: usize = 300;

/// Text of a server or a file, fit to be shown: no control or direction characters, white space folded, not too long.
pub fn clean(text: &str) -> String {
    let mut shown = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word: String = word.chars().filter(|c| !is_invisible(*c)).collect();
        if word.is_empty() {
            continue;
        }
        if length > 0 {
            shown.push(' ');
            length += 1;
        }
        for c in word.chars() {
            if length >= SHOWN {
                shown.push('…');
                return shown;
            }
            shown.push(c);
            length += 1;
        }
    }
    shown
}

/// The same text without what draws on a terminal or hides in it; line breaks are blanks.
pub fn visible(text: &str) -> String {
    text.chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Characters that change how the text around them is displayed: zero width, direction marks, tags.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_draw_on_the_terminal() {
        assert_eq!(
            clean("wrong\x1b[2J\n\n  pass\u{202e}word\u{7}"),
            "wrong [2J password"
        );
    }

    #[test]
    fn what_is_visible_stays_in_full() {
        let long = "ä".repeat(1000);
        assert_eq!(visible(&long), long);
        assert_eq!(visible("a\x1b[31mb\u{202e}c\nd"), "a [31mbc d");
    }

    #[test]
    fn foreign_text_is_cut_at_a_sensible_length() {
        let shown = clean(&"ä".repeat(1000));
        assert_eq!(shown.chars().count(), SHOWN + 1);
        assert!(shown.ends_with('…'));
    }

    #[test]
    fn a_cause_is_told_in_words_without_the_systems_number() {
        let error = Error::failed("it broke").because(std::io::Error::from_raw_os_error(2));
        assert!(!error.to_string().contains("os error"), "{error}");
    }

    #[test]
    fn the_first_hint_stays() {
        let error = Error::refused("no").hint("near").hint("far");
        assert_eq!(error.hint_text(), Some("near"));
    }
}
