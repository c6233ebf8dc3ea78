//! Questions to the person, on the terminal itself.

use std::io::ErrorKind;

use super::paint::fit_to_show;
use super::terminal::Ui;
use super::tty::{Tty, hush, lost, remember, unless_signalled};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// How often a question is repeated when the answer makes no sense.
const TRIES: usize = 5;

impl Ui {
    /// A line of text; an empty one is the `suggestion`, if there is one.
    ///
    /// Like every question: for nobody it is an error of the kind `NeedsYou`, and Ctrl-C, Ctrl-D or Esc interrupt.
    pub fn ask_text(&self, question: &str, suggestion: Option<&str>) -> Result<String> {
        let mut tty = self.ready_to_ask(question)?;
        let line = match suggestion {
            Some(suggestion) => format!("{question} [{suggestion}]: "),
            None => format!("{question}: "),
        };
        for _ in 0..TRIES {
            tty.write(&fit_to_show(&line))?;
            let typed = tty.read_line(question)?;
            match (typed.trim(), suggestion) {
                ("", Some(suggestion)) => return Ok(suggestion.to_string()),
                ("", None) => {}
                (answer, _) => return Ok(answer.to_string()),
            }
        }
        Err(no_answer(question))
    }

    /// A code that works once: shown on a terminal, hidden in a window.
    pub fn ask_code(&self, question: &str) -> Result<Secret> {
        match &self.window {
            Some(window) => window.ask(&fit_to_show(question), "Code:"),
            None => self.ask_text(question, None).map(Secret::from),
        }
    }

    /// Text that does not show while it is typed. Nothing is trimmed: a password may end in a space.
    pub fn ask_secret(&self, question: &str) -> Result<Secret> {
        if let Some(window) = &self.window {
            return window.ask(&fit_to_show(question), "Password:");
        }
        let mut tty = self.ready_to_ask(question)?;
        let line = fit_to_show(&format!("{question}: "));
        for _ in 0..TRIES {
            let _silence = hush();
            tty.write(&line)?;
            let typed = unless_signalled(rpassword::read_password())
                .map_err(|error| tty.left(lost(&error), question))?;
            let typed = Secret::from(typed);
            if !typed.is_empty() {
                return Ok(typed);
            }
        }
        Err(no_answer(question))
    }

    /// The same for a secret that need not be given: an empty line or Ctrl-D is none.
    pub fn ask_secret_or_none(&self, question: &str) -> Result<Option<Secret>> {
        if self.asks_in_window() {
            return Ok(None);
        }
        let mut tty = self.ready_to_ask(question)?;
        let _silence = hush();
        tty.write(&fit_to_show(&format!("{question}: ")))?;
        match unless_signalled(rpassword::read_password()) {
            Ok(typed) => Ok(Some(Secret::from(typed)).filter(|typed| !typed.is_empty())),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                tty.write("\n")?;
                Ok(None)
            }
            Err(error) => Err(lost(&error)),
        }
    }

    /// Yes or no; an empty line is `suggestion`.
    pub fn confirm(&self, question: &str, suggestion: bool) -> Result<bool> {
        let mut tty = self.ready_to_ask(question)?;
        let choices = if suggestion { "[Y/n]" } else { "[y/N]" };
        for _ in 0..TRIES {
            tty.write(&fit_to_show(&format!("{question} {choices} ")))?;
            if let Some(answer) = yes_or_no(&tty.read_line(question)?, suggestion) {
                return Ok(answer);
            }
            tty.write("Please answer y or n.\n")?;
        }
        Err(no_answer(question))
    }

    /// A line where the questions go, the window included, for who has caught stderr; nothing where nobody is there.
    pub fn tell_at_terminal(&self, text: &str) {
        if let Some(window) = &self.window {
            window.give_reason(&fit_to_show(text));
        } else if let Ok(mut tty) = self.ready_to_ask(text) {
            // The question that follows says what is wrong with it.
            let _ = tty.write(&(fit_to_show(text) + "\n"));
        }
    }

    /// The terminal, with the spinner out of the way; or why nothing can be asked.
    pub(super) fn ready_to_ask(&self, question: &str) -> Result<Tty> {
        self.done();
        if !self.presence().is_person() {
            return Err(nobody(question));
        }
        if self.asks_in_window() {
            return Err(Error::needs_you(format!(
                "a window asks for passwords and codes only, and this is neither: {question}"
            ))
            .hint("run it in a terminal"));
        }
        let tty = Tty::open().map_err(|_| nobody(question))?;
        remember();
        Ok(tty)
    }
}

fn nobody(question: &str) -> Error {
    Error::needs_you(format!("nobody is there to be asked: {question}"))
        .hint("run it in a terminal, without `--no-input`")
}

pub(super) fn no_answer(question: &str) -> Error {
    Error::needs_you(format!("there was no answer to: {question}"))
}

fn yes_or_no(typed: &str, suggestion: bool) -> Option<bool> {
    match typed.trim().to_lowercase().as_str() {
        "" => Some(suggestion),
        "y" | "yes" => Some(true),
        "n" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::presence::Presence;
    use crate::ui::{ColorChoice, Format, UiSettings};

    #[test]
    fn yes_and_no_are_words_and_nothing_is_the_suggestion() {
        assert_eq!(yes_or_no("", true), Some(true));
        assert_eq!(yes_or_no(" ", false), Some(false));
        assert_eq!(yes_or_no("Y", false), Some(true));
        assert_eq!(yes_or_no("no ", true), Some(false));
        assert_eq!(yes_or_no("perhaps", true), None);
    }

    #[test]
    fn nobody_is_never_asked() {
        let ui = Ui::new(UiSettings {
            format: Format::Text,
            quiet: true,
            verbose: 0,
            plain_steps: true,
            color: ColorChoice::Never,
            presence: Presence::Nobody,
        });
        let options = ["a".to_string(), "b".to_string()];
        for error in [
            ui.ask_text("Username", None).unwrap_err(),
            ui.ask_secret("Password").unwrap_err(),
            ui.confirm("Store it?", true).unwrap_err(),
            ui.pick("Which role?", &options).unwrap_err(),
        ] {
            assert_eq!(error.kind(), Kind::NeedsYou, "{error}");
        }
    }
}
