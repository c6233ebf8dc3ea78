//! Who reads what `env` and `serve` print, where `--format` does not say it.

use super::run::Run;
use crate::error::{Error, Result};
use crate::handover::callers;
use crate::handover::spelling::Form;

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
