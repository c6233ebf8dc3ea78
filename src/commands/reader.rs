//! Who reads what `env` and `serve` print, where `--format` does not say it.

use std::ffi::OsString;

use clap::ValueEnum;

use super::arguments;
use super::run::Run;
use crate::error::{Error, Result};
use crate::handover::spelling::Form;
use crate::handover::{callers, evaluated};
use crate::ui::Format;

/// From now on the shell that reads it waits for code: whatever fails, what it evaluates fails too.
pub fn awaits_code(named: Option<Form>, output: Format) {
    // That nobody knows who reads it is told later.
    let form = named.or_else(|| callers::guess().ok().map(|guess| guess.form));
    if let (Format::Text, Some(form)) = (output, form) {
        evaluated::await_code(form);
    }
}

/// Clap found a slip, so no verb ran: what is evaluated fails all the same.
pub fn slipped(arguments: &[OsString], output: Format) {
    let is_for = |verb| arguments::is_for(arguments, verb);
    let has_command = arguments.iter().any(|argument| argument == "--");
    if is_for("env") || is_for("serve") && !has_command {
        let named = arguments::value_of(arguments, "--format");
        let named = named.and_then(|name| Form::from_str(name, false).ok());
        awaits_code(named, output);
        evaluated::fail();
    }
}

/// The form of the shell that called; `-v` tells which.
pub fn guessed(run: &Run) -> Result<Form> {
    let guess = callers::guess()?;
    run.ui.detail(&format!(
        "writing for {}, since {}; --format names another",
        guess.form.name(),
        guess.because
    ));
    Ok(guess.form)
}

/// `-o` and `--format` say it both, and each otherwise.
pub fn two_things(output: &str, form: Form) -> Error {
    Error::usage(format!(
        "`-o {output}` and `--format {}` are two things",
        form.name()
    ))
    .hint("leave one of the two out")
}
