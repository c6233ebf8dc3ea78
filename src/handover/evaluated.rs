//! What a shell evaluates where nothing can be handed over: a command that fails, so that `eval` does too.
//!
//! The status of a substituted command is lost in `eval "$(mai env prod)"`. An empty text is a success, and a script
//! would go on with the keys that were there before.

use std::io::{IsTerminal, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

use super::spelling::Form;
use crate::error::Result;
use crate::ui::output;

static OWED: AtomicBool = AtomicBool::new(false);

/// From now on a shell waits for code, and gets `false` if none comes.
///
/// PowerShell and nushell complain by themselves where the text is empty; other readers take no commands.
pub fn await_code(form: Form) {
    let takes_false = matches!(form, Form::Bash | Form::Zsh | Form::Sh | Form::Fish);
    OWED.store(takes_false && !stdout().is_terminal(), Ordering::SeqCst);
}

/// Writes what it waited for; whatever comes of it, nothing else may stand behind it.
pub fn write(text: &str) -> Result<()> {
    OWED.store(false, Ordering::SeqCst);
    output::write(text)
}

/// There will be no code.
pub fn fail() {
    if OWED.swap(false, Ordering::SeqCst) {
        // Whoever does not read it any more is past evaluating it.
        let _ = output::write("false\n");
    }
}
