//! Whether what is shown may be written: `--yes` says so, else the person does.

use super::run::Run;
use crate::error::{Error, Result};

/// Without `--yes` somebody has to be there; known before anything is asked or sent.
pub fn check(run: &Run, verb: &str, yes: bool) -> Result<()> {
    if yes || run.ui.presence().is_person() {
        return Ok(());
    }
    Err(Error::needs_you(format!(
        "`mai {verb}` asks before it writes, and nobody can be asked"
    ))
    .hint(format!("`mai {verb} --yes` writes without asking")))
}

/// May `what` be written to the person's file? A no is said, and is no failure.
pub fn given(run: &Run, yes: bool, what: &str) -> Result<bool> {
    let file = run.config.own_file.shown();
    let agreed = yes || run.ui.confirm(&format!("Write {what} to {file}?"), true)?;
    if !agreed {
        nothing_written(run);
    }
    Ok(agreed)
}

pub fn nothing_written(run: &Run) {
    run.ui.say("Nothing was written.");
}

/// So many profiles, in words.
pub fn profiles(count: usize) -> String {
    match count {
        1 => "1 profile".to_owned(),
        several => format!("{several} profiles"),
    }
}
